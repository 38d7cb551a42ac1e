"""How much two pictures look alike, by the programs of libjxl: SSIMULACRA2 (100 is the same, higher
is better; `ssimulacra2` on the PATH or named by SSIMULACRA2) and butteraugli (0 is the same, its
3-norm; butteraugli_main of Debian's libjxl-devtools). None where the program is missing."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def _as_png(file, folder, name):
    """What a viewer shows, on white."""
    image = Image.open(file)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    path = Path(folder) / name
    image.convert("RGB").save(path, compress_level=1)
    return path


def _run(program, before, after):
    answer = subprocess.run([program, before, after], capture_output=True, text=True, check=True)
    return answer.stdout.split()


def _ssimulacra2():
    return os.environ.get("SSIMULACRA2") or shutil.which("ssimulacra2")


def ssimulacra2(source, result):
    """Of two picture files of one size."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = _as_png(source, folder, "a.png"), _as_png(result, folder, "b.png")
        return float(_run(_ssimulacra2(), before, after)[0])


def score(source, result):
    """(ssimulacra2, butteraugli) of two picture files of one size."""
    butteraugli = shutil.which("butteraugli_main")
    with tempfile.TemporaryDirectory() as folder:
        before, after = _as_png(source, folder, "a.png"), _as_png(result, folder, "b.png")
        return (float(_run(_ssimulacra2(), before, after)[0]) if _ssimulacra2() else None,
                float(_run(butteraugli, before, after)[-1]) if butteraugli else None)
