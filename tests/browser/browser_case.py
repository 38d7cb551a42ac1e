"""The base of the browser tests: a server, an origin and a browser for all tests of a class. After
each test nothing may have been asked of another host, and the console has nothing to say."""

import server_case
from browser import Browser

# What a refusal looks like in the console, whatever the page makes of it.
REFUSED = "Failed to load resource: the server responded with a status of 4"


class BrowserCase(server_case.ServerCase):
    dark = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = cls.enterClassContext(Browser(cls.dark))

    def open(self, path="/"):
        self.browser.open("about:blank")  # or a new fragment would not load the page anew
        self.browser.open(self.server.base_url + path)

    def tearDown(self):
        complaints = [each for each in self.browser.complaints() if REFUSED not in each]
        self.assertEqual([], complaints)
        own = (f"{self.server.base_url}/", "data:", "blob:", "about:", "chrome:")
        self.assertEqual([], [each for each in self.browser.asked() if not each.startswith(own)])
