#!/usr/bin/python3
"""The page of the API: it lists every operation, and trying one asks this server."""

import server_case
from browser_case import BrowserCase
from openapi import Description


class Docs(BrowserCase):
    def test_every_operation_is_listed(self):
        description = Description(self.client.get("/openapi.json").json)
        self.open("/docs")
        count = len(description.operations) + len(description.webhooks)
        self.browser.wait(lambda: len(self.browser.shown(".opblock")) == count, f"{count} of them")

    def test_trying_one(self):
        self.open("/docs#/Server/getHealth")
        self.browser.press("#operations-Server-getHealth .execute")
        live = "#operations-Server-getHealth .live-responses-table"
        self.browser.wait(lambda: self.browser.find_all(live), "the answer")
        self.browser.wait(lambda: '"status": "ok"' in self.browser.text(live), "it is shown")
        self.assertIn(f"{self.server.base_url}/healthz", self.browser.asked())


class DocsInTheDark(Docs):
    dark = True

    def test_it_is_dark(self):
        self.open("/docs")
        self.browser.wait(lambda: self.browser.shown(".opblock"), "it is there")
        self.assertEqual("rgb(28, 32, 34)", self.browser.run(
            "return getComputedStyle(document.body).backgroundColor"))


if __name__ == "__main__":
    server_case.main()
