#!/usr/bin/python3
"""What every operation of /api answers when there are keys, or a limit: the description says so of
each, and says of the others that they need no key."""

import subprocess
import unittest

import server
import server_case
from openapi import Description

VALUES = {"request_id": "550e8400-e29b-41d4-a716-446655440000", "token": "a", "name": "b",
          "file": "page.css"}


class AccessCase(unittest.TestCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(server.Server(**cls.settings))
        cls.client = cls.server.client
        cls.description = Description(cls.client.get("/openapi.json").json)

    def ask(self, operation, **headers):
        return self.client.request(operation.method, operation.target(**VALUES),
                                   headers={"X-API-Key": ""} | headers)

    def answers(self):
        """(operation, whether it needs a key, what it answers without one)."""
        for operation in self.description.operations.values():
            needs_key = operation.details.get("security") != []
            with self.subTest(operation=operation.id):
                yield operation, needs_key, self.ask(operation)


class Keys(AccessCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        done = subprocess.run(
            [server.program(), "keys", "create", "contract"], check=True, capture_output=True,
            text=True,
            env=server.clean_environment({"IMGMILL_DATA_DIR": cls.server.data_folder}))
        cls.key = next(word for word in done.stdout.split() if word.startswith("imk_"))

    def test_without_a_key(self):
        for operation, needs_key, reply in self.answers():
            self.assertEqual(needs_key, reply.status == 401, reply.status)
            if needs_key:
                self.assertEqual([], self.description.faults_of_reply(operation, reply))

    def test_with_a_key(self):
        for headers in ({"X-API-Key": self.key}, {"Authorization": f"Bearer {self.key}"}):
            for operation in self.description.operations.values():
                self.assertNotEqual(401, self.ask(operation, **headers).status, operation.id)


class AnotherSite(AccessCase):
    def test_it_changes_nothing(self):
        for operation in self.description.operations.values():
            with self.subTest(operation=operation.id):
                reply = self.ask(operation, **{"Sec-Fetch-Site": "cross-site"})
                changes = operation.method not in ("GET", "HEAD")
                self.assertEqual(changes, reply.status == 403, reply.status)
                if changes:
                    self.assertEqual([], self.description.faults_of_reply(operation, reply))

    def test_a_page_of_this_one_and_what_is_no_browser_may(self):
        cancel = self.description.operations["cancelRequest"]
        for site in ("same-origin", "same-site", "none", ""):
            self.assertEqual(404, self.ask(cancel, **{"Sec-Fetch-Site": site}).status, site)


class Limit(AccessCase):
    settings = {"IMGMILL_RATE_LIMIT": 1}

    def test_too_many(self):
        self.client.get("/api/requests")  # the one that is allowed
        for operation, is_limited, reply in self.answers():
            self.assertEqual(is_limited, reply.status == 429, reply.status)
            if is_limited:
                self.assertEqual([], self.description.faults_of_reply(operation, reply))
                self.assertLessEqual({"ratelimit", "ratelimit-policy"}, set(reply.headers))


if __name__ == "__main__":
    server_case.main()
