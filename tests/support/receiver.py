"""A webhook receiver on loopback: records every request as it came, and answers by a script."""

import asyncio
import json
import threading
from dataclasses import dataclass, field

from loopback import LoopbackServer


@dataclass
class Answer:
    status: int = 200
    headers: dict = field(default_factory=dict)
    delay_seconds: float = 0.0
    reset: bool = False


@dataclass
class Received:
    method: str
    path: str
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Receiver(LoopbackServer):
    """script: the Answers to the first requests, in order; after them, 200."""

    def __init__(self, script=(), port=0, tls=None):
        super().__init__(port, tls)
        self._script = list(script)
        self._arrived = threading.Condition()
        self._received = []

    async def handle(self, exchange):
        with self._arrived:
            number = len(self._received)
            self._received.append(
                Received(exchange.method, exchange.path, exchange.headers, exchange.body))
            self._arrived.notify_all()
        answer = self._script[number] if number < len(self._script) else Answer()
        await asyncio.sleep(answer.delay_seconds)
        if answer.reset:
            exchange.reset()
        else:
            await exchange.send(answer.status, b"thanks", answer.headers)

    @property
    def received(self):
        with self._arrived:
            return list(self._received)

    def wait_for(self, count=1, deadline_seconds=30):
        """The first `count` requests; fails when they do not come."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self._received) >= count, deadline_seconds)
            if not came:
                raise AssertionError(f"{len(self._received)} of {count} webhooks came")
            return list(self._received[:count])
