"""Chromium without a screen, driven by its WebDriver; it tells every address that it asked for and
what it complained of."""

import base64
import json
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

DEADLINE_SECONDS = 60
PAUSE_SECONDS = 0.05
SIZE = (1280, 900)

# As root it has no sandbox of its own; all that it is shown comes from this machine.
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
             "--disable-background-networking", "--disable-component-update", "--no-first-run",
             "--disable-sync", "--disable-default-apps", "--force-color-profile=srgb")


class Browser:
    """with Browser() as browser: browser.open(url)"""

    def __init__(self, dark=False):
        self._profile = tempfile.TemporaryDirectory(prefix="imgmill-browser-")
        self._dark = dark
        self._requests = []
        self.driver = None

    def __enter__(self):
        options = Options()
        for argument in (*ARGUMENTS, f"--user-data-dir={self._profile.name}"):
            options.add_argument(argument)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.resize()
        scheme = {"name": "prefers-color-scheme", "value": "dark" if self._dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self._profile.cleanup()

    def resize(self, width=SIZE[0]):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": SIZE[1], "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, url):
        self.driver.get(url)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector):
        """Also of what cannot be seen."""
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def wait(self, condition, what):
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {DEADLINE_SECONDS} s: {what}\n"
                                     f"{self.text('body')[:2000]}")
            time.sleep(PAUSE_SECONDS)
        return value

    def shown(self, selector):
        """The elements of the selector that can be seen."""
        return [each for each in self.find_all(selector) if each.is_displayed()]

    def press(self, selector):
        self.wait(lambda: self.shown(selector), f"{selector} is there")[0].click()

    def picture(self, path):
        """The whole page as a PNG."""
        width, height = self.run("const { scrollWidth, scrollHeight } = document.documentElement;"
                                 "return [scrollWidth, scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        reply = self.driver.execute_cdp_cmd("Page.captureScreenshot",
                                            {"clip": clip, "captureBeyondViewport": True})
        with open(path, "wb") as out:
            out.write(base64.b64decode(reply["data"]))

    def asked(self):
        """Every address asked for since it began, in any page."""
        return [request["url"] for request in self.requests()]

    def requests(self):
        """The same, with method and headers."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"])
        return self._requests

    def complaints(self):
        """What its console has had to say since the last time."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]
