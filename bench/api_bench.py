#!/usr/bin/python3 -B
"""What the API's longer answers cost, on loopback with the release's own processes: listeners of
events, the archive of a request, and status and image pages while a large request is worked on.

    bench/api_bench.py [--listeners 5000] [--images 10000] [--busy 100000] [--seconds 20]

CPU is user + system of the server alone, memory its VmRSS and VmHWM. 0 leaves a part out."""

import argparse
import http.client
import io
import json
import resource
import selectors
import socket
import statistics
import subprocess
import time
from threading import Thread

from service_bench import HEADER, Origin, Server, cpu_seconds, memory_mb, paint

QUIET_SECONDS = 20


def sheet_of(origin, count, path):
    return (HEADER + "".join(f"{n},P,{origin.url(path.format(n))}\n"
                             for n in range(count))).encode()


class Crowd:
    """Many listeners of one request, in one thread."""

    def __init__(self, server, request_id, count):
        self._selector = selectors.DefaultSelector()
        self._heard = {}
        head = f"GET /api/requests/{request_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for _ in range(count):
            line = socket.create_connection(("127.0.0.1", server.port))
            line.sendall(head)
            line.setblocking(False)
            self._selector.register(line, selectors.EVENT_READ)
            self._heard[line] = b""

    def wait_for(self, mark, seconds=120):
        """Until all have heard it; how long that took."""
        begun, missing = time.monotonic(), set(self._heard)
        while missing and time.monotonic() < begun + seconds:
            for key, _ in self._selector.select(1):
                self._heard[key.fileobj] = self._heard[key.fileobj][-200:] + key.fileobj.recv(65536)
                if mark in self._heard[key.fileobj]:
                    missing.discard(key.fileobj)
        assert not missing, f"{len(missing)} listeners did not hear {mark}"
        return time.monotonic() - begun

    def close(self):
        for line in self._heard:
            line.close()


def bench_listeners(count):
    with Origin() as origin, \
            Server(IMGMILL_LOG_LEVEL="error", IMGMILL_FETCH_TIMEOUT=3600) as server:
        request_id = server.client.submit(sheet_of(origin, 100, "/hang?{}"))
        pid, idle = server.process.pid, memory_mb(server.process.pid, "VmRSS")
        before = cpu_seconds(pid)
        crowd = Crowd(server, request_id, count)
        crowd.wait_for(b"event: progress")
        joined, held = cpu_seconds(pid) - before, memory_mb(pid, "VmRSS") - idle
        before = cpu_seconds(pid)
        time.sleep(QUIET_SECONDS)
        quiet = (cpu_seconds(pid) - before) / QUIET_SECONDS
        before = cpu_seconds(pid)
        server.client.request("POST", f"/api/requests/{request_id}/cancel")
        told = crowd.wait_for(b"event: done")
        ended = cpu_seconds(pid) - before
        crowd.close()
    print(f"{count} listeners: {held:.1f} MB, {held / count * 1024:.1f} KB each; "
          f"{joined / count * 1e6:.0f} us CPU each to join, {quiet * 100:.1f} % of a core while "
          f"nothing changes,\n{ended / count * 1e6:.0f} us each for the last change and the end, "
          f"which all had after {told:.2f} s")


def small_picture():
    data = io.BytesIO()
    paint(7, 160, 120).save(data, "JPEG", quality=90)
    return data.getvalue()


def bench_archive(images):
    picture = small_picture()
    with Origin() as origin, Server(IMGMILL_LOG_LEVEL="error") as server:
        for number in range(images):
            origin.serve(f"/{number}.jpg", picture, "image/jpeg")
        request_id = server.client.submit(sheet_of(origin, images, "/{}.jpg"))
        status = server.client.wait_final(request_id, 1800)
        assert status["failed_images"] == 0, status
        server.restart()  # so that the peak is the archive's
        pid = server.process.pid
        before, idle = cpu_seconds(pid), memory_mb(pid, "VmHWM")
        done = subprocess.run(
            ["curl", "-sS", "-o", "/dev/null", "-w", "%{size_download} %{time_total}",
             f"{server.base_url}/api/requests/{request_id}/archive"],
            capture_output=True, text=True, check=True)
        size, seconds = map(float, done.stdout.split())
        cpu, peak = cpu_seconds(pid) - before, memory_mb(pid, "VmHWM") - idle
    print(f"archive of {images} images, {size / 1e6:.1f} MB: {cpu:.2f} s CPU, "
          f"{cpu / images * 1e6:.0f} us an image, {peak:.1f} MB over idle, {seconds:.1f} s")


def ask_for(server, targets, seconds, times):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    until, turn = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        begun, name = time.monotonic(), list(targets)[turn % len(targets)]
        connection.request("GET", targets[name])
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body
        times[name].append(time.monotonic() - begun)
        turn += 1
        if name == "images":
            cursor = json.loads(body)["next_cursor"] or ""
            targets = targets | {name: targets[name].split("&cursor=")[0] + f"&cursor={cursor}"}


def bench_busy(images, seconds):
    picture = small_picture()
    with Origin() as origin, \
            Server(IMGMILL_LOG_LEVEL="error", IMGMILL_FETCH_PER_HOST=64) as server:
        for number in range(images):
            origin.serve(f"/{number}.jpg", picture, "image/jpeg")
        request_id = server.client.submit(sheet_of(origin, images, "/{}.jpg"))
        targets = {"status": f"/api/status/{request_id}",
                   "images": f"/api/requests/{request_id}/images?limit=500"}
        times = {name: [] for name in targets}
        first = server.client.status(request_id)["processed_images"]
        clients = [Thread(target=ask_for, args=(server, dict(targets), seconds, times))
                   for _ in range(2)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        status = server.client.status(request_id)
        assert status["status"] == "processing", status
        rate = (status["processed_images"] - first) / seconds
        server.kill()
    print(f"while {images} images are worked on ({rate:.0f} a second), two clients:")
    for name, taken in times.items():
        taken.sort()
        median, late = statistics.median(taken), taken[int(len(taken) * 0.99)]
        print(f"  {name:<7} {len(taken):6} answers, median {median * 1e3:.1f} ms, "
              f"99 % within {late * 1e3:.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", type=int, default=5000)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--busy", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=20)
    arguments = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    if arguments.listeners:
        bench_listeners(arguments.listeners)
    if arguments.images:
        bench_archive(arguments.images)
    if arguments.busy:
        bench_busy(arguments.busy, arguments.seconds)


if __name__ == "__main__":
    main()
