"""Thousands of malformed requests: each is refused with a useful message, and the server neither falls nor grows.

STOA_MALFORMED says how many there are; 10,000 take some minutes.
"""

import collections
import http.client
import os
import socket
import time
import unittest

from api_requests import ENDPOINTS, check_refusal
from malformed import MalformedRequests
from oracle import OracleCase, needs
from server import Server

HANG = 60
COUNT = int(os.environ.get("STOA_MALFORMED") or 2_000)


class Malformed(OracleCase):
    @needs()
    def test_malformed_requests(self):
        make = MalformedRequests(20261129)
        kinds = collections.Counter()
        # Nothing here may reach for the network.
        with Server(HF_HUB_OFFLINE="1") as server:
            self.connection = None
            self.assertEqual(self.answer_to_right_request(server), 200)
            before = 0
            for number in range(COUNT):
                request = make()
                kinds[request.kind.split(" of ")[0]] += 1
                self.check(server, request)
                self.assertIsNone(server.process.poll(), request.about)
                if number == COUNT // 4:
                    before = server.memory()
                if number % 500 == 0:
                    self.assertEqual(self.answer_to_right_request(server), 200)
            growth = server.memory() - before
            self.assertEqual(self.answer_to_right_request(server), 200)
        self.drop()
        print(f"{COUNT} malformed requests, memory {growth / (1 << 20):+.1f} MiB", flush=True)
        self.assertLess(growth, 64 << 20, "memory grows")
        self.assertGreater(len(kinds), 12)

    def answer_to_right_request(self, server):
        path = "/v1/chat/completions"
        return server.post(path, ENDPOINTS[path][0]).status

    def drop(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def check(self, server, request):
        """Sends a request, on the last one's connection if that is still open, and looks at what comes back."""
        if request.is_framing:
            self.drop()
        if self.connection is None:
            self.connection = socket.create_connection(("127.0.0.1", server.port), timeout=HANG)
        try:
            for index, piece in enumerate(request.pieces):
                if index > 0:
                    time.sleep(0.002)
                self.connection.sendall(piece)
            if request.is_cut:
                self.connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server may refuse before everything was sent.
        if request.is_framing:
            self.check_framing(request)
            self.drop()
            return
        response = http.client.HTTPResponse(self.connection)
        try:
            response.begin()
            headers = {name.lower(): value for name, value in response.getheaders()}
            answer = (response.status, headers, response.read())
        except (http.client.HTTPException, ConnectionResetError):
            answer = None
        check_refusal(self, request.path, answer, request.about, request.statuses, request.says)
        # What was announced and not sent would be taken from the next request.
        if response.will_close or request.kind == "too large":
            self.drop()

    def check_framing(self, request):
        """One refusal or none: what comes after a head that is wrong is no request."""
        received = b""
        try:
            while piece := self.connection.recv(65536):
                received += piece
                if received.count(b"HTTP/1.1 ") > 1:
                    break
        except ConnectionResetError:
            pass
        statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
        self.assertLessEqual(len(statuses), 1, f"{request.about}: {received[:600]}")
        for status in statuses:
            self.assertIn(status, range(400, 500), f"{request.about}: {received[:600]}")


if __name__ == "__main__":
    unittest.main()
