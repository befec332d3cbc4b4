"""A server that is killed under load: what it has acknowledged as complete is in the ledger, which opens clean."""

import http.client
import json
import os
import sqlite3
import tempfile
import threading
import time
import unittest
from pathlib import Path

from oracle import OracleCase, record
from server import Server

# The full measure is 20; every kill is the same, so the usual run takes fewer.
KILLS = int(os.environ.get("STOA_KILLS", "6"))
CLIENTS = 8


class KilledUnderLoad(OracleCase):
    def test_acknowledged_answers_are_in_the_ledger(self):
        """Streams that were read to [DONE], and whole answers that came with status 200."""
        record("run", self.id())
        acknowledged = set()
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            for kill in range(KILLS):
                with Server(home=home) as server:
                    before = len(acknowledged)
                    self.load(server, acknowledged, until=lambda known: len(known) >= before + 4 * CLIENTS)
            self.assertGreaterEqual(len(acknowledged), KILLS * 4 * CLIENTS)
            database = sqlite3.connect(home / "ledger.sqlite")
            with self.subTest("the database"):
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            written = {row[0] for row in database.execute("SELECT request_id FROM usage WHERE status = 200")}
            database.close()
            self.assertEqual(acknowledged - written, set())

    def load(self, server, acknowledged, until):
        """Clients ask without pause; once enough answers have come, the server is killed in the midst of others."""
        ends = threading.Event()
        lock = threading.Lock()

        def ask(number):
            streams = number % 2 == 0
            while not ends.is_set():
                try:
                    identifier = self.ask(server, streams, number)
                except (OSError, http.client.HTTPException):
                    return
                if identifier:
                    with lock:
                        acknowledged.add(identifier)

        clients = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        while not until(acknowledged) and server.process.poll() is None:
            time.sleep(0.01)
        server.process.kill()
        server.process.wait()
        ends.set()
        for client in clients:
            client.join()

    @staticmethod
    def ask(server, streams, seed):
        """The identifier of an answer that is complete; None for one that broke off."""
        body = {
            "model": "primer", "seed": seed, "max_tokens": 24, "stream": streams,
            "messages": [{"role": "user", "content": "tell me a story about a fox"}],
        }  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        is_complete = content.endswith(b"data: [DONE]\n\n") if streams else b'"finish_reason"' in content
        return response.getheader("x-request-id") if response.status == 200 and is_complete else None


if __name__ == "__main__":
    unittest.main()
