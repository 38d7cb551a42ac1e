#!/usr/bin/python3
"""HTTPS without a proxy (--tls-cert, --tls-key): everything of a session works over it,
certificates change without a dropped connection, and whoever dawdles, lies or speaks plain HTTP
gets an end."""

import http.client
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
from pathlib import Path

import server_case
from authority import Authority
from client import Client, Reply, make_sheet, wait_until
from origin import Origin
from server import Server

HERE = "IP:127.0.0.1"


class SecureClient(Client):
    def __init__(self, base_url, context):
        super().__init__(base_url)
        self._context = context

    def connect(self):
        port = int(self.base_url.rpartition(":")[2])
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=self._context)

    def request(self, method, target, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, target, body, headers or {})
            return read(connection)
        finally:
            connection.close()


def read(connection):
    reply = connection.getresponse()
    return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()},
                 reply.read())


class SecureServer(Server):
    def __init__(self, folder, context, **settings):
        super().__init__(IMGMILL_TLS_CERT=folder / "cert.pem", IMGMILL_TLS_KEY=folder / "key.pem",
                         **settings)
        self.base_url = self.base_url.replace("http:", "https:")
        self._settings["IMGMILL_BASE_URL"] = self.base_url
        self.client = SecureClient(self.base_url, context)


class TlsCase(server_case.ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.origin = cls.enterClassContext(Origin())
        cls.install(cls.authority, cls.folder)
        cls.context = ssl.create_default_context(cafile=cls.authority.file)
        cls.server = cls.enterClassContext(SecureServer(cls.folder, cls.context))
        cls.client = cls.server.client

    @staticmethod
    def install(authority, folder, name=HERE):
        certificate, key = authority.issue(name)
        shutil.copy(certificate, folder / "cert.pem")
        shutil.copy(key, folder / "key.pem")

    def raw(self):
        return socket.create_connection(("127.0.0.1", self.server.port), 60)

    def secure(self, context=None):
        return (context or self.context).wrap_socket(self.raw(), server_hostname="127.0.0.1")

    def serial_shown(self):
        with self.secure() as connection:
            return connection.getpeercert()["serialNumber"]


class Sessions(TlsCase):
    def test_the_whole_job(self):
        rows = [[self.origin.url(f"/photo/{seed}.jpg?w=80&h=60")] for seed in range(3)]
        _, status, outputs = self.process(rows)
        self.assertEqual(("completed", 0), (status["status"], status["failed_images"]))
        for url in (urls[0] for urls in outputs):
            self.assertTrue(url.startswith(f"https://127.0.0.1:{self.server.port}/processed/"), url)
            whole = self.client.get(url)
            self.assertEqual((200, "image/jpeg"), (whole.status, whole.headers["content-type"]))
            part = self.client.get(url, {"Range": "bytes=10-19"})
            self.assertEqual((206, whole.body[10:20]), (part.status, part.body))

    def test_curl_streams_an_upload_up_and_results_down(self):
        rows = [[f"http://127.0.0.1:9/{'x' * 100}/{number}.jpg"] for number in range(30_000)]
        sheet = self.folder / "large.csv"
        sheet.write_bytes(make_sheet(rows))  # 4 MB
        curl = ["curl", "-sS", "--cacert", self.authority.file, "--http1.1"]
        taken = subprocess.run([*curl, "-F", f"file=@{sheet}", "-H", "Expect: 100-continue",
                                f"{self.server.base_url}/api/upload"],
                               capture_output=True, timeout=120, check=True)
        self.assertIn(b'"status": "pending"', taken.stdout)
        request_id = taken.stdout.split(b'"')[3].decode()
        self.client.request("POST", f"/api/requests/{request_id}/cancel")
        self.client.wait_final(request_id)
        self.assertEqual(30_000, len(self.client.results(request_id)))

    def test_one_connection_many_requests(self):
        connection = self.client.connect()
        for _ in range(20):
            connection.request("GET", "/healthz")
            self.assertEqual(200, read(connection).status)
        connection.close()

    def test_pipelined_requests_are_all_answered(self):
        with self.secure() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3 +
                               b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = b""
            while more := connection.recv(65536):
                said += more
        self.assertEqual(4, said.count(b"HTTP/1.1 200 OK"))

    def test_a_request_in_single_bytes(self):
        with self.secure() as connection:
            for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
                connection.sendall(bytes([byte]))
            self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 200 OK"))

    def test_an_answer_ends_with_a_word(self):
        """So that a body that lasts until the end cannot be cut off unseen."""
        with self.context.wrap_socket(self.raw(), server_hostname="127.0.0.1",
                                      suppress_ragged_eofs=False) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            while connection.recv(65536):
                pass  # without close_notify: ssl.SSLEOFError

    def test_sessions_are_resumed(self):
        context = ssl.create_default_context(cafile=self.authority.file)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.secure(context) as first:
            session = first.session
        with context.wrap_socket(self.raw(), server_hostname="127.0.0.1",
                                 session=session) as second:
            self.assertTrue(second.session_reused)


class Protocols(TlsCase):
    def refused(self, change):
        context = ssl.create_default_context(cafile=self.authority.file)
        change(context)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with self.secure(context):
                pass

    def test_old_ones_are_refused(self):
        def only_1_1(context):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
        self.refused(only_1_1)

    def test_weak_ciphers_are_refused(self):
        def without_forward_secrecy(context):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
        self.refused(without_forward_secrecy)

    def test_both_new_ones_are_taken(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = ssl.create_default_context(cafile=self.authority.file)
            context.minimum_version = context.maximum_version = version
            with self.secure(context) as connection:
                self.assertRegex(connection.cipher()[0], "GCM|CHACHA20")
                self.assertEqual(version.name.replace("_", "."), connection.version())

    def test_alpn(self):
        context = ssl.create_default_context(cafile=self.authority.file)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.secure(context) as connection:
            self.assertEqual("http/1.1", connection.selected_alpn_protocol())
        self.refused(lambda context: context.set_alpn_protocols(["h2"]))


class Ends(TlsCase):
    def assert_alive(self):
        self.assertEqual(200, self.client.get("/healthz").status)

    def test_plain_http_is_told(self):
        with self.raw() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            said = b""
            while more := connection.recv(65536):
                said += more
        self.assertTrue(said.startswith(b"HTTP/1.1 400 Bad Request"), said)
        self.assertIn(b"https://", said)
        self.assert_alive()

    def test_rubbish_gets_an_end(self):
        for rubbish in (b"\x00" * 64, b"\x16\x03\x01\xff\xff" + b"a" * 100, b"SSH-2.0-x\r\n"):
            with self.raw() as connection:
                try:
                    connection.sendall(rubbish)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(65536):
                        pass
                except OSError as error:  # it was reset already, and not silent for a minute
                    self.assertNotIsInstance(error, TimeoutError)
        self.assert_alive()

    def test_a_peer_that_resets_in_the_middle(self):
        for _ in range(5):
            connection = self.secure()
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        self.assert_alive()

    def test_whoever_says_nothing_is_let_go(self):
        """A handshake has the time that a request's head has, 15 s."""
        with self.raw() as silent, self.raw() as slow:
            slow.sendall(b"\x16\x03\x01")
            for connection in (silent, slow):
                self.assertEqual(b"", connection.recv(1))  # within 60 s, or this fails
        self.assert_alive()

    def test_shutdown_waits_for_nobody_in_a_handshake(self):
        server = SecureServer(self.folder, self.context)
        try:
            server.start()
            with socket.create_connection(("127.0.0.1", server.port), 60):
                connection = server.client.connect()
                connection.request("GET", "/healthz")
                self.assertEqual(200, read(connection).status)
                self.assertEqual(0, server.stop())
                self.assertEqual([], server.events("connections broken off"))
                connection.close()
        finally:
            server.close()


class Certificates(TlsCase):
    def reload(self, event):
        before = len(self.server.events(event))
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.server.events(event)) > before, event)

    def test_reload_keeps_open_connections(self):
        connection = self.client.connect()
        connection.request("GET", "/healthz")
        read(connection)
        before = self.serial_shown()
        self.install(self.authority, self.folder)
        self.assertEqual(before, self.serial_shown())
        self.reload("certificate read anew")
        self.assertNotEqual(before, self.serial_shown())
        connection.request("GET", "/healthz")
        self.assertEqual(200, read(connection).status)
        connection.close()

    def test_a_broken_new_file_changes_nothing(self):
        before = self.serial_shown()
        whole = (self.folder / "cert.pem").read_bytes()
        (self.folder / "cert.pem").write_bytes(whole[:200])
        self.reload("certificate not read anew: the one before stays in use")
        self.assertEqual(before, self.serial_shown())
        (self.folder / "cert.pem").write_bytes(whole)


class Starts(unittest.TestCase):
    """What is wrong is one line that names the setting."""

    def setUp(self):
        self.authority = self.enterContext(Authority())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        TlsCase.install(self.authority, self.folder)

    def assert_refused(self, *words, **settings):
        server = Server(**{"IMGMILL_TLS_CERT": self.folder / "cert.pem",
                           "IMGMILL_TLS_KEY": self.folder / "key.pem"} | settings)
        try:
            server.spawn()
            self.assertEqual(2, server.wait_exit())
            said = [line for line in server.log().splitlines() if line.startswith("imgmill: ")]
            self.assertEqual(1, len(said), server.log())
            for word in words:
                self.assertIn(word, said[0])
        finally:
            server.close()

    def test_one_without_the_other(self):
        self.assert_refused("--tls-key", "IMGMILL_TLS_KEY", IMGMILL_TLS_KEY=None)
        self.assert_refused("--tls-cert", IMGMILL_TLS_CERT=None)

    def test_no_such_file(self):
        self.assert_refused("--tls-cert", "/nowhere.pem", IMGMILL_TLS_CERT="/nowhere.pem")
        self.assert_refused("--tls-key", "/nowhere.pem", IMGMILL_TLS_KEY="/nowhere.pem")

    def test_no_pem(self):
        (self.folder / "text").write_text("hello")
        self.assert_refused("--tls-cert", IMGMILL_TLS_CERT=self.folder / "text")
        self.assert_refused("--tls-key", IMGMILL_TLS_KEY=self.folder / "text")

    def test_the_key_of_another(self):
        _, key = self.authority.issue(HERE)
        self.assert_refused("--tls-key", "not the key", IMGMILL_TLS_KEY=key)


if __name__ == "__main__":
    server_case.main()
