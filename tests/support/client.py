"""A client of the HTTP API that leaves every byte to the test."""

import csv
import http.client
import io
import json
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

FINAL = {"completed", "failed", "cancelled"}


@dataclass
class Reply:
    status: int
    headers: dict  # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode("utf-8")


@dataclass
class Part:
    name: str
    value: bytes
    filename: str = None
    content_type: str = None


def multipart(parts, boundary):
    lines = []
    for part in parts:
        disposition = f'form-data; name="{part.name}"'
        if part.filename is not None:
            disposition += f'; filename="{part.filename}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
        if part.content_type:
            head += f"Content-Type: {part.content_type}\r\n"
        lines.append(head.encode() + b"\r\n" + part.value + b"\r\n")
    return b"".join(lines) + f"--{boundary}--\r\n".encode()


def csv_part(sheet):
    return Part("file", sheet, "products.csv", "text/csv")


def make_sheet(rows):
    """The CSV of [[url, …], …], a product a row."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["S. No.", "Product Name", "Input Image Urls"])
    for number, urls in enumerate(rows, 1):
        writer.writerow([number, f"Product {number}", ",".join(urls)])
    return out.getvalue().encode()


def read_sheet(text, delimiter=","):
    """Rows as dicts by header name."""
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def wait_until(condition, what, deadline_seconds=60, pause_seconds=0.02):
    """The condition's first true value."""
    deadline = time.monotonic() + deadline_seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {deadline_seconds} s: {what}")
        time.sleep(pause_seconds)
    return value


class Client:
    def __init__(self, base_url, timeout_seconds=60, headers=None):
        self.base_url = base_url
        self.headers = headers or {}  # of every request
        self._timeout_seconds = timeout_seconds

    def request(self, method, target, body=None, headers=None):
        where = urlsplit(self.base_url)
        connection = http.client.HTTPConnection(where.hostname, where.port, self._timeout_seconds)
        try:
            connection.request(method, target, body, self.headers | (headers or {}))
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
        finally:
            connection.close()

    def get(self, target, headers=None):
        """`target` may be a whole URL of this server."""
        return self.request("GET", target.removeprefix(self.base_url), headers=headers)

    def upload_parts(self, parts, headers=None):
        boundary = uuid.uuid4().hex
        return self.request("POST", "/api/upload", multipart(parts, boundary),
                            {"Content-Type": f"multipart/form-data; boundary={boundary}"}
                            | (headers or {}))

    def upload(self, sheet, **fields):
        parts = [Part(name, str(value).encode()) for name, value in fields.items()]
        return self.upload_parts([csv_part(sheet)] + parts)

    def submit(self, sheet, **fields):
        """The request id of an upload that must be accepted."""
        reply = self.upload(sheet, **fields)
        if reply.status != 202:
            raise AssertionError(f"upload: {reply.status} {reply.body[:2000]!r}")
        return reply.json["request_id"]

    def status(self, request_id):
        reply = self.get(f"/api/status/{request_id}")
        if reply.status != 200:
            raise AssertionError(f"status: {reply.status} {reply.body[:2000]!r}")
        return reply.json

    def wait_final(self, request_id, deadline_seconds=120):
        def final_status():
            status = self.status(request_id)
            return status if status["status"] in FINAL else None

        return wait_until(final_status, f"{request_id} is final", deadline_seconds)

    def wait_webhook(self, request_id, deadline_seconds=60):
        """The status once the webhook was delivered or given up."""
        def settled_status():
            status = self.status(request_id)
            return status if status["webhook_status"] != "not_sent" else None

        return wait_until(settled_status, f"webhook of {request_id} is settled", deadline_seconds)

    def results(self, request_id):
        """The results CSV's rows."""
        reply = self.get(f"/api/download/{request_id}")
        if reply.status != 200:
            raise AssertionError(f"download: {reply.status} {reply.body[:2000]!r}")
        return read_sheet(reply.text)

    def outputs(self, request_id):
        """The output URLs, a list a row; "" for a failed image."""
        return [row["Output Image Urls"].split(",") for row in self.results(request_id)]
