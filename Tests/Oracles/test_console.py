"""The page at `/`: a chat in headless Chromium, and what holds for the file by itself."""

import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from chromium import Page
from oracle import FIXTURES, HANG_SECONDS, REPOSITORY, OracleCase, needs, stoa
from server import Server

CONSOLE = REPOSITORY / "Sources/StoaServer/Console/console.html"
MODEL = FIXTURES / "gguf_f16/model.gguf"
PROMPT = "tell me a story about a fox named Ada at the harbour"
HOSTILE = """<img src=x onerror="document.title='broken'"> **bold** `<b>code</b>` [link](javascript:alert(1))

```html
<script>document.title = "broken"</script>
```

- <a href="javascript:alert(1)">one</a>
- **two
"""


class File(unittest.TestCase):
    def setUp(self):
        self.text = CONSOLE.read_text()

    @needs()
    def test_is_one_small_file_that_asks_nobody(self):
        self.assertLess(len(self.text.encode()), 44 << 10)
        self.assertEqual((self.text.count("<style>"), self.text.count("<script>")), (1, 1))
        for pattern in (
            r"\bsrc=",
            r"\sstyle=",
            r"\son[a-z]+=\"",
            r"innerHTML",
            r"url\(",
            r"@import",
            r"\beval\b",
            r"new Function",
        ):
            self.assertNotRegex(self.text, pattern)
        self.assertEqual(set(re.findall(r"https?://[^'\" ]+", self.text)), {"http://www.w3.org/2000/svg"})

    @needs()
    def test_contrast(self):
        """WCAG 2.2, 1.4.3: at least 4.5 for text, in both themes; 1.4.11: 3 for the edges of controls."""
        blocks = re.findall(r":root \{(.*?)\}", self.text, re.DOTALL)[:2]
        self.assertEqual(len(blocks), 2)
        for block in blocks:
            colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", block))
            for ground in ("ground", "raised", "sunk"):
                for ink in ("ink", "quiet", "accent", "link"):
                    self.assertGreaterEqual(contrast(colours[ink], colours[ground]), 4.5, (ink, ground, block[:40]))
            for ground in ("ground", "raised"):
                self.assertGreaterEqual(contrast(colours["edge"], colours[ground]), 3, ("edge", ground, block[:40]))
            self.assertGreaterEqual(contrast(colours["on-accent"], colours["accent"]), 4.5)
            for ink in ("bad", "ink", "link"):
                self.assertGreaterEqual(contrast(colours[ink], colours["bad-ground"]), 4.5, ink)


def contrast(one, other):
    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
        channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Chat(OracleCase):
    def open(self, *arguments, home=None, **options):
        server = self.enterContext(Server(*arguments, home=home))
        page = self.enterContext(Page(server.url + "/", **options))
        page.wait_for("document.getElementById('model')?.disabled === false")
        return server, page

    def ask(self, page, text):
        page.type(text)
        page.press("Enter")
        page.wait_for("document.querySelector('.answered:last-child')?.ariaBusy === 'false'")

    @needs(programs=["chromium", "bash"])
    def test_chat(self):
        server, page = self.open()
        told = self.json_of("run", "primer", PROMPT, "--seed", 4, "--json")["text"]
        page.value("document.getElementById('seed').value = '4'")
        # The message box has the focus from the beginning.
        self.ask(page, PROMPT)
        text = page.value("document.querySelector('.answered .prose').textContent")
        self.assertEqual("".join(text.split()), "".join(told.split()))
        facts = page.value("document.querySelector('.answered .facts').textContent")
        self.assertRegex(facts, r"\d+ tokens.*tokens/s.*first after.*seed 4")
        self.assertIn(told[:20], page.value("document.getElementById('voice').textContent"))
        self.ask(page, "who helped Ada?")
        self.assertEqual(page.value("messages.length"), 4)
        urls = {event["request"]["url"] for event in page.named("Network.requestWillBeSent")}
        urls = {url for url in urls if not url.startswith("data:")}
        paths = ("/", "/v1/models", "/v1/models/primer/status", "/v1/chat/completions")
        self.assertEqual(urls, {server.url + path for path in paths})
        self.assertEqual(page.named("Runtime.exceptionThrown"), [])
        self.assertEqual(page.named("Log.entryAdded"), [])

    @needs(programs=["chromium", "bash"])
    def test_on_a_small_dark_screen(self):
        _, page = self.open(width=360, height=640, dark=True)
        self.ask(page, "fox " * 3000)
        self.assertIn("too long", page.value("document.querySelector('.fault').textContent"))
        page.value("document.getElementById('question').focus()")
        self.ask(page, "what are you?")
        self.assertLessEqual(page.value("document.documentElement.scrollWidth"), 360)
        self.assertEqual(page.value("getComputedStyle(document.body).colorScheme"), "dark")
        page.value("document.getElementById('more').click()")
        page.wait_for("document.getElementById('certificate').innerText.includes('unsigned')")
        page.press("Escape")
        self.assertFalse(page.value("document.getElementById('side').checkVisibility()"))

    @needs(programs=["chromium", "bash"])
    def test_stops(self):
        _, page = self.open()
        page.type(PROMPT)
        page.press("Enter", shift=True)
        self.assertIn("\n", page.value("document.getElementById('question').value"))
        page.press("Enter")
        page.press("Escape")
        page.wait_for("document.querySelector('.answered')?.ariaBusy === 'false'")
        self.assertEqual(page.value("document.getElementById('send').textContent"), "Send")
        self.ask(page, "what are you?")

    @needs(programs=["chromium", "bash"])
    def test_shows_what_an_answer_cost_and_would_have_cost(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        prices = "currency: EUR\nmodels:\n  primer: {input: 10, output: 20}\n"
        (folder / "prices.yaml").write_text(prices + 'compare:\n  - {name: "Large API", input: 1000, output: 3000}\n')
        _, page = self.open("--prices", folder / "prices.yaml")
        self.ask(page, PROMPT)
        usage = page.value("totals")
        cost = (usage["prompt"] * 10 + usage["tokens"] * 20) / 1e6
        elsewhere = (usage["prompt"] * 1000 + usage["tokens"] * 3000) / 1e6
        facts = page.value("document.querySelector('.answered .facts').textContent")
        shown = [float(amount) for amount in re.findall(r"€([\d.]+)", facts)]
        self.assertEqual(len(shown), 2)
        self.assertAlmostEqual(shown[0] / cost, 1, delta=0.05)
        self.assertAlmostEqual(shown[1] / elsewhere, 1, delta=0.05)
        self.assertIn("Large API", page.value("document.getElementById('ledger').textContent"))

    @needs(programs=["chromium", "bash"])
    def test_asks_for_a_key(self):
        home = Path(self.enterContext(tempfile.TemporaryDirectory()))
        made = self.json_of("key", "create", "page", "--json", STOA_HOME=str(home))
        server = self.enterContext(Server("--host", "0.0.0.0", home=home))
        page = self.enterContext(Page(server.url + "/"))
        page.wait_for("document.activeElement?.id === 'key'")
        self.assertIn("asks for an API key", page.value("document.querySelector('.fault').textContent"))
        page.type("sk-stoa-wrong")
        page.press("Enter")
        page.wait_for("document.querySelector('.fault')?.textContent.includes('does not accept')")
        page.value("document.getElementById('key').select()")
        page.type(made["secret"])
        page.press("Enter")
        page.wait_for("document.getElementById('model').disabled === false")
        page.value("document.getElementById('question').focus()")
        self.ask(page, "what are you?")
        self.assertTrue(page.value("document.querySelector('.answered .prose').textContent"))
        self.assertEqual(page.value("localStorage.length + document.cookie.length"), 0)

    @needs(programs=["chromium", "bash"])
    def test_text_of_a_model_is_never_markup(self):
        _, page = self.open()
        page.value("window.shown = document.createElement('div')")
        page.value(f"shown.append(...blocks({json.dumps(HOSTILE)}.split('\\n'))); document.body.append(shown)")
        self.assertEqual(page.value("shown.querySelectorAll('img, a, script, b, [onerror], [href]').length"), 0)
        self.assertEqual(page.value("[...shown.querySelectorAll('strong')].map((node) => node.textContent)"), ["bold"])
        self.assertEqual(page.value("shown.querySelector('code').textContent"), "<b>code</b>")
        self.assertIn("<script>", page.value("shown.querySelector('pre').textContent"))
        self.assertEqual(page.value("document.title"), "Stoa")


class Badge(OracleCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.home = self.folder / "home"

    def done(self, *arguments):
        result = stoa(*arguments, STOA_HOME=str(self.home))
        self.assertEqual(result.returncode, 0, f"{arguments}: {result.stderr}")

    def prepare(self):
        """A model of each verdict."""
        paths = {name: self.folder / f"{name}.gguf" for name in ("certified", "signed", "unsigned", "refused")}
        for number, path in enumerate(paths.values()):
            path.write_bytes(MODEL.read_bytes() + bytes([number]) * 32)
        ca, leaf, key = (self.folder / name for name in ("ca", "leaf.pem", "leaf.key"))
        self.done("ca", "init", ca, "--organization", "Example")
        issue = ["ca", "issue", paths["certified"], "--ca", ca, "--level", "self-vouched", "--new-key", key]
        self.done(*issue, "--organization", "Example Labs", "--out", leaf)
        self.done("sign", paths["certified"], "--key", key, "--certificate", leaf)
        self.done("ca", "crl", "--ca", ca, "--out", f"{paths['certified']}.crl")
        lab, public = self.folder / "lab.key", self.folder / "lab.pub"
        curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        for arguments in (["genpkey", *curve, "-out", lab], ["pkey", "-in", lab, "-pubout", "-out", public]):
            subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=HANG_SECONDS)
        for name in ("signed", "refused"):
            self.done("sign", paths[name], "--key", lab)
        changed = bytearray(paths["refused"].read_bytes())
        changed[-1] ^= 1
        paths["refused"].write_bytes(changed)
        trust = self.folder / "trust.yaml"
        self.done("trust", "add-root", ca / "root.pem", "--trust", trust, "--yes")
        store = trust.read_text().replace("require: self-vouched", "require: signed")
        trust.write_text(store + f"keys:\n  - {{name: our lab, file: {public}}}\n")
        models = [argument for name, path in paths.items() for argument in ("--model", f"{name}={path}")]
        return [*models, "--trust", trust, "--trust-policy", "warn"]

    @needs(programs=["chromium", "bash", "openssl"])
    def test_who_vouches_for_each_model(self):
        """The badge says the verdict, and on a click or a key every reason, as `/status` has them."""
        arguments = self.prepare()
        words = {
            "certified": "self-vouched, by ",
            "signed": "by our lab",
            "unsigned": "nobody vouches",
            "refused": "",
        }
        server = self.enterContext(Server(*arguments, home=self.home))
        for width, dark in ((1280, False), (360, True)):
            page = self.enterContext(Page(server.url + "/", width=width, dark=dark))
            page.wait_for("document.getElementById('model')?.disabled === false")
            for name, words_of in words.items():
                with self.subTest(f"{name} at {width}"):
                    page.value(f"document.getElementById('model').value = {json.dumps(name)}")
                    page.value("document.getElementById('model').dispatchEvent(new Event('change'))")
                    page.wait_for(f"document.getElementById('voice').textContent.startsWith('{name} is {name}: ')")
                    status = server.get(f"/v1/models/{name}/status").json
                    self.assertEqual(status["verdict"], name)
                    self.check(page, name, status, words_of)
            self.assertLessEqual(page.value("document.documentElement.scrollWidth"), width)
            self.assertEqual(page.named("Runtime.exceptionThrown"), [])
            self.assertEqual(page.named("Log.entryAdded"), [])

    def check(self, page, name, status, words):
        names = [
            node["name"]["value"]
            for node in page.call("Accessibility.getFullAXTree")["nodes"]
            if not node.get("ignored") and node["role"]["value"] == "button"
        ]
        self.assertIn(name, names, "what a screen reader calls the badge")
        page.value("document.getElementById('certificate').open = false")
        page.value("document.getElementById('badge').focus()")
        page.press("Enter")
        self.assertTrue(page.value("document.getElementById('certificate').open"))
        self.assertTrue(page.value("document.getElementById('certificate').checkVisibility()"))
        self.assertEqual(page.value("document.activeElement.localName"), "summary")
        line = page.value("document.getElementById('vouched').textContent")
        worst = [reason["why"] for reason in status["reasons"] if not reason["ok"]]
        self.assertTrue(line.startswith(f"{name}: {words}"), line)
        if name == "refused":
            self.assertIn(line.removeprefix("refused: "), worst)
        reasons = page.value("[...document.querySelectorAll('#reasons li')].map((item) => item.textContent)")
        expected = [
            f"{'✓' if reason['ok'] else '✗'} {reason['check']} {'holds' if reason['ok'] else 'fails'}: {reason['why']}"
            for reason in status["reasons"]
        ]
        self.assertEqual(reasons, expected)
        # The same key closes it.
        page.press("Enter")
        self.assertFalse(page.value("document.getElementById('certificate').open"))
        page.press("Escape")


if __name__ == "__main__":
    unittest.main()
