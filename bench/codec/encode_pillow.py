#!/usr/bin/python3 -B
"""encode_pillow.py OUT PASSES OPTIONS FILE…: every file through Pillow, PASSES times; the last
pass's results go to OUT. OPTIONS are save()'s, as JSON, and `box` to shrink to. A part of
compare.py, which measures the process."""

import io
import json
import sys
from pathlib import Path

from PIL import Image

Image.MAX_IMAGE_PIXELS = None


def encode(source, options):
    options = dict(options)
    box = options.pop("box", None)
    image = Image.open(io.BytesIO(source))
    kind = options.pop("format", image.format)
    if box:
        image.thumbnail((box, box))
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def main():
    out, passes, options = Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
    sources = [(Path(name), Path(name).read_bytes()) for name in sys.argv[4:]]
    for _ in range(passes):
        results = [(file, encode(source, options)) for file, source in sources]
    for file, result in results:
        (out / file.name).write_bytes(result)


if __name__ == "__main__":
    main()
