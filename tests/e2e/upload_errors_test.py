#!/usr/bin/python3
"""What POST /api/upload refuses (CONTRACT 1.1 and 1.6), and that nothing is kept of it."""

import socket
import subprocess
import tempfile

import server_case
from client import Part, csv_part, make_sheet, multipart

HEADER = b"S. No.,Product Name,Input Image Urls\n"
FORM = "multipart/form-data; boundary=b"


class Refused(server_case.ServerCase):
    settings = {"IMGMILL_MAX_UPLOAD_BYTES": 200_000}

    def setUp(self):
        self.good = make_sheet([[self.origin.url("/photo/1.jpg?w=40&h=30")]])

    def post(self, body, content_type):
        return self.client.request("POST", "/api/upload", body, {"Content-Type": content_type})

    def tearDown(self):
        """A refused upload leaves nothing in the spool."""
        spool = self.server.data_folder / "spool"
        self.assertEqual([], sorted(spool.iterdir()))

    def test_no_file_part(self):
        self.assert_problem(self.client.upload_parts([Part("quality", b"50")]), 400, "file")

    def test_no_parts_at_all(self):
        self.assert_problem(self.post(b"--b--\r\n", FORM), 400)

    def test_empty_file(self):
        self.assert_problem(self.client.upload(b""), 400)

    def test_not_csv(self):
        for body in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"%PDF-1.7\nnothing", b"{}\n"):
            self.assert_problem(self.client.upload(body), 400, "Invalid CSV format")

    def test_missing_column(self):
        names = ("S. No.", "Product Name", "Input Image Urls")
        for name in names:
            header = ",".join(other for other in names if other != name)
            reply = self.client.upload(f"{header}\n1,x\n".encode())
            self.assert_problem(reply, 400, name)

    def test_invalid_rows_are_listed(self):
        sheet = HEADER + (b"1,Mug,http://example.com/a.jpg\n"
                          b"12a,Lamp,http://example.com/b.jpg\n"
                          b"3,,http://example.com/c.jpg\n"
                          b"4,Chair,ftp://example.com/d.jpg\n"
                          b"5,Table,\n")
        problem = self.assert_problem(self.client.upload(sheet), 400)
        self.assertEqual(4, problem["errors_total"])
        self.assertEqual([(2, "S. No."), (3, "Product Name"), (4, "Input Image Urls"),
                          (5, "Input Image Urls")],
                         [(error["row"], error["column"]) for error in problem["errors"]])
        self.assertIn("12a", problem["errors"][0]["message"])
        self.assertIn("4 of 5 rows", problem["detail"])

    def test_a_hundred_errors_are_listed(self):
        sheet = HEADER + b"x,Mug,http://example.com/a.jpg\n" * 150
        problem = self.assert_problem(self.client.upload(sheet), 400)
        self.assertEqual((150, 100), (problem["errors_total"], len(problem["errors"])))

    def test_bad_options(self):
        for fields in ({"quality": "0"}, {"quality": "101"}, {"quality": "high"}, {"quality": ""},
                       {"quality": "50.5"}, {"on_invalid": "maybe"}, {"format": "bmp"},
                       {"format": ""}, {"format": "JPEG"}, {"max_width": "0"},
                       {"max_width": "16385"}, {"max_height": "-1"}, {"max_height": "1e3"},
                       {"quality": "AUTO"}, {"max_bytes": "1023"}, {"max_bytes": "1073741825"},
                       {"max_bytes": "200k"}, {"max_bytes": ""}):
            name = next(iter(fields))
            self.assert_problem(self.client.upload(self.good, **fields), 400, name)

    def test_bad_webhook_urls(self):
        for url in ("ftp://example.com/", "http://", "hook", "https:///path", "javascript:1",
                    "http://10.1.2.3/hook", "http://[::1]/hook", "http://169.254.169.254/"):
            self.assert_problem(self.client.upload(self.good, webhook_url=url), 400, "webhook_url")

    def test_webhook_addresses_in_digits_beyond_ascii(self):
        for url in ("http://１０.１.２.３/hook", "http://①⑨②.①⑥⑧.⓪.①/", "http://10。1。2。3/",
                    "http://１６９.254.169.254:80/", "http://u:p@１０.1/"):
            self.assert_problem(self.client.upload(self.good, webhook_url=url), 400, "webhook_url",
                                "--allow-nets")

    def test_too_large(self):
        big = HEADER + b"1,Mug,http://example.com/a.jpg\n" * 10_000
        self.assert_problem(self.client.upload(big), 413)

    def test_far_too_large_with_curl(self):
        with tempfile.NamedTemporaryFile(suffix=".csv") as sheet:
            sheet.write(HEADER + b"1,Mug,http://example.com/a.jpg\n" * 2_200_000)
            sheet.flush()
            for more in ([], ["-H", "Expect:"], ["-H", "Transfer-Encoding: chunked"]):
                said = subprocess.run(
                    ["curl", "-sS", "-w", "%{http_code}", "-o", "/dev/null", *more, "-F",
                     f"file=@{sheet.name}", f"{self.server.base_url}/api/upload"],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual(("413", ""), (said.stdout, said.stderr), more)

    def test_who_says_all_before_listening_hears_that_it_was_too_large(self):
        block, blocks = b"x" * (1 << 20), 64
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=60) as client:
            client.sendall(f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n"
                           f"Content-Length: {blocks * len(block)}\r\n\r\n".encode())
            for _ in range(blocks):
                client.sendall(block)
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 413 "))

    def test_not_multipart(self):
        for content_type in ("application/json", "text/csv", "application/x-www-form-urlencoded"):
            self.assert_problem(self.post(self.good, content_type), 415)
        self.assert_problem(self.client.request("POST", "/api/upload", self.good), 415)

    def test_missing_boundary(self):
        self.assert_problem(self.post(self.good, "multipart/form-data"), 400)

    def test_broken_multipart(self):
        whole = multipart([csv_part(self.good)], "b")
        for broken in (whole.replace(b"--b--\r\n", b""), whole.replace(b"--b", b"--c"), b"",
                       b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n",
                       whole.replace(b"\r\n\r\n", b"\r\n", 1), b"junk"):
            self.assert_problem(self.post(broken, FORM), 400)

    def test_two_files(self):
        reply = self.client.upload_parts([csv_part(self.good), csv_part(self.good)])
        self.assert_problem(reply, 400, "file")

    def test_nothing_secret_in_an_error(self):
        for reply in (self.client.upload(b"\0"), self.client.get("/processed/..%2f..%2fx"),
                      self.client.get("/api/status/'%3B%20DROP%20TABLE%20batches")):
            self.assertNotIn(str(self.server.data_folder), reply.text)
            self.assertNotIn("SELECT", reply.text)

    def test_the_server_still_works(self):
        self.assertEqual(202, self.client.upload(self.good).status)


class Skipped(server_case.ServerCase):
    def test_invalid_rows_are_taken_over(self):
        good = self.origin.url("/photo/1.jpg")
        sheet = HEADER + (f"1,Mug,{good}\nx,Lamp,{good}\n3,Chair,nonsense\n").encode()
        request_id = self.client.submit(sheet, on_invalid="skip")
        status = self.client.wait_final(request_id)
        rows = self.client.results(request_id)
        self.assertEqual("completed", status["status"])
        self.assertEqual(["1", "x", "3"], [row["S. No."] for row in rows])
        self.assertEqual(["Mug", "Lamp", "Chair"], [row["Product Name"] for row in rows])
        self.assertTrue(rows[0]["Output Image Urls"])
        self.assertEqual(["", ""], [row["Output Image Urls"] for row in rows[1:]])
        self.assertEqual((3, 3, 2), (status["total_images"], status["processed_images"],
                                     status["failed_images"]))

    def test_only_invalid_rows_fail_at_once(self):
        request_id = self.client.submit(HEADER + b"x,Lamp,nonsense\n", on_invalid="skip")
        self.assertEqual("failed", self.client.wait_final(request_id)["status"])


if __name__ == "__main__":
    server_case.main()
