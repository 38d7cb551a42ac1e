#!/usr/bin/python3
"""Access keys (CONTRACT 1.7): the command that makes and revokes them beside a running server, who
is let in, whose requests he sees, how often he may ask, and that no secret is ever logged."""

import json
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

import server
import server_case
from client import Client, make_sheet, wait_until
from origin import Origin
from receiver import Receiver

KEY = r"\Aimk_[0-9a-f]{64}\n\Z"


def keys(data_folder, *arguments):
    """imgmill keys …: the finished process."""
    return subprocess.run([server.program(), "keys", *arguments, "--data-dir", str(data_folder)],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60,
                          env=server.clean_environment({}), check=False)


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"

    def run_keys(self, status, *arguments):
        done = keys(self.folder, *arguments)
        self.assertEqual(status, done.returncode, done)
        return done

    def test_create_prints_the_key_alone_and_stores_it_nowhere(self):
        made = self.run_keys(0, "create", "shop")
        self.assertRegex(made.stdout, KEY)
        key = made.stdout.strip()
        self.assertNotIn(key, made.stderr)
        stored = b"".join(path.read_bytes() for path in self.folder.iterdir())
        self.assertNotIn(key[4:].encode(), stored)
        self.assertNotIn(key, self.run_keys(0, "list").stdout)
        self.assertNotEqual(key, self.run_keys(0, "create", "other").stdout.strip())

    def test_list_and_revoke(self):
        self.run_keys(0, "create", "shop")
        made = json.loads(self.run_keys(0, "create", "other", "--json").stdout)
        self.assertEqual(["name", "id", "key"], list(made))
        self.assertIn("shop", self.run_keys(0, "list").stdout)
        listed = json.loads(self.run_keys(0, "list", "--json").stdout)["keys"]
        self.assertEqual(["shop", "other"], [key["name"] for key in listed])
        self.assertEqual(made["id"], listed[1]["id"])
        self.assertEqual([None, 0], [listed[1]["last_used_at"], listed[1]["requests"]])
        self.run_keys(0, "revoke", made["id"])
        last = self.run_keys(0, "revoke", "shop", "--json")
        self.assertIn("last", last.stderr)
        self.assertEqual("shop", json.loads(last.stdout)["name"])
        listed = json.loads(self.run_keys(0, "list", "--json").stdout)["keys"]
        self.assertTrue(all(key["revoked_at"] for key in listed), listed)
        self.run_keys(0, "create", "shop")

    def test_a_key_that_cannot_be_shown_is_not_made(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [server.program(), "keys", "create", "shop", "--data-dir", str(self.folder)],
                stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                env=server.clean_environment({}), check=False)
        self.assertEqual(3, done.returncode)
        self.assertIn('no key "shop" was made', done.stderr)
        self.assertEqual("", self.run_keys(0, "list").stdout)
        self.run_keys(0, "create", "shop")

    def test_a_database_of_a_newer_version(self):
        self.run_keys(0, "create", "shop")
        with sqlite3.connect(self.folder / "imgmill.db") as database:
            database.execute("INSERT INTO migrations VALUES (999, 'later', 'x', 0)")
        self.assertIn("imgmill.db)\n", self.run_keys(3, "list").stderr)

    def test_what_is_wrong_is_said_in_one_line(self):
        self.assertIn("no database", self.run_keys(3, "list").stderr)
        self.assertFalse(self.folder.exists())
        self.run_keys(0, "create", "shop")
        for status, words, arguments in (
                (3, "of this name already", ["create", "shop"]),
                (2, "letters, digits", ["create", "a b"]),
                (2, "letters, digits", ["create", ""]),
                (2, "key's id", ["create", "0123abcd"]),
                (3, 'no key "nobody"', ["revoke", "nobody"]),
                (2, "NAME", ["create"]), (2, "KEY", ["revoke"]),
                (2, "no option of keys", []), (2, "no command of keys", ["bogus"])):
            done = self.run_keys(status, *arguments)
            self.assertIn(words, done.stderr)
            self.assertEqual(1, done.stderr.count("\n"), done.stderr)
            self.assertEqual("", done.stdout)
        self.run_keys(0, "revoke", "shop")
        self.assertIn("was revoked at", self.run_keys(3, "revoke", "shop").stderr)


class Keys(server_case.ServerCase):
    """One server, which has no key yet when a test begins."""

    @classmethod
    def setUpClass(cls):
        cls.origin = cls.enterClassContext(Origin())

    def setUp(self):
        self.server = self.enterContext(server.Server(IMGMILL_LOG_LEVEL="debug"))
        self.client = self.server.client

    def make(self, name):
        made = keys(self.server.data_folder, "create", name)
        self.assertEqual(0, made.returncode, made)
        return made.stdout.strip()

    def revoke(self, name):
        revoked = keys(self.server.data_folder, "revoke", name)
        self.assertEqual(0, revoked.returncode, revoked)

    def client_of(self, key):
        return Client(self.server.base_url, headers={"Authorization": f"Bearer {key}"})

    def photo(self):
        return self.origin.url("/photo/1.jpg?w=40&h=30")

    def assert_locked(self, client):
        reply = client.get("/api/requests")
        self.assert_problem(reply, 401)
        self.assertTrue(reply.headers["www-authenticate"].startswith("Bearer"))

    def test_keys_count_at_once_in_a_running_server(self):
        old = self.client.submit(make_sheet([[self.photo()]]))
        self.client.wait_final(old)
        shop = self.client_of(self.make("shop"))
        self.assert_locked(self.client)
        request_id = shop.submit(make_sheet([[self.photo()]]))
        shop.wait_final(request_id)
        other = self.client_of(self.make("other"))
        self.assertEqual([request_id],
                         [one["request_id"] for one in shop.get("/api/requests").json["requests"]])
        self.assertEqual([], other.get("/api/requests").json["requests"])
        for unseen in (request_id, old):
            self.assert_problem(other.get(f"/api/status/{unseen}"), 404)
        for target in (shop.outputs(request_id)[0][0], f"/results/{request_id}_results.csv",
                       f"/results/{old}_results.csv", "/healthz", "/readyz"):
            self.assertEqual(200, self.client.get(target).status, target)
        listed = json.loads(keys(self.server.data_folder, "list", "--json").stdout)["keys"]
        self.assertEqual([1, 0], [key["requests"] for key in listed])
        self.assertIsNotNone(listed[0]["last_used_at"])
        self.revoke("shop")
        self.assert_locked(shop)
        self.assertEqual(200, other.get("/api/requests").status)
        self.revoke("other")
        for client in (other, self.client):
            self.assert_locked(client)
        self.server.restart()
        self.assert_locked(self.client)
        self.assertEqual(1, len(self.server.events(
            "every access key was revoked, so nobody gets in: imgmill keys create makes one")))
        self.server.restart(IMGMILL_NO_AUTH="true")
        self.assertEqual(2, len(self.client.get("/api/requests").json["requests"]))

    def test_secrets_are_never_logged(self):
        with Receiver() as receiver:
            secret = "whsec_" + "c2VjcmV0LW5ldmVyLWxvZ2dlZC0xMjM0NTY3ODkw"
            key = self.make("shop")
            self.server.restart(IMGMILL_WEBHOOK_SECRET=secret)
            client = self.client_of(key)
            wrong = "imk_" + "5" * 64
            Client(self.server.base_url, headers={"X-API-Key": wrong}).get("/api/requests")
            client.get(f"/api/requests?limit=1&key={key}")
            sources = [url.replace("http://", "http://user:pass-word@")
                       for url in (self.photo(), self.origin.url("/status/404"))]
            hook = receiver.url("/hook").replace("http://", "http://hook:hook-word@")
            request_id = client.submit(make_sheet([sources]), webhook_url=hook)
            client.wait_webhook(request_id)
            client.get(f"/api/requests/{request_id}/deliveries")
        self.assertEqual(0, self.server.stop())
        log = self.server.log()
        self.assertIn('"path":"/api/requests"', log.replace('": "', '":"'))
        for word in (key[4:], wrong[4:], secret[6:], "pass-word", "hook-word"):
            self.assertNotIn(word, log)


class FirstKey(unittest.TestCase):
    def test_the_folder_that_it_makes_is_for_nobody_else(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"
        self.assertEqual(0, keys(folder, "create", "shop").returncode)
        self.assertEqual(0o700, folder.stat().st_mode & 0o777)


class Listening(unittest.TestCase):
    """Beyond loopback: only when nobody can come in by mistake."""

    def start(self, data_folder, **settings):
        started = server.Server(data_folder, **settings)
        self.addCleanup(started.close)
        started.spawn(IMGMILL_LISTEN=f"0.0.0.0:{started.port}")
        return started

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory())) / "data"

    def assert_ready(self, started):
        wait_until(started.is_ready, "the server is ready", server.START_SECONDS)

    def test_without_keys_it_is_refused(self):
        refused = self.start(self.folder)
        self.assertEqual(2, refused.wait_exit())
        lines = refused.log().splitlines()
        self.assertEqual(1, len(lines), lines)  # nothing was started before
        for word in ("0.0.0.0", "imgmill keys create NAME", "--no-auth"):
            self.assertIn(word, lines[0])

    def test_with_a_key_it_starts(self):
        key = keys(self.folder, "create", "shop").stdout.strip()
        started = self.start(self.folder)
        self.assert_ready(started)
        self.assertEqual(401, started.client.get("/api/requests").status)
        self.assertEqual(200, started.client.get("/api/requests", {"X-API-Key": key}).status)

    def test_no_auth_says_that_it_is_meant(self):
        started = self.start(self.folder, IMGMILL_NO_AUTH="true")
        self.assert_ready(started)
        self.assertEqual(200, started.client.get("/api/requests").status)
        keys(self.folder, "create", "shop")
        self.assertEqual(401, started.client.get("/api/requests").status)


class Rate(server_case.ServerCase):
    settings = {"IMGMILL_RATE_LIMIT": 5}

    def test_more_than_allowed_is_429(self):
        replies = [self.client.get("/api/requests") for _ in range(8)]
        self.assertEqual([200] * 5, [reply.status for reply in replies[:5]])
        refused = next(reply for reply in replies if reply.status != 200)
        self.assert_problem(refused, 429)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        for reply in replies:
            self.assertEqual('"default";q=5;w=60', reply.headers["ratelimit-policy"])
            self.assertRegex(reply.headers["ratelimit"], r'\A"default";r=\d+;t=\d+\Z')
        self.assertEqual(200, self.client.get("/healthz").status)
        key = keys(self.server.data_folder, "create", "shop").stdout.strip()
        self.assertEqual(200, self.client.get("/api/requests", {"X-API-Key": key}).status)


if __name__ == "__main__":
    server_case.main()
