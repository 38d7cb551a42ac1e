#!/usr/bin/python3
"""The server is held to its own description: every operation is called, every answer that it names
and that can be provoked is provoked and judged; routes and description name the same addresses."""

import re
import unittest
import uuid
from pathlib import Path

import provocations
import server_case
from client import make_sheet
from openapi import Description

ROOT = Path(__file__).resolve().parents[2]
PATTERN = re.compile(r'{Verb::k(\w+), "([^"]+)", Variable::k(\w+), "([^"]*)", \w+}')
PLACEHOLDERS = {"None": "", "Segment": "{}", "Path": "{}/{}"}


def routes_of_router():
    """{(method, path with {} for variables)} as the table of patterns in the router has them."""
    text = (ROOT / "src/http/router.cpp").read_text(encoding="utf-8")
    found = {(verb.upper(), before + PLACEHOLDERS[variable] + after)
             for verb, before, variable, after in PATTERN.findall(text)}
    assert len(found) == text.count("{Verb::k"), "a pattern of the router is not understood"
    return found


def routes_of_pages():
    text = (ROOT / "web/embed.cmake").read_text(encoding="utf-8")
    paths = set(re.findall(r"^  (/[^=\s]*)=\S", text, re.MULTILINE))
    return {("GET", re.sub(r"^/assets/.+", "/assets/{}", path)) for path in paths}


class Contract(server_case.ServerCase):
    settings = {"IMGMILL_MAX_UPLOAD_BYTES": provocations.UPLOAD_BYTES_MAX}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.description = Description(cls.client.get("/openapi.json").json)
        cls.world = cls.enterClassContext(
            provocations.World(cls.client, cls.origin, cls.description))

    def assert_as_described(self, operation, reply):
        faults = self.description.faults_of_reply(operation, reply)
        self.assertEqual([], faults, f"{operation.id} {reply.status}: {reply.body[:2000]!r}")

    def test_the_same_routes(self):
        described = {(each.method, re.sub(r"{\w+}", "{}", each.path))
                     for each in self.description.operations.values()
                     if each.method != "HEAD"}
        self.assertEqual(routes_of_router() | routes_of_pages(), described)

    def test_every_answer_is_provoked(self):
        described = {(each.id, status) for each in self.description.operations.values()
                     for status in each.statuses - {"default"}}
        self.assertEqual(described, set(provocations.ALL) | provocations.unprovoked(described))
        self.assertEqual(set(), set(provocations.ALL) & provocations.unprovoked(described))

    def test_answers(self):
        for (name, status), calls in sorted(provocations.ALL.items()):
            for call in calls:
                with self.subTest(operation=name, status=status, by=call.__name__):
                    reply = call(self.world)
                    self.assertEqual(status, reply.status, reply.body[:2000])
                    self.assert_as_described(self.description.operations[name], reply)
                    self.assertTrue(reply.headers["x-request-id"])

    def test_wrong_methods(self):
        values = {"request_id": str(uuid.uuid4()), "token": "a", "name": "b", "file": "page.css"}
        for operation in self.description.operations.values():
            if operation.method == "HEAD":
                continue
            with self.subTest(operation=operation.id):
                reply = self.client.request("PATCH", operation.target(**values))
                self.assert_problem(reply, 405)
                self.assert_as_described(operation, reply)
                self.assertIn(operation.method, reply.headers["allow"].split(", "))

    def test_head_wherever_there_is_get(self):
        for name in ("listRequests", "getHealth", "getReadiness", "getOpenApi", "getDocs",
                     "getPage"):
            operation = self.description.operations[name]
            reply = self.client.request("HEAD", operation.target())
            self.assertEqual((200, b""), (reply.status, reply.body))
            described = self.description.resolve(operation.details["responses"]["200"])
            self.assertIn(reply.headers["content-type"], described["content"])

    def test_options_of_an_upload(self):
        """Every bound and every word of the form, as the description has them."""
        body = self.description.operations["uploadCsv"].details["requestBody"]["content"]
        form = self.description.resolve(body["multipart/form-data"]["schema"])["properties"]
        self.assertEqual({"file", "webhook_url", "quality", "format", "max_width", "max_height",
                          "max_bytes", "on_invalid"}, set(form))
        for name, schema in form.items():
            for good, bad in provocations.values_of(schema):
                for status, value in ((202, good), (400, bad)):
                    with self.subTest(option=name, value=value):
                        reply = self.client.upload(make_sheet([[self.world.photo]]),
                                                   **{name: value})
                        self.assertEqual(status, reply.status, reply.body)

    def test_pages_of_a_listing(self):
        limit = next(each for each in self.description.operations["listImages"].parameters
                     if each["name"] == "limit")["schema"]
        for value, status in ((limit["minimum"], 200), (limit["maximum"], 200),
                              (limit["minimum"] - 1, 400), (limit["maximum"] + 1, 400)):
            reply = self.world.call("listImages", query=f"limit={value}",
                                    request_id=self.world.final)
            self.assertEqual(status, reply.status)

    def test_the_webhook(self):
        operation = self.description.webhooks["requestFinal"]
        received = self.world.receiver.wait_for(1)[0]
        content = operation.details["requestBody"]["content"]
        schema = content[received.headers["content-type"]]["schema"]
        self.assertEqual([], self.description.faults_of_value(schema, received.json))
        for parameter in operation.parameters:
            value = received.headers[parameter["name"].lower()]
            self.assertEqual([], self.description.faults_of_value(parameter["schema"], value))


class Page(unittest.TestCase):
    def test_what_the_router_is_read_for(self):
        """So that the comparison of routes cannot pass by finding none."""
        self.assertIn(("GET", "/api/status/{}"), routes_of_router())
        self.assertIn(("GET", "/processed/{}/{}"), routes_of_router())
        self.assertIn(("GET", "/"), routes_of_pages())
        self.assertIn(("GET", "/assets/{}"), routes_of_pages())


if __name__ == "__main__":
    server_case.main()
