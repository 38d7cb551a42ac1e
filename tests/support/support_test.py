#!/usr/bin/python3
"""The harness itself: an origin that does not sin as told proves nothing."""

import io
import http.client
import unittest
import urllib.error
import urllib.request

from PIL import Image

import pictures
from origin import Origin
from receiver import Answer, Receiver


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read()


class OriginTest(unittest.TestCase):
    def setUp(self):
        self.origin = self.enterContext(Origin())

    def test_pictures_open_and_are_counted(self):
        for extension in pictures.MIME_TYPES:
            target = f"/photo/3.{extension}?w=40&h=30"
            for _ in range(2):
                image = Image.open(io.BytesIO(get(self.origin.url(target))))
            self.assertEqual((40, 30), image.size)
            self.assertEqual(2, self.origin.hits[target])

    def test_a_served_file_comes_back(self):
        self.assertEqual(b"abc", get(self.origin.serve("/a.bin", b"abc")))

    def test_redirects_end_at_a_picture(self):
        self.assertTrue(get(self.origin.url("/redirect/3")).startswith(b"\xff\xd8"))
        self.assertEqual(1, self.origin.hits["/redirect/2"])

    def test_retry_after_heals(self):
        url = self.origin.url("/retry-after?n=1")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            get(url)
        self.assertEqual(503, caught.exception.code)
        self.assertEqual("1", caught.exception.headers["Retry-After"])
        self.assertTrue(get(url).startswith(b"\xff\xd8"))

    def test_broken_transfers_break(self):
        with self.assertRaises(http.client.IncompleteRead):
            get(self.origin.url("/lie-short"))
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            get(self.origin.url("/reset"))

    def test_huge_streams(self):
        with urllib.request.urlopen(self.origin.url("/huge"), timeout=10) as reply:
            self.assertEqual(8 << 20, len(reply.read(8 << 20)))

    def test_unknown_is_404(self):
        with self.assertRaises(urllib.error.HTTPError):
            get(self.origin.url("/nothing-here"))


class PicturesTest(unittest.TestCase):
    def test_the_bomb_is_small_and_valid_at_its_head(self):
        bomb = pictures.bomb_png()
        self.assertLess(len(bomb), 300_000)
        Image.MAX_IMAGE_PIXELS, kept = None, Image.MAX_IMAGE_PIXELS
        self.assertEqual((30_000, 30_000), Image.open(io.BytesIO(bomb)).size)
        Image.MAX_IMAGE_PIXELS = kept

    def test_metadata_is_really_there(self):
        image = Image.open(io.BytesIO(pictures.with_metadata("jpg", orientation=6)))
        self.assertEqual(6, image.getexif()[pictures.EXIF_ORIENTATION])
        self.assertEqual("SecretCam 3000", image.getexif()[pictures.EXIF_CAMERA_MODEL])
        self.assertTrue(image.info["icc_profile"])

    def test_animation_has_its_frames(self):
        image = Image.open(io.BytesIO(pictures.animated_gif(5)))
        self.assertEqual((5, 3), (image.n_frames, image.info["loop"]))


class ReceiverTest(unittest.TestCase):
    def test_answers_by_its_script_and_records(self):
        receiver = self.enterContext(Receiver([Answer(503, {"Retry-After": "7"})]))
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(receiver.url("/hook"), b'{"a": 1}', timeout=10)
        self.assertEqual(503, caught.exception.code)
        self.assertEqual("7", caught.exception.headers["Retry-After"])
        urllib.request.urlopen(receiver.url("/hook"), b'{"a": 2}', timeout=10)
        self.assertEqual([1, 2], [each.json["a"] for each in receiver.wait_for(2)])


if __name__ == "__main__":
    unittest.main()
