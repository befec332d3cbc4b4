"""`stoa monitor`, the live events and alerts: a burst of attacks is told once, quiet traffic never."""

import http.server
import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from chromium import Page
from oracle import BINARY, HANG_SECONDS, OracleCase, environment, needs, stoa
from server import Server

PACK = """\
pack: watched
version: 1
rails:
  - id: zephyr
    on: input
    detector: pattern
    options: {expressions: ['\\bzephyr\\b']}
    action: flag
    class: LLM01
"""


class Hook:
    """A webhook that keeps what it is told."""

    def __enter__(self):
        told = self.told = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def ask(server, text):
    body = {"model": "primer", "prompt": text, "max_tokens": 1}
    answer = server.post("/v1/completions", body)
    if answer.status != 200:
        raise AssertionError(answer.text)
    return answer


def wait_for(condition, seconds=HANG_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


class Monitor(OracleCase):
    def folder(self, **files):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)
        return folder

    @needs()
    def test_a_burst_is_told_once_and_quiet_traffic_never(self):
        hook = self.enterContext(Hook())
        folder = self.folder(pack_yaml=PACK)
        keep = folder / "keep"
        keep.write_text(f'#!/bin/sh\ncat > "{folder}/$1"\n')
        keep.chmod(0o755)
        (folder / "alerts.yaml").write_text(
            "rules:\n"
            "  - id: burst\n"
            "    when: {drift: LLM01, baseline: 0.01}\n"
            f'    to: [log, {{webhook: "{hook.url}"}}, {{command: [{keep}, told.json]}}]\n'
            "  - id: never\n"
            "    when: {error-rate: 0.5, requests: 1}\n"
            f'    to: {{webhook: "{hook.url}"}}\n'
        )
        with Server("primer", "--guard", folder / "pack.yaml", "--alerts", folder / "alerts.yaml") as server:
            for number in range(40):
                ask(server, f"the word zephyr once, quiet {number}" if number == 20 else f"quiet {number}")
            time.sleep(1.6)
            self.assertEqual(hook.told, [])
            ids = [ask(server, f"zephyr {number}").headers["x-request-id"] for number in range(30)]
            wait_for(lambda: hook.told and (folder / "told.json").exists() and (folder / "told.json").read_text())
            # More of the same is the same incident.
            for number in range(10):
                ask(server, f"zephyr again {number}")
            time.sleep(1.6)
            self.assertEqual([notice["alert"] for notice in hook.told], ["burst"])
            notice = hook.told[0]
            self.assertEqual(notice["state"], "opened")
            self.assertTrue(set(notice["incident"]["requests"]) & set(ids))
            self.assertEqual(json.loads((folder / "told.json").read_text()), notice)
            self.assertIn("alert burst opened", server.log)
            # No text, only what was found.
            self.assertNotIn("zephyr", json.dumps(notice))
            (incident,) = server.get("/v1/monitor/incidents").json["data"]
            self.assertEqual((incident["rule"], incident["state"], incident["notices"]), ("burst", "open", 1))
            shown = stoa("monitor", "--url", server.url, "--incidents", "--json")
            self.assertEqual(json.loads(shown.stdout)["data"][0]["id"], incident["id"])
            snapshot = json.loads(stoa("monitor", "--url", server.url, "--once", "--json").stdout)
            self.assertEqual(snapshot["hour"]["hits"], {"LLM01": 41})
            self.assertEqual(snapshot["hour"]["requests"], 80)
            (drift,) = snapshot["drift"]
            self.assertEqual((drift["class"], drift["requests"], drift["hits"]), ("LLM01", 80, 41))
            self.assertGreaterEqual(drift["alarms"], 1)
            home = str(server.home)
            entries = self.json_of("journal", "list", "--limit", 200, "--json", STOA_HOME=home)["entries"]
            kinds = [entry["kind"] for entry in entries]
            self.assertEqual((kinds.count("guard"), kinds.count("alert")), (41, 1))

    @needs()
    def test_what_is_known(self):
        with Server("primer") as server:
            identifier = ask(server, "a").headers["x-request-id"]
            snapshot = server.get("/v1/monitor").json
            minute = snapshot["minute"]
            self.assertEqual((minute["requests"], minute["errors"], minute["completion_tokens"]), (1, 0, 1))
            self.assertGreater(minute["ttft_ms"]["p50"], 0)
            self.assertEqual([model["change"] for model in snapshot["models"]], ["loaded"])
            kinds = [event["kind"] for event in snapshot["events"]]
            self.assertEqual(kinds, ["model", "finished"])
            self.assertEqual(snapshot["events"][1]["request"], identifier)
            self.assertNotIn("text", snapshot["events"][1])
            for _ in range(30):
                if server.get("/v1/monitor").json["minute"]["tokens_per_s"] > 0:
                    break
                time.sleep(0.1)
            else:
                self.fail("no tokens per second")
            self.assertEqual(server.get("/v1/monitor/incidents").json, {"object": "list", "data": []})

    @needs()
    def test_live_events_and_their_end(self):
        with Server("primer") as server:
            connection = server.connect()
            connection.request("GET", "/v1/monitor/events")
            response = connection.getresponse()
            self.assertEqual(response.headers["content-type"], "text/event-stream")
            names = []

            def read():
                for line in response:
                    if line.startswith(b"event: "):
                        names.append(line.decode().split()[1])

            reader = threading.Thread(target=read)
            reader.start()
            wait_for(lambda: names)
            ask(server, "a")
            wait_for(lambda: names.count("event") >= 2 and names.count("snapshot") >= 3)
            # A reader that stays does not keep the server from ending.
            begin = time.monotonic()
            server.stop()
            self.assertLess(time.monotonic() - begin, 10)
            reader.join(HANG_SECONDS)
            connection.close()

    @needs()
    def test_a_key_for_metrics_is_needed(self):
        home = self.folder()
        secret = self.json_of("key", "create", "watcher", "--scope", "metrics", "--json", STOA_HOME=str(home))["secret"]
        other = self.json_of("key", "create", "asker", "--json", STOA_HOME=str(home))["secret"]
        with Server("primer", "--host", "0.0.0.0", home=home) as server:
            for path in ("/v1/monitor", "/v1/monitor/incidents", "/v1/monitor/events"):
                self.assertEqual(server.get(path).status, 401)
                self.assertEqual(server.get(path, authorization=f"Bearer {other}").status, 403)
            self.assertEqual(server.get("/v1/monitor", authorization=f"Bearer {secret}").status, 200)
            shown = stoa("monitor", "--once", STOA_HOST=server.url, STOA_API_KEY=secret)
            self.assertEqual(shown.returncode, 0)
            self.assertIn("last minute", shown.stdout)

    @needs()
    def test_mistakes_in_the_rules_end_the_start(self):
        folder = self.folder(alerts_yaml="rules:\n  - {id: a, when: {refusal: 1}, to: log}\n")
        result = stoa("serve", "primer", "--alerts", folder / "alerts.yaml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("alerts.yaml:2:20: when has no key refusal", result.stderr)
        self.assertIn("did you mean refusals?", result.stderr)

    @needs()
    def test_lines_in_a_pipe(self):
        with Server("primer") as server:
            process = subprocess.Popen(
                [BINARY, "monitor", "--url", server.url], stdout=subprocess.PIPE, text=True, env=environment()
            )
            lines = [process.stdout.readline() for _ in range(2)]
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(HANG_SECONDS), 130)
            process.stdout.close()
            for line in lines:
                self.assertRegex(line, r"^\d{4}-.*Z · requests/s .* · incidents 0\n$")

    @needs()
    def test_the_terminal_is_as_it_was(self):
        with Server("primer") as server:
            ask(server, "a")
            leader, follower = pty.openpty()
            process = subprocess.Popen(
                [BINARY, "monitor", "--url", server.url],
                stdin=follower,
                stdout=follower,
                stderr=follower,
                start_new_session=True,
                env=environment(TERM="xterm"),
            )
            os.close(follower)
            shown = b""
            end = time.monotonic() + HANG_SECONDS
            interrupted = False
            while time.monotonic() < end:
                if not select.select([leader], [], [], 0.2)[0]:
                    continue
                try:
                    piece = os.read(leader, 65536)
                except OSError:
                    break
                if not piece:
                    break
                shown += piece
                if not interrupted and b"last hour" in shown:
                    process.send_signal(signal.SIGINT)
                    interrupted = True
            self.assertEqual(process.wait(HANG_SECONDS), 130)
            os.close(leader)
            text = shown.decode()
            self.assertTrue(text.startswith("\x1b[?1049h\x1b[?25l"), text[:40])
            self.assertTrue(text.endswith("\x1b[?25h\x1b[?1049l"), text[-40:])
            self.assertIn("no incident is open", text)
            self.assertIn("finished", text)

    @needs(programs=["chromium", "bash"])
    def test_the_page(self):
        with Server("primer") as server:
            ask(server, "a")
            for dark in (False, True):
                page = self.enterContext(Page(server.url + "/", dark=dark))
                page.wait_for("document.getElementById('model')?.disabled === false")
                # Nothing is asked before somebody wants to see it.
                urls = [event["request"]["url"] for event in page.named("Network.requestWillBeSent")]
                self.assertFalse([url for url in urls if "monitor" in url])
                page.value("document.getElementById('watch').open = true")
                page.wait_for("document.getElementById('watched').textContent.includes('first token')")
                text = page.value("document.getElementById('watched').textContent")
                for words in ("requests", "running · waiting", "errors · refusals", "200 · 1 tokens"):
                    self.assertIn(words, text)
                page.value("document.getElementById('watch').open = false")
                self.assertEqual(page.named("Runtime.exceptionThrown"), [])
                self.assertEqual(page.named("Log.entryAdded"), [])


if __name__ == "__main__":
    unittest.main()
