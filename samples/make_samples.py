#!/usr/bin/python3
"""Draws the sample pictures in images/, the same ones at every run: studio shots of things that a
shop may sell. They are committed; run this again only to change them.

    samples/make_samples.py [FOLDER]"""

import sys
from pathlib import Path

import numpy
from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageFont

EXIF_ORIENTATION = 0x0112
WALLS = [(214, 222, 228), (232, 218, 200), (205, 221, 210), (224, 210, 222), (226, 226, 218)]
PAINTS = [(176, 58, 46), (36, 113, 163), (30, 132, 73), (183, 149, 11), (108, 52, 131),
          (52, 73, 94), (202, 111, 30)]


def shade(size, mask, colour, random):
    """The thing itself: its colour, lit from the left, with a weave and a gleam. RGBA."""
    width, height = size
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    light = 1.15 - 0.7 * x / width + 0.06 * numpy.sin(x / 2.3) * numpy.sin(y / 2.9)
    gleam = 90 * numpy.exp(-((x - width * 0.36) / (width * 0.03)) ** 2)
    planes = [channel * light + gleam + random.normal(0, 4, (height, width)) for channel in colour]
    pixels = numpy.clip(numpy.dstack(planes), 0, 255).astype(numpy.uint8)
    thing = Image.fromarray(pixels, "RGB")
    thing.putalpha(mask)
    return thing


def outline(size, shape):
    """The thing's mask, drawn four times too large for soft edges."""
    width, height = (4 * side for side in size)
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    left, top, right, bottom = width * 0.3, height * 0.18, width * 0.7, height * 0.84
    if shape == "round":
        draw.ellipse((left, height * 0.25, right, bottom), fill=255)
        draw.polygon([(right - 40, height * 0.45), (width * 0.85, height * 0.35),
                      (right - 40, height * 0.6)], fill=255)
    elif shape == "tall":
        draw.rounded_rectangle((width * 0.4, top, width * 0.6, bottom), 120, fill=255)
        draw.rectangle((width * 0.45, height * 0.1, width * 0.55, height * 0.2), fill=255)
    elif shape == "frame":
        draw.rectangle((left, top, right, bottom), fill=255)
        for leg in (left, right - 60):
            draw.rectangle((leg, bottom, leg + 60, height * 0.95), fill=255)
    else:
        draw.rounded_rectangle((left, top, right, bottom), 160, fill=255)
        draw.arc((width * 0.57, height * 0.32, width * 0.86, height * 0.68), -90, 90, 255, 90)
    return mask.resize(size, Image.LANCZOS)


def write_label(image, text):
    """The name on a paper label, low in the middle."""
    font = ImageFont.load_default()
    box = font.getbbox(text)
    small = Image.new("L", (box[2] + 8, box[3] + 6), 245)
    ImageDraw.Draw(small).text((4, 2), text, 30, font)
    scale = max(1, image.width // 160)
    label = small.resize((small.width * scale, small.height * scale), Image.NEAREST)
    image.paste(label, ((image.width - label.width) // 2, int(image.height * 0.55)))


def backdrop(size, wall, random):
    width, height = size
    y, x = numpy.mgrid[0:height, 0:width].astype(numpy.float32)
    glow = 1.06 - 0.35 * numpy.hypot(x / width - 0.4, y / height - 0.35)
    floor = numpy.where(y > height * 0.78, 0.9, 1.0)
    planes = [channel * glow * floor + random.normal(0, 2.5, (height, width)) for channel in wall]
    return Image.fromarray(numpy.clip(numpy.dstack(planes), 0, 255).astype(numpy.uint8), "RGB")


def shot(seed, size, shape="mug", text="", cut_out=False):
    """A picture of a thing: before a wall (RGB), or cut out (RGBA)."""
    random = numpy.random.default_rng(seed)
    mask = outline(size, shape)
    thing = shade(size, mask, PAINTS[seed % len(PAINTS)], random)
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    if not cut_out:
        image = backdrop(size, WALLS[seed % len(WALLS)], random).convert("RGBA")
        shadow = mask.filter(ImageFilter.GaussianBlur(size[0] / 40)).point(lambda v: v // 3)
        image.paste((30, 30, 30, 255), (size[0] // 40, size[1] // 50), shadow)
    image.alpha_composite(thing)
    if text:
        write_label(image, text)
    return image if cut_out else image.convert("RGB")


def flat_badge(size):
    """Four colours and no gradient: what a palette is for."""
    image = Image.new("RGB", size, (250, 250, 250))
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, size[0] - 20, size[1] - 20), (20, 90, 160))
    draw.ellipse((60, 60, size[0] - 60, size[1] - 60), (240, 180, 20))
    write_label(image, "MADE TO LAST")
    return image


def care_label(size):
    image = Image.new("RGB", size, (252, 252, 250))
    draw = ImageDraw.Draw(image)
    lines = ("CARE", "Wash by hand", "Do not bleach", "Dry in the shade", "100% sample")
    for number, line in enumerate(lines):
        draw.text((20, 20 + 26 * number), line, (40, 40, 40), ImageFont.load_default())
        draw.line((20, 38 + 26 * number, size[0] - 20, 38 + 26 * number), (190, 190, 190))
    return image


def save_turntable(path):
    frames = []
    for turn in range(6):
        frame = shot(6, (200, 200), "round")
        frame = frame.rotate(turn * 8 - 20, Image.BICUBIC, fillcolor=WALLS[1])
        frames.append(frame.quantize(64, dither=Image.Dither.NONE))
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=120, loop=0)


def srgb():
    """An ICC profile without the time at which it was made."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes(12) + profile[36:]


def save_all(folder):
    jpeg = {"quality": 90}
    rotated = Image.Exif()
    rotated[EXIF_ORIENTATION] = 6  # the camera lay on its side: show it a quarter turn clockwise
    lying = shot(9, (640, 480), "frame", "BACKPACK").transpose(Image.Transpose.ROTATE_90)

    shot(1, (480, 400), "mug", "MUG").save(folder / "mug-front.jpg", **jpeg)
    shot(2, (480, 400), "mug").save(folder / "mug-blue.jpg", **jpeg)
    shot(3, (240, 200), "mug", cut_out=True).save(folder / "mug-cutout.png")
    shot(4, (400, 520), "tall", "LAMP").save(folder / "lamp.jpg", progressive=True, **jpeg)
    shot(5, (480, 360), "tall").save(folder / "lamp-detail.jpg", **jpeg)
    shot(8, (480, 400), "frame").save(folder / "backpack-front.jpg", **jpeg)
    lying.save(folder / "backpack-worn.jpg", exif=rotated.tobytes(), **jpeg)
    shot(10, (260, 260), "round", cut_out=True).save(folder / "sticker.png")
    flat_badge((420, 420)).save(folder / "sticker-flat.png")
    shot(11, (480, 400), "round", "TEA").save(folder / "teapot.webp", quality=88)
    shot(12, (400, 340), "round", cut_out=True).save(folder / "teapot-cutout.webp", quality=88)
    shot(13, (480, 480), "frame", "NOTES").save(folder / "notebook.jpg", icc_profile=srgb(), **jpeg)
    shot(14, (480, 360), "frame").save(folder / "notebook-pages.jpg", quality=85)
    shot(15, (480, 400), "round").save(folder / "headphones.jpg", **jpeg)
    shot(16, (220, 220), "round", cut_out=True).save(folder / "headphones-cutout.png")
    save_turntable(folder / "headphones-turning.gif")
    shot(17, (360, 480), "tall", "WATER").save(folder / "bottle.jpg", **jpeg)
    shot(18, (360, 480), "tall").save(folder / "bottle-red.webp", quality=85)
    care_label((320, 170)).save(folder / "care-label.png")
    shot(19, (480, 480), "frame").save(folder / "chair-front.jpg", **jpeg)
    shot(20, (480, 480), "frame").convert("L").save(folder / "chair-sketch.jpg", **jpeg)
    shot(21, (420, 560), "frame", "POSTER").save(folder / "poster-w_420,h_560.jpg", **jpeg)
    shot(22, (600, 300), "frame").save(folder / "poster-wide.jpg", **jpeg)


if __name__ == "__main__":
    here = Path(__file__).resolve().parent / "images"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    target.mkdir(parents=True, exist_ok=True)
    save_all(target)
