#!/usr/bin/python3
"""What becomes of a picture (CONTRACT 5), seen with Pillow: rotation, ICC profile, alpha and
animation stay, other metadata goes, and nothing gets larger."""

import io

import numpy
from PIL import Image, ImageOps

import pictures
import server_case

# Mean difference of 0..255 a channel that a picture at quality 50 may show on our painted photos.
LOOKS_ALIKE = 8.0


def opened(body):
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def as_seen(body, mode="RGB"):
    return numpy.asarray(ImageOps.exif_transpose(opened(body)).convert(mode), dtype=numpy.float32)


class Pictures(server_case.ServerCase):
    def assert_alike(self, source, output, mode="RGB", bound=LOOKS_ALIKE):
        before, after = as_seen(source, mode), as_seen(output, mode)
        self.assertEqual(before.shape, after.shape)
        self.assertLess(float(numpy.abs(before - after).mean()), bound)

    def test_each_format_stays_and_shrinks(self):
        for extension, name in (("jpg", "JPEG"), ("png", "PNG"), ("webp", "WEBP"), ("gif", "GIF")):
            with self.subTest(extension):
                source = pictures.photo(11, extension, 320, 240)
                output = self.render(source)
                self.assertEqual((name, (320, 240)), (opened(output).format, opened(output).size))
                self.assertLessEqual(len(output), len(source))
                self.assert_alike(source, output, bound=14.0)

    def test_jpeg_is_much_smaller(self):
        source = pictures.photo(12, "jpg", 640, 480)
        self.assertLess(len(self.render(source)), 0.6 * len(source))

    def test_every_orientation_looks_the_same(self):
        for orientation in range(1, 9):
            with self.subTest(orientation=orientation):
                source = pictures.with_metadata("jpg", orientation)
                output = self.render(source)
                self.assertLess(len(output), len(source))
                self.assert_alike(source, output)

    def test_metadata_goes_and_the_profile_stays(self):
        for extension in ("jpg", "png", "webp"):
            with self.subTest(extension):
                source = pictures.with_metadata(extension)
                self.assertIn(b"SecretCam", source)
                output = self.render(source)
                self.assertNotIn(b"SecretCam", output)
                exif = opened(output).getexif()
                self.assertFalse(exif.get_ifd(pictures.EXIF_GPS))
                self.assertNotIn(pictures.EXIF_CAMERA_MODEL, exif)
                self.assertEqual(pictures.icc(), opened(output).info.get("icc_profile"))

    def test_alpha_stays(self):
        for extension in ("png", "webp"):
            with self.subTest(extension):
                source = pictures.with_alpha(extension)
                output = self.render(source)
                before, after = as_seen(source, "RGBA"), as_seen(output, "RGBA")
                self.assertLess(float(numpy.abs(before[..., 3] - after[..., 3]).mean()), 2.0)
                seen = before[..., 3:] / 255
                difference = numpy.abs(before - after)[..., :3] * seen
                self.assertLess(float(difference.mean()), LOOKS_ALIKE)

    def test_animation_stays(self):
        source = pictures.animated_gif(5)
        output = self.render(source)
        before, after = opened(source), opened(output)
        self.assertEqual((5, 3), (after.n_frames, after.info.get("loop")))
        for frame in range(5):
            before.seek(frame)
            after.seek(frame)
            self.assertEqual(before.info["duration"], after.info["duration"])
            difference = numpy.abs(numpy.asarray(before.convert("RGB"), dtype=numpy.float32)
                                   - numpy.asarray(after.convert("RGB"), dtype=numpy.float32))
            self.assertLess(float(difference.mean()), 14.0)

    def test_never_larger(self):
        """Sources that are better packed than what would come out."""
        flat = pictures.encode(Image.new("RGB", (64, 64), (9, 99, 199)), "png", optimize=True)
        poor = pictures.encode(pictures.paint(4, 320, 240), "jpg", quality=8, optimize=True)
        tiny = pictures.encode(Image.new("P", (1, 1)), "gif")
        weak = pictures.encode(pictures.paint(5, 200, 200), "webp", quality=2)
        for name, source in (("flat", flat), ("poor", poor), ("tiny", tiny), ("weak", weak)):
            with self.subTest(name):
                output = self.render(source, quality=100)
                self.assertLessEqual(len(output), len(source))
                self.assert_alike(source, output)

    def test_never_larger_still_drops_metadata(self):
        exif = Image.Exif()
        exif[pictures.EXIF_CAMERA_MODEL] = "SecretCam 3000"
        exif[pictures.EXIF_ORIENTATION] = 6
        source = pictures.encode(pictures.paint(4, 320, 240), "jpg", quality=8, optimize=True,
                                 exif=exif.tobytes())
        output = self.render(source, quality=100)
        self.assertNotIn(b"SecretCam", output)
        self.assertLessEqual(len(output), len(source))
        self.assert_alike(source, output)

    def test_other_kinds_of_jpeg(self):
        painted = pictures.paint(6, 320, 240)
        for name, source in {
            "progressive": pictures.encode(painted, "jpg", quality=90, progressive=True),
            "grey": pictures.encode(painted.convert("L"), "jpg", quality=90),
            "cmyk": pictures.encode(painted.convert("CMYK"), "jpg", quality=90),
            "4:4:4": pictures.encode(painted, "jpg", quality=90, subsampling=0),
        }.items():
            with self.subTest(name):
                output = self.render(source)
                self.assertLess(len(output), len(source))
                self.assert_alike(source, output)

    def test_an_uncompressed_tiff_of_one_strip(self):
        picture = io.BytesIO()
        Image.fromarray(as_seen(pictures.photo(21, "png", 96, 64)).astype("uint8")).save(
            picture, "TIFF", compression="raw")
        source = picture.getvalue()
        output = self.render(source)
        self.assertEqual("TIFF", opened(output).format)
        self.assertLess(len(output), len(source))
        self.assert_alike(source, output, bound=0.01)

    def test_other_kinds_of_png(self):
        painted = pictures.paint(6, 160, 120)
        random = numpy.random.default_rng(1)
        deep = random.integers(0, 1 << 16, (40, 40)).astype(numpy.uint16)
        for name, source in {
            "palette": pictures.encode(painted.quantize(32), "png"),
            "grey": pictures.encode(painted.convert("L"), "png"),
            "one bit": pictures.encode(painted.convert("1"), "png"),
            "16 bit": pictures.encode(Image.fromarray(deep), "png"),
        }.items():
            with self.subTest(name):
                output = self.render(source)
                self.assertLessEqual(len(output), len(source))
                self.assertEqual(opened(source).size, opened(output).size)

    def test_the_name_and_type_do_not_matter(self):
        url = self.origin.serve("/really-a-png.jpg", pictures.photo(1, "png"), "image/jpeg")
        _, _, outputs = self.process([[url]])
        reply = self.client.get(outputs[0][0])
        self.assertEqual("image/png", reply.headers["content-type"])
        self.assertTrue(outputs[0][0].endswith(".png"), outputs)
        self.assertEqual("PNG", opened(reply.body).format)


if __name__ == "__main__":
    server_case.main()
