"""The base of the end-to-end tests: one server and one origin for all tests of a class."""

import sys
import unittest

import server
from client import make_sheet
from origin import Origin

LOG_BYTES_SHOWN = 20_000


class ServerCase(unittest.TestCase):
    """Subclasses may change `settings`, environment variables of the server."""

    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())
        cls.server = cls.enterClassContext(server.Server(**cls.settings))
        cls.client = cls.server.client

    def process(self, rows, deadline_seconds=120, **fields):
        """Uploads rows of URLs and waits: (request id, final status, output URLs a row)."""
        request_id = self.client.submit(make_sheet(rows), **fields)
        status = self.client.wait_final(request_id, deadline_seconds)
        return request_id, status, self.client.outputs(request_id)

    def render(self, body, **fields):
        """Sends one picture through the mill: what came out."""
        url = self.origin.serve(f"/rendered-{len(self.origin.arrivals)}", body)
        request_id, _, outputs = self.process([[url]], **fields)
        if not outputs[0][0]:
            self.fail(f"the picture failed: {self.server.failures(request_id)}")
        return self.client.get(outputs[0][0]).body

    def assert_problem(self, reply, status, *words):
        """An RFC 9457 answer of this status; its text has the words."""
        self.assertEqual(status, reply.status, reply.body[:2000])
        self.assertEqual("application/problem+json",
                         reply.headers["content-type"].split(";")[0].strip())
        problem = reply.json
        self.assertEqual(status, problem["status"])
        self.assertLessEqual({"type", "title", "status", "error", "detail"}, set(problem))
        for word in words:
            self.assertIn(word, reply.text)
        return problem


def main():
    """unittest's main, which shows the servers' logs when a test failed."""
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        for log in server.closed_logs:
            print(f"--- log of a server\n{log[-LOG_BYTES_SHOWN:]}", file=sys.stderr)
        sys.exit(1)
