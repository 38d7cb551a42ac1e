#!/usr/bin/python3
"""Origins and receivers over TLS: whom the server trusts, redirects between http and https, and
HTTP/2. The authority is made for the test; the server learns of it by IMGMILL_CA_FILE."""

import server_case
from authority import Authority
from client import make_sheet
from http2_origin import Http2Origin
from origin import Origin
from receiver import Receiver

HERE = "IP:127.0.0.1"


class Tls(server_case.ServerCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = cls.enterClassContext(Authority())
        cls.settings = {"IMGMILL_CA_FILE": cls.authority.file}
        super().setUpClass()
        cls.secure = cls.enterClassContext(Origin(tls=cls.authority.tls(HERE)))

    def codes(self, *urls):
        """What became of each: None, or its code."""
        request_id, _, outputs = self.process([[url] for url in urls])
        failures = self.server.failures(request_id)
        for url, output in zip(urls, outputs):
            self.assertEqual(bool(output[0]), url not in failures, url)
        return [failures.get(url) for url in urls]

    def test_an_image_over_https(self):
        self.assertEqual([None], self.codes(self.secure.url("/photo/1.jpg")))

    def test_a_certificate_of_nobody(self):
        with Authority() as stranger, Origin(tls=stranger.tls(HERE)) as origin:
            self.assertEqual(["tls_failed"], self.codes(origin.url("/photo/1.jpg")))
            self.assertFalse(origin.hits)

    def test_a_certificate_of_another_host(self):
        with Origin(tls=self.authority.tls("DNS:elsewhere.example")) as origin:
            self.assertEqual(["tls_failed"], self.codes(origin.url("/photo/1.jpg")))
            self.assertFalse(origin.hits)

    def test_no_tls_behind_https(self):
        self.assertEqual(["tls_failed"],
                         self.codes(self.origin.url("/photo/1.jpg").replace("http:", "https:")))

    def test_redirects_lead_up_to_https_and_never_down(self):
        up = self.origin.url(f"/redirect-to?url={self.secure.url('/photo/2.jpg')}")
        down = self.secure.url(f"/redirect-to?url={self.origin.url('/photo/3.jpg')}")
        self.assertEqual([None, "invalid_url"], self.codes(up, down))
        self.assertEqual(0, self.origin.hits["/photo/3.jpg"])
        said = [event["message"] for event in self.server.events("image failed")]
        self.assertTrue(any("from https down to http" in message for message in said), said)

    def test_a_receiver_over_https(self):
        with Receiver(tls=self.authority.tls(HERE)) as receiver:
            request_id = self.client.submit(make_sheet([[self.origin.url("/photo/4.jpg")]]),
                                            webhook_url=receiver.url("/hook"))
            self.assertEqual("sent", self.client.wait_webhook(request_id)["webhook_status"])

    def test_http2_carries_64_images_over_one_connection(self):
        with Http2Origin(self.authority.tls(HERE, ["h2", "http/1.1"])) as origin:
            urls = [origin.url(f"/{number}.jpg") for number in range(64)]
            self.assertEqual([None] * 64, self.codes(*urls))
            self.assertEqual((64, 1), (origin.requests, origin.connections_total))
            self.assertGreater(origin.streams_open_max, 4)

    def test_http2_says_its_status(self):
        with Http2Origin(self.authority.tls(HERE, ["h2"])) as origin:
            urls = [origin.url(f"/status/{code}") for code in (404, 206, 410)]
            self.assertEqual(["http_404", "http_206", "http_410"], self.codes(*urls))


class Untrusted(server_case.ServerCase):
    def test_the_authority_is_trusted_only_where_it_is_named(self):
        with Authority() as authority, Origin(tls=authority.tls(HERE)) as origin:
            request_id, status, _ = self.process([[origin.url("/photo/1.jpg")]])
            self.assertEqual("failed", status["status"])
            self.assertEqual(["tls_failed"], list(self.server.failures(request_id).values()))


if __name__ == "__main__":
    server_case.main()
