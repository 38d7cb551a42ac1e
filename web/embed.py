"""embed.py VERSION OUT PATH=FILE …: writes OUT, the C++ that defines http/site_file.h's table of
the files of this folder, each with a gzip of it where that is smaller. YAML becomes JSON on its
way; it is the API's description, which gets the version."""

import gzip
import hashlib
import json
import sys
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".yaml": "application/json",
}
LITERAL_BYTES_MAX = 4096  # of one piece: what is beside it is joined to it

OPENING = """// Made by web/embed.py.
#include <algorithm>
#include <array>

#include "http/site_file.h"

namespace imgmill {
namespace {

using namespace std::string_view_literals;

"""

CLOSING = """
}  // namespace

const SiteFile* find_site_file(std::string_view path) {
  const auto* const found = std::ranges::find(kFiles, path, &SiteFile::path);
  return found == kFiles.end() ? nullptr : found;
}

}  // namespace imgmill
"""


def content_of(file, version):
    if file.suffix != ".yaml":
        return file.read_bytes()
    description = yaml.safe_load(file.read_text(encoding="utf-8"))
    description["info"]["version"] = version
    return json.dumps(description, ensure_ascii=False, separators=(",", ":")).encode()


def _escape(byte):
    char = chr(byte)
    return char if " " <= char <= "~" and char not in '"\\?' else f"\\{byte:03o}"


ESCAPES = [_escape(byte) for byte in range(256)]


def literal(data):
    pieces = [data[at:at + LITERAL_BYTES_MAX] for at in range(0, len(data), LITERAL_BYTES_MAX)]
    texts = ["".join(ESCAPES[byte] for byte in piece) for piece in pieces or [b""]]
    return "\n".join(f'"{text}"' for text in texts) + "sv"


def entry(path, file, version):
    data = content_of(file, version)
    packed = gzip.compress(data, 9, mtime=0)
    fields = [path.encode(), CONTENT_TYPES[file.suffix].encode(),
              hashlib.sha256(data).hexdigest()[:32].encode(), data,
              packed if len(packed) < len(data) else b""]
    return "{" + ",\n".join(map(literal, fields)) + "}"


def main():
    version, out, *files = sys.argv[1:]
    pairs = [each.split("=", 1) for each in files]
    entries = [entry(path, FOLDER / file, version) for path, file in pairs]
    table = (f"constexpr std::array<SiteFile, {len(entries)}> kFiles{{{{\n"
             + ",\n".join(entries) + "}};\n")
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_text(OPENING + table + CLOSING, encoding="ascii")


if __name__ == "__main__":
    main()
