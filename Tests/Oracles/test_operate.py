"""`stoa serve` as operators see it: settings, `stoa ps`, `stoa stop`, a full queue, a stop under load."""

import json
import signal
import socket
import tempfile
import threading
import unittest
from pathlib import Path

from oracle import HANG_SECONDS, OracleCase, needs, stoa
from server import Server

LONG = {"model": "primer", "prompt": "a", "max_tokens": 900, "ignore_eos": True, "stream": True}


class Operate(OracleCase):
    @needs()
    def test_settings_from_everywhere(self):
        """The file gives the model its name, the environment the largest body, the command line the port."""
        with Server(
            "--config", self.config("port: 1\nmodels: {tiny: primer}\nmax_body: 9\n"), STOA_MAX_BODY="1"
        ) as server:
            models = server.get("/v1/models").json["data"]
            self.assertEqual([model["id"] for model in models], ["tiny"])
            self.assertEqual(server.post("/v1/completions", b" " * (1 << 20)).status, 400)
            self.assertEqual(server.post("/v1/completions", b" " * ((1 << 20) + 1)).status, 413)

    @needs()
    def test_mistakes_end_the_start(self):
        for text, problem in [
            ("port: 1\nprot: 2\n", ":2: there is no setting prot"),
            ("port: x\n", ":1: port must be"),
        ]:
            result = stoa("serve", "--config", self.config(text))
            self.assertEqual(result.returncode, 2)
            self.assertIn(problem, result.stderr)

    @needs()
    def test_a_port_in_use_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
            result = stoa("serve", "primer", "--port", port)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"cannot listen at 127.0.0.1, port {port}", result.stderr)

    @needs()
    def test_ps_and_stop(self):
        with Server("primer") as server:

            def ask(*arguments):
                return stoa(*arguments, STOA_HOST=server.url)

            self.assertEqual(json.loads(ask("ps", "--json").stdout), {"models": []})
            self.assertEqual(ask("stop", "primer").returncode, 1)
            server.post("/v1/completions", {"model": "primer", "prompt": "a", "max_tokens": 1})
            self.assertTrue(ask("ps").stdout.startswith("primer  "))
            self.assertEqual(ask("stop", "primer").stdout, "unloaded primer\n")
            self.assertEqual(ask("ps").stdout, "")

    @needs()
    def test_a_full_server_says_when_to_come_back(self):
        with Server("primer", "--parallel", "1", "--queue", "1") as server:
            answers = []

            def ask():
                answers.append(server.post("/v1/completions", {**LONG, "stream": False}))

            threads = [threading.Thread(target=ask) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(HANG_SECONDS)
            refused = [answer for answer in answers if answer.status == 503]
            self.assertEqual({answer.status for answer in answers}, {200, 503})
            for answer in refused:
                self.assertGreater(int(answer.headers["retry-after"]), 0)
                self.assertEqual(answer.json["error"]["code"], "queue_full")
            metrics = server.get("/metrics").text
            self.assertIn(f'stoa_requests_rejected_total{{reason="queue_full"}} {len(refused)}\n', metrics)

    @needs()
    def test_a_stop_lets_answers_end(self):
        with Server("primer") as server:
            answers = []
            threads = [
                threading.Thread(target=lambda: answers.append(server.post("/v1/completions", LONG))) for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            while 'stoa_num_requests_running{model_name="primer"} 8' not in server.get("/metrics").text:
                self.assertIsNone(server.process.poll())
                self.assertTrue(any(thread.is_alive() for thread in threads), "the answers ended too soon")
            server.process.send_signal(signal.SIGTERM)
            for thread in threads:
                thread.join(HANG_SECONDS)
            self.assertEqual(server.process.wait(HANG_SECONDS), 0)
            self.assertEqual([answer.events[-1][1] for answer in answers], ["[DONE]"] * 8)

    def config(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "stoa.yaml"
        path.write_text(text)
        return path


if __name__ == "__main__":
    unittest.main()
