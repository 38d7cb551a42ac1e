#!/usr/bin/python3
"""A client in another language, with another HTTP library, and with the official library of
Standard Webhooks: upload, status, images, download, webhook."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import server
import server_case
from client import make_sheet

JOURNEY = Path(__file__).resolve().parent / "journey.mjs"


class JavaScript(server_case.ServerCase):
    def test_journey(self):
        rows = [[self.origin.url("/photo/1.jpg")],
                [self.origin.url("/photo/2.png"), self.origin.url("/status/404")]]
        with tempfile.NamedTemporaryFile(suffix=".csv") as sheet:
            sheet.write(make_sheet(rows))
            sheet.flush()
            done = subprocess.run(["node", JOURNEY, self.server.base_url, sheet.name],
                                  env=os.environ | {"IMGMILL_WEBHOOK_SECRET": server.SECRET},
                                  capture_output=True, text=True, timeout=120)
        self.assertEqual(0, done.returncode, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(("completed", 3, 1), (seen["status"]["status"],
                                               seen["status"]["total_images"],
                                               seen["status"]["failed_images"]))
        self.assertEqual([None, None, "http_404"],
                         [each["error"] and each["error"]["code"] for each in seen["images"]])
        self.assertEqual((seen["id"], "request.completed"),
                         (seen["event"]["request_id"], seen["event"]["type"]))
        self.assertEqual(self.client.get(f"/api/download/{seen['id']}").text, seen["results"])


if __name__ == "__main__":
    server_case.main()
