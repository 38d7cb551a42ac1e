#!/usr/bin/python3
"""imgmill doctor: finds what is wrong, and leaves a running server alone."""

import json
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import server_case
from authority import Authority
from client import make_sheet
from origin import Origin
from server import SECRET, Server, clean_environment, free_port, program

SECONDS = 120
FORMATS = "jpeg, png, webp, gif, avif, tiff"


class Doctor(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="imgmill-doc-")))
        self.data = self.folder / "data"

    def imgmill(self, *arguments, **settings):
        settings = {"IMGMILL_DATA_DIR": self.data, "IMGMILL_WEBHOOK_SECRET": SECRET,
                    "IMGMILL_LISTEN": f"127.0.0.1:{free_port()}"} | settings
        return subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=clean_environment(settings),
                              cwd=self.folder, timeout=SECONDS)

    def checks(self, exit_status, *arguments, **settings):
        """What it found: name -> (status, text, mend)."""
        done = self.imgmill("doctor", "--json", *arguments, **settings)
        self.assertEqual(exit_status, done.returncode, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        found = {one["name"]: (one["status"], one["text"], one["mend"])
                 for one in report["checks"]}
        worst = max((one[0] for one in found.values()), key=["ok", "warn", "fail"].index)
        self.assertEqual(worst, report["status"])
        return found

    def a_used_folder(self):
        with Server(data_folder=self.data) as server:
            self.assertEqual(0, server.stop())

    def files(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def test_before_the_first_start_nothing_is_made(self):
        found = self.checks(0)
        for name in ("data folder", "database", "storage"):
            self.assertEqual("ok", found[name][0])
            self.assertIn("the first start makes", found[name][1])
        self.assertEqual([], self.files())

    def test_a_folder_in_good_order(self):
        self.a_used_folder()
        before = self.files()
        found = self.checks(0)
        self.assertEqual(before, self.files())
        self.assertRegex(found["database"][1], r"version \d+, up to date")
        self.assertIn("written, read and deleted", found["storage"][1])
        self.assertEqual(("ok", FORMATS, ""), found["formats"])
        self.assertIn("seccomp yes", found["sandbox"][1])
        self.assertIn("is free", found["listen"][1])
        self.assertIn("1 secret", found["webhooks"][1])
        self.assertEqual("ok", found["clock"][0])

    def test_people_get_a_table(self):
        done = self.imgmill("doctor", IMGMILL_WEBHOOK_SECRET="")
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertIn("\nwarn  webhooks     not signed", done.stdout)
        self.assertIn("\n                   set IMGMILL_WEBHOOK_SECRET", done.stdout)
        self.assertRegex(done.stdout.splitlines()[-1], r"^all well, \d+ warnings?$")

    def test_a_running_server_goes_on(self):
        with Origin() as origin, Server(data_folder=self.data) as server:
            request_id = server.client.submit(make_sheet([[origin.url("/slow?ms=1500")]]))
            for _ in range(3):
                found = self.checks(0, IMGMILL_LISTEN=f"127.0.0.1:{server.port}")
                self.assertIn(f"process {server.process.pid}", found["data folder"][1])
                self.assertIn("is ready", found["listen"][1])
            self.assertEqual("completed", server.client.wait_final(request_id)["status"])
            self.assertEqual(0, server.stop())

    def test_a_server_that_does_not_answer(self):
        with Server(data_folder=self.data):
            found = self.checks(3)  # another port
            self.assertEqual("fail", found["listen"][0])
            self.assertIn("nothing answers", found["listen"][1])

    def test_a_server_elsewhere(self):
        with Server() as server:
            done = self.imgmill("doctor", "--server", server.base_url)
            self.assertEqual(0, done.returncode, done.stdout)
            self.assertEqual(2, len(done.stdout.splitlines()), done.stdout)
        done = self.imgmill("doctor", "--server", server.base_url)
        self.assertEqual(3, done.returncode, done.stdout)
        self.assertIn("FAIL  server", done.stdout)
        self.assertEqual(2, self.imgmill("doctor", "--server", "mill").returncode)

    def test_another_program_has_the_port(self):
        with Origin() as origin:
            found = self.checks(3, IMGMILL_LISTEN=f"127.0.0.1:{origin.port}")
        self.assertIn("taken by another program", found["listen"][1])

    def test_addresses(self):
        found = self.checks(3, IMGMILL_LISTEN="192.0.2.1:5000")
        self.assertIn("no address of this machine", found["listen"][1])
        found = self.checks(0, "--no-auth", IMGMILL_LISTEN=f"0.0.0.0:{free_port()}")
        self.assertEqual("warn", found["base URL"][0])

    def test_what_serve_would_refuse(self):
        found = self.checks(3, IMGMILL_LISTEN=f"0.0.0.0:{free_port()}",
                            IMGMILL_BASE_URL="http://shop.example")
        self.assertEqual("fail", found["access"][0])
        self.assertIn("imgmill keys create", found["access"][2])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            found = self.checks(3, IMGMILL_METRICS_LISTEN=address)
            self.assertIn("taken by another program", found["metrics-listen"][1])
        listen = f"127.0.0.1:{free_port()}"
        found = self.checks(3, IMGMILL_LISTEN=listen, IMGMILL_METRICS_LISTEN=listen)
        self.assertIn("the API's own", found["metrics-listen"][1])
        with Authority() as authority:
            certificate, key = authority.issue("IP:127.0.0.1")
            found = self.checks(3, IMGMILL_TLS_CERT=certificate, IMGMILL_TLS_KEY=certificate)
            self.assertEqual("fail", found["certificate"][0])
            found = self.checks(0, IMGMILL_TLS_CERT=certificate, IMGMILL_TLS_KEY=key)
            self.assertEqual("ok", found["certificate"][0])

    def test_keys(self):
        self.assertEqual(0, self.imgmill("keys", "create", "shop").returncode)
        anywhere = {"IMGMILL_LISTEN": f"0.0.0.0:{free_port()}",
                    "IMGMILL_BASE_URL": "http://shop.example"}
        self.assertEqual("ok", self.checks(0, **anywhere)["access"][0])
        self.assertEqual(0, self.imgmill("keys", "revoke", "shop").returncode)
        found = self.checks(0, **anywhere)
        self.assertEqual("warn", found["access"][0])
        self.assertIn("nobody gets in", found["access"][1])

    def test_databases_that_cannot_be_used(self):
        self.data.mkdir()
        file = self.data / "imgmill.db"
        file.write_bytes(b"x" * 5000)
        self.assertEqual("fail", self.checks(3)["database"][0])
        file.unlink()
        other = sqlite3.connect(file)
        other.execute("CREATE TABLE t (a)")
        other.close()
        self.assertIn("another program", self.checks(3)["database"][1])
        file.unlink()
        self.a_used_folder()
        newer = sqlite3.connect(file)
        newer.execute("INSERT INTO migrations VALUES (9999, 'later', '', 0)")
        newer.commit()
        newer.close()
        self.assertIn("version 9999", self.checks(3)["database"][1])

    def test_what_is_no_folder(self):
        self.data.write_text("")
        found = self.checks(3)
        self.assertEqual(["fail"] * 3, [found[name][0] for name in (
            "data folder", "database", "storage")])
        self.assertIn("--data-dir", found["data folder"][2])

    def test_settings_that_are_wrong(self):
        found = self.checks(3, IMGMILL_QUALITY="fine")
        self.assertEqual(["settings"], list(found))
        self.assertIn("IMGMILL_QUALITY", found["settings"][1])
        found = self.checks(3, IMGMILL_ALLOW_NETS="everything")
        self.assertEqual("fail", found["allow-nets"][0])

    def test_a_missing_codec(self):
        alone = self.folder / "imgmill"
        shutil.copy(program(), alone)
        done = subprocess.run([alone, "doctor"], capture_output=True, text=True, cwd=self.folder,
                              env=clean_environment({"IMGMILL_DATA_DIR": self.data}),
                              timeout=SECONDS)
        self.assertEqual(3, done.returncode, done.stdout)
        self.assertIn("FAIL  codec", done.stdout)
        self.assertIn("must stand beside imgmill", done.stdout)

    def test_without_the_sandbox(self):
        found = self.checks(0, "--insecure-codec-no-sandbox")
        self.assertEqual("warn", found["sandbox"][0])
        self.assertEqual(FORMATS, found["formats"][1])


if __name__ == "__main__":
    server_case.main()
