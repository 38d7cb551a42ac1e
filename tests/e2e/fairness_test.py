#!/usr/bin/python3
"""Ten images behind two thousand are done in seconds: batches take turns, and those whose origins
never answer leave places for others."""

from contextlib import ExitStack

import server_case
from client import make_sheet, wait_until
from origin import Origin

MANY = 2000
FEW = 10


class Fairness(server_case.ServerCase):
    settings = {"IMGMILL_FETCH_TIMEOUT": 60}

    def test_a_small_request_passes_a_large_one(self):
        many = [self.origin.url(f"/photo/{n % 20}.jpg?w=40&h=30&n={n}") for n in range(MANY)]
        few = [self.origin.url(f"/photo/{n}.jpg?w=40&h=30&few") for n in range(FEW)]
        large = self.client.submit(make_sheet([[url] for url in many]))
        small = self.client.submit(make_sheet([[url] for url in few]))
        self.client.wait_final(small)
        done = self.client.status(large)["processed_images"]
        self.assertLess(done, MANY / 2, "the small one waited for the large one")
        status = self.client.wait_final(large, 200)
        self.assertEqual((MANY, 0), (status["processed_images"], status["failed_images"]))
        self.assertEqual(1, max(self.origin.hits.values()), "nothing was downloaded twice")

    def test_requests_on_silent_origins_hold_up_nobody(self):
        with ExitStack() as origins:
            silent = [origins.enter_context(Origin()) for _ in range(10)]
            stuck = []
            for half in (silent[:5], silent[5:]):
                urls = [origin.url(f"/hang?n={n}") for n in range(40) for origin in half]
                stuck.append(self.client.submit(make_sheet([[url] for url in urls])))
            wait_until(lambda: sum(origin.requests_open for origin in silent) >= 60,
                       "the silent origins are asked")
            few = [self.origin.url(f"/photo/{n}.jpg?w=40&h=30&passing") for n in range(FEW)]
            small = self.client.submit(make_sheet([[url] for url in few]))
            status = self.client.wait_final(small)
            self.assertEqual(0, status["failed_images"])
            for request_id in stuck:
                self.assertEqual(0, self.client.status(request_id)["processed_images"])


if __name__ == "__main__":
    server_case.main()
