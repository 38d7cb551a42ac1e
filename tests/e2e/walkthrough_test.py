#!/usr/bin/python3
"""docs/walkthrough.sh, as a user runs it: it must get through, and leave out no operation of the
API's description."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import server_case
from client import make_sheet
from openapi import Description
from receiver import Receiver

SCRIPT = Path(__file__).resolve().parents[2] / "docs/walkthrough.sh"
LINES_MAX = 60
LEFT_OUT = {"getAsset"}  # only a page asks for it


class Walkthrough(server_case.ServerCase):
    settings = {"IMGMILL_LOG_LEVEL": "debug"}  # which logs every request

    def walk(self, **more):
        rows = [[self.origin.url("/photo/1.jpg"), self.origin.url("/status/404")],
                [self.origin.url("/photo/2.png")]]
        with tempfile.NamedTemporaryFile(suffix=".csv") as sheet:
            sheet.write(make_sheet(rows))
            sheet.flush()
            done = subprocess.run([SCRIPT, sheet.name, self.server.base_url], timeout=120,
                                  env=os.environ | more, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def test_every_operation_is_shown(self):
        description = Description(self.client.get("/openapi.json").json)
        with Receiver() as receiver:
            self.walk(WEBHOOK_URL=receiver.url("/hook"))
        asked = {(event["method"], event["path"]) for event in self.server.events("request")}
        missing = {each.id for each in description.operations.values()
                   if not any(is_of(each, *request) for request in asked)}
        self.assertEqual(LEFT_OUT, missing)

    def test_without_a_webhook(self):
        self.assertIn("304", self.walk())

    def test_it_is_short(self):
        self.assertLessEqual(len(SCRIPT.read_text().splitlines()), LINES_MAX)


def is_of(operation, method, path):
    pattern = re.sub(r"{\w+}", "[^/]+", operation.path)
    return operation.method == method and re.fullmatch(pattern, path) is not None


if __name__ == "__main__":
    server_case.main()
