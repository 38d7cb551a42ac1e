#!/usr/bin/python3
"""--retention: final requests are deleted after their time, with all that came of them."""

import server_case
from client import make_sheet, wait_until
from receiver import Answer, Receiver


class Retention(server_case.ServerCase):
    settings = {"IMGMILL_RETENTION": 3, "IMGMILL_FETCH_TIMEOUT": 120}

    def is_gone(self, request_id):
        return self.client.get(f"/api/status/{request_id}").status == 404

    def test_final_requests_go_and_running_ones_stay(self):
        running = self.client.submit(make_sheet([[self.origin.url("/hang?kept")]]))
        request_id, _, outputs = self.process([[self.origin.url("/photo/1.jpg?w=80&h=60")]])
        self.assertEqual(200, self.client.get(outputs[0][0]).status)
        wait_until(lambda: self.is_gone(request_id), "it had its time")
        wait_until(lambda: self.client.get(outputs[0][0]).status == 404, "its output is gone")
        objects = self.server.data_folder / "objects"
        wait_until(lambda: not [path for path in objects.rglob(f"*{request_id}*")],
                   "its CSV is gone")
        self.assertFalse(self.is_gone(running))
        self.client.request("POST", f"/api/requests/{running}/cancel")
        wait_until(lambda: self.is_gone(running), "it was cancelled and had its time")

    def test_a_webhook_comes_first(self):
        with Receiver([Answer(503)] * 4) as receiver:
            request_id, _, _ = self.process([[self.origin.url("/photo/2.jpg?w=80&h=60")]],
                                            webhook_url=receiver.url())
            receiver.wait_for(5)  # a second each
        wait_until(lambda: self.is_gone(request_id), "it was delivered and had its time")


class AtStart(server_case.ServerCase):
    def test_what_had_its_time_while_nobody_ran(self):
        request_id, _, _ = self.process([[self.origin.url("/photo/3.jpg?w=80&h=60")]])
        self.server.restart()
        self.assertEqual(200, self.client.get(f"/api/status/{request_id}").status)
        self.server.restart(IMGMILL_RETENTION=1)
        wait_until(lambda: self.client.get(f"/api/status/{request_id}").status == 404,
                   "it had its time")


if __name__ == "__main__":
    server_case.main()
