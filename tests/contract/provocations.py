"""For each answer that the API's description names, a call that provokes it: ALL maps (operation,
status) to functions from a World to a Reply. What cannot be provoked from outside says why."""

import re
import socket
import uuid
from collections import defaultdict
from urllib.parse import urlsplit

from client import Part, csv_part, make_sheet, multipart, wait_until
from receiver import Receiver

UPLOAD_BYTES_MAX = 64 << 10
BOUNDARY = "provocation"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
UNKNOWN = "550e8400-e29b-41d4-a716-446655440000"

# Operations of /api have them alike: access_test.py provokes them of all.
OF_ALL = {401, 403, 429}

UNPROVOKED = {
    ("uploadCsv", 408): "takes half a minute; the edge's own tests have it",
    ("uploadCsv", 503): "wants a full disk or a shutdown: e2e has both",
    ("deleteRequest", 503): "wants a shutdown in the middle of a deletion",
    ("getReadiness", 503): "wants a shutdown: e2e has it",
    ("watchRequest", 503): "wants thousands of listeners",
}

ALL = defaultdict(list)


def unprovoked(described):
    """Those of the (operation, status) described that are not to be provoked."""
    return set(UNPROVOKED) | {(name, status) for name, status in described if status in OF_ALL}


def provokes(name, status):
    def note(call):
        ALL[name, status].append(call)
        return call

    return note


class World:
    """A server with a request that is final, one of three images failed, and one that hangs."""

    def __init__(self, client, origin, description):
        self.client = client
        self.origin = origin
        self.description = description
        self.photo = origin.url("/photo/1.jpg?w=80&h=60")
        self.receiver = Receiver()

    def __enter__(self):
        self.receiver.__enter__()
        self.final = self.new_final(webhook_url=self.receiver.url("/hook"))
        self.client.wait_webhook(self.final)
        self.running = self.new_running()
        self.output = self.client.outputs(self.final)[0][0]
        return self

    def __exit__(self, *_):
        self.client.request("POST", f"/api/requests/{self.running}/cancel")
        self.receiver.__exit__()

    def new_final(self, **fields):
        gone = self.origin.url("/status/404")
        request_id = self.client.submit(make_sheet([[self.photo, gone], [self.photo]]), **fields)
        self.client.wait_final(request_id)
        return request_id

    def new_running(self):
        hanging = [self.origin.url(f"/hang?{uuid.uuid4()}"), self.photo]
        request_id = self.client.submit(make_sheet([hanging]))
        wait_until(lambda: self.client.status(request_id)["status"] == "processing", "it runs")
        return request_id

    def call(self, name, /, query="", headers=None, body=None, **values):
        operation = self.description.operations[name]
        target = operation.target(**values) + (f"?{query}" if query else "")
        return self.client.request(operation.method, target, body, headers)

    def upload_with_key(self, key, urls=None):
        form = multipart([csv_part(make_sheet([urls or [self.photo]]))], BOUNDARY)
        return self.call("uploadCsv", body=form,
                         headers={"Content-Type": FORM_TYPE, "Idempotency-Key": key})

    def dry_run(self, sheet, value="1"):
        return self.call("uploadCsv", query=f"dry_run={value}",
                         body=multipart([csv_part(sheet)], BOUNDARY),
                         headers={"Content-Type": FORM_TYPE})

    def call_output(self, name, headers=None):
        token, file = self.output.split("/")[-2:]
        return self.call(name, headers=headers, token=token, name=file)


def values_of(schema):
    """(good, bad) values of a form's field, at its bounds."""
    if "minimum" in schema:
        yield schema["minimum"], schema["minimum"] - 1
        yield schema["maximum"], schema["maximum"] + 1
    for word in schema.get("enum", []):
        yield word, word.upper()
    for either in schema.get("anyOf", []):
        yield from values_of(either)
    if "const" in schema:
        yield schema["const"], schema["const"] + "x"


# Uploads

@provokes("uploadCsv", 202)
def upload(world):
    return world.client.upload(make_sheet([[world.photo]]), quality=40, format="webp")


@provokes("uploadCsv", 400)
def upload_bad_rows(world):
    return world.client.upload(b"S. No.,Product Name,Input Image Urls\n12a,Chair,chair.jpg\n")


@provokes("uploadCsv", 400)
def upload_without_file(world):
    return world.client.upload_parts([Part("quality", b"40")])


@provokes("uploadCsv", 400)
def upload_blocked_webhook(world):
    return world.client.upload(make_sheet([[world.photo]]), webhook_url="http://10.0.0.1/hook")


@provokes("uploadCsv", 413)
def upload_too_large(world):
    return world.client.upload_parts([csv_part(make_sheet([[world.photo]] * 5000))])


@provokes("uploadCsv", 415)
def upload_no_form(world):
    return world.call("uploadCsv", body=b"{}", headers={"Content-Type": "application/json"})


@provokes("uploadCsv", 400)
def upload_bad_idempotency_key(world):
    return world.upload_with_key("x" * 256)


@provokes("uploadCsv", 422)
def upload_key_with_another_body(world):
    world.upload_with_key("twice")
    return world.upload_with_key("twice", [world.photo, world.photo])


@provokes("uploadCsv", 409)
def upload_key_under_way(world):
    form = multipart([csv_part(make_sheet([[world.photo]]))], BOUNDARY)
    where = urlsplit(world.client.base_url)
    with socket.create_connection((where.hostname, where.port)) as first:
        first.sendall(f"POST /api/upload HTTP/1.1\r\nHost: {where.netloc}\r\n"
                      f"Content-Type: {FORM_TYPE}\r\nIdempotency-Key: slow\r\n"
                      f"Expect: 100-continue\r\nContent-Length: {len(form)}\r\n\r\n".encode())
        first.recv(1000)  # 100: it is being read
        return world.upload_with_key("slow")


@provokes("uploadCsv", 200)
def dry_run(world):
    return world.dry_run(make_sheet([[world.photo, world.origin.url("/status/404")]]))


@provokes("uploadCsv", 200)
def dry_run_bad_rows(world):
    return world.dry_run(b"S. No.,Product Name,Input Image Urls\n12a,Chair,chair.jpg\n")


@provokes("uploadCsv", 200)
def dry_run_no_csv(world):
    return world.dry_run(b"nothing of the kind")


@provokes("uploadCsv", 400)
def dry_run_neither_1_nor_0(world):
    return world.dry_run(make_sheet([[world.photo]]), "yes")


# What each request answers

@provokes("getStatus", 200)
def status_final(world):
    return world.call("getStatus", request_id=world.final)


@provokes("getStatus", 200)
def status_running(world):
    return world.call("getStatus", request_id=world.running)


@provokes("listRequests", 200)
def list_all(world):
    return world.call("listRequests")


@provokes("listRequests", 200)
def list_next_page(world):
    cursor = world.call("listRequests", query="limit=1").json["next_cursor"]
    return world.call("listRequests", query=f"limit=1&cursor={cursor}")


@provokes("listRequests", 400)
def list_unknown_status(world):
    return world.call("listRequests", query="status=done")


@provokes("listRequests", 400)
def list_made_up_cursor(world):
    return world.call("listRequests", query="cursor=x")


@provokes("listImages", 200)
def images_final(world):
    return world.call("listImages", request_id=world.final)


@provokes("listImages", 200)
def images_running(world):
    return world.call("listImages", request_id=world.running)


@provokes("listImages", 200)
def images_failed_one(world):
    return world.call("listImages", query="status=failed&limit=1", request_id=world.final)


@provokes("listImages", 400)
def images_unknown_status(world):
    return world.call("listImages", query="status=cancelled", request_id=world.final)


@provokes("listDeliveries", 200)
def deliveries(world):
    return world.call("listDeliveries", request_id=world.final)


@provokes("listDeliveries", 200)
def deliveries_of_none(world):
    return world.call("listDeliveries", request_id=world.running)


@provokes("downloadFailures", 200)
def failures(world):
    return world.call("downloadFailures", request_id=world.final)


@provokes("downloadResults", 200)
def results(world):
    return world.call("downloadResults", request_id=world.final)


@provokes("openResults", 200)
def results_link(world):
    return world.call("openResults", request_id=world.final)


def _not_ready(name):
    def of_running(world):
        return world.call(name, request_id=world.running)

    provokes(name, 404)(of_running)


def _unknown(name):
    def of_unknown(world):
        return world.call(name, request_id=UNKNOWN)

    provokes(name, 404)(of_unknown)


for each in ("downloadFailures", "downloadResults", "openResults", "downloadArchive"):
    _not_ready(each)
for each in ("getStatus", "listImages", "listDeliveries", "downloadFailures", "downloadResults",
             "openResults", "downloadArchive", "watchRequest", "cancelRequest", "retryRequest",
             "redeliverWebhook", "deleteRequest"):
    _unknown(each)


@provokes("downloadArchive", 200)
def archive(world):
    return world.call("downloadArchive", request_id=world.final)


@provokes("watchRequest", 200)
def events(world):
    return world.call("watchRequest", request_id=world.final)


@provokes("watchRequest", 204)
def events_seen(world):
    seen = world.call("watchRequest", request_id=world.final).text
    last = re.findall(r"^id: ?(.+)$", seen, re.MULTILINE)[-1]
    return world.call("watchRequest", headers={"Last-Event-ID": last}, request_id=world.final)


# What changes them

@provokes("cancelRequest", 202)
def cancel(world):
    return world.call("cancelRequest", request_id=world.new_running())


@provokes("cancelRequest", 409)
def cancel_final(world):
    return world.call("cancelRequest", request_id=world.final)


@provokes("retryRequest", 202)
def retry(world):
    return world.call("retryRequest", request_id=world.new_final())


@provokes("retryRequest", 409)
def retry_running(world):
    return world.call("retryRequest", request_id=world.running)


@provokes("redeliverWebhook", 202)
def redeliver(world):
    return world.call("redeliverWebhook", request_id=world.final)


@provokes("redeliverWebhook", 409)
def redeliver_running(world):
    return world.call("redeliverWebhook", request_id=world.running)


@provokes("deleteRequest", 204)
def delete(world):
    return world.call("deleteRequest", request_id=world.new_final())


@provokes("deleteRequest", 409)
def delete_running(world):
    return world.call("deleteRequest", request_id=world.running)


# Outputs

@provokes("getOutput", 200)
def output(world):
    return world.call_output("getOutput")


@provokes("getOutput", 206)
def output_part(world):
    return world.call_output("getOutput", {"Range": "bytes=0-99"})


@provokes("getOutput", 416)
def output_behind_end(world):
    return world.call_output("getOutput", {"Range": "bytes=9999999-"})


@provokes("headOutput", 200)
def output_head(world):
    return world.call_output("headOutput")


def _output_known(name):
    def known(world):
        etag = world.call_output("headOutput").headers["etag"]
        return world.call_output(name, {"If-None-Match": etag})

    provokes(name, 304)(known)


def _output_unknown(name):
    def unknown(world):
        return world.call(name, token="none", name="none.jpg")

    provokes(name, 404)(unknown)


for each in ("getOutput", "headOutput"):
    _output_known(each)
    _output_unknown(each)


# Server and pages

def _plain(name, **values):
    def plain(world):
        return world.call(name, **values)

    provokes(name, 200)(plain)


def _known(name, **values):
    def known(world):
        etag = world.call(name, **values).headers["etag"]
        return world.call(name, headers={"If-None-Match": etag}, **values)

    provokes(name, 304)(known)


for each in ("getHealth", "getReadiness", "getMetrics"):
    _plain(each)
for each in ("getOpenApi", "getDocs", "getPage"):
    _plain(each)
    _known(each)
for each in ("page.css", "docs.js", "icon.svg", "swagger-ui-license.txt"):
    _plain("getAsset", file=each)
_known("getAsset", file="page.css")


@provokes("getMetrics", 404)
def metrics_from_elsewhere(world):
    return world.call("getMetrics", headers={"X-Forwarded-For": "198.51.100.7"})


@provokes("getAsset", 404)
def asset_unknown(world):
    return world.call("getAsset", file="none.js")
