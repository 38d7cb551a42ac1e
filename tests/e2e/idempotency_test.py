#!/usr/bin/python3
"""Idempotency-Key (CONTRACT 1.1): an upload that comes twice is taken in once, also when the server
was killed in between."""

import http.client
import socket
import threading
import uuid

import server_case
from client import Part, csv_part, make_sheet, multipart


class Idempotency(server_case.ServerCase):
    def upload(self, sheet, key, **fields):
        parts = [Part(name, str(value).encode()) for name, value in fields.items()]
        return self.client.upload_parts([csv_part(sheet)] + parts, {"Idempotency-Key": key})

    def sheet(self):
        """Another one each time."""
        return make_sheet([[self.origin.url(f"/photo/1.jpg?w=40&h=30&of={uuid.uuid4().hex}")]])

    def count(self):
        return len(self.client.get("/api/requests?limit=500").json["requests"])

    def test_the_same_upload_is_one_request(self):
        sheet, key, before = self.sheet(), uuid.uuid4().hex, self.count()
        first = self.upload(sheet, key, quality=40)
        self.assertEqual(202, first.status, first.body)
        self.client.wait_final(first.json["request_id"])
        again = self.upload(sheet, key, quality=40)
        self.assertEqual((202, first.body), (again.status, again.body))
        self.assertEqual(first.headers["location"], again.headers["location"])
        self.assertEqual(before + 1, self.count())
        self.assert_problem(self.upload(sheet, key, quality=41), 422)
        self.assert_problem(self.upload(self.sheet(), key, quality=40), 422)
        self.assertEqual(202, self.upload(sheet, uuid.uuid4().hex, quality=40).status)

    def test_it_outlives_a_kill_and_a_restart(self):
        sheet, key = self.sheet(), uuid.uuid4().hex
        first = self.upload(sheet, key)
        self.server.restart()
        again = self.upload(sheet, key)
        self.assertEqual((202, first.body), (again.status, again.body))
        self.assert_problem(self.upload(self.sheet(), key), 422)

    def test_a_refused_upload_leaves_its_key_free(self):
        key = uuid.uuid4().hex
        self.assert_problem(self.upload(b"S. No.,Product Name\n1,x\n", key), 400)
        self.assertEqual(202, self.upload(self.sheet(), key).status)

    def test_a_key_that_is_none(self):
        for key in ("", "x" * 256, "caf\u00e9"):
            reply = self.upload(self.sheet(), key)
            self.assert_problem(reply, 400, "Idempotency-Key")

    def test_while_the_first_is_read_the_second_is_409(self):
        sheet, key = self.sheet(), uuid.uuid4().hex
        body = multipart([csv_part(sheet)], "B")
        first = self.enterContext(socket.create_connection(("127.0.0.1", self.server.port), 60))
        first.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                      "Content-Type: multipart/form-data; boundary=B\r\nExpect: 100-continue\r\n"
                      f"Idempotency-Key: {key}\r\n\r\n".encode())
        # It is asked for its body when its key is known.
        self.assertTrue(first.recv(1024).startswith(b"HTTP/1.1 100 "))
        self.assert_problem(self.upload(sheet, key), 409)
        first.sendall(body)
        answer = http.client.HTTPResponse(first)
        answer.begin()
        accepted = answer.read()
        self.assertEqual(202, answer.status, accepted)
        self.assertEqual(accepted, self.upload(sheet, key).body)

    def test_many_at_once_become_one_request(self):
        sheet, key, before = self.sheet(), uuid.uuid4().hex, self.count()
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(self.upload(sheet, key)))
                   for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual({reply.status for reply in replies}, {202, 409})
        accepted = {reply.json["request_id"] for reply in replies if reply.status == 202}
        self.assertEqual(1, len(accepted), replies)
        self.assertEqual(before + 1, self.count())


if __name__ == "__main__":
    server_case.main()
