#!/usr/bin/python3
"""A change of format and size (CONTRACT 1.1), from the form field to the picture over HTTP."""

import io
import sqlite3
from contextlib import closing

import numpy
from PIL import Image, ImageOps

import pictures
import server_case

MIME_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
EXTENSIONS = {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}
LOOKS_ALIKE = 8.0


def opened(body):
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def upright(image):
    return ImageOps.exif_transpose(image)


class Shape(server_case.ServerCase):
    def made_of(self, source, **fields):
        """(output URL, reply) of one picture that must succeed."""
        url = self.origin.serve(f"/shaped-{len(self.origin.arrivals)}", source)
        request_id, _, outputs = self.process([[url]], **fields)
        if not outputs[0][0]:
            self.fail(f"the picture failed: {self.server.failures(request_id)}")
        return outputs[0][0], self.client.get(outputs[0][0])

    def assert_alike(self, expected, image, bound=LOOKS_ALIKE):
        before = numpy.asarray(expected.convert("RGB"), dtype=numpy.float32)
        after = numpy.asarray(image.convert("RGB"), dtype=numpy.float32)
        self.assertEqual(before.shape, after.shape)
        self.assertLess(float(numpy.abs(before - after).mean()), bound)

    def test_every_format_by_name_type_and_bytes(self):
        source = pictures.photo(31, "png", 200, 150)
        for name, mime_type in MIME_TYPES.items():
            with self.subTest(name):
                url, reply = self.made_of(source, format=name, quality=85)
                self.assertTrue(url.endswith("." + EXTENSIONS[name]), url)
                self.assertEqual(mime_type, reply.headers["content-type"])
                if name == "avif":  # which Pillow of Debian 12 does not read
                    self.assertEqual(b"ftypavif", reply.body[4:12])
                    continue
                image = opened(reply.body)
                self.assertEqual((name.upper(), (200, 150)), (image.format, image.size))
                self.assert_alike(opened(source), image)

    def test_the_box_shrinks_and_never_enlarges(self):
        source = pictures.photo(32, "jpg", 400, 300)
        for fields, size in (({"max_width": 200}, (200, 150)), ({"max_height": 60}, (80, 60)),
                             ({"max_width": 100, "max_height": 50}, (67, 50)),
                             ({"max_width": 1}, (1, 1)), ({"max_width": 400}, (400, 300)),
                             ({"max_width": 16384, "max_height": 16384}, (400, 300))):
            with self.subTest(fields):
                image = opened(self.made_of(source, **fields)[1].body)
                self.assertEqual(("JPEG", size), (image.format, image.size))
                if size[0] > 50:
                    small = opened(source).resize(size, Image.Resampling.LANCZOS)
                    self.assert_alike(small, image)

    def test_a_box_that_changes_nothing_is_no_box(self):
        source = pictures.photo(33, "jpg", 160, 120)
        self.assertEqual(self.render(source),
                         self.render(source, max_width=160, max_height=5000, format="keep"))

    def test_every_orientation_goes_out_upright_and_bare(self):
        for orientation in range(1, 9):
            with self.subTest(orientation=orientation):
                source = pictures.with_metadata("jpg", orientation)
                image = opened(self.made_of(source, format="webp", max_width=100)[1].body)
                seen = upright(opened(source))
                self.assertEqual(100, image.width)
                self.assertNotIn(pictures.EXIF_ORIENTATION, image.getexif())
                self.assertNotIn(pictures.EXIF_CAMERA_MODEL, image.getexif())
                self.assertEqual(pictures.icc(), image.info.get("icc_profile"))
                self.assert_alike(seen.resize(image.size, Image.Resampling.LANCZOS), image)

    def test_what_is_see_through_lies_on_white(self):
        source = pictures.with_alpha("png")
        image = opened(self.made_of(source, format="jpeg", quality=90)[1].body)
        self.assertEqual("RGB", image.mode)
        expected = Image.new("RGB", image.size, "white")
        expected.paste(opened(source), mask=opened(source).getchannel("A"))
        self.assert_alike(expected, image)
        self.assertGreater(min(image.getpixel((1, 1))), 245)

    def test_an_animation_stays_one_where_it_can(self):
        source = pictures.animated_gif(5)
        image = opened(self.made_of(source, format="webp", max_width=48)[1].body)
        self.assertEqual(("WEBP", (48, 32), 5), (image.format, image.size, image.n_frames))
        smaller = opened(self.made_of(source, max_width=48)[1].body)
        self.assertEqual(("GIF", (48, 32), 5), (smaller.format, smaller.size, smaller.n_frames))
        still = opened(self.made_of(source, format="png")[1].body)
        self.assertEqual(("PNG", (96, 64)), (still.format, still.size))
        self.assert_alike(opened(source), still)

    def test_bmp_is_taken(self):
        out = io.BytesIO()
        pictures.paint(34, 90, 60).save(out, "BMP")
        image = opened(self.made_of(out.getvalue())[1].body)
        self.assertEqual(("JPEG", (90, 60)), (image.format, image.size))
        self.assert_alike(opened(out.getvalue()), image)

    def test_how_each_was_made_is_kept(self):
        source = pictures.photo(36, "jpg", 200, 150)
        for fields, method in (({"format": "png"}, "converted"), ({"max_width": 50}, "resized"),
                               ({"format": "webp", "max_width": 50}, "converted_resized"),
                               ({"quality": 50}, "requantised")):
            url = self.origin.serve(f"/made-{method}.jpg", source)
            request_id, _, _ = self.process([[url]], **fields)
            path = self.server.data_folder / "imgmill.db"
            database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            with closing(database):
                kept = database.execute("SELECT method FROM outcomes JOIN batches USING (batch)"
                                        " WHERE request_id = ?", [request_id]).fetchall()
            self.assertEqual([(method,)], kept)

    def test_the_status_says_what_was_asked_for(self):
        url = self.origin.serve("/asked.png", pictures.photo(35, "png", 90, 60))
        _, status, _ = self.process([[url]], format="webp", max_height=30, quality=70)
        self.assertEqual({"quality": 70, "format": "webp", "max_width": None, "max_height": 30,
                          "max_bytes": None},
                         status["options"])


if __name__ == "__main__":
    server_case.main()
