"""A loopback origin that speaks HTTP/2 over TLS and answers every path with a small JPEG; /status/N
with status N. It counts connections and the streams that were open at once."""

import asyncio

import h2.config
import h2.connection
import h2.events

import pictures
from loopback import LoopbackServer

_READ_BYTES = 64 << 10


class Http2Origin(LoopbackServer):
    def __init__(self, tls):
        super().__init__(tls=tls)
        self.requests = 0
        self.streams_open_max = 0
        self.pause_seconds = 0.02  # so that streams of one connection meet

    async def talk(self, reader, writer):
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            return
        await _Conversation(self, writer).hold(reader)


class _Conversation:
    def __init__(self, origin, writer):
        self._origin = origin
        self._writer = writer
        self._answers = set()
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))

    async def hold(self, reader):
        self._h2.initiate_connection()
        await self._flush()
        while data := await reader.read(_READ_BYTES):
            for event in self._h2.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    self._begin_answer(event.stream_id, dict(event.headers)[b":path"].decode())
            await self._flush()

    def _begin_answer(self, stream, path):
        self._origin.requests += 1
        task = asyncio.ensure_future(self._answer(stream, path))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)
        self._origin.streams_open_max = max(self._origin.streams_open_max, len(self._answers))

    async def _answer(self, stream, path):
        await asyncio.sleep(self._origin.pause_seconds)
        status = path.removeprefix("/status/") if path.startswith("/status/") else "200"
        body = pictures.photo(1, "jpg", 80, 60)  # fits in the window that every stream begins with
        self._h2.send_headers(stream, [(":status", status), ("content-type", "image/jpeg"),
                                       ("content-length", str(len(body)))])
        self._h2.send_data(stream, body, end_stream=True)
        await self._flush()

    async def _flush(self):
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()
