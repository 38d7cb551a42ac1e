#!/usr/bin/python3
"""The web page as people use it, in a real browser."""

import re
import tempfile
from pathlib import Path

from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

import server_case
from browser_case import BrowserCase
from client import make_sheet

EVIL = '<script>window.evil = 1</script><img src=x onerror="window.evil = 1">'
TURN = "[\u202a-\u202e\u2066-\u2069]"  # of the writing direction
CONTRAST_MIN = 4.5  # WCAG 2, level AA
PAIRS = (("ink", "ground"), ("ink", "card"), ("soft", "card"), ("soft", "ground"),
         ("accent", "card"), ("accent", "ground"), ("on-accent", "accent"), ("good", "card"),
         ("bad", "card"), ("bad", "bad-ground"), ("ink", "bad-ground"))

# What can be seen and is not wholly between the screen's edges.
HANGS_OUT = """
    const edge = document.documentElement.clientWidth;
    const out = [...document.body.querySelectorAll('*')].filter((each) => {
      const { left, right, width } = each.getBoundingClientRect();
      return width > 1 && (left < 0 || right > edge);
    });
    const scrolls = document.documentElement.scrollWidth > edge;
    return [...out.map((each) => each.outerHTML), ...(scrolls ? ['the page scrolls'] : [])];"""


class PageCase(BrowserCase):
    def send(self, sheet, button="#upload button[type=submit]"):
        """Chooses a CSV in the form and uploads it, or has it checked."""
        with tempfile.TemporaryDirectory(prefix="imgmill-browser-") as folder:
            path = Path(folder) / "products.csv"
            path.write_bytes(sheet)
            self.browser.find("#file").send_keys(str(path))
            self.browser.press(button)
            self.browser.wait(lambda: self.browser.shown("#request, #refusal, #findings"),
                              "it is answered")

    def shown_request(self):
        return self.browser.run("return location.hash").removeprefix("#request/")

    def wait_state(self, state):
        self.browser.wait(lambda: self.browser.text("#request-state") == state, f"it is {state}")

    def open_request(self, request_id, state):
        self.open(f"/#request/{request_id}")
        self.wait_state(state)


class Upload(PageCase):
    def test_from_upload_to_thumbnails(self):
        slow = [self.origin.url(f"/slow?ms={ms}&seed={ms}") for ms in (0, 1500)]
        self.open()
        self.send(make_sheet([slow]))
        self.wait_state("processing")
        self.browser.wait(lambda: "1 of 2 images" in self.browser.text("#request-count"), "half")
        self.assertTrue(self.browser.shown("#cancel"))
        self.wait_state("completed")
        self.assertEqual("2 of 2 images", self.browser.text("#request-count"))
        self.browser.wait(lambda: self.thumbnail_widths() == [160, 160], "thumbnails are drawn")
        self.assertTrue(self.browser.text("#announcer").startswith("completed: 2 of 2"))
        self.assertRegex(self.browser.text("#request-facts"), r"Saved[1-9]\d(\.\d)? %")
        self.assertEqual([], self.browser.shown("#cancel, #retry, #failures"))

    def thumbnail_widths(self):
        return self.browser.run(
            "return [...document.querySelectorAll('#images img')].map(each => each.naturalWidth)")

    def test_names_are_text(self):
        photo = self.origin.url("/photo/1.jpg")
        name = EVIL.replace('"', '""')
        self.open()
        self.send(f'S. No.,Product Name,Input Image Urls\n1,"{name}",{photo}\n'.encode())
        self.wait_state("completed")
        self.browser.wait(lambda: EVIL in self.browser.text("#images"), "the name is shown")
        self.assertIsNone(self.browser.run("return window.evil ?? null"))

    def test_nothing_turns_round_what_stands_behind(self):
        turned = [f"{turn}gpj.exe" for turn in "\u202e\u202d\u2067"]
        gone = self.origin.url("/status/404?\u202egpj.exe")
        rows = "".join(f'{number},{name},"{gone},{gone}"\n' for number, name in enumerate(turned))
        self.open()
        self.send(f"S. No.,Product Name,Input Image Urls\n{rows}".encode())
        self.wait_state("failed")
        self.browser.wait(lambda: len(self.browser.find_all("#images li")) == 6, "all images")
        self.assertIn("0 · \ufffdgpj.exe · image 2", self.browser.text("#images"))
        self.assertNotRegex(self.browser.text("#request"), TURN)
        self.open()
        self.send("S. No.,Product Name,Input Image Urls\n1,Chair,\u202egpj.exe\n".encode())
        self.assertNotRegex(self.browser.text("#refusal"), TURN)

    def test_a_bad_csv_shows_its_rows(self):
        self.open()
        self.send(f"S. No.,Product Name,Input Image Urls\n12a,{EVIL.split()[0]},chair.jpg\n"
                  .encode())
        self.assertIn("Invalid CSV format", self.browser.text("#refusal"))
        rows = [[cell.text for cell in row.find_elements("css selector", "td")]
                for row in self.browser.find_all("#refusal tbody tr")]
        self.assertEqual([["1", "S. No.", '"12a" is not an integer'],
                          ["1", "Input Image Urls",
                           '"chair.jpg" must start with http:// or https://']], rows)
        self.assertEqual("refusal", self.browser.run("return document.activeElement.id"))
        self.assertEqual(["alert"], [self.browser.find("#refusal").get_attribute("role")])

    def test_a_bad_option_is_shown_before_it_is_sent(self):
        self.open()
        self.browser.press("#upload summary")
        self.browser.find("[name=quality]").send_keys("101")
        self.browser.press("#upload summary")
        self.browser.find("#file").send_keys(__file__)
        self.browser.press("#upload button[type=submit]")
        self.browser.wait(lambda: self.browser.shown("[name=quality]"), "it is unfolded")
        self.assertEqual("quality", self.browser.run("return document.activeElement.name"))
        self.assertEqual([], self.browser.shown("#refusal"))

    def test_a_file_that_is_dropped(self):
        self.open()
        self.browser.run("""
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['a'], 'dropped.csv'));
            const options = { dataTransfer, bubbles: true, cancelable: true };
            document.querySelector('.drop').dispatchEvent(new DragEvent('drop', options));""")
        self.assertEqual("dropped.csv",
                         self.browser.run("return document.getElementById('file').files[0].name"))

    def test_more_faults_than_are_listed(self):
        self.open()
        self.send(b"S. No.,Product Name,Input Image Urls\n" + b"x,Chair,http://a/b.jpg\n" * 130)
        self.assertIn("The first 100 of 130 faults", self.browser.text("#refusal caption"))

    def test_options_are_sent(self):
        self.open()
        self.browser.press("#upload summary")
        self.browser.find("[name=quality]").send_keys("30")
        self.browser.find("[name=max_width]").send_keys("64")
        Select(self.browser.find("[name=format]")).select_by_value("webp")
        self.send(make_sheet([[self.origin.url("/photo/1.jpg")]]))
        self.wait_state("completed")
        options = self.client.status(self.shown_request())["options"]
        self.assertEqual((30, "webp", 64, None), (options["quality"], options["format"],
                                                  options["max_width"], options["max_height"]))
        self.browser.wait(lambda: "64 × 48 webp" in self.browser.text("#images"), "its size")


class Check(PageCase):
    def test_what_an_upload_would_do(self):
        before = self.client.get("/api/requests").json
        photo, gone = self.origin.url("/photo/1.jpg"), self.origin.url("/status/404")
        self.open()
        self.send(make_sheet([[photo, gone], [photo]]), "#check")
        self.assertEqual("products.csv would be taken", self.browser.text("#findings h2"))
        self.assertEqual("Rows2Invalid rows0Images3Distinct URLs2Hosts1",
                         self.browser.text("#findings dl"))
        host = photo.split("/")[2].split(":")[0]
        hosts, sample = [self.cells(table) for table in self.browser.find_all("#findings table")]
        self.assertEqual([["2"]], [row[1:] for row in hosts])
        self.assertIn(host, hosts[0][0])
        self.assertEqual({photo, gone}, {row[0] for row in sample})
        found = dict(sample)
        self.assertRegex(found[photo], r"^jpeg, [\d.]+ KB$")
        self.assertEqual("http_404: the origin answered 404", found[gone])
        self.assertEqual(before, self.client.get("/api/requests").json)
        self.assertTrue(self.browser.find("#file").get_property("value"), "it can be uploaded now")

    def cells(self, table):
        return [[cell.text for cell in row.find_elements("css selector", "td")]
                for row in table.find_elements("css selector", "tbody tr")]

    def test_what_would_be_refused(self):
        self.open()
        self.send(b"S. No.,Product Name,Input Image Urls\n1,Chair,chair.jpg\n", "#check")
        self.assertEqual("products.csv would be refused", self.browser.text("#findings h2"))
        self.assertEqual([["1", "Input Image Urls",
                           '"chair.jpg" must start with http:// or https://']],
                         self.cells(self.browser.find("#findings table")))
        self.assertEqual("findings", self.browser.run("return document.activeElement.id"))


class Requests(PageCase):
    def test_failures_and_what_to_do(self):
        gone = self.origin.url("/status/404")
        request_id = self.client.submit(make_sheet([[self.origin.url("/photo/1.jpg"), gone]]))
        self.open_request(request_id, "completed")
        self.browser.wait(lambda: self.browser.shown("#images .fault"), "the failure is shown")
        self.assertEqual("http_404: the origin answered 404",
                         self.browser.shown("#images .fault")[0].text)
        Select(self.browser.find("#images-status")).select_by_value("failed")
        self.browser.wait(lambda: len(self.browser.find_all("#images li")) == 1, "only failures")
        for name, path in (("results", f"results/{request_id}_results.csv"),
                           ("failures", f"api/requests/{request_id}/failures.csv"),
                           ("archive", f"api/requests/{request_id}/archive")):
            href = self.browser.find(f"#{name}").get_attribute("href")
            self.assertEqual(f"{self.server.base_url}/{path}", href)
            self.assertEqual(200, self.client.get(href).status)

    def test_cancel(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/hang")]]))
        self.open_request(request_id, "processing")
        self.browser.press("#cancel")
        self.wait_state("cancelled")
        self.assertEqual("cancelled", self.client.wait_final(request_id)["status"])
        failures = self.browser.shown("#failures")
        self.assertTrue(failures, "what was not dealt with is offered")
        self.assertIn("cancelled", self.client.get(failures[0].get_attribute("href")).text)
        self.assertEqual([], self.browser.shown("#archive, #retry"))

    def test_retry(self):
        path = "/late.jpg"
        request_id = self.client.submit(make_sheet([[self.origin.url(path)]]))
        self.open_request(request_id, "failed")
        self.origin.serve(path, self.photo(), "image/jpeg")
        self.browser.press("#retry")
        self.wait_state("completed")
        self.browser.wait(lambda: self.browser.find_all("#images img"), "its thumbnail")

    def photo(self):
        with_photo = self.client.submit(make_sheet([[self.origin.url("/photo/1.jpg")]]))
        self.client.wait_final(with_photo)
        return self.client.get(self.client.outputs(with_photo)[0][0]).body

    def test_delete_asks_first(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/photo/1.jpg")]]))
        self.client.wait_final(request_id)
        self.open_request(request_id, "completed")
        self.browser.press("#delete")
        self.browser.press("#confirm button[value='']")
        self.assertEqual(200, self.client.get(f"/api/status/{request_id}").status)
        self.browser.press("#delete")
        self.browser.press("#confirm button[value=delete]")
        self.browser.wait(lambda: self.browser.shown("#home"), "the list is shown")
        self.assertEqual(404, self.client.get(f"/api/status/{request_id}").status)

    def test_unknown_request(self):
        for wanted in ("550e8400-e29b-41d4-a716-446655440000", "nonsense", ""):
            self.open(f"/#request/{wanted}")
            self.browser.wait(lambda: self.browser.shown("#missing"), f"it says so of '{wanted}'")
            self.assertEqual([], self.browser.shown("#home, #request, #trouble"))

    def test_deleted_meanwhile(self):
        request_id = self.client.submit(make_sheet([[self.origin.url("/status/404")]]))
        self.client.wait_final(request_id)
        self.open_request(request_id, "failed")
        self.client.request("DELETE", f"/api/requests/{request_id}")
        self.browser.press("#retry")
        self.browser.wait(lambda: self.browser.shown("#missing"), "it says so")
        self.assertEqual([], self.browser.shown("#request, #trouble"))

    def test_images_in_pages(self):
        photo = self.origin.url("/photo/1.jpg")
        request_id = self.client.submit(make_sheet([[photo]] * 60))
        self.client.wait_final(request_id)
        self.open_request(request_id, "completed")
        self.browser.wait(lambda: len(self.browser.find_all("#images li")) == 48, "a page")
        self.browser.press("#images-more")
        self.browser.wait(lambda: len(self.browser.find_all("#images li")) == 60, "the rest")
        names = [each.text for each in self.browser.find_all("#images .name")]
        self.assertEqual([f"{number} · Product {number}" for number in range(1, 61)], names)
        self.assertEqual([], self.browser.shown("#images-more"))

    def test_images_of_one_row_are_told_apart(self):
        photo = self.origin.url("/photo/1.jpg")
        request_id = self.client.submit(make_sheet([[photo, photo], [photo]]))
        self.client.wait_final(request_id)
        self.open_request(request_id, "completed")
        self.browser.wait(lambda: len(self.browser.find_all("#images li")) == 3, "all images")
        self.assertEqual(["1 · Product 1 · image 1", "1 · Product 1 · image 2", "2 · Product 2"],
                         [each.text for each in self.browser.find_all("#images .name")])

    def test_the_list_follows(self):
        self.open()
        Select(self.browser.find("#requests-status")).select_by_value("failed")
        request_id = self.client.submit(make_sheet([[self.origin.url("/status/410")]]))
        card = f"#requests a[href='#request/{request_id}']"
        self.browser.wait(lambda: self.browser.shown(card), "the new request is listed")
        self.browser.press(card)
        self.wait_state("failed")
        self.assertEqual("H1", self.browser.run("return document.activeElement.tagName"))


class Key(PageCase):
    def test_it_is_sent_and_kept_in_the_tab_only(self):
        self.open()
        self.browser.press("#key-box summary")
        self.browser.find("#key").send_keys("imk_test" + Keys.TAB)
        self.browser.wait(self.is_sent, "the key is sent")
        self.assertEqual(["imk_test", 0, ""], self.browser.run(
            "return [sessionStorage.getItem('imgmill-key'), localStorage.length,"
            " document.cookie]"))

    def is_sent(self):
        return any(request["headers"].get("Authorization") == "Bearer imk_test"
                   for request in self.browser.requests())


class Narrow(PageCase):
    """From 280 pixels on nothing hangs out sideways; 320 is what WCAG asks for (reflow)."""

    WIDTHS = (280, 320, 340, 400)

    def tearDown(self):
        self.browser.resize()
        super().tearDown()

    def assert_it_fits(self, what):
        for width in self.WIDTHS:
            self.browser.resize(width)
            with self.subTest(what, width=width):
                self.assertEqual([], self.browser.run(HANGS_OUT))

    def test_home(self):
        self.process([[self.origin.url("/photo/1.jpg")]])
        self.open()
        self.browser.wait(lambda: self.browser.shown("#requests .card"), "it is filled")
        self.browser.press("#upload summary")
        self.assert_it_fits("options")
        self.browser.press("#key-box summary")
        self.assert_it_fits("key")

    def test_request(self):
        long_name = "W" * 100
        photo, gone = self.origin.url("/photo/1.jpg"), self.origin.url(f"/status/404?{long_name}")
        sheet = f'S. No.,Product Name,Input Image Urls\n1,{long_name},"{photo},{gone}"\n'
        request_id = self.client.submit(sheet.encode())
        self.client.wait_final(request_id)
        self.open_request(request_id, "completed")
        self.browser.wait(lambda: self.browser.shown("#images .card"), "it is filled")
        self.assert_it_fits("request")
        self.browser.press("#delete")
        self.assert_it_fits("confirmation")

    def test_refusal(self):
        self.open()
        self.send(b"S. No.,Product Name,Input Image Urls\n%s,Chair,chair.jpg\n" % (b"W" * 100))
        self.assert_it_fits("refusal")

    def test_check(self):
        self.open()
        self.send(make_sheet([[self.origin.url(f"/status/404?{'W' * 100}")]]), "#check")
        self.assert_it_fits("check")


class Access(PageCase):
    def test_every_field_has_a_label(self):
        self.open()
        self.assertEqual([], self.browser.run(
            "return [...document.querySelectorAll('input, select')]"
            ".filter(each => !each.labels.length).map(each => each.outerHTML)"))

    def test_the_first_stop_of_the_keyboard_skips_to_the_content(self):
        self.open()
        self.browser.find("body").send_keys(Keys.TAB)
        self.assertEqual("skip", self.browser.run("return document.activeElement.className"))

    def test_nothing_inline_runs(self):
        self.open()
        self.browser.run("const each = document.createElement('script');"
                         "each.textContent = 'window.inline = 1'; document.body.append(each)")
        self.assertIsNone(self.browser.run("return window.inline ?? null"))
        self.assertIn("Content Security Policy", " ".join(self.browser.complaints()))

    def test_contrast(self):
        self.open()
        for one, other in PAIRS:
            ratio = contrast(self.colour(one), self.colour(other))
            self.assertGreaterEqual(ratio, CONTRAST_MIN, f"{one} on {other}")

    def colour(self, name):
        return self.browser.run(
            "return getComputedStyle(document.documentElement)"
            ".getPropertyValue('--' + arguments[0])", name)


class AccessInTheDark(Access):
    dark = True

    def test_it_is_dark(self):
        self.open()
        self.assertLess(luminance(self.colour("ground")), 0.1)


def luminance(colour):
    """Of #rrggbb, as WCAG defines it."""
    parts = [int(part, 16) / 255 for part in re.findall(r"[0-9a-f]{2}", colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
              for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


if __name__ == "__main__":
    server_case.main()
