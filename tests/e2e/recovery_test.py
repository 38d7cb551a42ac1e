#!/usr/bin/python3
"""kill -9 at any moment, and a restart: every image ends once, counts are exact, the webhook comes.
And starts that must fail, each with a message that says why."""

import io
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from PIL import Image

import server_case
from client import make_sheet, wait_until
from origin import Origin
from receiver import Receiver
from server import Server

SEED = int(os.environ.get("KILL_SEED", "20240607"))
KILLS = 6
IMAGES = 60


class Kills(unittest.TestCase):
    def test_kill_at_random_moments(self):
        moments = random.Random(SEED)
        with Origin() as origin, Receiver() as receiver, Server() as server:
            origin.delay_seconds = 0.1
            urls = [origin.url(f"/photo/{seed}.jpg?w=80&h=60") for seed in range(IMAGES - 1)]
            urls.append(origin.url("/status/404"))
            rows = [urls[at:at + 6] for at in range(0, IMAGES, 6)]
            request_id = server.client.submit(make_sheet(rows), webhook_url=receiver.url())
            for _ in range(KILLS):
                time.sleep(moments.uniform(0.0, 0.5))
                server.restart()
            status = server.client.wait_final(request_id)
            self.check(server, request_id, status, urls)
            hooks = receiver.wait_for(1)
            self.assertEqual(1, len({hook.headers["webhook-id"] for hook in hooks}))
            self.assertEqual(IMAGES, hooks[0].json["processed_images"])

    def check(self, server, request_id, status, urls):
        self.assertEqual(("completed", IMAGES, IMAGES, 1), (
            status["status"], status["total_images"], status["processed_images"],
            status["failed_images"]), f"KILL_SEED={SEED}")
        outputs = sum(server.client.outputs(request_id), [])
        self.assertEqual([url.endswith("/404") for url in urls], [not url for url in outputs])
        bodies = [server.client.get(url).body for url in outputs if url]
        for body in bodies:
            Image.open(io.BytesIO(body)).load()
        self.assertEqual(sum(map(len, bodies)), status["bytes_out"])

    def test_an_accepted_upload_survives_a_kill_at_once(self):
        with Origin() as origin, Server() as server:
            sheet = make_sheet([[origin.url(f"/photo/{seed}.jpg")] for seed in range(5)])
            for _ in range(3):
                request_id = server.client.submit(sheet)
                server.restart()
                status = server.client.wait_final(request_id)
                self.assertEqual((5, 0), (status["processed_images"], status["failed_images"]))

    def test_codec_children_die_with_the_server(self):
        with Server() as server:
            children = server.children()
            self.assertTrue(children)
            server.kill()
            wait_until(lambda: not any(map(is_running, children)), "the children are gone", 10)

    def test_a_codec_child_that_dies_alone_is_replaced(self):
        with Origin() as origin, Server(IMGMILL_CODECS=1) as server:
            first = server.children()
            self.assertEqual(1, len(first))
            os.kill(first[0], 9)
            sheet = make_sheet([[origin.url("/photo/1.jpg"), origin.url("/photo/2.jpg")]])
            status = server.client.wait_final(server.client.submit(sheet))
            self.assertEqual((2, 0), (status["processed_images"], status["failed_images"]))
            self.assertNotEqual(first, server.children())


class Starts(unittest.TestCase):
    def refused(self, server, *words):
        """The server ends by itself with 3, and says the words."""
        server.spawn()
        self.assertEqual(3, server.wait_exit())
        for word in words:
            self.assertIn(str(word), server.log())

    def test_a_second_server_names_the_first(self):
        with Server() as first:
            second = Server(first.data_folder)
            self.addCleanup(second.close)
            self.refused(second, first.process.pid, "in use")
            self.assertEqual(200, first.client.get("/readyz").status)

    def test_a_newer_database(self):
        with Server() as server:
            self.assertEqual(0, server.stop())
            database = sqlite3.connect(server.data_folder / "imgmill.db")
            raise_version(database)
            database.close()
            self.refused(server, "newer")

    def test_an_unwritable_data_folder(self):
        server = Server("/proc/imgmill-data")  # where not even root can make a folder
        self.addCleanup(server.close)
        self.refused(server, "/proc/imgmill-data", "--data-dir")

    def test_a_database_that_is_none(self):
        with Server() as server:
            server.stop()
            for name in ("imgmill.db-wal", "imgmill.db-shm"):
                (server.data_folder / name).unlink(missing_ok=True)
            (server.data_folder / "imgmill.db").write_bytes(b"not a database " * 500)
            self.refused(server, "imgmill.db")

    def test_a_port_that_is_taken(self):
        with Origin() as other:
            server = Server(IMGMILL_LISTEN=f"127.0.0.1:{other.port}")
            self.addCleanup(server.close)
            self.refused(server, other.port)


class FullDisk(unittest.TestCase):
    """A data folder on a small disk, filled up from outside."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="imgmill-full-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        mount = ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", self.folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("needs the right to mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", self.folder], check=True)

    def fill(self):
        with open(self.folder / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"\0" * 65536)
            except OSError:
                pass
            try:
                while True:
                    ballast.write(b"\0" * 512)
            except OSError:
                pass

    def test_full_and_then_with_room(self):
        with Origin() as origin, Server(self.folder / "data") as server:
            sheet = make_sheet([[origin.url(f"/photo/{n}.jpg?w=400&h=300")] for n in range(4)])
            server.client.wait_final(server.client.submit(sheet))
            self.fill()
            reply = server.client.upload(sheet)
            if reply.status == 202:  # the last bytes were enough for the upload: an image fails
                server.client.wait_final(reply.json["request_id"])
                codes = server.failures(reply.json["request_id"]).values()
                self.assertEqual({"storage_failed"}, set(codes))
            else:
                self.assertEqual((503, "10"), (reply.status, reply.headers["retry-after"]))
            self.assertEqual(200, server.client.get("/healthz").status)

            (self.folder / "ballast").unlink()
            wait_until(lambda: server.client.get("/readyz").status == 200, "ready again", 30)
            status = server.client.wait_final(server.client.submit(sheet))
            self.assertEqual((4, 0), (status["processed_images"], status["failed_images"]))

    def test_full_while_images_are_stored(self):
        with Origin() as origin, Server(self.folder / "data") as server:
            origin.delay_seconds = 0.5
            urls = [origin.url(f"/photo/{n}.jpg?w=400&h=300") for n in range(4)]
            request_id = server.client.submit(make_sheet([[url] for url in urls]))
            self.fill()
            wait_until(lambda: len(origin.arrivals) >= 4, "all were fetched", 30)
            time.sleep(1)
            self.assertIsNone(server.process.poll(), "the server lives")
            (self.folder / "ballast").unlink()
            status = server.client.wait_final(request_id)
            self.assertEqual(4, status["processed_images"])
            codes = set(server.failures(request_id).values())
            self.assertLessEqual(codes, {"storage_failed"})


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def raise_version(database):
    """Pretends that a later imgmill migrated it."""
    with database:
        database.execute("INSERT INTO migrations VALUES (9999, 'of a later version', '', 0)")


if __name__ == "__main__":
    server_case.main()
