"""A program in a terminal of its own: what it writes there, as a person would see it come."""

import os
import pty
import select
import subprocess
import time

READ_BYTES = 64 << 10


class Terminal:
    """with Terminal(command, env) as shown: shown.until("text"); stderr is the terminal, stdout a
    pipe of its own unless `whole`."""

    def __init__(self, command, env, whole=False, stdin=subprocess.DEVNULL):
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            list(map(str, command)), env=env, stdin=stdin, stderr=slave,
            stdout=slave if whole else subprocess.PIPE, start_new_session=True)
        os.close(slave)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self._master)

    def _read(self, seconds):
        """False at its end."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, READ_BYTES)
        except OSError:  # the other side is closed
            data = b""
        self.text += data.decode(errors="replace")
        return bool(data)

    def until(self, text, deadline_seconds=60):
        """All that was written once `text` is in it."""
        deadline = time.monotonic() + deadline_seconds
        while text not in self.text:
            if time.monotonic() > deadline or not self._read(0.2):
                raise AssertionError(f"{text!r} never came: {self.text!r}")
        return self.text

    def wait(self, deadline_seconds=60):
        """(exit status, what the terminal showed, stdout)"""
        deadline = time.monotonic() + deadline_seconds
        while self._read(0.2):
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end: {self.text!r}")
        stdout = self.process.stdout.read().decode() if self.process.stdout else ""
        return self.process.wait(deadline_seconds), self.text, stdout
