#!/usr/bin/python3
"""quality=auto and max_bytes (docs/codec.md), from the form field to the picture over HTTP."""

import io
import sqlite3
from contextlib import closing

import numpy
from PIL import Image

import pictures
import server_case


class Quality(server_case.ServerCase):
    def kept(self, request_id):
        """(state, fault, method, quality, bytes, message) of the one image."""
        path = self.server.data_folder / "imgmill.db"
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        with closing(database):
            return database.execute(
                "SELECT o.state, o.fault, o.method, o.quality, o.bytes_out, o.message"
                " FROM outcomes o JOIN batches USING (batch)"
                " WHERE request_id = ?", [request_id]).fetchone()

    def run_one(self, source, **fields):
        """(request id, status, body or None)."""
        url = self.origin.serve(f"/chosen-{len(self.origin.arrivals)}", source)
        request_id, status, outputs = self.process([[url]], **fields)
        return request_id, status, outputs[0][0] and self.client.get(outputs[0][0]).body

    def test_a_bound_on_bytes_lowers_the_quality(self):
        source = pictures.photo(41, "jpg", 400, 300)
        for more in ({}, {"format": "webp"}, {"max_width": 300}):
            with self.subTest(more):
                free = self.render(source, quality=85, **more)
                bound = len(free) // 2
                request_id, status, body = self.run_one(source, quality=85, max_bytes=bound, **more)
                self.assertLessEqual(len(body), bound)
                self.assertEqual(bound, status["options"]["max_bytes"])
                quality, kept_bytes = self.kept(request_id)[3:5]
                self.assertEqual(len(body), kept_bytes)
                self.assertLess(quality, 85)
                self.assertEqual(body, self.render(source, quality=quality, **more))

    def test_a_bound_that_is_no_bound_changes_nothing(self):
        source = pictures.photo(42, "jpg", 200, 150)
        self.assertEqual(self.render(source), self.render(source, max_bytes=1 << 30))

    def test_what_cannot_fit_fails_and_says_how_to_mend_it(self):
        request_id, status, body = self.run_one(pictures.photo(43, "png", 800, 600),
                                                max_bytes=2048)
        self.assertFalse(body)
        self.assertEqual("failed", status["status"])
        self.assertEqual(("failed", "does_not_fit"), self.kept(request_id)[:2])
        self.assertIn("max_width", self.kept(request_id)[5])

    def test_auto_goes_by_the_picture(self):
        smooth = numpy.tile(numpy.linspace(30, 220, 400, dtype=numpy.uint8), (300, 1))
        image = Image.merge("RGB", [Image.fromarray(smooth)] * 3)
        easy = pictures.encode(image, "jpg", quality=95)
        hard = pictures.photo(44, "jpg", 400, 300)
        chosen = []
        for source in (easy, hard):
            request_id, status, body = self.run_one(source, quality="auto")
            self.assertEqual("auto", status["options"]["quality"])
            self.assertLess(len(body), len(source))
            chosen.append(self.kept(request_id)[3])
            self.assertEqual((400, 300), Image.open(io.BytesIO(body)).size)
            self.assertEqual(body, self.render(source, quality="auto"))
        self.assertNotEqual(*chosen)

    def test_the_bound_goes_below_auto(self):
        source = pictures.photo(45, "jpg", 400, 300)
        free = self.render(source, quality="auto")
        _, _, body = self.run_one(source, quality="auto", max_bytes=len(free) - 1)
        self.assertLess(len(body), len(free))

    def test_the_sources_own_data_have_no_quality(self):
        once = self.render(pictures.photo(46))
        request_id, _, _ = self.run_one(once, quality=90)
        self.assertEqual(("source_kept", None), self.kept(request_id)[2:4])


if __name__ == "__main__":
    server_case.main()
