#!/usr/bin/python3
"""Clients that are not well, and the end of the server by SIGTERM."""

import os
import signal
import socket
import time
import unittest

import server_case
from client import csv_part, make_sheet, multipart, wait_until
from origin import Origin
from server import Server

HALF_OPEN = 200


class BadClients(server_case.ServerCase):
    def connect(self):
        connection = socket.create_connection(("127.0.0.1", self.server.port), 10)
        self.addCleanup(connection.close)
        return connection

    def test_half_open_connections_hold_up_nobody(self):
        halves = (b"", b"GET /api/sta", b"POST /api/upload HTTP/1.1\r\nContent-Le",
                  b"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
                  b"boundary=b\r\nContent-Length: 100000\r\n\r\n--b\r\n")
        for number in range(HALF_OPEN):
            self.connect().sendall(halves[number % len(halves)])
        begun = time.monotonic()
        _, status, _ = self.process([[self.origin.url("/photo/1.jpg?w=40&h=30")]])
        self.assertEqual("completed", status["status"])
        self.assertLess(time.monotonic() - begun, 10)

    def test_a_body_cut_off_leaves_nothing(self):
        body = multipart([csv_part(make_sheet([[self.origin.url("/photo/77.jpg")]] * 5000))], "b")
        head = ("POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; "
                f"boundary=b\r\nContent-Length: {len(body)}\r\n\r\n").encode()
        spool = self.server.data_folder / "spool"
        for share in (0.1, 0.5, 0.999):
            connection = self.connect()
            connection.sendall(head + body[:int(len(body) * share)])
            connection.close()
        wait_until(lambda: not list(spool.iterdir()), "the spool is empty", 20)
        self.assertEqual(0, self.origin.hits["/photo/77.jpg"])

    def test_nonsense_is_answered_or_closed(self):
        for line in (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"HELLO\r\n\r\n",
                     b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                     b"GET / HTTP/1.1\r\nX: " + b"b" * 100_000 + b"\r\n\r\n",
                     b"POST /api/upload HTTP/1.1\r\nContent-Length: -5\r\n\r\n"):
            connection = self.connect()
            connection.settimeout(20)
            try:
                connection.sendall(line)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(100)
            except ConnectionError:
                answer = b""
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), (line[:30], answer))
        self.assertEqual(200, self.client.get("/readyz").status)

    def test_keep_alive_and_pipelining(self):
        connection = self.connect()
        connection.settimeout(10)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        got = b""
        while got.count(b"HTTP/1.1 200") < 3:
            block = connection.recv(10_000)
            self.assertTrue(block, got)
            got += block

    def test_a_chunked_upload(self):
        body = multipart([csv_part(make_sheet([[self.origin.url("/photo/1.jpg")]]))], "b")
        pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 50]), body[at:at + 50])
                          for at in range(0, len(body), 50))
        connection = self.connect()
        connection.settimeout(20)
        connection.sendall(b"POST /api/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
                           + pieces + b"0\r\n\r\n")
        self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 202"))

    def test_expect_100_continue(self):
        """curl sends this for larger files, and waits."""
        body = multipart([csv_part(make_sheet([[self.origin.url("/photo/1.jpg")]]))], "b")
        connection = self.connect()
        connection.settimeout(10)
        connection.sendall(b"POST /api/upload HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                           b"Content-Type: multipart/form-data; boundary=b\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body))
        self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 100"))
        connection.sendall(body)
        self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 202"))


class Shutdown(unittest.TestCase):
    def test_idle(self):
        with Server() as server:
            self.assertEqual(0, server.stop())

    def test_work_in_hand_is_finished_or_handed_back(self):
        with Origin() as origin, Server(IMGMILL_FETCH_CONCURRENCY=8) as server:
            origin.delay_seconds = 0.2
            urls = [origin.url(f"/photo/{seed}.jpg?w=40&h=30") for seed in range(100)]
            request_id = server.client.submit(make_sheet([urls]))
            wait_until(lambda: server.client.status(request_id)["processed_images"] > 3, "begun")
            begun = time.monotonic()
            self.assertEqual(0, server.stop())
            self.assertLess(time.monotonic() - begun, 30)
            server.start()
            status = server.client.wait_final(request_id)
            self.assertEqual((100, 0), (status["processed_images"], status["failed_images"]))
            self.assertLess(max(origin.hits.values()), 3)

    def test_an_idle_keep_alive_connection_does_not_hold_it(self):
        with Server() as server, socket.create_connection(("127.0.0.1", server.port)) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(idle.recv(1000).startswith(b"HTTP/1.1 200"))
            begun = time.monotonic()
            self.assertEqual(0, server.stop())
            self.assertLess(time.monotonic() - begun, 20)

    def test_while_it_drains_it_answers_and_takes_no_uploads(self):
        with Origin() as origin, Server(IMGMILL_FETCH_TIMEOUT=60) as server:
            request_id = server.client.submit(make_sheet([[origin.url("/hang")]]))
            wait_until(lambda: origin.hits["/hang"], "the transfer hangs")
            server.process.send_signal(signal.SIGTERM)
            wait_until(lambda: server.client.get("/readyz").status == 503, "draining")
            self.assertEqual(503, server.client.upload(make_sheet([["http://a/b.jpg"]])).status)
            self.assertEqual("processing", server.client.status(request_id)["status"])
            self.assertEqual(0, server.wait_exit())

    def test_a_codec_child_that_hangs_does_not_hold_it(self):
        with Origin() as origin, Server() as server:
            for child in server.children():
                os.kill(child, signal.SIGSTOP)
            request_id = server.client.submit(make_sheet([[origin.url("/photo/1.jpg")]]))
            wait_until(lambda: origin.hits["/photo/1.jpg"], "fetched")
            begun = time.monotonic()
            self.assertEqual(0, server.stop())
            self.assertLess(time.monotonic() - begun, 30)
            server.start()
            self.assertEqual("completed", server.client.wait_final(request_id)["status"])

    def test_an_origin_that_hangs_does_not_hold_it(self):
        with Origin() as origin, Server(IMGMILL_FETCH_TIMEOUT=60) as server:
            request_id = server.client.submit(make_sheet([[origin.url("/hang")]]))
            wait_until(lambda: origin.hits["/hang"], "the transfer hangs")
            self.assertEqual(0, server.stop())
            server.start()
            status = server.client.status(request_id)
            self.assertEqual(0, status["processed_images"])


if __name__ == "__main__":
    server_case.main()
