#!/usr/bin/python3
"""The CSV dialects of CONTRACT 2.1 over HTTP, and that the results keep them (2.2)."""

import pictures
import server_case
from client import read_sheet

COLUMNS = ["S. No.", "Product Name", "Input Image Urls"]


class Taken(server_case.ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b, cls.c = (cls.origin.url(f"/photo/{seed}.jpg?w=40&h=30") for seed in (1, 2, 3))

    def results_of(self, sheet):
        """The raw results CSV of a sheet that is taken whole."""
        sheet = sheet.encode() if isinstance(sheet, str) else sheet
        request_id = self.client.submit(sheet)
        status = self.client.wait_final(request_id)
        self.assertEqual((0, "completed"), (status["failed_images"], status["status"]))
        return self.client.get(f"/api/download/{request_id}").body.decode("utf-8")

    def assert_outputs(self, text, counts, delimiter=",", column="Output Image Urls"):
        rows = read_sheet(text, delimiter)
        self.assertEqual(counts, [len(row[column].split(",")) for row in rows])
        for row in rows:
            self.assertTrue(all(url.startswith("http") for url in row[column].split(",")), row)
        return rows

    def test_plain(self):
        text = self.results_of(f'{",".join(COLUMNS)}\n1,Mug,"{self.a},{self.b}"\n2,Cup,{self.c}\n')
        self.assert_outputs(text, [2, 1])
        self.assertTrue(text.startswith(f"{','.join(COLUMNS)},Output Image Urls\n"))
        self.assertTrue(text.endswith("\n"))

    def test_crlf_is_kept(self):
        text = self.results_of(f"{','.join(COLUMNS)}\r\n1,Mug,{self.a}\r\n2,Cup,{self.b}")
        self.assertEqual(text.count("\n"), text.count("\r\n"))
        self.assert_outputs(text, [1, 1])

    def test_bom(self):
        text = self.results_of("\ufeff" + f"{','.join(COLUMNS)}\n1,Mug,{self.a}\n")
        self.assertEqual("S. No.", text[:6])

    def test_utf16(self):
        for encoding in ("utf-16-le", "utf-16-be"):
            sheet = f"\ufeff{','.join(COLUMNS)}\n1,Čaj – 茶 😀,{self.a}\n"
            rows = self.assert_outputs(self.results_of(sheet.encode(encoding)), [1])
            self.assertEqual("Čaj – 茶 😀", rows[0]["Product Name"])

    def test_other_delimiters_are_kept(self):
        for mark in ";\t":
            text = self.results_of(f"{mark.join(COLUMNS)}\n1{mark}Mug{mark}{self.a},{self.b}\n")
            self.assert_outputs(text, [2], mark)

    def test_header_names_in_any_case_and_order_with_spaces(self):
        sheet = (" input image urls , PRODUCT name,Colour,s. no. \n"
                 f"{self.a},Mug,blue,1\n")
        text = self.results_of(sheet)
        self.assertEqual(" input image urls , PRODUCT name,Colour,s. no. ,Output Image Urls",
                         text.splitlines()[0])
        rows = self.assert_outputs(text, [1])
        self.assertEqual("blue", rows[0]["Colour"])

    def test_quoting_survives(self):
        name = 'A "big", round\nmug'
        quoted = name.replace('"', '""')
        text = self.results_of(f'{",".join(COLUMNS)}\n1,"{quoted}",{self.a}\n')
        self.assertEqual(name, self.assert_outputs(text, [1])[0]["Product Name"])

    def test_blank_lines_are_skipped(self):
        text = self.results_of(f"{','.join(COLUMNS)}\n\n1,Mug,{self.a}\n\n\n2,Cup,{self.b}\n\n")
        self.assertEqual(["1", "2"], [row["S. No."] for row in self.assert_outputs(text, [1, 1])])

    def test_output_column_is_replaced_in_place(self):
        sheet = (f"S. No.,Output Image Urls,Product Name,Input Image Urls\n1,old,Mug,{self.a}\n")
        text = self.results_of(sheet)
        self.assertEqual(sheet.splitlines()[0], text.splitlines()[0])
        self.assert_outputs(text, [1])
        self.assertNotIn("old", text)

    def test_spaces_around_urls_and_commas_inside(self):
        odd = self.origin.serve("/w_400,h_300/a.jpg", pictures.photo(1), "image/jpeg")
        text = self.results_of(f"{','.join(COLUMNS)}\n1,Mug,\" {odd} , {self.b} ,{self.c}\"\n")
        self.assert_outputs(text, [3])
        self.assertEqual(1, self.origin.hits["/w_400,h_300/a.jpg"])

    def test_spilled_cells_are_one_list(self):
        text = self.results_of(f"{','.join(COLUMNS)}\n1,Mug,{self.a},{self.b},{self.c}\n")
        self.assert_outputs(text, [3])

    def test_the_same_url_in_many_places(self):
        url = self.origin.url("/photo/99.jpg?w=40&h=30")
        text = self.results_of(f"{','.join(COLUMNS)}\n1,A,\"{url},{url}\"\n2,B,{url}\n")
        rows = self.assert_outputs(text, [2, 1])
        self.assertEqual(1, len(set(",".join(r["Output Image Urls"] for r in rows).split(","))))
        self.assertEqual(1, self.origin.hits["/photo/99.jpg?w=40&h=30"])


class Refused(server_case.ServerCase):
    def test_each_with_a_clear_400(self):
        url = "http://example.com/a.jpg"
        header = ",".join(COLUMNS)
        for what, sheet in {
            "NUL": f"{header}\n1,M\0g,{url}\n".encode(),
            "UTF-8": header.encode() + b"\n1,M\xff\xfeg," + url.encode() + b"\n",
            "unclosed quote": f"{header}\n1,\"Mug,{url}\n".encode(),
            "field": f"{header}\n1,Mug\n".encode(),
            "no data row": f"{header}\n".encode(),
            "blank": f"{header}\n\n\n".encode(),
            "two columns": f"{header},product name\n1,Mug,{url},x\n".encode(),
            "no url": f"{header}\n1,Mug,\"example.com/b.jpg,{url}\"\n".encode(),
            "bad port": f"{header}\n1,Mug,http://example.com:port/b.jpg\n".encode(),
            "long url": f"{header}\n1,Mug,{url}{'x' * 2048}\n".encode(),
        }.items():
            with self.subTest(what):
                problem = self.assert_problem(self.client.upload(sheet), 400)
                self.assertEqual("Invalid CSV format", problem["error"])
                self.assertGreater(len(problem["detail"]), 10)


if __name__ == "__main__":
    server_case.main()
