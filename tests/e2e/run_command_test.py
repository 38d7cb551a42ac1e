#!/usr/bin/python3
"""imgmill run: the whole job without a server; and what the command line says to mistakes."""

import io
import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from PIL import Image

import pictures
import server_case
from client import make_sheet, read_sheet, wait_until
from origin import Origin
from server import clean_environment, program
from terminal import Terminal

RUN_SECONDS = 120


def imgmill(*arguments, **settings):
    return subprocess.run([program(), *map(str, arguments)], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, env=clean_environment(settings),
                          timeout=RUN_SECONDS)


class Run(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="imgmill-run-")))
        self.output = self.folder / "out"

    def run_sheet(self, rows, *more, **settings):
        (self.folder / "in.csv").write_bytes(make_sheet(rows))
        return imgmill("run", self.folder / "in.csv", "-o", self.output, *more, **settings)

    def put(self, name, body):
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        return place

    def outputs(self):
        rows = read_sheet((self.output / "results.csv").read_text(encoding="utf-8"))
        return [row["Output Image Urls"].split(",") for row in rows]

    def picture_at(self, output):
        """An output as it is named in the results CSV: a path from the folder, or from the root."""
        place = Path(output.removeprefix("file://"))
        return Image.open(io.BytesIO((self.output / place).read_bytes()))

    def test_local_and_remote_sources(self):
        self.put("shop/mug.jpg", pictures.photo(1, "jpg", 200, 150))
        cup = self.put("cup.png", pictures.with_alpha("png"))
        with Origin() as origin:
            done = self.run_sheet([["shop/mug.jpg", f"file://{cup}"],
                                   [origin.url("/photo/3.webp"), str(cup)]],
                                  IMGMILL_ALLOW_NETS="127.0.0.0/8")
        self.assertEqual(0, done.returncode, done.stderr)
        outputs = self.outputs()
        self.assertEqual([2, 2], [len(row) for row in outputs])
        kinds = [self.picture_at(output).format for output in sum(outputs, [])]
        self.assertEqual(["JPEG", "PNG", "WEBP", "PNG"], kinds)

    def test_some_failed(self):
        self.put("mug.jpg", pictures.photo(1))
        done = self.run_sheet([["mug.jpg", "gone.jpg"]])
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertEqual([True, False], [bool(output) for output in self.outputs()[0]])
        self.assertIn("gone.jpg", done.stderr + done.stdout)
        self.assertEqual(["images", "results.csv"], sorted(os.listdir(self.output)))

    def test_results_never_go_over_their_own_input(self):
        sheet = self.put("out/results.csv", make_sheet([["mug.jpg"]]))
        done = imgmill("run", sheet, "-o", self.output)
        self.assertEqual(2, done.returncode, done.stderr)
        self.assertEqual(make_sheet([["mug.jpg"]]), sheet.read_bytes())

    def test_a_bad_sheet(self):
        self.put("in.csv", b"a,b\n1,2\n")
        done = imgmill("run", self.folder / "in.csv", "-o", self.output)
        self.assertIn(done.returncode, (2, 3))
        self.assertIn("S. No.", done.stderr)

    def test_a_missing_sheet(self):
        for csv, words in ((self.folder / "none.csv", "none.csv cannot be read (No such file"),
                           (self.folder, "Is a directory"), ("", "No such file"),
                           ("-", "wants a file")):
            done = imgmill("run", csv, "-o", self.output)
            self.assertEqual(2, done.returncode, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertFalse(self.output.exists())
        done = imgmill("run", self.put("in.csv", b""), "-o", "")
        self.assertEqual((2, "imgmill: -o: name a folder\n"), (done.returncode, done.stderr))

    def test_a_dozen_bad_rows_and_how_many_more(self):
        rows = "".join(f"x{number},Mug,a.jpg\n" for number in range(110))
        done = imgmill("run", self.put("in.csv", b"S. No.,Product Name,Input Image Urls\n" +
                                       rows.encode()), "-o", self.output)
        self.assertEqual(2, done.returncode)
        self.assertIn("  row 12, S. No.: ", done.stderr)
        self.assertTrue(done.stderr.endswith("\n  … and 98 more\n"), done.stderr)
        self.assertEqual(14, len(done.stderr.splitlines()))

    def test_quality_and_json(self):
        self.put("mug.jpg", pictures.photo(1, "jpg", 400, 300))
        sizes = []
        for quality in (10, 80):
            self.output = self.folder / f"out{quality}"
            done = self.run_sheet([["mug.jpg"]], "--json", "--quality", str(quality))
            self.assertEqual(0, done.returncode, done.stderr)
            summary = json.loads(done.stdout)
            sizes.append(len((self.output / self.outputs()[0][0]).read_bytes()))
            self.assertIn(sizes[-1], summary.values())
            self.assertRegex(done.stdout, r'"seconds":\d+\.\d{3},')
        self.assertLess(sizes[0], sizes[1])

    def test_a_summary_that_cannot_be_written_is_a_failure(self):
        self.put("mug.jpg", pictures.photo(1))
        (self.folder / "in.csv").write_bytes(make_sheet([["mug.jpg"]]))
        command = [program(), "run", self.folder / "in.csv", "-o", self.output, "--json"]
        for stdout in (">/dev/full", ">&-"):
            line = " ".join(map(str, command)) + " " + stdout
            done = subprocess.run(line, shell=True, stderr=subprocess.PIPE, text=True,
                                  env=clean_environment({}), timeout=RUN_SECONDS)
            self.assertEqual(3, done.returncode, stdout)
            self.assertIn("stdout", done.stderr)

    def test_an_interrupted_run_leaves_its_pictures_and_nothing_else(self):
        self.put("mug.jpg", pictures.photo(1))
        for signal_number in (signal.SIGINT, signal.SIGKILL):
            with Origin() as origin:
                sheet = self.put("in.csv", make_sheet([["mug.jpg", origin.url("/hang")]]))
                run = subprocess.Popen([program(), "run", sheet, "-o", self.output],
                                       stderr=subprocess.DEVNULL,
                                       env=clean_environment({"IMGMILL_ALLOW_NETS": "127.0.0.1"}))
                wait_until(lambda: origin.requests_open, "the origin is asked")
                run.send_signal(signal_number)
                run.wait(RUN_SECONDS)
            if signal_number == signal.SIGINT:
                self.assertLessEqual(set(os.listdir(self.output)), {"images"})
        self.assertEqual(0, self.run_sheet([["mug.jpg"]]).returncode)
        self.assertEqual(["images", "results.csv"], sorted(os.listdir(self.output)))

    def test_a_folder_that_is_none_names_the_flag(self):
        self.put("mug.jpg", pictures.photo(1))
        self.output = self.folder / "mug.jpg"
        done = self.run_sheet([["mug.jpg"]])
        self.assertEqual(3, done.returncode, done.stderr)
        self.assertIn("choose another with -o", done.stderr)

    def test_format_and_box(self):
        self.put("mug.jpg", pictures.photo(1, "jpg", 400, 300))
        done = self.run_sheet([["mug.jpg"]], "--format", "webp", "--max-width", "100",
                              "--max-height", "100")
        self.assertEqual(0, done.returncode, done.stderr)
        output = self.outputs()[0][0]
        self.assertTrue(output.endswith(".webp"), output)
        picture = self.picture_at(output)
        self.assertEqual(("WEBP", (100, 75)), (picture.format, picture.size))

    def test_quality_auto_and_a_bound_on_bytes(self):
        self.put("mug.jpg", pictures.photo(1, "jpg", 400, 300))
        free = self.run_sheet([["mug.jpg"]], "--quality", "auto")
        self.assertEqual(0, free.returncode, free.stderr)
        bound = (self.output / self.outputs()[0][0]).stat().st_size - 1
        done = self.run_sheet([["mug.jpg"]], "--quality", "auto", "--max-bytes", str(bound))
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertLessEqual((self.output / self.outputs()[0][0]).stat().st_size, bound)
        done = self.run_sheet([["mug.jpg"]], "--max-bytes", "1024")
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn("does_not_fit", done.stdout + done.stderr)

    def test_the_bar_ends_full(self):
        self.put("mug.jpg", pictures.photo(1))
        sheet = self.put("in.csv", make_sheet([["mug.jpg"]]))
        with Terminal([program(), "run", sheet, "-o", self.output],
                      clean_environment({})) as shown:
            status, text, stdout = shown.wait()
        self.assertEqual(0, status, text)
        self.assertIn("100.0 %  1/1 images", text.split("\r")[-2])
        self.assertIn("1 image: 1 compressed", stdout)

    def test_no_colour_and_no_bar_without_a_terminal(self):
        self.put("mug.jpg", pictures.photo(1))
        done = self.run_sheet([["mug.jpg"]])
        for text in (done.stdout, done.stderr):
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\r", text)


class Mistakes(unittest.TestCase):
    def test_help(self):
        for arguments in (["--help"], ["serve", "--help"], ["run", "--help"]):
            done = imgmill(*arguments)
            self.assertEqual(0, done.returncode)
            self.assertIn("imgmill", done.stdout)

    def test_help_names_every_setting(self):
        text = imgmill("serve", "--help").stdout
        for flag in ("--listen", "--base-url", "--data-dir", "--codecs", "--fetch-timeout",
                     "--allow-nets", "--max-source-bytes", "--webhook-secret", "--quality"):
            self.assertIn(flag, text)

    def test_usage(self):
        for arguments in ([], ["fly"], ["serve", "--quality", "0"], ["serve", "--listen", "here"],
                          ["serve", "--no-such-flag"],
                          ["run", "in.csv", "-o", "out", "--format", "bmp"],
                          ["run", "in.csv", "-o", "out", "--max-width", "0"],
                          ["run", "in.csv", "-o", "out", "--max-height", "16385"],
                          ["run", "in.csv", "-o", "out", "--max-bytes", "1000"]):
            done = imgmill(*arguments)
            self.assertEqual(2, done.returncode, (arguments, done.stderr))
            self.assertEqual("", done.stdout)
            self.assertEqual(1, len(done.stderr.splitlines()), done.stderr)
            self.assertIn(arguments[-1] if arguments else "subcommand", done.stderr.lower())

    def test_a_flag_that_is_none_is_named_before_what_is_missing(self):
        for arguments, words in ((["run", "--bogus"], '"--bogus" is no option of run'),
                                 (["--bogus"], '"--bogus" is no option of imgmill'),
                                 (["keys", "bogus"], '"bogus" is no command of keys'),
                                 (["run", "a.csv", "-o", "o", "--qualty", "5"], "is --quality")):
            done = imgmill(*arguments)
            self.assertEqual(2, done.returncode)
            self.assertIn(words, done.stderr)
        err = imgmill("submit", "a.csv", "--idempotency-key", "").stderr
        self.assertEqual(1, err.count("--idempotency-key"), err)

    def test_help_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            for flag in ("--help", "--version"):
                done = subprocess.run([program(), flag], stdout=full, stderr=subprocess.PIPE,
                                      env=clean_environment({}), timeout=RUN_SECONDS)
                self.assertEqual(3, done.returncode, flag)
                self.assertIn(b"stdout", done.stderr)

    def test_one_line_names_the_wrong_setting(self):
        for name, value in (("IMGMILL_QUALTIY", "50"), ("IMGMILL_QUALITY", "fine"),
                            ("IMGMILL_ALLOW_NETS", "everything")):
            done = imgmill("serve", **{name: value})
            self.assertIn(done.returncode, (2, 3))
            self.assertEqual(1, len(done.stderr.strip().splitlines()), done.stderr)
            self.assertIn(name, done.stderr)

    def test_beyond_loopback_needs_a_word(self):
        with tempfile.TemporaryDirectory() as folder:
            done = imgmill("serve", "--listen", "0.0.0.0:5000", "--data-dir", folder)
        self.assertIn(done.returncode, (2, 3))
        self.assertIn("--no-auth", done.stderr)


if __name__ == "__main__":
    server_case.main()
