#!/usr/bin/python3 -B
"""Before and after at 1:1, to be looked at: skin, text, gradients, a product on white, line art.

    bench/codec/grid.py GRID.png [--kind jpg|png] [--quality 50] [--zoom 1] [--contrast 1]

Scenes are drawn from a seed. Columns: source (a JPEG of quality 92, or PNG), ours, and as JPEG
Pillow's of the same quality. Contrast multiplies what differs from each scene's average."""

import argparse
import tempfile
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont

import compare

SIDE = 260
SEED = 11


def from_planes(*planes):
    return Image.fromarray(numpy.clip(numpy.dstack(planes), 0, 255).astype(numpy.uint8), "RGB")


def field():
    y, x = numpy.mgrid[0:SIDE, 0:SIDE].astype(numpy.float32)
    return x / SIDE, y / SIDE


def skin(random):
    x, y = field()
    light = 1 - 0.5 * ((x - 0.35) ** 2 + (y - 0.4) ** 2)
    pores = numpy.asarray(Image.fromarray(random.normal(128, 40, (SIDE, SIDE)).clip(0, 255)
                                          .astype(numpy.uint8)).filter(ImageFilter.GaussianBlur(1)))
    fine = (pores.astype(numpy.float32) - 128) * 0.35
    return from_planes(228 * light + fine, 178 * light + fine, 150 * light + fine)


def text(random):
    image = Image.new("RGB", (SIDE, SIDE), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default()
    inks = ["black", (30, 30, 110), (170, 20, 30), (90, 90, 90)]
    for line in range(18):
        words = " ".join(f"{random.integers(1, 9999)} mm" for _ in range(5))
        draw.text((6, 4 + 14 * line), f"No. {words}", inks[line % len(inks)], font)
    return image


def gradients(random):
    x, y = field()
    noise = random.normal(0, 0.5, (SIDE, SIDE))
    sky = from_planes(70 + 110 * y + noise, 120 + 90 * y + noise, 215 + 25 * y + noise)
    dark = from_planes(18 + 26 * x, 20 + 22 * x, 26 + 20 * x)
    sky.paste(dark.crop((0, 0, SIDE, SIDE // 3)), (0, SIDE * 2 // 3))
    return sky


def product(random):
    x, y = field()
    mask = Image.new("L", (4 * SIDE, 4 * SIDE))
    box = (220, 120, 820, 920)
    ImageDraw.Draw(mask).rounded_rectangle(box, 160, fill=255)
    mask = mask.resize((SIDE, SIDE), Image.LANCZOS)
    light = 1.2 - 0.8 * x + 0.05 * numpy.sin(40 * x) * numpy.sin(35 * y)
    weave = random.normal(0, 4, (SIDE, SIDE))
    image = Image.new("RGB", (SIDE, SIDE), "white")
    shadow = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(shadow).ellipse((40, 215, 220, 245), fill=70)
    image.paste((120, 120, 120), mask=shadow.filter(ImageFilter.GaussianBlur(8)))
    image.paste(from_planes(176 * light + weave, 58 * light + weave, 46 * light + weave), mask=mask)
    ImageDraw.Draw(image).text((85, 120), "SIZE 42", "white", ImageFont.load_default())
    return image


def line_art(random):
    image = Image.new("RGB", (SIDE, SIDE), (250, 248, 240))
    draw = ImageDraw.Draw(image)
    for step in range(0, SIDE, 5):
        draw.line((0, step, step, SIDE), (20, 60, 120))
    for _ in range(12):
        left, top = random.integers(0, SIDE - 60, 2)
        draw.rectangle((left, top, left + 50, top + 30), outline=(200, 30, 30))
        draw.ellipse((left + 10, top + 5, left + 40, top + 25), outline=(0, 120, 60), width=2)
    return image


SCENES = [skin, text, gradients, product, line_art]


def columns(arguments, folder):
    """Name → the scenes' files, source first."""
    sources = []
    for scene in SCENES:
        sources.append(folder / f"{scene.__name__}.{arguments.kind}")
        scene(numpy.random.default_rng(SEED)).save(sources[-1], quality=92)
    methods = [compare.imgmill(str(arguments.quality))]
    if arguments.kind == "jpg":
        methods.append(compare.pillow("Pillow", quality=arguments.quality))
    shown = {"source": sources}
    for method in methods:
        out = folder / method.name
        out.mkdir()
        compare.cpu_of(method, out, 1, sources)
        shown[method.name] = [out / source.name for source in sources]
    return shown


def stretched(image, contrast):
    pixels = numpy.asarray(image.convert("RGB")).astype(numpy.float32)
    average = pixels.mean(axis=(0, 1))
    return from_planes(*numpy.moveaxis(average + (pixels - average) * contrast, 2, 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("grid", type=Path)
    parser.add_argument("--kind", choices=["jpg", "png"], default="jpg")
    parser.add_argument("--quality", type=int, default=50)
    parser.add_argument("--zoom", type=int, default=1)
    parser.add_argument("--contrast", type=float, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shown = columns(arguments, Path(folder))
        grid = Image.new("RGB", (SIDE * len(shown), SIDE * len(SCENES)))
        for column, (name, files) in enumerate(shown.items()):
            sizes = []
            for row, file in enumerate(files):
                picture = stretched(Image.open(file), arguments.contrast)
                grid.paste(picture, (SIDE * column, SIDE * row))
                sizes.append(f"{file.stem} {file.stat().st_size:,}")
            print(f"{name}: {', '.join(sizes)} bytes")
    size = (grid.width * arguments.zoom, grid.height * arguments.zoom)
    grid.resize(size, Image.NEAREST).save(arguments.grid)


if __name__ == "__main__":
    main()
