#!/usr/bin/python3
"""The log: one line an event, always JSON whatever is in it, with what an operator looks for and
nothing that a log should not keep (docs/operations.md)."""

import json
import os
import signal
import socket

import server_case
from client import csv_part, make_sheet, multipart, wait_until
from receiver import Answer, Receiver


class Log(server_case.ServerCase):
    settings = {"IMGMILL_LOG_LEVEL": "debug", "IMGMILL_WEBHOOK_SCHEDULE": "0"}

    def lines(self):
        return [json.loads(line) for line in self.server.log().splitlines()]

    def find(self, event, **fields):
        """The first line of this event that has the fields, once it is there."""
        def found():
            return next((line for line in self.server.events(event)
                         if fields.items() <= line.items()), None)
        return wait_until(found, f"{event} {fields}", 30)

    def say(self, *requests):
        """What comes back for raw requests, each on a connection of its own."""
        answers = []
        for request in requests:
            with socket.create_connection(("127.0.0.1", self.server.port), 30) as connection:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                said = b""
                while more := connection.recv(65536):
                    said += more
            answers.append(said)
        return answers

    def test_every_answer_has_an_id(self):
        for method, target, status in (("GET", "/healthz", 200), ("GET", "/nothing", 404),
                                       ("PUT", "/healthz", 405), ("POST", "/api/upload", 415),
                                       ("HEAD", "/healthz", 200)):
            given = f"shop/{status}-{method}"
            reply = self.client.request(method, target, headers={"X-Request-Id": given})
            self.assertEqual((status, given), (reply.status, reply.headers["x-request-id"]))
            self.find("request", http_request_id=given, method=method, status=str(status))
        made = [self.client.get("/healthz").headers["x-request-id"] for _ in range(3)]
        self.assertEqual(3, len(set(made)))
        for insane in ("a b", "x" * 129, 'a"b', "ä"):
            reply = self.client.get("/healthz", {"X-Request-Id": insane.encode("latin-1")})
            self.assertNotEqual(insane, reply.headers["x-request-id"])
        malformed, = self.say(b"GARBAGE\r\n\r\n")
        self.assertIn(b"HTTP/1.1 400", malformed)
        self.assertIn(b"X-Request-Id: ", malformed)

    def test_a_batch_from_its_upload_to_its_end(self):
        good = self.origin.url("/photo/1.jpg?w=80&h=60")
        gone = self.origin.url("/status/404?token=s3cret").replace("//", "//anna:pa55@")
        with Receiver([Answer(500), Answer(500)]) as receiver:
            form = [csv_part(make_sheet([[good], [gone]]))]
            body = multipart(form, "b").replace(
                b"--b--", b'--b\r\nContent-Disposition: form-data; name="webhook_url"\r\n\r\n' +
                receiver.url("/h").encode() + b"\r\n--b--")
            reply = self.client.request("POST", "/api/upload", body, {
                "Content-Type": "multipart/form-data; boundary=b", "X-Request-Id": "upload-1"})
            self.assertEqual(202, reply.status, reply.body)
            request_id = reply.json["request_id"]
            final = self.client.wait_final(request_id)
            self.client.wait_webhook(request_id)
        accepted = self.find("batch accepted", request_id=request_id)
        self.assertEqual(("upload-1", "2", "yes"), tuple(
            accepted[name] for name in ("http_request_id", "images", "webhook")))
        self.find("request", http_request_id="upload-1", route="/api/upload", status="202")
        failed = self.find("image failed", request_id=request_id)
        self.assertEqual(("http_404", f"http://127.0.0.1:{self.origin.port}", "1"), tuple(
            failed[name] for name in ("code", "origin", "tries")))
        ended = self.find("batch final", request_id=request_id)
        self.assertEqual(("completed", "2", "2", "1", str(final["bytes_in"])), tuple(
            ended[name] for name in ("status", "images", "processed", "failed", "bytes_in")))
        self.assertGreater(int(ended["duration_ms"]), 0)
        dead = self.find("webhook attempt", request_id=request_id, next="dead")
        self.assertEqual(("2", "500"), (dead["attempt"], dead["status"]))
        for secret in ("s3cret", "pa55", "anna", "token="):
            self.assertNotIn(secret, self.server.log())

    def test_hostile_text_stays_inside_its_field(self):
        before = len(self.server.log())
        self.say(b"GET /api/status/%1b%5b31m%0a%22%ff HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"GET /api/status/\xff\xfe\x80 HTTP/1.1\r\nHost: x\r\n\r\n",
                 b'BR"EW /a HTTP/1.1\r\nHost: x\r\n\r\n',
                 b"GET /api/x HTTP/1.1\r\nHost: x\r\nX-Request-Id: \x07\x1b\"}\r\n\r\n",
                 b"GET /api/%f0%9f%98%80%c2%9b HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: self.server.log()[before:].count('"event":"request"') >= 4, "logged", 30)
        for line in self.server.log()[before:].splitlines():
            event = json.loads(line)
            self.assertLessEqual({"time", "level", "event"}, set(event), line)
            self.assertTrue(all(isinstance(value, str) for value in event.values()), line)
            self.assertFalse([c for c in line if ord(c) < 32 or 0x7f <= ord(c) < 0xa0], line)

    def test_a_child_that_dies(self):
        child = self.server.children()[0]
        os.kill(child, signal.SIGKILL)
        self.process([[self.origin.url(f"/photo/{seed}.jpg?w=80&h=60")] for seed in range(8)])
        replaced = self.find("codec child replaced", pid=str(child))
        self.assertIn(replaced["reason"], ("ended", "crashed"))

    def test_every_line_is_json(self):
        self.assertGreater(len(self.lines()), 5)


class Levels(server_case.ServerCase):
    def test_looking_is_quiet_and_changing_is_not(self):
        self.client.get("/api/requests")
        self.client.get("/healthz")
        self.client.get("/api/status/unknown")
        self.client.request("POST", "/api/requests/unknown/cancel")
        wait_until(lambda: len(self.server.events("request")) >= 2, "two lines", 30)
        self.assertEqual(
            [("GET", "/api/status/{id}", "404"), ("POST", "/api/requests/{id}/cancel", "404")],
            [(line["method"], line["route"], line["status"])
             for line in self.server.events("request")])


if __name__ == "__main__":
    server_case.main()
