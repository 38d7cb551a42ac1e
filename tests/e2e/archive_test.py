#!/usr/bin/python3
"""GET /api/requests/{id}/archive (CONTRACT 1.5): what came of a request, as one ZIP."""

import http.client
import io
import subprocess
import tempfile
import zipfile

import pictures
import server_case
from client import make_sheet


class Archive(server_case.ServerCase):
    def archive(self, request_id):
        return self.client.get(f"/api/requests/{request_id}/archive")

    def opened(self, request_id):
        reply = self.archive(request_id)
        self.assertEqual((200, "application/zip"), (reply.status, reply.headers["content-type"]))
        self.assertIn(f'filename="{request_id}.zip"', reply.headers["content-disposition"])
        archive = zipfile.ZipFile(io.BytesIO(reply.body))
        self.assertIsNone(archive.testzip())
        self.assertTrue(all(entry.compress_type == zipfile.ZIP_STORED
                            for entry in archive.infolist()))
        return archive

    def unzip(self, body):
        with tempfile.NamedTemporaryFile(suffix=".zip") as file:
            file.write(body)
            file.flush()
            return subprocess.run(["unzip", "-tq", file.name], capture_output=True, check=False)

    def test_the_outputs_and_the_results(self):
        photo = self.origin.url("/photo/1.jpg?w=80&h=60")
        named = self.origin.serve("/%D1%81%D1%82%D1%83%D0%BB%20(1).png",
                                  pictures.photo(3, "jpg", 800, 600))
        rows = [[photo, self.origin.url("/status/404")], [named, photo]]
        request_id, _, outputs = self.process(rows)
        archive = self.opened(request_id)
        self.assertEqual(["results.csv", "1-1-1.jpg", "2-1-стул (1).jpg", "2-2-1.jpg"],
                         archive.namelist())
        self.assertEqual(self.client.get(f"/api/download/{request_id}").body,
                         archive.read("results.csv"))
        for name, url in (("1-1-1.jpg", outputs[0][0]), ("2-1-стул (1).jpg", outputs[1][0]),
                          ("2-2-1.jpg", outputs[1][1])):
            self.assertEqual(self.client.get(url).body, archive.read(name))
        checked = self.unzip(self.archive(request_id).body)
        self.assertEqual(0, checked.returncode, checked)

    def test_more_files_than_old_archives_have(self):
        dot = self.origin.serve("/dot.png", pictures.photo(1, "png", 4, 4))
        request_id = self.client.submit(make_sheet([[dot] * 100] * 660))
        self.assertEqual(66_000, self.client.wait_final(request_id)["processed_images"])
        archive = self.opened(request_id)
        self.assertEqual(66_001, len(archive.namelist()))
        self.assertEqual("660-100-dot.png", archive.namelist()[-1])

    def test_a_large_output_and_large_results(self):
        large = self.origin.serve("/large.png", pictures.photo(1, "png", 1600, 1200))
        rows = [[large]] + [[self.origin.url("/status/404")] * 20] * 800
        request_id, _, outputs = self.process(rows)
        archive = self.opened(request_id)
        self.assertEqual(["results.csv", "1-1-large.png"], archive.namelist())
        self.assertGreater(archive.getinfo("results.csv").file_size, 300_000)
        self.assertGreater(archive.getinfo("1-1-large.png").file_size, 300_000)
        self.assertEqual(self.client.get(outputs[0][0]).body, archive.read("1-1-large.png"))
        self.assertEqual(0, self.unzip(self.archive(request_id).body).returncode)

    def test_not_before_the_end(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/slow?ms=1500")]]))
        problem = self.assert_problem(self.archive(request_id), 404)
        self.assertIn(problem["request_status"], ("pending", "processing"))
        self.client.wait_final(request_id)
        self.assertEqual(200, self.archive(request_id).status)

    def test_never_silently_incomplete(self):
        urls = [self.origin.serve(f"/many-{seed}.jpg", pictures.photo(seed, "jpg", 640, 480))
                for seed in range(30)]
        request_id, _, outputs = self.process([urls])
        path = outputs[0][-1].removeprefix(self.server.base_url + "/")
        gone = self.server.data_folder / "objects" / path
        gone.unlink()
        try:
            reply = self.archive(request_id)
        except http.client.IncompleteRead:
            return
        self.assertEqual(500, reply.status)  # noticed before anything was sent


if __name__ == "__main__":
    server_case.main()
