#!/usr/bin/python3
"""GET /api/requests/{id}/events (CONTRACT 1.5): every change as it happens, then the end."""

import http.client
import json
import time
from contextlib import closing

import server_case
from client import make_sheet, wait_until

COMMENT_SECONDS = 15


class Stream:
    """The events of one request, read as they come; `pieces` are texts between blank lines."""

    def __init__(self, client, request_id, headers=None):
        host = client.base_url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(host, timeout=60)
        self._connection.request("GET", f"/api/requests/{request_id}/events", headers=headers or {})
        self.reply = self._connection.getresponse()

    def close(self):
        self._connection.close()

    def pieces(self):
        lines = []
        while line := self.reply.readline():
            line = line.decode().rstrip("\n")
            if line:
                lines.append(line)
            elif lines:
                yield lines
                lines = []

    def events(self):
        """(event, status object, id) of each; comments are left out."""
        for lines in self.pieces():
            fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
            if fields:
                yield fields["event"], json.loads(fields["data"]), fields.get("id")


class Events(server_case.ServerCase):
    settings = {"IMGMILL_FETCH_TIMEOUT": 120}

    def listen(self, request_id, headers=None):
        return self.enterContext(closing(Stream(self.client, request_id, headers)))

    def slow(self, count, milliseconds):
        return [self.origin.url(f"/slow?ms={milliseconds}&seed={seed}") for seed in range(count)]

    def test_from_the_upload_to_the_end(self):
        request_id = self.client.submit(make_sheet([[url] for url in self.slow(40, 700)]))
        stream = self.listen(request_id)
        self.assertEqual((200, "text/event-stream", "no-store"), (
            stream.reply.status, stream.reply.headers["content-type"],
            stream.reply.headers["cache-control"]))
        begun = time.monotonic()
        events = list(stream.events())
        seconds = time.monotonic() - begun
        self.assertEqual(["progress"] * (len(events) - 1) + ["done"], [one[0] for one in events])
        self.assertLessEqual(len(events), 4 * seconds + 3)
        counts = [status["processed_images"] for _, status, _ in events]
        self.assertEqual(sorted(counts), counts)
        self.assertGreater(len(set(counts)), 2)
        self.assertEqual(("completed", 40), (events[-1][1]["status"], counts[-1]))
        self.assertEqual(events[-2][1], events[-1][1])
        final = self.client.status(request_id)
        self.assertEqual(final["finished_at"], events[-1][1]["finished_at"])

    def test_who_comes_late_or_again(self):
        request_id, _, _ = self.process([[self.origin.url("/photo/1.jpg?w=80&h=60")]])
        events = list(self.listen(request_id).events())
        self.assertEqual(["progress", "done"], [event for event, _, _ in events])
        again = self.listen(request_id, {"Last-Event-ID": events[-1][2]})
        self.assertEqual(204, again.reply.status)  # a browser's EventSource comes back no more

    def test_after_a_retry_there_is_a_new_end(self):
        request_id, _, _ = self.process([[self.origin.url("/status/404")]])
        last_id = list(self.listen(request_id).events())[-1][2]
        self.assertEqual(
            202, self.client.request("POST", f"/api/requests/{request_id}/retry").status)
        events = list(self.listen(request_id, {"Last-Event-ID": last_id}).events())
        self.assertEqual("done", events[-1][0])
        self.assertNotEqual(last_id, events[-1][2])

    def test_a_sign_of_life(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/hang?events")]]))
        begun = time.monotonic()
        for lines in self.listen(request_id).pieces():
            if lines[0].startswith(":"):
                break
        self.assertLess(time.monotonic() - begun, COMMENT_SECONDS + 5)
        self.client.request("POST", f"/api/requests/{request_id}/cancel")
        self.assertEqual("cancelled", self.client.wait_final(request_id)["status"])

    def test_many_listeners_and_one_reader(self):
        request_id = self.client.submit(make_sheet([[url] for url in self.slow(20, 2500)]))
        streams = [self.listen(request_id) for _ in range(200)]
        ends = [list(stream.events())[-1] for stream in streams]
        self.assertEqual({"done"}, {event for event, _, _ in ends})
        self.assertEqual(1, len({last_id for _, _, last_id in ends}))

    def test_unknown(self):
        self.assertEqual(404, self.listen("550e8400-e29b-41d4-a716-446655440000").reply.status)


class Stopping(server_case.ServerCase):
    def test_listeners_do_not_hold_up_the_end(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/slow?ms=1000")]] * 2))
        self.client.request("POST", f"/api/requests/{request_id}/cancel")
        hanging = self.client.submit(make_sheet([[self.origin.url("/slow?ms=60000")]]))
        with closing(Stream(self.client, hanging)) as stream:
            self.assertEqual(200, stream.reply.status)
            wait_until(lambda: self.origin.hits["/slow?ms=60000"] > 0, "it is begun")
            self.assertEqual(0, self.server.stop(40))
            kinds = [event for event, _, _ in stream.events()]
        self.assertIn("progress", kinds)
        self.assertNotIn("done", kinds)


if __name__ == "__main__":
    server_case.main()
