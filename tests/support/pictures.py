"""Seeded test pictures, as bytes of a file, and broken ones."""

import io
import struct
import zlib
from functools import lru_cache

import numpy
from PIL import Image, ImageCms

MIME_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}
_PILLOW_NAMES = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}

EXIF_ORIENTATION = 0x0112
EXIF_CAMERA_MODEL = 0x0110
EXIF_GPS = 0x8825


def paint(seed, width, height):
    """Photo-like: two gradients, some waves, a little grain. RGB."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    planes = []
    for _ in range(3):
        across, down, wave, phase = random.uniform(0.2, 1.0, 4)
        plane = 110 * (across * x / width + down * y / height)
        plane += 40 * numpy.sin(x * wave / 9 + phase) * numpy.cos(y * wave / 13)
        planes.append(plane + random.normal(60, 6, (height, width)))
    return Image.fromarray(numpy.clip(numpy.dstack(planes), 0, 255).astype(numpy.uint8), "RGB")


def encode(image, extension, **options):
    out = io.BytesIO()
    image.save(out, _PILLOW_NAMES[extension], **options)
    return out.getvalue()


@lru_cache(maxsize=256)
def photo(seed=1, extension="jpg", width=160, height=120):
    options = {"quality": 92} if extension in ("jpg", "webp") else {}
    return encode(paint(seed, width, height), extension, **options)


def with_metadata(extension="jpg", orientation=1, seed=3, width=200, height=120):
    """Camera model, GPS, an XMP packet, an ICC profile and an orientation."""
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    exif[EXIF_CAMERA_MODEL] = "SecretCam 3000"
    exif.get_ifd(EXIF_GPS)[1] = "N"
    exif.get_ifd(EXIF_GPS)[2] = (48.0, 8.0, 12.0)
    options = {"quality": 90} if extension in ("jpg", "webp") else {}
    return encode(paint(seed, width, height), extension, exif=exif.tobytes(), icc_profile=icc(),
                  **options)


@lru_cache(maxsize=1)
def icc():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_alpha(extension="png", seed=5, size=128):
    image = paint(seed, size, size)
    y, x = numpy.mgrid[0:size, 0:size]
    distance = numpy.hypot(x - size / 2, y - size / 2)
    alpha = numpy.clip(255 * (1.2 - distance / (size / 2)), 0, 255).astype(numpy.uint8)
    image.putalpha(Image.fromarray(alpha, "L"))
    return encode(image, extension)


def animated_gif(frames=5, width=96, height=64):
    pictures = [paint(seed, width, height).quantize(64) for seed in range(frames)]
    durations = [100 + 20 * number for number in range(frames)]
    return encode(pictures[0], "gif", save_all=True, append_images=pictures[1:],
                  duration=durations, loop=3)


def truncated_jpeg():
    whole = photo(9, "jpg", 400, 300)
    return whole[:len(whole) * 2 // 3]


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=4)
def bomb_png(side=30_000):
    """A valid PNG, one bit a pixel: some 110 KB that are 900 million pixels."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data)
            + _chunk(b"IEND", b""))
