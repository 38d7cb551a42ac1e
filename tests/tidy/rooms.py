"""Who may include whom, and which library stays in which room (ARCHITECTURE.md: the rooms)."""

import re

EVERYTHING = None

# Beside itself and base. None: everything it joins.
ROOM_MAY_INCLUDE = {
    "base": set(),
    "model": set(),
    "intake": {"model"},
    "db": {"model"},
    "objects": {"model"},
    "fetch": {"model"},
    "codec": {"model"},
    "codec_worker": {"model", "codec"},
    "batch": {"model", "intake", "db", "objects"},
    "work": {"model", "db", "fetch", "codec", "objects", "intake"},
    "notify": {"model", "db", "fetch"},
    "http": {"model", "batch", "intake", "db", "objects"},
    "cli": EVERYTHING,
    "app": EVERYTHING,
}

# A room whose one header is all that another room may see of it.
ONLY_HEADERS = {
    ("codec_worker", "codec"): {"codec/wire.h"},
    ("work", "intake"): {"intake/url.h"},  # a rendition is named after its URL
}

# Opening of a system include -> where it may stand: a room, or a folder of it. Tests are free.
LIBRARY_ROOMS = {
    "boost/beast": ("http",),
    "boost/asio": ("base", "http", "work", "notify", "app", "cli", "fetch"),
    "boost/url": ("intake",),
    "idn2.h": ("intake",),
    "curl/": ("fetch",),
    "sqlite3.h": ("db/sqlite",),
    "libpq-fe.h": ("db/postgres",),
    "vips/": ("codec_worker",),
    "jpeglib.h": ("codec_worker",),
    "turbojpeg.h": ("codec_worker",),
    "png.h": ("codec_worker",),
    "webp/": ("codec_worker",),
    "libdeflate.h": ("codec_worker", "batch/zip_writer.cpp"),
    "libimagequant.h": ("codec_worker",),
    "libheif/": ("codec_worker",),
    "dav1d/": ("codec_worker",),
    "libde265/": ("codec_worker",),
    "tiffio.h": ("codec_worker",),
    "lcms2.h": ("codec_worker",),
    "hwy/": ("codec_worker",),
    "seccomp.h": ("codec_worker",),
    "linux/landlock.h": ("codec_worker",),
    "openssl/": ("base",),
    "CLI/": ("app", "cli"),
    "toml++/": ("app",),
    "spdlog/": ("base/log.cpp",),
    "csv.h": ("intake",),
    "xxhash.h": ("intake",),
}

_INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"(?P<ours>[^"]+)"|<(?P<library>[^>]+)>)')


def includes(file):
    """(line, path, is_ours) of every include."""
    for number, line in enumerate(file.lines, 1):
        match = _INCLUDE.match(line)
        if match:
            yield number, match["ours"] or match["library"], match["ours"] is not None


def check_edges(tree):
    for file in tree.cpp:
        if file.room is None or file.is_test:
            continue
        for line, header, is_ours in includes(file):
            if is_ours:
                yield from _edge_faults(file, line, header)


def _edge_faults(file, line, header):
    room = file.room
    if room not in ROOM_MAY_INCLUDE:
        yield file.fault(line, f"unknown room {room}: add it to ROOM_MAY_INCLUDE and to the docs")
        return
    target = header.split("/")[0]
    if target not in ROOM_MAY_INCLUDE:
        yield file.fault(line, f'"{header}" names no room: write includes from src/ down')
        return
    allowed = ROOM_MAY_INCLUDE[room]
    if target in (room, "base") or allowed is EVERYTHING:
        return
    if target not in allowed:
        names = ", ".join(sorted(allowed | {"base"}))
        yield file.fault(line, f'{room} may not include {target} ("{header}"), only {names}')
    elif header.count("/") > 1:
        yield file.fault(line, f'"{header}" is inside {target}: include its public header only')
    elif header not in ONLY_HEADERS.get((room, target), {header}):
        only = ", ".join(sorted(ONLY_HEADERS[(room, target)]))
        yield file.fault(line, f'{room} may include of {target} only {only}, not "{header}"')


def check_libraries(tree):
    for file in tree.cpp:
        if file.room is None or file.is_test:
            continue
        inside = file.path.removeprefix("src/")
        for line, header, is_ours in includes(file):
            rooms = None if is_ours else _rooms_of(header)
            if rooms and not any(inside == at or inside.startswith(at + "/") for at in rooms):
                yield file.fault(line, f"<{header}> may be included only in {', '.join(rooms)}")


def _rooms_of(header):
    for opening, rooms in LIBRARY_ROOMS.items():
        if header == opening or (not opening.endswith(".h") and header.startswith(opening)):
            return rooms
    return None
