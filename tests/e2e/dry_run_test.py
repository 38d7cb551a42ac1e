#!/usr/bin/python3
"""POST /api/upload?dry_run=1: what would happen, and nothing does."""

import time
import uuid

import pictures
import server_case
from client import Part, csv_part, make_sheet, multipart


class DryRun(server_case.ServerCase):
    settings = {"IMGMILL_FETCH_TIMEOUT": 120}

    def dry_run(self, sheet, **fields):
        parts = [csv_part(sheet)] + [Part(name, str(value).encode())
                                     for name, value in fields.items()]
        boundary = uuid.uuid4().hex
        reply = self.client.request("POST", "/api/upload?dry_run=1", multipart(parts, boundary),
                                    {"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertEqual(200, reply.status, reply.body)
        return reply.json

    def files(self):
        return [path for path in self.server.data_folder.rglob("*")
                if path.is_file() and path.parent.name != "data"]

    def test_the_sample_says_what_is_behind_the_urls(self):
        large = pictures.photo(2, "png", 900, 700)
        good = self.origin.serve("/good.bin", large)
        page = self.origin.serve("/page.jpg", b"<!doctype html><p>Sign in</p>")
        gone = self.origin.url("/status/404")
        blocked = "http://10.1.2.3/a.jpg"
        before = self.files()
        found = self.dry_run(make_sheet([[good, page], [gone, blocked, good]]), quality=70)
        self.assertEqual((True, 2, 5, 4, 2), (found["valid"], found["rows"], found["total_images"],
                                              found["distinct_urls"], found["hosts"]))
        self.assertEqual(70, found["options"]["quality"])
        sample = {one["input_url"]: one for one in found["sample"]}
        self.assertEqual({good, page, gone, blocked}, set(sample))
        self.assertEqual((True, "png", "image/png", len(large), 200), tuple(
            sample[good][name] for name in ("ok", "format", "content_type", "bytes",
                                            "http_status")))
        self.assertEqual({page: "not_an_image", gone: "http_404", blocked: "blocked_address"},
                         {url: one["error"]["code"] for url, one in sample.items()
                          if not one["ok"]})
        self.assertEqual([], self.client.get("/api/requests").json["requests"])
        self.assertEqual(before, self.files())

    def test_invalid_rows(self):
        sheet = (b"S. No.,Product Name,Input Image Urls\n"
                 b"x,Chair,http://127.0.0.1:1/a.jpg\n2,,nothing\n")
        found = self.dry_run(sheet)
        self.assertEqual((False, 2, 3), (found["valid"], found["rows_invalid"],
                                         found["errors_total"]))
        refused = self.client.upload(sheet)
        self.assertEqual(400, refused.status)
        self.assertEqual(refused.json["errors"], found["errors"])
        self.assertEqual(refused.json["detail"], found["detail"])

    def test_it_ends_in_time(self):
        hanging = [self.origin.url(f"/hang?dry{number}") for number in range(30)]
        good = self.origin.url("/photo/1.jpg?w=80&h=60")
        begun = time.monotonic()
        found = self.dry_run(make_sheet([[good], hanging]))
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(20, len(found["sample"]))
        self.assertTrue(found["sample"][0]["ok"])
        self.assertEqual({"timeout"}, {one["error"]["code"] for one in found["sample"][1:]})

    def test_wrong_values(self):
        reply = self.client.request("POST", "/api/upload?dry_run=maybe", b"--x--\r\n",
                                    {"Content-Type": "multipart/form-data; boundary=x"})
        self.assert_problem(reply, 400, "dry_run")


if __name__ == "__main__":
    server_case.main()
