#!/usr/bin/python3
"""Webhooks (CONTRACT 3) when the receiver is not well, across restarts, and with other secrets."""

import time
import unittest

import server_case
import signatures
from client import make_sheet
from receiver import Answer, Receiver
from server import Server

NO_PATIENCE = {"IMGMILL_WEBHOOK_SCHEDULE": "1,1,1"}


def submit(server, origin_url, receiver):
    return server.client.submit(make_sheet([[origin_url]]), webhook_url=receiver.url("/hook"))


class Deliveries(server_case.ServerCase):
    settings = NO_PATIENCE

    def deliver(self, *script):
        """(receiver, request id) after the webhook was delivered or given up."""
        receiver = self.enterContext(Receiver(script))
        request_id = submit(self.server, self.origin.url("/photo/1.jpg?w=40&h=30"), receiver)
        self.final = self.client.wait_webhook(request_id)
        return receiver.received

    def test_failures_are_tried_again_as_one_event(self):
        received = self.deliver(Answer(500), Answer(404), Answer(reset=True))
        self.assertEqual("sent", self.final["webhook_status"])
        self.assertEqual(4, len(received))
        self.assertEqual(1, len({each.headers["webhook-id"] for each in received}))
        self.assertEqual(1, len({each.body for each in received}))
        stamps = [int(each.headers["webhook-timestamp"]) for each in received]
        self.assertEqual(sorted(stamps), stamps)
        self.assertGreater(stamps[-1], stamps[0])

    def test_every_attempt_is_signed_for_its_time(self):
        for each in self.deliver(Answer(503)):
            signed = signatures.standard_signature("whsec_c2VjcmV0LWZvci10ZXN0cy1vbmx5LTEyMzQ1Ng==",
                                                   each.headers, each.body)
            self.assertEqual(signed, each.headers["webhook-signature"])

    def test_given_up_after_the_last_attempt(self):
        received = self.deliver(*[Answer(500)] * 9)
        self.assertEqual("failed", self.final["webhook_status"])
        self.assertEqual(4, len(received))

    def test_gone_stops_at_once(self):
        received = self.deliver(Answer(410))
        self.assertEqual(("failed", 1), (self.final["webhook_status"], len(received)))

    def test_redirects_are_not_followed(self):
        with Receiver() as other:
            received = self.deliver(*[Answer(302, {"Location": other.url("/elsewhere")})] * 9)
            self.assertEqual([], other.received)
        self.assertEqual(("failed", 4), (self.final["webhook_status"], len(received)))

    def test_any_2xx_is_success(self):
        received = self.deliver(Answer(204))
        self.assertEqual(("sent", 1), (self.final["webhook_status"], len(received)))

    def test_retry_after_is_obeyed_up_to_twice_the_pause(self):
        receiver = self.enterContext(Receiver([Answer(503, {"Retry-After": "3600"})]))
        begun = time.monotonic()
        request_id = submit(self.server, self.origin.url("/photo/1.jpg?w=40&h=30"), receiver)
        self.assertEqual("sent", self.client.wait_webhook(request_id)["webhook_status"])
        self.assertGreaterEqual(time.monotonic() - begun, 1.6)  # 2 s less a fifth of jitter


class OtherServers(unittest.TestCase):
    def test_a_restart_loses_no_webhook(self):
        with Receiver([Answer(500)] * 2) as receiver, server_case.Origin() as origin, \
                Server(IMGMILL_WEBHOOK_SCHEDULE="2,2,2") as server:
            request_id = submit(server, origin.url("/photo/1.jpg"), receiver)
            receiver.wait_for(1)
            server.restart()
            # The delivery that was under way is due again when its lease has run out.
            status = server.client.wait_webhook(request_id, 150)
            self.assertEqual("sent", status["webhook_status"])
            received = receiver.received
        self.assertEqual(1, len({each.headers["webhook-id"] for each in received}))

    def test_two_secrets_sign_twice(self):
        with Receiver() as receiver, server_case.Origin() as origin, \
                Server(IMGMILL_WEBHOOK_SECRET="new-one,whsec_b2xkLW9uZQ==") as server:
            submit(server, origin.url("/photo/1.jpg"), receiver)
            hook = receiver.wait_for(1)[0]
        self.assertEqual(signatures.hex_signature("new-one", hook.body),
                         hook.headers["x-webhook-signature"])
        self.assertEqual([signatures.standard_signature("new-one", hook.headers, hook.body),
                          signatures.standard_signature("whsec_b2xkLW9uZQ==", hook.headers,
                                                        hook.body)],
                         hook.headers["webhook-signature"].split(" "))

    def test_no_secret_no_signature(self):
        with Receiver() as receiver, server_case.Origin() as origin, \
                Server(IMGMILL_WEBHOOK_SECRET=None) as server:
            submit(server, origin.url("/photo/1.jpg"), receiver)
            hook = receiver.wait_for(1)[0]
        self.assertNotIn("x-webhook-signature", hook.headers)
        self.assertNotIn("webhook-signature", hook.headers)
        self.assertIn("webhook-id", hook.headers)


if __name__ == "__main__":
    server_case.main()
