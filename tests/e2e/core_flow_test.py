#!/usr/bin/python3
"""The contract's main road, 1.1 to 1.4: upload, status, download, webhook, output pictures."""

import io
import json
import re
import subprocess
import tempfile
import uuid

from PIL import Image

import pictures
import server_case
import signatures
from client import Part, csv_part, make_sheet
from receiver import Receiver
from server import SECRET

TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$"
CORE_STATUS = ["request_id", "status", "completion_percentage", "created_at", "updated_at",
               "total_images", "processed_images", "webhook_status"]
ADDED_STATUS = {"failed_images", "bytes_in", "bytes_out", "finished_at", "eta_seconds", "options"}
CORE_WEBHOOK = ["request_id", "status", "total_images", "processed_images", "completion_time",
                "results_csv_url"]


class MainRoad(server_case.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.receiver = cls.enterClassContext(Receiver())
        photos = [cls.origin.url(f"/photo/{seed}.jpg?w=400&h=300") for seed in range(4)]
        cls.gone = cls.origin.url("/status/404")
        cls.rows = [[photos[0], photos[1]], [photos[2], cls.gone, photos[3]], [photos[0]]]
        cls.reply = cls.client.upload(make_sheet(cls.rows), webhook_url=cls.receiver.url("/hook"))
        cls.request_id = cls.reply.json["request_id"]
        cls.final = cls.client.wait_final(cls.request_id)
        cls.webhook = cls.receiver.wait_for(1)[0]
        cls.outputs = cls.client.outputs(cls.request_id)

    def test_upload_answers_202(self):
        self.assertEqual(202, self.reply.status)
        self.assertEqual(["request_id", "status", "message"], list(self.reply.json))
        self.assertEqual("pending", self.reply.json["status"])
        self.assertEqual("File uploaded successfully and processing has been initiated",
                         self.reply.json["message"])
        self.assertEqual(f"/api/status/{self.request_id}", self.reply.headers["location"])
        self.assertEqual(self.request_id, str(uuid.UUID(self.request_id)))

    def test_final_status(self):
        self.assertEqual(CORE_STATUS, list(self.final)[:len(CORE_STATUS)])
        self.assertLessEqual(ADDED_STATUS, set(self.final))
        self.assertEqual("completed", self.final["status"])
        self.assertEqual((6, 6, 1), (self.final["total_images"], self.final["processed_images"],
                                     self.final["failed_images"]))
        self.assertEqual(100.0, self.final["completion_percentage"])
        self.assertGreater(self.final["bytes_in"], self.final["bytes_out"])
        self.assertGreater(self.final["bytes_out"], 0)
        for name in ("created_at", "updated_at", "finished_at"):
            self.assertRegex(self.final[name], TIME)
        self.assertEqual(50, self.final["options"]["quality"])

    def test_webhook_status_becomes_sent(self):
        self.assertEqual("sent", self.client.wait_webhook(self.request_id)["webhook_status"])

    def test_results_keep_rows_and_positions(self):
        rows = self.client.results(self.request_id)
        self.assertEqual(["S. No.", "Product Name", "Input Image Urls", "Output Image Urls"],
                         list(rows[0]))
        self.assertEqual([",".join(urls) for urls in self.rows],
                         [row["Input Image Urls"] for row in rows])
        self.assertEqual([2, 3, 1], [len(urls) for urls in self.outputs])
        self.assertEqual("", self.outputs[1][1])
        self.assertEqual(self.outputs[0][0], self.outputs[2][0])
        for url in filter(None, sum(self.outputs, [])):
            self.assertTrue(url.startswith(f"{self.server.base_url}/processed/"), url)

    def test_download_headers_and_second_address(self):
        reply = self.client.get(f"/api/download/{self.request_id}")
        self.assertEqual("text/csv; charset=utf-8", reply.headers["content-type"])
        self.assertEqual(f'attachment; filename="{self.request_id}_results.csv"',
                         reply.headers["content-disposition"])
        again = self.client.get(f"/results/{self.request_id}_results.csv")
        self.assertEqual((200, reply.body), (again.status, again.body))

    def test_a_shared_url_is_downloaded_once(self):
        self.assertEqual(1, self.origin.hits["/photo/0.jpg?w=400&h=300"])

    def test_webhook_body(self):
        body = self.webhook.json
        self.assertEqual(CORE_WEBHOOK, list(body)[:len(CORE_WEBHOOK)])
        self.assertEqual(self.request_id, body["request_id"])
        self.assertEqual("completed", body["status"])
        self.assertEqual((6, 6, 1),
                         (body["total_images"], body["processed_images"], body["failed_images"]))
        self.assertEqual("request.completed", body["type"])
        self.assertRegex(body["completion_time"], TIME)
        self.assertEqual(f"{self.server.base_url}/results/{self.request_id}_results.csv",
                         body["results_csv_url"])
        self.assertEqual(200, self.client.get(body["results_csv_url"]).status)

    def test_webhook_signatures(self):
        headers, body = self.webhook.headers, self.webhook.body
        self.assertEqual(("POST", "/hook"), (self.webhook.method, self.webhook.path))
        self.assertEqual("application/json", headers["content-type"])
        self.assertRegex(headers["user-agent"], r"^imgmill/\d")
        self.assertEqual(signatures.hex_signature(SECRET, body), headers["x-webhook-signature"])
        self.assertEqual(signatures.standard_signature(SECRET, headers, body),
                         headers["webhook-signature"])
        self.assertTrue(headers["webhook-id"])

    def test_output_picture(self):
        reply = self.client.get(self.outputs[0][0])
        image = Image.open(io.BytesIO(reply.body))
        self.assertEqual(("JPEG", (400, 300)), (image.format, image.size))
        self.assertLess(len(reply.body), len(pictures.photo(0, "jpg", 400, 300)))
        self.assertEqual("image/jpeg", reply.headers["content-type"])
        self.assertEqual(len(reply.body), int(reply.headers["content-length"]))
        self.assertEqual("public, max-age=31536000, immutable", reply.headers["cache-control"])
        self.assertEqual("nosniff", reply.headers["x-content-type-options"])
        self.assertRegex(reply.headers["etag"], r'^"[^"]+"$')
        self.assertRegex(reply.headers["last-modified"], r" GMT$")

    def test_an_output_link_does_not_open_the_request(self):
        self.assertNotIn(self.request_id, self.outputs[0][0])

    def test_output_head(self):
        whole = self.client.get(self.outputs[0][0])
        head = self.client.request("HEAD", self.path_of(self.outputs[0][0]))
        self.assertEqual((200, b""), (head.status, head.body))
        for name in ("content-type", "content-length", "etag", "last-modified", "cache-control"):
            self.assertEqual(whole.headers[name], head.headers[name])

    def test_output_conditional(self):
        whole = self.client.get(self.outputs[0][0])
        for headers in ({"If-None-Match": whole.headers["etag"]}, {"If-None-Match": "*"},
                        {"If-None-Match": f'"other", {whole.headers["etag"]}'},
                        {"If-Modified-Since": whole.headers["last-modified"]}):
            reply = self.client.get(self.outputs[0][0], headers)
            self.assertEqual((304, b""), (reply.status, reply.body), headers)
        self.assertEqual(200, self.client.get(self.outputs[0][0], {"If-None-Match": '"x"'}).status)

    def test_output_ranges(self):
        url = self.outputs[0][0]
        whole = self.client.get(url).body
        size = len(whole)
        for text, first, last in (("0-99", 0, 99), (f"{size - 5}-", size - 5, size - 1),
                                  ("-7", size - 7, size - 1), (f"10-{size * 2}", 10, size - 1)):
            reply = self.client.get(url, {"Range": f"bytes={text}"})
            self.assertEqual(206, reply.status, text)
            self.assertEqual(f"bytes {first}-{last}/{size}", reply.headers["content-range"])
            self.assertEqual(whole[first:last + 1], reply.body)
        reply = self.client.get(url, {"Range": f"bytes={size}-"})
        self.assertEqual((416, f"bytes */{size}"), (reply.status, reply.headers["content-range"]))

    def test_output_paths_stay_in_the_store(self):
        path = self.path_of(self.outputs[0][0])
        folder = path.rsplit("/", 1)[0]
        for bad in (f"{folder}/../../../etc/passwd", "/processed/../imgmill.db", f"{folder}/",
                    "/processed/%2e%2e/%2e%2e/etc/passwd", f"{folder}/%2e%2e%2fx", "/processed/",
                    "/processed//etc/passwd", f"{path}%00", f"{path}%00.jpg", f"{folder}/no.jpg",
                    "/processed/..%5c..%5cx", "/processed/%2fetc%2fpasswd"):
            self.assertEqual(404, self.client.get(bad).status, bad)

    def test_redirecting_status_pages_do_not_exist(self):
        for bad in ("/api/status/", f"/api/status/{uuid.uuid4()}", "/api/status/not-a-uuid",
                    f"/api/download/{uuid.uuid4()}", "/api/download/x", "/results/x_results.csv",
                    f"/results/{self.request_id}.csv", "/nothing", "/api/upload/x"):
            self.assert_problem(self.client.get(bad), 404)

    def test_wrong_methods_are_told_the_right_ones(self):
        for method, target, allow in (("GET", "/api/upload", "POST"),
                                      ("POST", f"/api/status/{self.request_id}", "GET"),
                                      ("DELETE", f"/api/download/{self.request_id}", "GET"),
                                      ("PUT", self.path_of(self.outputs[0][0]), "GET")):
            reply = self.client.request(method, target)
            self.assert_problem(reply, 405)
            self.assertIn(allow, re.split(r",\s*", reply.headers["allow"]))

    def test_health(self):
        for target in ("/healthz", "/readyz"):
            self.assertEqual(200, self.client.get(target).status)

    def path_of(self, url):
        return url.removeprefix(self.server.base_url)


class OtherEnds(server_case.ServerCase):
    def test_all_failed(self):
        with Receiver() as receiver:
            gone = self.origin.url("/status/410")
            _, status, outputs = self.process([[gone, gone]], webhook_url=receiver.url())
            body = receiver.wait_for(1)[0].json
        self.assertEqual("failed", status["status"])
        self.assertEqual((2, 2, 2), (status["total_images"], status["processed_images"],
                                     status["failed_images"]))
        self.assertEqual([["", ""]], outputs)
        self.assertEqual(("failed", "request.failed"), (body["status"], body["type"]))

    def test_not_yet_final(self):
        url = self.origin.url("/slow?ms=2000")
        request_id = self.client.submit(make_sheet([[url]]))
        problem = self.assert_problem(self.client.get(f"/api/download/{request_id}"), 404)
        self.assertIn(problem["request_status"], ("pending", "processing"))
        status = self.client.status(request_id)
        self.assertIn(status["status"], ("pending", "processing"))
        self.assertEqual((0, 0.0, "not_sent", None),
                         (status["processed_images"], status["completion_percentage"],
                          status["webhook_status"], status["finished_at"]))
        self.assertEqual("completed", self.client.wait_final(request_id)["status"])

    def test_percentage_has_two_decimals_and_never_falls(self):
        urls = [self.origin.url(f"/slow?ms={200 * seed}&seed={seed}") for seed in range(3)]
        request_id = self.client.submit(make_sheet([urls]))
        seen = [0.0]
        while seen[-1] < 100:
            status = self.client.status(request_id)
            self.assertEqual(round(100 * status["processed_images"] / 3, 2),
                             status["completion_percentage"])
            seen.append(status["completion_percentage"])
        self.assertEqual(sorted(seen), seen)

    def test_parts_in_any_order_and_unknown_parts(self):
        sheet = make_sheet([[self.origin.url("/photo/1.jpg")]])
        quality = Part("quality", b"30")
        unknown = Part("colour", b"blue")
        for parts in ([quality, unknown, csv_part(sheet)], [csv_part(sheet), unknown, quality]):
            reply = self.client.upload_parts(parts)
            self.assertEqual(202, reply.status, reply.body)
            status = self.client.wait_final(reply.json["request_id"])
            self.assertEqual(30, status["options"]["quality"])

    def test_quality_changes_the_bytes(self):
        photo = pictures.photo(7, "jpg", 400, 300)
        sizes = [len(self.render(photo, quality=quality)) for quality in (10, 50, 85)]
        self.assertEqual(sorted(set(sizes)), sizes)


class WithCurl(server_case.ServerCase):
    """The way a reader of the contract tries it."""

    def curl(self, *arguments):
        done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], check=True,
                              capture_output=True)
        return done.stdout

    def test_upload_status_download(self):
        with tempfile.NamedTemporaryFile(suffix=".csv") as sheet, Receiver() as receiver:
            url = self.origin.url("/photo/1.jpg?w=40&h=30")
            sheet.write(make_sheet([[url]] * 20_000))  # large enough for Expect: 100-continue
            sheet.flush()
            reply = json.loads(self.curl(
                "-F", f"file=@{sheet.name}", "-F", f"webhook_url={receiver.url()}",
                f"{self.server.base_url}/api/upload"))
            receiver.wait_for(1)
        request_id = reply["request_id"]
        status = json.loads(self.curl(f"{self.server.base_url}/api/status/{request_id}"))
        self.assertEqual(("completed", 20_000), (status["status"], status["processed_images"]))
        results = self.curl(f"{self.server.base_url}/api/download/{request_id}")
        self.assertEqual(20_001, results.count(b"\n"))


if __name__ == "__main__":
    server_case.main()
