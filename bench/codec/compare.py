#!/usr/bin/python3 -B
"""Our codec beside Pillow, libvips and sharp: the same files, one run, CPU of whole processes.

    bench/codec/compare.py CORPUS [--sharp FOLDER] [--files 40] [--passes 3] [--runs 3] …

CORPUS holds real photos: bench1mp/ (1200 × 1200, quality 90, 4:2:0) and mixed/ with
pngphoto_*.png. FOLDER is where `npm install sharp` was run. CPU is user + system an image, from
the difference between 1 + PASSES passes and one pass, so that start-up does not count; the median
of RUNS, in which the methods take turns, so that a busy spell of the machine falls on all alike.
Each library runs on one thread. Quality: see quality.py; left out where its programs are
missing."""

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

import quality

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("IMGMILL_BUILD", ROOT / "build/release"))


@dataclass
class Method:
    """A way to encode: `command` takes OUT, PASSES, `options` and the files."""

    name: str
    command: list
    options: str


@dataclass
class Figures:
    user_ms: float
    system_ms: float
    bytes_out: float
    scores: list = field(default_factory=list)

    @property
    def cpu_ms(self):
        return self.user_ms + self.system_ms


def imgmill(recipe="50"):
    return Method("imgmill", [BUILD / "encode_imgmill"], recipe)


def pillow(name, **options):
    return Method(name, ["/usr/bin/python3", "-B", HERE / "encode_pillow.py"], json.dumps(options))


def vips(name, suffix):
    return Method(name, [BUILD / "encode_vips"], suffix)


def sharp(name, **options):
    return Method(name, ["node", HERE / "encode_sharp.mjs"], json.dumps(options))


JPEG = [imgmill(), pillow("Pillow", quality=50),
        pillow("Pillow, optimize", quality=50, optimize=True),
        vips("libvips", ".jpg[Q=50]"), vips("libvips, optimize", ".jpg[Q=50,optimize_coding]"),
        sharp("sharp", quality=50), sharp("sharp, mozjpeg", quality=50, mozjpeg=True)]
PNG = [imgmill(), pillow("Pillow", quality=50), vips("libvips", ".png[compression=6]"),
       vips("libvips, palette", ".png[palette,Q=50]"), sharp("sharp", palette=False),
       sharp("sharp, palette", palette=True, quality=50)]
SHRUNK = [imgmill("50,jpeg,1000"), pillow("Pillow", quality=50, box=1000),
          sharp("sharp", quality=50, box=1000)]


def recode(sources, folder, **options):
    """The same pictures as another kind of JPEG."""
    files = []
    for source in sources:
        out = io.BytesIO()
        Image.open(source).save(out, "JPEG", **options)
        files.append(Path(folder) / source.name)
        files[-1].write_bytes(out.getvalue())
    return files


def experiments(corpus, count, folder):
    """Name → (sources, methods)."""
    photos = sorted((corpus / "bench1mp").glob("*.jpg"))
    photos = photos[::max(1, len(photos) // count)][:count]
    for kind in ("q75", "progressive"):
        (Path(folder) / kind).mkdir()
    return {
        "JPEG q90 4:2:0, 1.44 MP": (photos, JPEG),
        "JPEG q75 4:2:0, 1.44 MP": (recode(photos, f"{folder}/q75", quality=75), JPEG),
        "JPEG q90 progressive": (recode(photos, f"{folder}/progressive", quality=90,
                                        progressive=True), JPEG[:4]),
        "PNG photo, 1 MP": (sorted((corpus / "mixed").glob("pngphoto_[0-9].png")), PNG),
        "JPEG 12 MP → 1000 px": (sorted((corpus / "size12mp").glob("*.jpg"))[:8], SHRUNK),
    }


def cpu_of(method, out, passes, files):
    """User and system milliseconds of the whole process."""
    command = [str(part) for part in (*method.command, out, passes, method.options, *files)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{method.name} failed: {' '.join(command[:4])} …")
    return usage.ru_utime * 1000, usage.ru_stime * 1000


def measure(method, files, passes, folder):
    """User and system milliseconds an image; the pictures stay in the folder."""
    once = cpu_of(method, folder, 1, files)
    more = cpu_of(method, folder, 1 + passes, files)
    return [(b - a) / passes / len(files) for a, b in zip(once, more)]


def score(files, folder):
    scores = [quality.score(file, folder / file.name) for file in files]
    return [None if None in column else statistics.mean(column) for column in zip(*scores)]


def experiment(methods, files, arguments, folder):
    """Name of the method → Figures."""
    folders = {method.name: Path(folder) / str(i) for i, method in enumerate(methods)}
    spent = {method.name: [] for method in methods}
    for out in folders.values():
        out.mkdir()
    for _ in range(arguments.runs):
        for method in methods:
            spent[method.name].append(
                measure(method, files, arguments.passes, folders[method.name]))
    table = {}
    for name, out in folders.items():
        user, system = (statistics.median(column) for column in zip(*spent[name]))
        size = statistics.mean((out / file.name).stat().st_size for file in files)
        table[name] = Figures(user, system, size)
        if not arguments.no_scores:
            table[name].scores = score(files, out)
    return table


def show(name, files, table):
    ours = table["imgmill"]
    source = statistics.mean(file.stat().st_size for file in files)
    print(f"\n### {name}\n\n{len(files)} files, {source:,.0f} bytes each\n")
    print("| | CPU ms (user + system) | × ours (user alone) | bytes | of the source "
          "| ours / its | SSIMULACRA2 | butteraugli |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for method, row in table.items():
        scores = ["" if value is None else f"{value:.2f}" for value in row.scores or (None, None)]
        print(f"| {method} | {row.cpu_ms:.2f} ({row.user_ms:.2f} + {row.system_ms:.2f}) "
              f"| {row.cpu_ms / ours.cpu_ms:.1f} ({row.user_ms / ours.user_ms:.1f}) "
              f"| {row.bytes_out:,.0f} | {row.bytes_out / source:.3f} "
              f"| {ours.bytes_out / row.bytes_out:.3f} | {scores[0]} | {scores[1]} |")
    sys.stdout.flush()


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sharp", type=Path, help="where npm installed it")
    parser.add_argument("--files", type=int, default=40)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="experiments whose name holds this")
    parser.add_argument("--no-scores", action="store_true", help="CPU and bytes only")
    arguments = parser.parse_args()
    if arguments.sharp:
        os.environ["SHARP_FOLDER"] = str(arguments.sharp.resolve())
    print(f"{machine()}, {os.cpu_count()} cores; "
          f"{arguments.passes} passes, median of {arguments.runs} runs")
    folder = tempfile.mkdtemp(prefix="imgmill-compare-")
    try:
        for name, (files, methods) in experiments(arguments.corpus, arguments.files,
                                                  folder).items():
            if arguments.only not in name or not files:
                continue
            wanted = [m for m in methods if arguments.sharp or not m.name.startswith("sharp")]
            with tempfile.TemporaryDirectory() as out:
                show(name, files, experiment(wanted, files, arguments, out))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
