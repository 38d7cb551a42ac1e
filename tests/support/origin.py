#!/usr/bin/python3
"""A loopback origin of pictures, good and bad: paths as in sins.py, and whatever a test puts there
with serve(). It counts hits and how many connections and requests were open at once.

As a program it serves a folder: origin.py FOLDER [PORT] prints its URL, and ends with its input."""

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path

import pictures
import sins
from loopback import LoopbackServer


class Origin(LoopbackServer):
    def __init__(self, port=0, folder=None, tls=None):
        super().__init__(port, tls)
        self.hits = Counter()  # target with its query -> requests
        self.arrivals = []  # (target, seconds on the monotonic clock), as they came
        self.headers = []  # (target, headers)
        self.requests_open = 0
        self.requests_open_max = 0
        self.delay_seconds = 0.0  # before every answer
        self._files = {}
        self._folder = Path(folder).resolve() if folder else None

    def serve(self, path, body, content_type="application/octet-stream"):
        """Puts a file there, and returns its URL."""
        self._files[path] = (body, content_type)
        return self.url(path)

    async def handle(self, exchange):
        self.hits[exchange.target] += 1
        self.arrivals.append((exchange.target, time.monotonic()))
        self.headers.append((exchange.target, exchange.headers))
        self.requests_open += 1
        self.requests_open_max = max(self.requests_open_max, self.requests_open)
        try:
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            await self._answer(exchange)
        finally:
            self.requests_open -= 1

    async def _answer(self, exchange):
        first = exchange.path.split("/")[1].replace(".", "-")
        if exchange.path in self._files:
            body, content_type = self._files[exchange.path]
            await exchange.send(200, body, {"Content-Type": content_type})
        elif first in sins.ALL:
            await sins.ALL[first](exchange, self.hits[exchange.target])
        elif file := self._file_in_folder(exchange.path):
            kind = pictures.MIME_TYPES.get(file.suffix[1:], "application/octet-stream")
            await exchange.send(200, file.read_bytes(), {"Content-Type": kind})
        else:
            await exchange.send(404, b"no such picture")

    def _file_in_folder(self, path):
        if self._folder is None:
            return None
        file = (self._folder / path.lstrip("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None


def main():
    folder, port = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with Origin(port, folder) as origin:
        print(origin.url(), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
