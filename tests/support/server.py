"""The real program as a child process: started on a free port with a data folder of its own; a test
kills, restarts and stops it. IMGMILL_BIN names the program."""

import json
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from client import Client, wait_until

# What the servers of this test program wrote, for server_case.main() to show.
closed_logs = []

SECRET = "whsec_c2VjcmV0LWZvci10ZXN0cy1vbmx5LTEyMzQ1Ng=="
START_SECONDS = 60  # with the address sanitizer on a busy machine


def program():
    path = os.environ.get("IMGMILL_BIN")
    if not path:
        raise RuntimeError("IMGMILL_BIN must name the imgmill program")
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(settings):
    """This process's environment without imgmill's variables, plus the settings (None: none)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IMGMILL_")}
    kept.update({name: str(value) for name, value in settings.items() if value is not None})
    return kept


class Server:
    """with Server(IMGMILL_QUALITY=40) as server: … server.client.upload(…)"""

    def __init__(self, data_folder=None, **settings):
        self._temporary = tempfile.TemporaryDirectory(prefix="imgmill-test-")
        self.data_folder = Path(data_folder or Path(self._temporary.name) / "data")
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.client = Client(self.base_url)
        self._log_path = Path(self._temporary.name) / "server.log"
        self._settings = {
            "IMGMILL_LISTEN": f"127.0.0.1:{self.port}",
            "IMGMILL_BASE_URL": self.base_url,
            "IMGMILL_DATA_DIR": self.data_folder,
            "IMGMILL_ALLOW_NETS": "127.0.0.0/8",
            "IMGMILL_WEBHOOK_SECRET": SECRET,
            "IMGMILL_WEBHOOK_SCHEDULE": "1,1,1,1",
            "IMGMILL_FETCH_TIMEOUT": 5,
            "IMGMILL_LOG_FORMAT": "json",
        } | settings
        self.process = None

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        closed_logs.append(self.log())
        self._temporary.cleanup()

    def spawn(self, **more):
        """Starts without waiting; for starts that must fail, and for crash plans."""
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(
                [program(), "serve"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self._temporary.name, env=clean_environment(self._settings | more))
        return self.process

    def start(self, **more):
        self.spawn(**more)
        wait_until(self.is_ready, "the server is ready", START_SECONDS)
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
        try:
            return self.client.get("/readyz").status == 200
        except OSError:
            return False

    def kill(self):
        """kill -9, as a power cut for the process."""
        self.process.kill()
        self.process.wait()

    def restart(self, **more):
        if self.process.poll() is None:
            self.kill()
        return self.start(**more)

    def stop(self, deadline_seconds=60):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(deadline_seconds)

    def wait_exit(self, deadline_seconds=60):
        return self.process.wait(deadline_seconds)

    def log(self):
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    def events(self, name):
        """The log's lines of one event, as dicts."""
        lines = (line for line in self.log().splitlines() if line.startswith("{"))
        return [event for event in map(json.loads, lines) if event["event"] == name]

    def failures(self, request_id):
        """Why images failed: URL -> code."""
        codes, cursor = {}, ""
        while cursor is not None:
            reply = self.client.get(f"/api/requests/{request_id}/images"
                                    f"?status=failed&limit=500&cursor={cursor}")
            if reply.status != 200:
                raise AssertionError(f"images: {reply.status} {reply.body[:2000]!r}")
            codes |= {image["input_url"]: image["error"]["code"] for image in reply.json["images"]}
            cursor = reply.json["next_cursor"]
        return codes

    def children(self):
        """The process ids of its codec children."""
        task = Path(f"/proc/{self.process.pid}/task")
        found = []
        for thread in task.iterdir():
            found += [int(pid) for pid in (thread / "children").read_text().split()]
        return found

    def peak_memory_bytes(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")
