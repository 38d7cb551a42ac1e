#!/usr/bin/python3
"""/metrics: what promtool says of it, that its counters are what really happened, who may see it,
and that the dashboard and the alert rules name nothing that is not there."""

import json
import re
import subprocess
from pathlib import Path

import server_case
from client import make_sheet, wait_until
from receiver import Answer, Receiver
from server import Server, free_port

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
DASHBOARD = PACKAGING / "grafana" / "imgmill.json"
ALERTS = PACKAGING / "prometheus" / "alerts.yml"


def samples(text):
    """{'name{a="b"}': value}."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            found[name] = float(value)
    return found


def expressions(node):
    """Every PromQL expression in the dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "query", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


def names_in(text):
    return set(re.findall(r"\b(?:imgmill|process)_[a-z0-9_]+", text))


class Metrics(server_case.ServerCase):
    """One server that did real work, failures included."""

    settings = {"IMGMILL_WEBHOOK_SCHEDULE": "0,0"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        good = [[cls.origin.url(f"/photo/{seed}.jpg?w=80&h=60")] for seed in range(5)]
        bad = [[cls.origin.url(f"/status/{code}")] for code in (404, 451, 410)]
        with Receiver([Answer(500)]) as receiver:
            request_id = cls.client.submit(make_sheet(good + bad), webhook_url=receiver.url("/h"))
            cls.status = cls.client.wait_final(request_id)
            wait_until(lambda: cls.client.status(request_id)["webhook_status"] == "sent",
                       "the webhook is sent")
        cls.client.upload(b"no CSV")
        cls.client.get("/api/status/nothing-there")
        cls.text = wait_until(cls.settled, "the last answer is counted")
        cls.samples = samples(cls.text)

    @classmethod
    def settled(cls):
        text = cls.client.get("/metrics").text
        return text if 'code="404",method="GET",route="/api/status/{id}"' in text else None

    def value(self, name):
        self.assertIn(name, self.samples)
        return self.samples[name]

    def test_promtool_finds_nothing_to_say(self):
        checked = subprocess.run(["promtool", "check", "metrics"], input=self.text.encode(),
                                 capture_output=True, timeout=60)
        self.assertEqual((0, b"", b""), (checked.returncode, checked.stdout, checked.stderr))

    def test_every_metric_has_help_and_type(self):
        told = {kind: set(re.findall(rf"^# {kind} (\S+) \S", self.text, re.M))
                for kind in ("HELP", "TYPE")}
        self.assertEqual(told["HELP"], told["TYPE"])
        for name in self.samples:
            family = re.sub(r"_(bucket|sum|count)$", "", name.partition("{")[0])
            self.assertTrue({family, name.partition("{")[0]} & told["HELP"], name)

    def test_images_are_what_the_status_says(self):
        of = 'imgmill_images_total{outcome="%s",reason="%s"}'
        self.assertEqual(5, self.value(of % ("completed", "")))
        self.assertEqual(1, self.value(of % ("failed", "http_404")))
        self.assertEqual(1, self.value(of % ("failed", "http_410")))
        self.assertEqual(1, self.value(of % ("failed", "http_4xx")))  # 451
        failed = sum(value for name, value in self.samples.items()
                     if name.startswith('imgmill_images_total{outcome="failed"'))
        self.assertEqual(self.status["failed_images"], failed)
        self.assertEqual(self.status["bytes_in"], self.value("imgmill_source_bytes_total"))
        self.assertEqual(self.status["bytes_out"], self.value("imgmill_rendition_bytes_total"))
        self.assertEqual(1, self.value('imgmill_requests_final_total{status="completed"}'))

    def test_stages_are_timed_for_each_image(self):
        count = 'imgmill_image_stage_duration_seconds_count{stage="%s"}'
        self.assertEqual({"wait": 8, "fetch": 8, "codec": 5, "store": 5},
                         {stage: self.value(count % stage)
                          for stage in ("wait", "fetch", "codec", "store")})
        self.assertGreater(
            self.value('imgmill_image_stage_duration_seconds_sum{stage="fetch"}'), 0)

    def test_the_queue_is_empty_and_the_children_are_there(self):
        self.assertEqual(0, self.value("imgmill_queue_images"))
        self.assertEqual(0, self.value("imgmill_queue_oldest_age_seconds"))
        self.assertEqual(0, self.value("imgmill_images_in_hand"))
        self.assertEqual(len(self.server.children()), self.value("imgmill_codec_children"))

    def test_webhooks(self):
        attempts = 'imgmill_webhook_attempts_total{outcome="%s"}'
        self.assertEqual([1, 1, 0], [self.value(attempts % outcome)
                                     for outcome in ("delivered", "retried", "dead")])

    def test_requests(self):
        of = 'imgmill_http_requests_total{code="%s",method="%s",route="%s"}'
        self.assertEqual(1, self.value(of % (202, "POST", "/api/upload")))
        self.assertEqual(1, self.value(of % (400, "POST", "/api/upload")))
        self.assertEqual(1, self.value(of % (404, "GET", "/api/status/{id}")))
        self.assertEqual(1, self.value('imgmill_uploads_total{outcome="accepted"}'))
        self.assertEqual(1, self.value('imgmill_uploads_total{outcome="refused"}'))
        self.assertGreaterEqual(self.value("imgmill_http_connections"), 1)

    def test_database_and_store(self):
        for name in ('imgmill_db_verb_duration_seconds_count{kind="read"}',
                     'imgmill_db_verb_duration_seconds_count{kind="write"}',
                     "imgmill_db_commit_duration_seconds_count",
                     'imgmill_objects_duration_seconds_count{operation="sync"}'):
            self.assertGreater(self.value(name), 0)
        self.assertEqual(5, self.value('imgmill_objects_duration_seconds_count{operation="put"}'))

    def test_no_url_or_id_is_in_it(self):
        for secret in (self.status["request_id"], "127.0.0.1", "/photo/", "nothing-there"):
            self.assertNotIn(secret, self.text)

    def test_the_dashboard_names_what_is_there(self):
        named = names_in("\n".join(expressions(json.loads(DASHBOARD.read_text()))))
        self.assertGreater(len(named), 20)
        self.assertEqual(set(), named - {name.partition("{")[0] for name in self.samples})

    def test_the_alert_rules_name_what_is_there(self):
        checked = subprocess.run(["promtool", "check", "rules", ALERTS], capture_output=True,
                                 timeout=60)
        self.assertEqual(0, checked.returncode, checked.stderr)
        expr = "\n".join(re.findall(r"^\s+expr: (.*)$", ALERTS.read_text(), re.M))
        named = names_in(expr)
        self.assertGreater(len(named), 5)
        self.assertEqual(set(), named - {name.partition("{")[0] for name in self.samples})


class Doors(server_case.ServerCase):
    def test_behind_a_proxy_they_are_not_there(self):
        reply = self.client.get("/metrics", {"X-Forwarded-For": "192.0.2.7"})
        self.assert_problem(reply, 404)

    def test_a_door_of_their_own(self):
        port = free_port()
        with Server(IMGMILL_METRICS_LISTEN=f"127.0.0.1:{port}") as server:
            self.assertEqual(404, server.client.get("/metrics").status)
            server.client.base_url = f"http://127.0.0.1:{port}"
            self.assertIn("imgmill_build_info{version=", server.client.get("/metrics").text)
            self.assertEqual(200, server.client.get("/healthz").status)
            self.assertEqual(404, server.client.get("/api/requests").status)

    def test_an_address_that_is_taken(self):
        with Server(IMGMILL_METRICS_LISTEN=f"127.0.0.1:{free_port()}") as first:
            taken = first._settings["IMGMILL_METRICS_LISTEN"]
            second = Server(IMGMILL_METRICS_LISTEN=taken)
            try:
                second.spawn()
                self.assertEqual(3, second.wait_exit())
                self.assertIn(f"--metrics-listen: cannot listen on {taken}", second.log())
            finally:
                second.close()


if __name__ == "__main__":
    server_case.main()
