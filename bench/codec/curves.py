#!/usr/bin/python3 -B
"""Bytes against SSIMULACRA2 over qualities 20 to 90, ours beside Pillow, libvips and sharp: a plot.

    bench/codec/curves.py CORPUS PLOT.svg [--sharp FOLDER] [--files 10]

CORPUS and FOLDER as for compare.py; needs ssimulacra2 (quality.py) and python3-matplotlib. A point
is the mean of all files: bits a pixel, and the score against the source."""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import matplotlib
from PIL import Image

import compare
import quality

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402 (the way to draw is chosen first)

QUALITIES = range(20, 91, 10)
METHODS = {
    "imgmill": lambda q: compare.imgmill(str(q)),
    "Pillow": lambda q: compare.pillow("Pillow", quality=q),
    "Pillow, optimize": lambda q: compare.pillow("Pillow", quality=q, optimize=True),
    "libvips": lambda q: compare.vips("libvips", f".jpg[Q={q}]"),
    "sharp": lambda q: compare.sharp("sharp", quality=q),
    "sharp, mozjpeg": lambda q: compare.sharp("sharp", quality=q, mozjpeg=True),
}


def point(method, files):
    """(bits a pixel, score)"""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        compare.cpu_of(method, out, 1, files)
        bits = [8 * (out / file.name).stat().st_size / pixels(file) for file in files]
        scores = [quality.ssimulacra2(file, out / file.name) for file in files]
        return statistics.mean(bits), statistics.mean(scores)


def pixels(file):
    with Image.open(file) as image:
        return image.width * image.height


def draw(curves, count, plot):
    pyplot.rcParams.update({"svg.hashsalt": "imgmill", "font.size": 9})
    figure, axes = pyplot.subplots(figsize=(7.5, 5))
    for name, points in curves.items():
        ours = name == "imgmill"
        axes.plot(*zip(*points), marker="o", label=name, markersize=4 if ours else 3,
                  linewidth=2.2 if ours else 1, zorder=3 if ours else 2)
        for asked, (bits, score) in zip(QUALITIES, points):
            if ours:
                axes.annotate(asked, (bits, score), textcoords="offset points", xytext=(-4, 6))
    axes.set_xlabel("bits a pixel")
    axes.set_ylabel("SSIMULACRA2")
    axes.set_title(f"JPEG of quality 90 to quality 20 … 90, {count} photographs of 1.44 megapixels")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(plot, bbox_inches="tight", metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("plot", type=Path)
    parser.add_argument("--sharp", type=Path, help="where npm installed it")
    parser.add_argument("--files", type=int, default=10)
    arguments = parser.parse_args()
    if arguments.sharp:
        os.environ["SHARP_FOLDER"] = str(arguments.sharp.resolve())
    photos = sorted((arguments.corpus / "bench1mp").glob("*.jpg"))
    files = photos[::max(1, len(photos) // arguments.files)][:arguments.files]
    curves = {}
    for name, method in METHODS.items():
        if name.startswith("sharp") and not arguments.sharp:
            continue
        curves[name] = [point(method(asked), files) for asked in QUALITIES]
        for asked, (bits, score) in zip(QUALITIES, curves[name]):
            print(f"{name} {asked}: {bits:.3f} bits a pixel, {score:.2f}", flush=True)
    draw(curves, len(files), arguments.plot)


if __name__ == "__main__":
    main()
