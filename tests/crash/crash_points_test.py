#!/usr/bin/python3
"""Ends the server at the N-th pass of every TEST_POINT in src/, N = 1, 2, 3, …, starts it again,
and checks that nothing is lost, nothing is done twice, and nothing half done stays."""

import http.client
import io
import os
import re
import sqlite3
import unittest
from pathlib import Path

from PIL import Image

import server_case
from client import FINAL, make_sheet, wait_until
from origin import Origin
from receiver import Receiver
from server import Server

SOURCES = Path(__file__).resolve().parents[2] / "src"
CRASHED = 86  # base/test_point.h
PASSES_MAX = int(os.environ.get("CRASH_PASSES_MAX", "4"))
GOOD = 6
REMOVAL = "removal."  # of the points that only a deletion passes


def test_points():
    """Names of all points of the server process; the codec child has none of its own to lose."""
    names = set()
    for source in SOURCES.rglob("*.cpp"):
        if source.relative_to(SOURCES).parts[0] not in ("base", "codec_worker"):
            names.update(re.findall(r'TEST_POINT\("([^"]+)"\)', source.read_text()))
    return sorted(names)


class Crash:
    """One run: a server that ends at a point, and the server after it."""

    def __init__(self, test, point, number):
        self.test = test
        self.plan = f"{point}:{number}"
        self.request_id = None
        self.origin = test.enterContext(Origin())
        self.receiver = test.enterContext(Receiver())
        self.server = Server()
        test.addCleanup(self.server.close)

    def happens(self):
        """Whether the point was passed often enough."""
        self.server.spawn(MILL_CRASH_AT=self.plan)
        wait_until(lambda: self._has_ended() or self._answers("/readyz"), "ready or gone")
        if not self._has_ended():
            self._submit()
            wait_until(lambda: self._has_ended() or self._is_settled(), "settled or gone")
        if not self._has_ended():
            self.server.kill()
            return False
        self.test.assertEqual(CRASHED, self.server.process.returncode, self.server.log())
        return True

    def check_recovery(self):
        self.server.start()
        if self.request_id is None:
            # The client was not told 202, so it sends the file again.
            self._submit()
        status = self.server.client.wait_final(self.request_id)
        counts = (status["status"], status["processed_images"], status["failed_images"])
        self.test.assertEqual(("completed", GOOD + 2, 1), counts)
        self._check_outputs(status)
        self.server.client.wait_webhook(self.request_id)
        wait_until(self._all_is_final, "nothing is left to do", 60)
        self.test.assertEqual(0, self.server.stop(), self.server.log())
        self._check_hooks()
        self._check_folders()

    def _submit(self):
        urls = [self.origin.url(f"/photo/{seed}.jpg?w=80&h=60") for seed in range(GOOD - 1)]
        urls += [self.origin.url("/flaky?n=1"), self.origin.url("/status/404"), urls[0]]
        try:
            self.request_id = self.server.client.submit(
                make_sheet([urls[:4], urls[4:]]), webhook_url=self.receiver.url())
        except (OSError, http.client.HTTPException):
            wait_until(self._has_ended, "the server is gone")

    def _has_ended(self):
        return self.server.process.poll() is not None

    def _answers(self, target):
        try:
            return self.server.client.get(target).status == 200
        except (OSError, http.client.HTTPException):
            return False

    def _is_settled(self):
        try:
            status = self.server.client.status(self.request_id)
        except (OSError, http.client.HTTPException):
            return False
        return status["status"] in FINAL and status["webhook_status"] != "not_sent"

    def _check_outputs(self, status):
        outputs = sum(self.server.client.outputs(self.request_id), [])
        self.test.assertEqual([True] * GOOD + [False, True], [bool(url) for url in outputs])
        bodies = [self.server.client.get(url).body for url in sorted(set(outputs) - {""})]
        for body in bodies:
            Image.open(io.BytesIO(body)).load()
        self.test.assertEqual(sum(map(len, bodies)), status["bytes_out"])

    def _ask(self, query):
        path = self.server.data_folder / "imgmill.db"
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def _all_is_final(self):
        """Also of a batch whose 202 was lost on its way."""
        return not self._ask("SELECT 1 FROM batches WHERE state IN ('receiving', 'sealed')") and \
            not self._ask("SELECT 1 FROM deliveries WHERE state = 'queued'")

    def _check_hooks(self):
        """One event a batch, whatever the number of its deliveries."""
        batches = self._ask("SELECT count(*) FROM batches")[0][0]
        events = {hook.headers["webhook-id"] for hook in self.receiver.received}
        self.test.assertEqual(batches, len(events))
        told = {hook.json["request_id"] for hook in self.receiver.received}
        self.test.assertIn(self.request_id, told)

    def _check_folders(self):
        """No spooled upload, no half written object, no object that nobody knows."""
        folder = self.server.data_folder
        self.test.assertEqual([], sorted((folder / "spool").iterdir()))
        objects = {path.relative_to(folder / "objects").as_posix()
                   for path in (folder / "objects").rglob("*") if path.is_file()}
        known = {key for (key,) in self._ask("SELECT csv_key FROM batches")}
        known |= {key for (key,) in self._ask("SELECT output_key FROM outcomes") if key}
        self.test.assertEqual(set(), known - objects, "objects that are missing")
        self.test.assertEqual(set(), objects - known, "objects that nobody knows")


class RemovalCrash(Crash):
    """The same while a request is deleted, beside one that stays."""

    def happens(self):
        self.server.spawn(MILL_CRASH_AT=self.plan)
        wait_until(lambda: self._answers("/readyz"), "ready")
        self._submit()
        self.kept_id = self.request_id
        self._submit()
        wait_until(lambda: self._is_settled() and self._all_is_final(), "both are settled")
        try:
            self.server.client.request("DELETE", f"/api/requests/{self.request_id}")
        except (OSError, http.client.HTTPException):
            wait_until(self._has_ended, "the server is gone")
        if not self._has_ended():
            self.server.kill()
            return False
        self.test.assertEqual(CRASHED, self.server.process.returncode, self.server.log())
        return True

    def check_recovery(self):
        self.server.start()
        self.test.assertFalse(self._answers(f"/api/status/{self.request_id}"))
        count = "SELECT count(*) FROM batches"
        wait_until(lambda: self._ask(count) == [(1,)], "the deletion is finished", 30)
        for table in ("images", "placements", "outcomes", "deliveries"):
            batches = self._ask(f"SELECT count(DISTINCT batch) FROM {table}")
            self.test.assertEqual([(1,)], batches, table)
        self.test.assertTrue(self._answers(f"/api/download/{self.kept_id}"))
        self.test.assertEqual(0, self.server.stop(), self.server.log())
        self._check_folders()


class CrashPoints(unittest.TestCase):
    def test_there_are_points(self):
        self.assertGreater(len(test_points()), 3)

    def test_every_point_and_pass(self):
        for point in test_points():
            for number in range(1, PASSES_MAX + 1):
                with self.subTest(point=point, number=number):
                    kind = RemovalCrash if point.startswith(REMOVAL) else Crash
                    crash = kind(self, point, number)
                    happened = crash.happens()
                    if happened:
                        crash.check_recovery()
                if number == 1:
                    self.assertTrue(happened, f"{point} is never passed")
                if not happened:
                    break


if __name__ == "__main__":
    server_case.main()
