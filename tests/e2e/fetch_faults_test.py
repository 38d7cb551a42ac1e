#!/usr/bin/python3
"""An origin with every sin: each image ends with its code (CONTRACT 4), retries are as told, and
addresses that are not public are not reached."""

import time
import unittest

import pictures
import server_case
import sins
from client import make_sheet
from origin import Origin
from server import Server, free_port

PSD = b"8BPS\0\1"


class Sins(server_case.ServerCase):
    """All sins in one request, so that their retries pass at once."""

    settings = {"IMGMILL_FETCH_TIMEOUT": 3, "IMGMILL_MAX_SOURCE_BYTES": 4 << 20}

    CODES = {
        "/status/404": "http_404",
        "/status/403": "http_403",
        "/status/410": "http_410",
        "/status/500": "http_500",
        "/status/429": "http_429",
        "/redirect-loop": "too_many_redirects",
        "/redirect/6": "too_many_redirects",
        "/huge": "too_large",
        "/huge?told=1": "too_large",
        "/zipped-bomb": None,  # told below: too large, or never unpacked
        "/empty": "empty_body",
        "/html": "not_an_image",
        "/svg": None,
        "/hang": "timeout",
        "/drip": "timeout",
        "/lie-short": "connect_failed",
        "/lie-long": "corrupt_image",
        "/reset": "connect_failed",
        "/bomb.png": "too_many_pixels",
        "/retry-after?n=9&s=1": "http_503",
    }
    # Of a JPEG that is cut off, what is there goes out.
    GOOD = ("/photo/1.jpg", "/truncated.jpg", "/redirect/5", "/mislabelled", "/flaky?n=2",
            "/slow?ms=500", "/retry-after?n=2&s=2",
            "/retry-after?n=1&s=1&status=429")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        sins.zipped_bytes()
        pictures.bomb_png()
        cls.origin.serve("/picture.psd", PSD + b"\0" * 800)
        cls.bad = {cls.origin.url(path): code for path, code in cls.CODES.items()}
        cls.bad |= {
            cls.origin.url("/picture.psd"): "unsupported_format",
            f"http://127.0.0.1:{free_port()}/a.jpg": "connect_failed",
            f"https://127.0.0.1:{cls.origin.port}/a.jpg": "tls_failed",
            "http://no-such-host.invalid/a.jpg": "dns_failure",
            "http://10.1.2.3/a.jpg": "blocked_address",
            "http://[::1]:9/a.jpg": "blocked_address",
            "http://169.254.169.254/latest/meta-data": "blocked_address",
            cls.origin.url("/redirect-to?url=http://192.168.0.1/a.jpg"): "blocked_address",
        }
        cls.good = [cls.origin.url(path) for path in cls.GOOD]
        cls.urls = list(cls.bad) + cls.good
        cls.begun = time.monotonic()
        cls.request_id = cls.client.submit(make_sheet([[url] for url in cls.urls]))
        cls.final = cls.client.wait_final(cls.request_id)
        cls.codes = cls.server.failures(cls.request_id)
        cls.outputs = [urls[0] for urls in cls.client.outputs(cls.request_id)]

    def test_each_sin_has_its_code(self):
        for url, code in self.bad.items():
            with self.subTest(url):
                self.assertIn(url, self.codes)
                if code:
                    self.assertEqual(code, self.codes[url])

    def test_odd_kinds(self):
        self.assertIn(self.codes[self.origin.url("/svg")], ("unsupported_format", "not_an_image"))
        self.assertIn(self.codes[self.origin.url("/zipped-bomb")],
                      ("too_large", "not_an_image", "connect_failed"))

    def test_what_heals_is_done(self):
        for url in self.good:
            self.assertNotIn(url, self.codes)

    def test_outputs_and_counts_agree(self):
        self.assertEqual([url in self.codes for url in self.urls],
                         [output == "" for output in self.outputs])
        self.assertEqual(len(self.bad), self.final["failed_images"])
        self.assertEqual(len(self.urls), self.final["processed_images"])
        self.assertEqual("completed", self.final["status"])

    def test_only_what_may_heal_is_tried_again(self):
        tries = {"/status/500": 3, "/status/429": 3, "/status/404": 1, "/status/403": 1,
                 "/html": 1, "/empty": 1, "/huge?told=1": 1, "/lie-short": 3, "/reset": 3,
                 "/hang": 3, "/truncated.jpg": 1, "/bomb.png": 1, "/retry-after?n=9&s=1": 3,
                 "/flaky?n=2": 3, "/retry-after?n=2&s=2": 3}
        self.assertEqual(tries, {path: self.origin.hits[path] for path in tries})

    def test_retry_after_is_waited_for(self):
        attempts = [at for target, at in self.origin.arrivals if target == "/retry-after?n=2&s=2"]
        for earlier, later in zip(attempts, attempts[1:]):
            self.assertGreaterEqual(later - earlier, 2.0)

    def test_the_server_is_well(self):
        self.assertEqual(200, self.client.get("/readyz").status)


class Addresses(unittest.TestCase):
    """Without allow_nets, nothing on loopback is reached."""

    def test_nothing_reaches_loopback(self):
        with Origin() as origin, Server(IMGMILL_ALLOW_NETS=None) as server:
            port = origin.port
            urls = [f"http://{host}:{port}/photo/1.jpg" for host in (
                "127.0.0.1", "127.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
                "2130706433", "0x7f.1", "017700000001", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]")]
            request_id = server.client.submit(make_sheet([[url] for url in urls]),
                                              on_invalid="skip")
            status = server.client.wait_final(request_id)
            codes = server.failures(request_id)
            self.assertEqual((len(urls), "failed"), (status["failed_images"], status["status"]))
            self.assertEqual({}, origin.hits)
            self.assertEqual("blocked_address", codes[urls[0]])
            self.assertLessEqual(set(codes.values()), {"blocked_address", "invalid_url",
                                                       "dns_failure", "connect_failed"})

    def test_the_fault_says_how_to_allow(self):
        with Server(IMGMILL_ALLOW_NETS=None) as server:
            request_id = server.client.submit(make_sheet([["http://127.0.0.1:9/a.jpg"]]))
            server.client.wait_final(request_id)
            self.assertIn("allow-nets", server.events("image failed")[0]["message"])


class Politeness(server_case.ServerCase):
    settings = {"IMGMILL_FETCH_PER_HOST": 4}

    def test_connections_per_origin(self):
        self.origin.delay_seconds = 0.02
        urls = [self.origin.url(f"/photo/{seed}.jpg?w=40&h=30") for seed in range(60)]
        _, status, _ = self.process([urls])
        self.assertEqual(0, status["failed_images"])
        self.assertLessEqual(self.origin.requests_open_max, 4)

    def test_the_password_is_used_and_never_shown(self):
        self.origin.delay_seconds = 0.0
        url = self.origin.serve("/private.jpg", pictures.photo(1))
        secret = url.replace("http://", "http://anna:s3cret@")
        gone = self.origin.url("/status/404").replace("http://", "http://anna:s3cret@")
        request_id, status, _ = self.process([[secret, gone]])
        self.assertEqual(1, status["failed_images"])
        self.assertEqual({"Basic YW5uYTpzM2NyZXQ="},
                         {headers.get("authorization") for target, headers in self.origin.headers
                          if target in ("/private.jpg", "/status/404")})
        self.assertNotIn("s3cret", self.server.log())


if __name__ == "__main__":
    server_case.main()
