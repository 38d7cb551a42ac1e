#!/usr/bin/python3
"""imgmill completion bash in a real bash, and imgmill man under mandoc's eyes."""

import os
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import server_case
from server import clean_environment, program

SECONDS = 60
VERBS = ["serve", "keys", "run", "submit", "status", "watch", "download", "failures", "cancel",
         "retry", "list", "doctor", "completion", "man"]
KEYS = ["create", "list", "revoke"]
WHOLE = [verb for verb in VERBS if verb != "keys"] + [f"keys {verb}" for verb in KEYS]


def output_of(*arguments):
    return subprocess.run([program(), *arguments], capture_output=True, text=True, check=True,
                          env=clean_environment({}), timeout=SECONDS).stdout


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="imgmill-c-")))
        (cls.folder / "imgmill.bash").write_text(output_of("completion", "bash"))
        (cls.folder / "my sheet.csv").touch()
        (cls.folder / "out").mkdir()

    def offered(self, *words):
        """What bash has for the last of these words."""
        script = ("source ./imgmill.bash; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _imgmill; "
                  "printf '%s\\n' \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", script, "-", "imgmill", *words],
                              capture_output=True, text=True, cwd=self.folder, timeout=SECONDS)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []

    def test_verbs(self):
        self.assertEqual(VERBS + ["--help", "--version"], self.offered(""))
        self.assertEqual(["submit"], self.offered("sub"))

    def test_every_verb_that_help_lists_is_offered(self):
        listed = re.findall(r"^  ([a-z]+) {4,}", output_of("--help"), re.MULTILINE)
        self.assertEqual(sorted(VERBS), sorted(listed))

    def test_flags_are_those_of_help(self):
        for verb in WHOLE:
            offered = self.offered(*verb.split(), "--")
            listed = re.findall(r"^  (?:-\w,)?(--[a-z-]+)", output_of(*verb.split(), "--help"),
                                re.MULTILINE)
            self.assertEqual(sorted(listed), sorted(offered), verb)

    def test_values(self):
        self.assertEqual(["keep", "jpeg", "png", "webp", "avif"],
                         self.offered("submit", "a.csv", "--format", ""))
        self.assertEqual(["jpeg"], self.offered("submit", "--format", "=", "jp"))
        self.assertEqual(["skip"], self.offered("submit", "--on-invalid", "s"))
        self.assertEqual(["auto"], self.offered("submit", "--quality", ""))
        self.assertEqual(["failed"], self.offered("list", "--status", "f"))
        self.assertEqual(["bash"], self.offered("completion", ""))
        self.assertEqual(KEYS + ["--help"], self.offered("keys", ""))
        self.assertEqual(["text", "json"], self.offered("keys", "list", "--log-format", ""))
        self.assertEqual([], self.offered("submit", "--webhook-url", ""))

    def test_files_and_folders(self):
        self.assertEqual(["my sheet.csv"], self.offered("submit", "my"))
        self.assertEqual(["my sheet.csv"], self.offered("download", "-o", "my"))
        self.assertEqual(["out"], self.offered("run", "a.csv", "-o", ""))
        self.assertEqual([], self.offered("status", ""))

    def test_at_a_prompt(self):
        master, slave = pty.openpty()
        bash = subprocess.Popen(["bash", "--norc", "-i"], stdin=slave, stdout=slave, stderr=slave,
                                cwd=self.folder, start_new_session=True,
                                env=clean_environment({"PS1": "$ ", "TERM": "dumb"}))
        os.close(slave)
        os.write(master, b"source ./imgmill.bash\nimgmill submit my\t --on-invalid sk\t\x01: \n")
        shown, deadline = b"", time.monotonic() + SECONDS
        while b"my\\ sheet.csv  --on-invalid skip" not in shown and time.monotonic() < deadline:
            if select.select([master], [], [], 0.2)[0]:
                shown += os.read(master, 4096)
        bash.kill()
        bash.wait()
        os.close(master)
        self.assertIn(b"my\\ sheet.csv  --on-invalid skip", shown)


class Man(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=output_of("man"),
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))

    def test_it_names_what_help_names(self):
        shown = subprocess.run(["mandoc", "-T", "ascii"], input=output_of("man"), text=True,
                               capture_output=True, check=True, timeout=SECONDS).stdout
        page = re.sub(".\b", "", shown)
        for verb in WHOLE:
            self.assertIn(f"imgmill {verb} [flags]", page)
            for flag in re.findall(r"--[a-z-]+", output_of(*verb.split(), "--help")):
                self.assertIn(flag, page)
        for word in ("IMGMILL_API_KEY_FILE", "imgmill.toml", "Exit status: 0 all well"):
            self.assertIn(word, page)


if __name__ == "__main__":
    server_case.main()
