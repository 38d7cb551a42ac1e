"""What an origin may do to a downloader: each function answers one request, well or badly. The name
says the path, /lie-short for lie_short; what follows the first segment is in `exchange.path`."""

import asyncio
import gzip
from functools import lru_cache

import pictures

DRIP_SECONDS = 0.05
HUGE_BYTES = 5 << 30


def _jpeg(seed=1):
    return pictures.photo(seed, "jpg")


async def _send_jpeg(exchange, seed=1):
    await exchange.send(200, _jpeg(seed), {"Content-Type": "image/jpeg"})


@lru_cache(maxsize=1)
def zipped_bytes():
    """Takes a second or two to make: tests with short deadlines call it beforehand."""
    return gzip.compress(_jpeg() + b"\0" * (200 << 20), 1)


async def photo(exchange, _):
    """/photo/SEED.EXT?w=&h="""
    seed, _, extension = exchange.path.rsplit("/", 1)[-1].partition(".")
    width, height = exchange.number("w", 160), exchange.number("h", 120)
    body = pictures.photo(int(seed), extension, width, height)
    await exchange.send(200, body, {"Content-Type": pictures.MIME_TYPES[extension]})


async def status(exchange, _):
    await exchange.send(int(exchange.path.rsplit("/", 1)[-1]), b"as you asked")


async def slow(exchange, _):
    """/slow?ms=200: nothing for a while, then a picture."""
    await asyncio.sleep(exchange.number("ms", 200) / 1000)
    await _send_jpeg(exchange, exchange.number("seed", 1))


async def hang(exchange, _):
    await asyncio.sleep(3600)


async def drip(exchange, _):
    """A byte now and then, for ever."""
    await exchange.send(200, b"", {"Content-Type": "image/jpeg"}, length=1_000_000)
    for byte in _jpeg() * 1000:
        await exchange.send_bytes(bytes([byte]))
        await asyncio.sleep(DRIP_SECONDS)


async def lie_short(exchange, _):
    """Sends less than it promised."""
    exchange.keep_alive = False
    await exchange.send(200, _jpeg()[:1000], length=len(_jpeg()))


async def lie_long(exchange, _):
    """Sends more than it promised, which ends within the picture's header."""
    exchange.keep_alive = False
    await exchange.send(200, _jpeg(), length=500)


async def reset(exchange, _):
    """Half a picture, then RST."""
    await exchange.send(200, _jpeg()[:1000], length=len(_jpeg()))
    exchange.reset()


async def flaky(exchange, hits):
    """/flaky?n=2: reset n times, then a picture."""
    await (reset if hits <= exchange.number("n", 1) else _send_jpeg_for)(exchange, hits)


async def _send_jpeg_for(exchange, _):
    await _send_jpeg(exchange)


async def retry_after(exchange, hits):
    """/retry-after?n=2&s=1&status=503: that status n times, then a picture."""
    if hits > exchange.number("n", 1):
        await _send_jpeg(exchange)
    else:
        wait = {"Retry-After": exchange.query.get("s", "1")}
        await exchange.send(exchange.number("status", 503), b"busy", wait)


async def redirect(exchange, _):
    """/redirect/N: N hops, then a picture."""
    left = int(exchange.path.rsplit("/", 1)[-1])
    where = f"/redirect/{left - 1}" if left > 1 else "/photo/1.jpg"
    await exchange.send(302, b"", {"Location": where})


async def redirect_loop(exchange, _):
    await exchange.send(302, b"", {"Location": "/redirect-loop"})


async def redirect_to(exchange, _):
    """/redirect-to?url=…"""
    await exchange.send(302, b"", {"Location": exchange.query["url"]})


async def html(exchange, _):
    page = b"<!doctype html><title>Not found</title><p>Sorry" + b"." * 500
    await exchange.send(200, page, {"Content-Type": "image/jpeg"})


async def svg(exchange, _):
    await exchange.send(200, b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')


async def empty(exchange, _):
    await exchange.send(200, b"", {"Content-Type": "image/jpeg"})


async def huge(exchange, _):
    """5 GB that begin like a picture; with ?told=1 it says so first."""
    await exchange.send(200, _jpeg(), length=HUGE_BYTES if "told" in exchange.query else False)
    block = b"\0" * (1 << 18)
    for _ in range(HUGE_BYTES // len(block)):
        await exchange.send_bytes(block)


async def zipped_bomb(exchange, _):
    """Some 900 KB that unpack to 200 MB, for a client that asks for gzip or not."""
    await exchange.send(200, zipped_bytes(), {"Content-Encoding": "gzip"})


async def mislabelled(exchange, _):
    """A JPEG that calls itself a page."""
    await exchange.send(200, _jpeg(), {"Content-Type": "text/html"})


async def truncated_jpg(exchange, _):
    await exchange.send(200, pictures.truncated_jpeg(), {"Content-Type": "image/jpeg"})


async def bomb_png(exchange, _):
    await exchange.send(200, pictures.bomb_png(), {"Content-Type": "image/png"})


ALL = {
    name.replace("_", "-"): sin
    for name, sin in globals().items()
    if asyncio.iscoroutinefunction(sin) and not name.startswith("_")
}
