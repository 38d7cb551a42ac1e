#!/usr/bin/python3
"""What users do to requests that are there (CONTRACT 1.5): list, look at images, cancel, retry,
delete."""

import io

from PIL import Image

import pictures
import server_case
from client import make_sheet, read_sheet, wait_until
from receiver import Answer, Receiver

IMAGE_FIELDS = ["row", "position", "product_name", "serial_number", "input_url", "output_url",
                "status", "error", "attempts", "bytes_in", "bytes_out", "format", "width", "height",
                "method", "quality"]
METHODS = ["source_kept", "transcoded", "requantised", "lossless", "near_lossless", "palette",
           "converted", "resized", "converted_resized"]
PER_HOST = 16  # downloads at once from one origin, as the settings have it


class Manage(server_case.ServerCase):
    def photos(self, count, first=0):
        return [self.origin.url(f"/photo/{first + seed}.jpg?w=80&h=60") for seed in range(count)]

    def post(self, request_id, verb):
        return self.client.request("POST", f"/api/requests/{request_id}/{verb}")

    def pages(self, target, field, limit):
        """All of a listing, page by page."""
        found, cursor = [], ""
        while cursor is not None:
            separator = "&" if "?" in target else "?"
            reply = self.client.get(f"{target}{separator}limit={limit}&cursor={cursor}")
            self.assertEqual(200, reply.status, reply.body)
            self.assertLessEqual(len(reply.json[field]), limit)
            found += reply.json[field]
            cursor = reply.json["next_cursor"]
        return found


class Listing(Manage):
    def test_requests(self):
        ids = [self.process([[url]])[0] for url in self.photos(3)]
        failed = self.process([[self.origin.url("/status/404")]])[0]
        listed = self.pages("/api/requests", "requests", 2)
        self.assertEqual([failed] + ids[::-1],
                         [one["request_id"] for one in listed if one["request_id"] in
                          ids + [failed]])
        self.assertEqual(self.client.status(failed), listed[0])
        self.assertEqual([failed], [one["request_id"] for one in self.pages(
            "/api/requests?status=failed", "requests", 1)])
        for query in ("limit=0", "limit=501", "limit=x", "status=done", "cursor=x"):
            reply = self.client.get(f"/api/requests?{query}")
            self.assert_problem(reply, 400, query.split("=")[0])

    def test_images(self):
        rows = [self.photos(2), [self.origin.url("/status/404")], self.photos(1)]
        request_id, _, outputs = self.process(rows)
        images = self.pages(f"/api/requests/{request_id}/images", "images", 3)
        self.assertEqual([IMAGE_FIELDS] * 4, [list(image) for image in images])
        self.assertEqual([(1, 1), (1, 2), (2, 1), (3, 1)],
                         [(image["row"], image["position"]) for image in images])
        self.assertEqual(sum(rows, []), [image["input_url"] for image in images])
        self.assertEqual(sum(outputs, []), [image["output_url"] or "" for image in images])
        made, gone = images[0], images[2]
        self.assertEqual(("Product 1", "1", "completed", None, 1, "jpeg", 80, 60),
                         tuple(made[name] for name in (
                             "product_name", "serial_number", "status", "error", "attempts",
                             "format", "width", "height")))
        body = self.client.get(made["output_url"]).body
        self.assertEqual((80, 60), Image.open(io.BytesIO(body)).size)
        self.assertEqual(len(body), made["bytes_out"])
        self.assertIn(made["method"], METHODS)
        self.assertEqual(("failed", "http_404", None), (
            gone["status"], gone["error"]["code"], gone["output_url"]))
        failed = self.pages(f"/api/requests/{request_id}/images?status=failed", "images", 50)
        self.assertEqual([gone], failed)

    def test_pages_while_the_request_moves(self):
        urls = [self.origin.url(f"/slow?ms=50&seed={seed}") for seed in range(120)]
        request_id = self.client.submit(make_sheet([urls[at:at + 3] for at in range(0, 120, 3)]))
        images = self.pages(f"/api/requests/{request_id}/images", "images", 7)
        self.assertEqual(urls, [image["input_url"] for image in images])
        self.client.wait_final(request_id)

    def test_passwords_are_not_shown(self):
        url = self.photos(1)[0].replace("http://", "http://user:secret@")
        request_id, _, _ = self.process([[url]])
        reply = self.client.get(f"/api/requests/{request_id}/images")
        self.assertNotIn("secret", reply.text)

    def test_wrong_methods(self):
        request_id, _, _ = self.process([self.photos(1)])
        path = f"/api/requests/{request_id}"
        for method, target, allow in (("POST", "/api/requests", "GET, HEAD"),
                                      ("POST", f"{path}/images", "GET, HEAD"),
                                      ("GET", f"{path}/cancel", "POST"),
                                      ("DELETE", f"{path}/retry", "POST"), ("GET", path, "DELETE")):
            reply = self.client.request(method, target)
            self.assert_problem(reply, 405)
            self.assertEqual(allow, reply.headers["allow"])


class Cancelling(Manage):
    settings = {"IMGMILL_FETCH_TIMEOUT": 300}  # what hangs ends by the cancel and by nothing else

    def begun(self):
        return [target for target, _ in self.origin.arrivals if target.startswith("/hang?row")]

    def test_what_was_not_begun_is_not_begun(self):
        with Receiver() as receiver:
            done = self.photos(4)
            hanging = [self.origin.url(f"/hang?row{number}") for number in range(100)]
            request_id = self.client.submit(make_sheet([[url] for url in done + hanging]),
                                            webhook_url=receiver.url())
            wait_until(lambda: self.client.status(request_id)["processed_images"] == 4,
                       "the quick ones are done")
            wait_until(lambda: len(self.begun()) >= PER_HOST, "the places are taken")
            reply = self.post(request_id, "cancel")
            self.assertEqual(202, reply.status, reply.body)
            status = self.client.wait_final(request_id, 30)
            hook = receiver.wait_for(1)[0].json
        self.assertEqual(("cancelled", 104, 4, 0), (
            status["status"], status["total_images"], status["processed_images"],
            status["failed_images"]))
        self.assertEqual(("cancelled", "request.cancelled", 104, 4), (
            hook["status"], hook["type"], hook["total_images"], hook["processed_images"]))
        self.assertEqual(PER_HOST, len(self.begun()))
        outputs = self.client.outputs(request_id)
        self.assertEqual([True] * 4 + [False] * 100, [bool(row[0]) for row in outputs])
        images = self.pages(f"/api/requests/{request_id}/images?status=failed", "images", 60)
        self.assertEqual({"cancelled"}, {image["error"]["code"] for image in images})
        self.assertEqual(100, len(images))
        self.assert_problem(self.post(request_id, "cancel"), 409)
        self.assert_problem(self.post(request_id, "retry"), 409)  # none of them failed

    def test_a_cancelled_request_is_cancelled_after_a_kill(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/hang?kill")]] * 3))
        wait_until(lambda: self.origin.hits["/hang?kill"] > 0, "it is begun")
        self.assertEqual(202, self.post(request_id, "cancel").status)
        self.server.restart()
        self.assertEqual("cancelled", self.client.wait_final(request_id)["status"])


class Retrying(Manage):
    def test_failed_images_are_tried_again(self):
        good = self.photos(2, first=50)
        late = [self.origin.url(f"/late-{number}") for number in range(2)]
        with Receiver() as receiver:
            request_id = self.client.submit(make_sheet([[good[0], late[0]], [late[1], good[1]]]),
                                            webhook_url=receiver.url())
            self.assertEqual(2, self.client.wait_final(request_id)["failed_images"])
            first = receiver.wait_for(1)[0]
            self.origin.serve("/late-0", pictures.photo(5, "jpg", 80, 60))
            reply = self.post(request_id, "retry")
            self.assertEqual((202, "processing", 2), (reply.status, reply.json["status"],
                                                      reply.json["processed_images"]))
            status = self.client.wait_final(request_id)
            second = receiver.wait_for(2)[1]
        self.assertEqual(("completed", 4, 1), (status["status"], status["processed_images"],
                                               status["failed_images"]))
        self.assertNotEqual(first.headers["webhook-id"], second.headers["webhook-id"])
        self.assertEqual((2, 1), (first.json["failed_images"], second.json["failed_images"]))
        outputs = self.client.outputs(request_id)
        self.assertEqual([[True, True], [False, True]], [list(map(bool, row)) for row in outputs])
        self.assertEqual(200, self.client.get(outputs[0][1]).status)
        for seed in (50, 51):
            self.assertEqual(1, self.origin.hits[f"/photo/{seed}.jpg?w=80&h=60"])

    def test_nothing_to_retry(self):
        request_id, _, _ = self.process([self.photos(1)])
        self.assert_problem(self.post(request_id, "retry"), 409)
        running = self.client.submit(make_sheet([[self.origin.url("/slow?ms=1500")]]))
        problem = self.assert_problem(self.post(running, "retry"), 409)
        self.assertIn(problem["request_status"], ("pending", "processing"))
        self.client.wait_final(running)


class Webhooks(Manage):
    def test_attempts_are_listed_and_the_webhook_sent_again(self):
        with Receiver([Answer(410)]) as receiver:
            request_id, _, _ = self.process([self.photos(1)], webhook_url=receiver.url("/hook"))
            self.assertEqual("failed", self.client.wait_webhook(request_id)["webhook_status"])
            self.assertEqual(202, self.post(request_id, "redeliver").status)
            self.assertEqual("sent", self.client.wait_webhook(request_id)["webhook_status"])
            hooks = receiver.wait_for(2)
        self.assertEqual(1, len({hook.headers["webhook-id"] for hook in hooks}))
        listed = self.client.get(f"/api/requests/{request_id}/deliveries").json["deliveries"]
        self.assertEqual([["id", "attempt", "at", "url", "http_status", "duration_ms", "error"]] * 2,
                         [list(attempt) for attempt in listed])
        self.assertEqual([(1, 410), (2, 200)],
                         [(attempt["attempt"], attempt["http_status"]) for attempt in listed])
        self.assertEqual({hooks[0].headers["webhook-id"]}, {attempt["id"] for attempt in listed})
        self.assertIsNone(listed[1]["error"])

    def test_without_a_webhook(self):
        request_id, _, _ = self.process([self.photos(1)])
        self.assert_problem(self.post(request_id, "redeliver"), 409)
        self.assertEqual({"deliveries": []},
                         self.client.get(f"/api/requests/{request_id}/deliveries").json)


class Failures(Manage):
    def test_what_failed_is_mended_and_uploaded_again(self):
        good, bad = self.photos(1)[0], self.origin.url("/not-there-yet.jpg")
        request_id, _, _ = self.process([[good, bad], [good]])
        reply = self.client.get(f"/api/requests/{request_id}/failures.csv")
        self.assertEqual((200, "text/csv; charset=utf-8"),
                         (reply.status, reply.headers["content-type"]))
        rows = read_sheet(reply.text)
        self.assertEqual([{"S. No.": "1", "Product Name": "Product 1", "Input Image Urls": bad,
                           "Error Code": "http_404", "Error": rows[0]["Error"]}], rows)
        self.origin.serve("/not-there-yet.jpg", pictures.photo(6, "jpg", 80, 60))
        again = self.client.submit(reply.body)
        self.assertEqual("completed", self.client.wait_final(again)["status"])
        self.assertEqual(0, self.client.status(again)["failed_images"])


class Deleting(Manage):
    def test_nothing_is_left(self):
        with Receiver() as receiver:
            request_id, _, outputs = self.process([self.photos(3)], webhook_url=receiver.url())
            other, _, kept = self.process([self.photos(1)])
            self.client.wait_webhook(request_id)
        reply = self.client.request("DELETE", f"/api/requests/{request_id}")
        self.assertEqual((204, b""), (reply.status, reply.body))
        for target in (f"/api/status/{request_id}", f"/api/download/{request_id}",
                       f"/results/{request_id}_results.csv", outputs[0][0],
                       f"/api/requests/{request_id}/images"):
            self.assertEqual(404, self.client.get(target).status, target)
        self.assert_problem(self.client.request("DELETE", f"/api/requests/{request_id}"), 404)
        files = [path for path in (self.server.data_folder / "objects").rglob("*")
                 if path.is_file()]
        self.assertEqual([], [path for path in files if request_id in path.name])
        self.assertEqual(200, self.client.get(kept[0][0]).status)
        self.assertEqual(200, self.client.get(f"/api/download/{other}").status)

    def test_not_while_it_runs(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/slow?ms=1500")]]))
        path = f"/api/requests/{request_id}"
        self.assert_problem(self.client.request("DELETE", path), 409)
        self.client.wait_final(request_id)
        self.assertEqual(204, self.client.request("DELETE", path).status)


if __name__ == "__main__":
    server_case.main()
