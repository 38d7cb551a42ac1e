#!/usr/bin/python3 -B
"""The whole service as a user runs it: the release's own processes, an origin and a client of ours,
all on loopback. Prints a table: intake of large CSVs, and what an image costs beside the codec.

    bench/service_bench.py [--rows 100000,1000000] [--images 2000] [--runs 5]

CPU is user + system of the server and its codec children, from /proc; the origin's and the client's
are not counted. Memory is the server's VmRSS and VmHWM. Quote medians, with the machine."""

import argparse
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
os.environ.setdefault("IMGMILL_BIN", str(ROOT / "build/release/imgmill"))

from origin import Origin  # noqa: E402
from pictures import paint  # noqa: E402
from server import Server  # noqa: E402

TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
HEADER = "S. No.,Product Name,Input Image Urls\n"


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_SECONDS


def children_of(pid):
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()]


def memory_mb(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise KeyError(field)


def upload_with_curl(server, file):
    """A client that streams; the seconds it took."""
    begun = time.monotonic()
    answer = subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-F", f"file=@{file}",
         f"{server.base_url}/api/upload"], capture_output=True, text=True, check=True)
    assert answer.stdout == "202", answer.stdout
    return time.monotonic() - begun


def intake_run(folder, rows):
    file = Path(folder) / f"{rows}.csv"
    if not file.exists():
        with file.open("w") as sheet:
            sheet.write(HEADER)
            for row in range(1, rows + 1):
                sheet.write(f"{row},Product number {row},https://cdn{row % 7}.example/catalogue/"
                            f"{row:08x}/photo-{row * 2654435761 % 2**32:08x}.jpg\n")
    with Server(IMGMILL_FETCH_CONCURRENCY=1, IMGMILL_LOG_LEVEL="error") as server:
        pid = server.process.pid
        idle, cpu = memory_mb(pid, "VmRSS"), cpu_seconds(pid)
        wall = upload_with_curl(server, file)
        spent, peak = cpu_seconds(pid) - cpu, memory_mb(pid, "VmHWM")
        server.kill()
    return rows / wall, rows / spent, peak - idle


def bench_intake(rows_list, runs):
    print("rows        rows/s   rows/CPU-s   peak over idle, MB   (median of", runs, "runs)")
    with tempfile.TemporaryDirectory(prefix="imgmill-bench-") as folder:
        for rows in rows_list:
            results = [intake_run(folder, rows) for _ in range(runs)]
            wall, cpu, peak = (statistics.median(column) for column in zip(*results))
            print(f"{rows:<9} {wall:8,.0f} {cpu:12,.0f} {peak:20.1f}")


def photo(kilobytes=190):
    """A drawn photograph-like JPEG of about that size, quality 90."""
    image = paint(7, 1200, 1200)
    for quality in (90, 92, 94, 88, 85, 80, 75, 70):
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, subsampling="4:2:0")
        if data.tell() < kilobytes * 1100:
            break
    return data.getvalue()


def pipeline_run(picture, images):
    with Origin() as origin, Server(IMGMILL_LOG_LEVEL="debug") as server:
        for number in range(images):
            origin.serve(f"/{number}.jpg", picture, "image/jpeg")
        sheet = HEADER + "".join(f"{n},P,{origin.url(f'/{n}.jpg')}\n" for n in range(images))
        pid = server.process.pid
        before = cpu_seconds(pid) + sum(cpu_seconds(child) for child in children_of(pid))
        begun = time.monotonic()
        request_id = server.client.submit(sheet.encode())
        status = server.client.wait_final(request_id, 600)
        wall = time.monotonic() - begun
        after = cpu_seconds(pid) + sum(cpu_seconds(child) for child in children_of(pid))
        assert status["failed_images"] == 0, status
        codec_us = sum(int(event["codec_cpu_us"]) for event in server.events("image done"))
    total, codec = (after - before) / images * 1000, codec_us / images / 1000
    return total, codec, total - codec, images / wall


def bench_pipeline(images, runs):
    picture = photo()
    results = [pipeline_run(picture, images) for _ in range(runs)]
    total, codec, beside, rate = (statistics.median(column) for column in zip(*results))
    print(f"{images} JPEGs of {len(picture)} bytes: {total:.2f} ms CPU an image in all, "
          f"{codec:.2f} in the codec,\n{beside:.2f} beside it; {rate:.0f} images a second "
          f"(median of {runs} runs)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="100000,1000000")
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    bench_intake([int(rows) for rows in arguments.rows.split(",") if rows], arguments.runs)
    bench_pipeline(arguments.images, arguments.runs)


if __name__ == "__main__":
    main()
