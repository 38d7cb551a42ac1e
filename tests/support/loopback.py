"""A small HTTP/1.1 server on 127.0.0.1, in a thread of its own, for tests: it shows its handler the
bytes of the wire, so that a test can break every rule."""

import asyncio
import socket
import struct
import threading
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

_TLS_HANDSHAKE = b"\x16"


class Exchange:
    """One request, and the socket to answer on."""

    def __init__(self, method, target, headers, body, writer):
        self.method = method
        self.target = target
        self.headers = headers  # names in lower case
        self.body = body
        self.writer = writer
        self.keep_alive = headers.get("connection", "").lower() != "close"
        parts = urlsplit(target)
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query))

    def number(self, name, default):
        return int(self.query.get(name, default))

    async def send(self, status=200, body=b"", headers=None, length=None):
        """A whole answer. `length` lies about Content-Length; False leaves it out and closes."""
        lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
        if length is False:
            self.keep_alive = False
        else:
            lines.append(f"Content-Length: {len(body) if length is None else length}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if not self.keep_alive:
            lines.append("Connection: close")
        await self.send_bytes("\r\n".join(lines).encode() + b"\r\n\r\n")
        if self.method != "HEAD":
            await self.send_bytes(body)

    async def send_bytes(self, data):
        self.writer.write(data)
        await self.writer.drain()

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.keep_alive = False
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


def _phrase(status):
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Odd"


async def _read_request(reader):
    """(method, target, headers, body), or None when the client went away or speaks TLS."""
    try:
        first = await reader.readexactly(1)
        if first == _TLS_HANDSHAKE:
            return None
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head[:-4].split("\r\n")
        method, target, _ = request.split(" ", 2)
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
    return method, target, headers, body


class LoopbackServer:
    """with LoopbackServer() as server: … server.url("/path"). Subclasses write handle(). With
    `tls`, an ssl.SSLContext, it speaks https."""

    def __init__(self, port=0, tls=None):
        self._listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = None
        self._started = threading.Event()
        self._tls = tls
        self.connections = 0
        self.connections_total = 0
        self.connections_max = 0

    async def handle(self, exchange):
        raise NotImplementedError

    def url(self, path="/"):
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self):
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._converse, sock=self._listener, limit=1 << 20,
                                            ssl=self._tls)
        self._started.set()
        await self._stop.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _converse(self, reader, writer):
        self.connections += 1
        self.connections_total += 1
        self.connections_max = max(self.connections_max, self.connections)
        try:
            await self.talk(reader, writer)
        except ConnectionError:
            pass  # the client may leave in the middle of anything
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            self.connections -= 1
            writer.close()

    async def talk(self, reader, writer):
        """One connection, request after request."""
        while request := await _read_request(reader):
            exchange = Exchange(*request, writer)
            await self.handle(exchange)
            if not exchange.keep_alive:
                break
