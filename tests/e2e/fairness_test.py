#!/usr/bin/python3
"""Ten images behind two thousand are done in seconds: batches take turns."""

import server_case
from client import make_sheet

MANY = 2000
FEW = 10


class Fairness(server_case.ServerCase):
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


if __name__ == "__main__":
    server_case.main()
