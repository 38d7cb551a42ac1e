#!/usr/bin/python3
"""The commands that talk to a server: submit, status, watch, download, failures, cancel, retry,
list. What they print where, and how they end."""

import json
import os
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path

import pictures
import server_case
from authority import Authority
from client import make_sheet, read_sheet, wait_until
from loopback import LoopbackServer
from receiver import Receiver
from server import Server, clean_environment, free_port, program
from terminal import Terminal

SECONDS = 120
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class ClientCase(server_case.ServerCase):
    settings = {"IMGMILL_FETCH_TIMEOUT": 60}

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="imgmill-cli-")))

    def environment(self, **more):
        return clean_environment({"IMGMILL_SERVER": self.server.base_url} | more)

    def imgmill(self, *arguments, stdin=subprocess.DEVNULL, **more):
        return subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True,
                              stdin=stdin, env=self.environment(**more), timeout=SECONDS)

    def must(self, status, *arguments, **more):
        """Its stdout and stderr, when it ends so."""
        done = self.imgmill(*arguments, **more)
        self.assertEqual(status, done.returncode, (arguments, done.stdout, done.stderr))
        return done.stdout, done.stderr

    def shell(self, command, after="exit $?"):
        """The same with redirections, in bash."""
        return subprocess.run(["bash", "-c", f"{program()} {command}\n{after}"], text=True,
                              env=self.environment(), stdin=subprocess.DEVNULL, timeout=SECONDS,
                              capture_output=True)

    def sheet(self, rows):
        file = self.folder / "in.csv"
        file.write_bytes(make_sheet(rows))
        return file

    def good(self, count=1):
        return [self.origin.url(f"/photo/{seed}.jpg?w=80&h=60") for seed in range(count)]


class Submit(ClientCase):
    def test_the_id_is_all_of_stdout(self):
        out, err = self.must(0, "submit", self.sheet([self.good()]))
        self.assertRegex(out, r"^[0-9a-f-]{36}\n$")
        self.assertEqual("", err)
        self.assertEqual("completed", self.client.wait_final(out.strip())["status"])

    def test_watched_to_its_end(self):
        rows = [self.good(2), [self.origin.url("/status/404")]]
        out, err = self.must(1, "submit", self.sheet(rows), "--watch")
        request_id = out.strip()
        self.assertIn("completed: 3 images: 2 compressed, 1 failed", err)
        self.assertIn(f"imgmill download {request_id}", err)
        self.assertIn(f"imgmill failures {request_id}", err)
        for text in (out, err):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\r", text)

    def test_results_go_where_they_are_wanted(self):
        results = self.folder / "results.csv"
        out, err = self.must(0, "submit", self.sheet([self.good()]), "--watch", "-o", results)
        self.assertEqual(self.client.results(out.strip()),
                         read_sheet(results.read_text(encoding="utf-8")))
        self.assertIn(f"results: {results}", err)
        self.assertEqual({"in.csv", "results.csv"}, set(os.listdir(self.folder)))

    def test_results_that_could_not_be_kept_stop_the_upload(self):
        sheet = self.sheet([self.good()])
        before = sheet.read_bytes()
        with Teapot((500, {}, b"")) as teapot:
            for output, words in ((self.folder / "no" / "r.csv", "No such file or directory"),
                                  (self.folder, "folder"), (sheet, "the CSV itself"),
                                  (sheet / "r.csv", "Not a directory"), ("", "name a file")):
                _, err = self.must(2, "submit", sheet, "--watch", "-o", output, "--server",
                                   teapot.url("/"))
                self.assertIn(words, err)
            with open(sheet, "rb") as file:
                self.must(2, "submit", "-", "--watch", "-o", sheet, "--server", teapot.url("/"),
                          stdin=file)
            for verb in ("retry", "watch"):
                watch = ["--watch"] if verb == "retry" else []
                self.must(2, verb, UNKNOWN, *watch, "-o", self.folder, "--server",
                          teapot.url("/"))
            self.assertEqual([], teapot.heard)
        self.assertEqual(before, sheet.read_bytes())

    def test_an_id_that_stdout_does_not_take_is_said(self):
        done = self.shell(f"submit {self.sheet([self.good()])} >/dev/full")
        self.assertEqual(3, done.returncode)
        self.assertRegex(done.stderr, "the request is [0-9a-f-]{36}\n")

    def test_json_is_one_object(self):
        out, _ = self.must(0, "submit", self.sheet([self.good()]), "--json")
        self.assertEqual("pending", json.loads(out)["status"])
        out, _ = self.must(0, "submit", self.sheet([self.good()]), "--json", "--watch")
        self.assertEqual(self.client.status(json.loads(out)["request_id"]), json.loads(out))

    def test_options_and_webhook(self):
        with Receiver() as receiver:
            out, _ = self.must(0, "submit", self.sheet([self.good()]), "--watch", "--quality",
                               "auto", "--format", "webp", "--max-width", 40, "--max-height", 30,
                               "--max-bytes", 9000, "--webhook-url", receiver.url("/hook"))
            hook = receiver.wait_for(1)[0].json
        self.assertEqual(out.strip(), hook["request_id"])
        self.assertEqual({"quality": "auto", "format": "webp", "max_width": 40, "max_height": 30,
                          "max_bytes": 9000}, self.client.status(out.strip())["options"])

    def test_bad_rows(self):
        sheet = self.folder / "in.csv"
        rows = "".join(f"x{number},Mug,{self.good()[0]}\n" for number in range(40))
        sheet.write_text("S. No.,Product Name,Input Image Urls\n" + rows +
                         f"1,Mug,{self.good()[0]}\n")
        out, err = self.must(2, "submit", sheet)
        self.assertEqual("", out)
        self.assertIn("40 of 41 rows are invalid", err)
        self.assertIn("  row 1, S. No.: ", err)
        self.assertIn("  … and 28 more", err)
        self.assertEqual(14, len(err.splitlines()))
        out, err = self.must(1, "submit", sheet, "--on-invalid", "skip", "--watch")
        self.assertIn("41 images: 1 compressed, 40 failed", err)

    def test_from_stdin(self):
        with open(self.sheet([self.good(2)]), "rb") as file:
            out, _ = self.must(0, "submit", "-", "--watch", "--json", stdin=file)
        self.assertEqual(2, json.loads(out)["total_images"])
        pipe = subprocess.Popen([program(), "submit", "-", "--json"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, env=self.environment())
        out, _ = pipe.communicate(make_sheet([self.good(1)]), SECONDS)
        self.assertEqual(0, pipe.returncode)
        self.assertIn(b"request_id", out)

    def test_files_that_cannot_be_sent(self):
        for name in (self.folder / "none.csv", self.folder):
            _, err = self.must(2, "submit", name)
            self.assertIn(str(name), err)
        empty = self.folder / "empty.csv"
        empty.touch()
        self.assertIn("400", self.must(2, "submit", empty)[1])

    def test_mistakes(self):
        sheet = self.sheet([self.good()])
        for arguments in (["--quality", "0"], ["--format", "bmp"], ["--max-width", "0"],
                          ["--on-invalid", "ignore"], ["-o", "results.csv"],
                          ["--idempotency-key", "a\nb"], ["--server", "mill.example"],
                          ["--ca-file", "none.pem"]):
            out, err = self.must(2, "submit", sheet, *arguments)
            self.assertEqual(("", 1), (out, len(err.splitlines())), err)
            self.assertIn(arguments[0].lstrip("-"), err)
        self.assertIn("webhook_url", self.must(2, "submit", sheet, "--webhook-url", "ftp://a")[1])
        self.assertIn("IMGMILL_SERVR", self.must(2, "list", IMGMILL_SERVR="x")[1])

    def test_no_controls_of_a_name_reach_the_terminal(self):
        for name in ("\x1b[2Jnone.csv", "a\x7f\r.csv"):
            _, err = self.must(2, "submit", name)
            self.assertRegex(err, r"\A[^\x00-\x09\x0b-\x1f\x7f]*\Z")
        self.assertNotIn("\x1b", self.must(2, "list", **{"IMGMILL_\x1b[2J": "x"})[1])
        self.assertNotIn("\x1b", self.must(2, "\x1b[2J")[1])

    def test_messages_that_nobody_takes_change_no_status(self):
        for command, status in (("bogus 2>/dev/full", 2), ("list >&- 2>&-", 3),
                                ("submit none.csv 2>&-", 2)):
            self.assertEqual(status, self.shell(command).returncode, command)

    def test_a_large_sheet_is_not_held_in_memory(self):
        sheet = self.folder / "large.csv"
        with open(sheet, "w", encoding="utf-8") as file:
            file.write("S. No.,Product Name,Input Image Urls,Filler\n")
            for number in range(40_000):
                file.write(f"{number},Mug,,{'x' * 4000}\n")  # invalid: 160 MB and no work
        run = subprocess.Popen([program(), "submit", sheet], env=self.environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(2, run.returncode)
        self.assertLess(usage.ru_maxrss, 150 << 10)


class Requests(ClientCase):
    def test_status(self):
        request_id, status, _ = self.process([self.good(2)])
        out, err = self.must(0, "status", request_id)
        self.assertEqual("", err)
        for words in (f"request   {request_id}", "completed, 100.0 %", "2 of 2 done"):
            self.assertIn(words, out)
        out, _ = self.must(0, "status", request_id, "--json")
        self.assertEqual(self.client.status(request_id), json.loads(out))

    def test_status_of_what_failed_is_one(self):
        request_id, _, _ = self.process([[self.origin.url("/status/404")]])
        self.assertIn("1 of them failed", self.must(1, "status", request_id)[0])

    def test_download(self):
        request_id, _, _ = self.process([self.good(2)])
        wanted = self.client.get(f"/api/download/{request_id}").text
        out, err = self.must(0, "download", request_id)
        self.assertEqual((wanted, ""), (out.replace("\n", "\r\n") if "\r\n" in wanted else out,
                                        err))
        file = self.folder / "out.csv"
        self.assertEqual(("", ""), self.must(0, "download", request_id, "-o", file))
        self.assertEqual(wanted.encode(), file.read_bytes())
        self.must(0, "download", request_id, "-o", "/dev/null")

    def test_downloads_that_cannot_be_kept(self):
        request_id, _, _ = self.process([self.good(1)])
        self.assertIn("folder", self.must(2, "download", request_id, "-o", self.folder)[1])
        self.assertIn("/no/", self.must(2, "download", request_id, "-o", "/no/out.csv")[1])
        for stdout in (">/dev/full", ">&-"):
            done = self.shell(f"download {request_id} {stdout}")
            self.assertEqual(3, done.returncode, done.stderr)
            self.assertIn("stdout", done.stderr)

    def test_links_and_devices_stay_what_they_are(self):
        request_id, _, _ = self.process([self.good(1)])
        wanted = self.client.get(f"/api/download/{request_id}").text.encode()
        link, file = self.folder / "link", self.folder / "file.csv"
        for before in (None, "old"):
            link.unlink(missing_ok=True)
            link.symlink_to("file.csv")
            file.unlink(missing_ok=True)
            if before:
                file.write_text(before)
            self.must(0, "download", request_id, "-o", link)
            self.assertTrue(link.is_symlink())
            self.assertEqual(wanted, file.read_bytes())
        self.assertEqual({"link", "file.csv"}, set(os.listdir(self.folder)))
        appended = self.shell(f"download {request_id} -o /dev/stdout >> {file}")
        self.assertEqual(0, appended.returncode, appended.stderr)
        self.assertEqual(wanted * 2, file.read_bytes())
        os.mkfifo(self.folder / "fifo")
        reader = subprocess.Popen(["cat", self.folder / "fifo"], stdout=subprocess.PIPE)
        self.must(0, "download", request_id, "-o", self.folder / "fifo")
        self.assertEqual(wanted, reader.communicate(timeout=SECONDS)[0])

    def test_a_reader_that_has_enough(self):
        body = b"a,b\n" * 100_000
        with Teapot((200, {"Content-Type": "text/csv; charset=utf-8"}, body)) as teapot:
            for verb in ("download", "failures"):
                command = f"{verb} {UNKNOWN} --server {teapot.url('/')} | head -1"
                done = self.shell(command, after="exit ${PIPESTATUS[0]}")
                self.assertEqual((141, ""), (done.returncode, done.stderr))

    def test_download_before_the_end(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/slow?ms=1500")]]))
        file = self.folder / "out.csv"
        file.write_text("old")
        _, err = self.must(3, "download", request_id, "-o", file)
        self.assertRegex(err, "the request is (pending|processing)")
        self.assertEqual(["out.csv"], os.listdir(self.folder))
        self.assertEqual("old", file.read_text())
        self.client.wait_final(request_id)

    def test_failures(self):
        bad = self.origin.url("/status/404")
        request_id, _, _ = self.process([self.good(), [bad]])
        rows = read_sheet(self.must(0, "failures", request_id)[0])
        self.assertEqual([(bad, "http_404")],
                         [(row["Input Image Urls"], row["Error Code"]) for row in rows])

    def test_cancel_and_watch(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/hang?cli")]] * 3))
        out, _ = self.must(0, "cancel", request_id, "--json")
        self.assertEqual(request_id, json.loads(out)["request_id"])
        _, err = self.must(3, "watch", request_id)
        self.assertIn("cancelled: ", err)
        self.assertIn("409", self.must(3, "cancel", request_id)[1])

    def test_retry(self):
        late = f"/late-{uuid.uuid4().hex}"
        request_id, _, _ = self.process([[self.origin.url(late)]])
        _, err = self.must(1, "retry", request_id, "--watch")
        self.assertIn("1 failed", err)
        self.origin.serve(late, pictures.photo(5))
        out, err = self.must(0, "retry", request_id, "--watch", "--json")
        self.assertEqual((0, "completed"), (json.loads(out)["failed_images"],
                                            json.loads(out)["status"]))
        self.assertIn("409", self.must(3, "retry", request_id)[1])

    def test_list(self):
        ids = [self.process([self.good()])[0] for _ in range(3)]
        out, err = self.must(0, "list", "--limit", 2)
        lines = out.splitlines()
        self.assertTrue(lines[0].startswith("REQUEST"))
        self.assertEqual([ids[2], ids[1]], [line.split()[0] for line in lines[1:]])
        cursor = err.split()[-1]
        page = json.loads(self.must(0, "list", "--limit", 1, "--cursor", cursor, "--json")[0])
        self.assertEqual(ids[0], page["requests"][0]["request_id"])
        self.assertEqual([], json.loads(self.must(
            0, "list", "--status", "pending", "--json")[0])["requests"])
        self.assertIn("--status", self.must(2, "list", "--status", "done")[1])
        self.assertIn("400", self.must(2, "list", "--cursor", "x&limit=7")[1])

    def test_ids_that_are_none(self):
        for verb in ("status", "watch", "download", "failures", "cancel", "retry"):
            self.assertIn("404", self.must(3, verb, UNKNOWN)[1])
            self.assertIn("no request id", self.must(2, verb, "../../healthz")[1])


class Teapot(LoopbackServer):
    """Answers as it is told, and notes what it heard."""

    def __init__(self, *answers, tls=None):
        super().__init__(tls=tls)
        self.answers = list(answers)
        self.heard = []

    async def handle(self, exchange):
        self.heard.append((exchange.method, exchange.target, exchange.headers))
        status, headers, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await exchange.send(status, body, headers)


def problem(status, **more):
    body = {"type": "about:blank", "title": "T", "status": status, "error": "E", "detail": "d"}
    return json.dumps(body | more).encode()


FINAL = json.dumps({
    "request_id": UNKNOWN, "status": "completed", "completion_percentage": 100.0,
    "created_at": "2023-01-15T14:30:12.123456", "updated_at": "2023-01-15T14:30:12.123456",
    "total_images": 1, "processed_images": 1, "webhook_status": "not_sent", "failed_images": 0,
    "bytes_in": 2, "bytes_out": 1, "finished_at": "2023-01-15T14:30:12.123456",
    "eta_seconds": None, "options": {}}).encode()


class OddServers(ClientCase):
    def test_the_key_is_sent_and_never_shown(self):
        file = self.folder / "key"
        file.write_text("imk_from_file\n")
        for more, key in (({"IMGMILL_API_KEY": "imk_secret"}, "imk_secret"),
                          ({"IMGMILL_API_KEY_FILE": file}, "imk_from_file"), ({}, None)):
            with Teapot((401, {"WWW-Authenticate": "Bearer"}, problem(401))) as teapot:
                out, err = self.must(3, "status", UNKNOWN, IMGMILL_SERVER=teapot.url("/"), **more)
                sent = teapot.heard[0][2].get("authorization")
            self.assertEqual(key and f"Bearer {key}", sent)
            self.assertIn("IMGMILL_API_KEY", err)
            self.assertNotIn("imk_", out + err)

    def test_too_many_requests(self):
        with Teapot((429, {"Retry-After": "7"}, problem(429))) as teapot:
            _, err = self.must(3, "list", "--server", teapot.url("/"))
        self.assertIn("E (429): d\ntry again in 7 s", err)

    def test_the_idempotency_key_is_a_header(self):
        with Teapot((413, {}, problem(413))) as teapot:
            self.must(2, "submit", self.sheet([self.good()]), "--idempotency-key", "k 1",
                      "--server", teapot.url("/"))
            self.assertEqual("k 1", teapot.heard[0][2]["idempotency-key"])

    def test_no_imgmill_there(self):
        with Teapot((200, {}, b"<html>")) as teapot:
            self.assertIn("imgmill?", self.must(3, "list", "--server", teapot.url("/"))[1])
        csv = self.folder / "out.csv"
        with Teapot((200, {"Content-Type": "text/html"}, b"<html>")) as teapot:
            flags = ["download", UNKNOWN, "--server", teapot.url("/")]
            self.assertIn("no CSV: is it an imgmill?", self.must(3, *flags, "-o", csv)[1])
            self.assertEqual("", self.must(3, *flags)[0])
            self.assertEqual([], os.listdir(self.folder))
        with Teapot((301, {"Location": "https://a.example/"}, b"")) as teapot:
            _, err = self.must(3, "list", "--server", teapot.url("/"))
            self.assertIn("https://a.example/: name that with --server", err)

    def test_nobody_there(self):
        nowhere = f"http://127.0.0.1:{free_port()}"
        for arguments in (["list"], ["submit", self.sheet([self.good()])],
                          ["watch", UNKNOWN, "--patience", 0]):
            out, err = self.must(3, *arguments, "--server", nowhere)
            self.assertEqual("", out)
            self.assertIn(nowhere, err)
            self.assertIn("`imgmill serve` starts a server", err)

    def test_a_watched_server_may_stumble(self):
        busy = (503, {"Retry-After": "1"}, problem(503))
        with Teapot(busy, busy, (200, {}, FINAL)) as teapot:
            _, err = self.must(0, "watch", UNKNOWN, "--server", teapot.url("/"))
        self.assertEqual(1, err.count("trying again"))
        self.assertIn("it answers again", err)

    def test_so_it_may_when_the_results_are_fetched(self):
        busy = (503, {"Retry-After": "1"}, problem(503))
        csv = (200, {"Content-Type": "text/csv"}, b"a,b\n")
        file = self.folder / "out.csv"
        with Teapot((200, {}, FINAL), busy, busy, csv) as teapot:
            _, err = self.must(0, "watch", UNKNOWN, "-o", file, "--server", teapot.url("/"))
        self.assertEqual(1, err.count("trying again"))
        self.assertEqual(b"a,b\n", file.read_bytes())
        with Teapot((200, {}, FINAL), busy) as teapot:
            _, err = self.must(3, "watch", UNKNOWN, "-o", file, "--patience", 1, "--server",
                               teapot.url("/"))
        self.assertIn(f"get the results with imgmill download {UNKNOWN} -o {file}", err)
        self.assertEqual(["out.csv"], os.listdir(self.folder))

    def test_patience_ends(self):
        with Teapot((502, {}, b"")) as teapot:
            _, err = self.must(3, "watch", UNKNOWN, "--patience", 1, "--server", teapot.url("/"))
            self.assertGreaterEqual(len(teapot.heard), 2)
        self.assertIn(f"look again with imgmill watch {UNKNOWN} --server", err)

    def test_a_restart_while_it_is_watched(self):
        with Server() as own:
            request_id = own.client.submit(make_sheet([[self.origin.url("/slow?ms=1000&up")]]))
            run = subprocess.Popen([program(), "watch", request_id], text=True,
                                   env=self.environment(IMGMILL_SERVER=own.base_url),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            wait_until(lambda: self.origin.hits["/slow?ms=1000&up"], "it is begun")
            own.restart()
            _, err = run.communicate(timeout=SECONDS)
        self.assertEqual(0, run.returncode, err)
        self.assertIn("completed: 1 image:", err)

    def test_a_private_authority(self):
        with Authority() as authority:
            with Teapot((200, {}, FINAL), tls=authority.tls("IP:127.0.0.1")) as teapot:
                flags = ["status", UNKNOWN, "--server", teapot.url("/")]
                self.assertIn("trusted", self.must(3, *flags)[1])
                self.assertIn("completed", self.must(0, *flags, "--ca-file", authority.file)[0])
                self.must(0, *flags, IMGMILL_CA_FILE=authority.file)


class OnATerminal(ClientCase):
    def terminal(self, *arguments, **more):
        return self.enterContext(Terminal([program(), *arguments], self.environment(), **more))

    def test_a_bar_comes_and_stays(self):
        rows = [[self.origin.url(f"/slow?ms={300 * number}&seed={number}")]
                for number in range(6)]
        shown = self.terminal("submit", self.sheet(rows), "--watch")
        status, text, stdout = shown.wait()
        self.assertEqual(0, status, text)
        self.assertRegex(stdout, r"^[0-9a-f-]{36}\n$")
        self.assertRegex(text, r"\r\[#*-*\] +\d+\.\d %  \d/6 images  \d+/s")
        self.assertIn("100.0 %  6/6 images", text)
        self.assertIn("\x1b[K\r\nimgmill: completed: 6 images: 6 compressed, 0 failed", text)

    def test_ctrl_c_leaves_the_request_running(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/slow?ms=3000&c")]]))
        shown = self.terminal("watch", request_id)
        shown.until("0/1 images")
        shown.process.send_signal(signal.SIGINT)
        status, text, _ = shown.wait()
        self.assertEqual(130, status, text)
        self.assertIn(f"the request goes on; look again with imgmill watch {request_id}", text)
        self.assertEqual("completed", self.client.wait_final(request_id)["status"])

    def test_an_upload_shows_how_far_it_is(self):
        sheet = self.folder / "large.csv"
        filler = "x" * 500_000
        sheet.write_text("S. No.,Product Name,Input Image Urls,Filler\n" + "".join(
            f"{number},Mug,{self.good()[0]},{filler}\n" for number in range(40)))
        status, text, _ = self.terminal("submit", sheet).wait()
        self.assertEqual(0, status, text)
        self.assertRegex(text, r"uploading \d+\.\d MB of 20\.0 MB")
        self.assertIn("follow it with imgmill watch", text)


if __name__ == "__main__":
    server_case.main()
