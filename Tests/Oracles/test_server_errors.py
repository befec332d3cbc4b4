"""Malformed requests over plain sockets: a clear 4xx in the API's own shape, and a server that lives on."""

import contextlib
import http.client
import json
import random
import socket
import threading
import unittest

from api_requests import ENDPOINTS, NUMBERS, check_refusal, wrong_values
from oracle import OracleCase, needs
from server import Server

HANG = 60
# More than any server should take from one request.
BODY_LIMIT = 1 << 30
FUNCTION = {"name": "f", "parameters": {"type": "object"}}
BAD_JSON = [
    b"",
    b" ",
    b"{",
    b"}",
    b"nul",
    b"null",
    b"[]",
    b'"a"',
    b"12",
    b"{'model': 'primer'}",
    b'{"model": "primer",}',
    b'{"model": "primer"} x',
    b'{"model": NaN}',
    b'{"model": "pri\x00mer"}',
    b'{"model": "primer\n"}',
    b'{"model": "\xff\xfe"}',
    b'{"model": "\xc0\x80"}',
    b'{"model": "\xed\xa0\x80"}',
    b'{"model": "\\x41"}',
    b'{"model": "\\u12"}',
    b'{"model": 01}',
    b'{"model": 1e}',
    b"\xef\xbb\xbf",
    b"\x00" * 64,
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b'{"model": "' + b"a" * 100_000,
]


class Refusals(OracleCase):
    @classmethod
    def setUpClass(cls):
        # Nothing here may reach for the network.
        cls.server = cls.enterClassContext(Server(HF_HUB_OFFLINE="1"))

    def setUp(self):
        self.server.ensure_running()

    # Plain sockets

    def connect(self):
        return self.enterContext(socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG))

    def exchange(self, *pieces):
        """Sends bytes and reads one answer; None when the server only closes the connection."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as connection:
            self.sent = False
            try:
                for piece in pieces:
                    connection.sendall(piece)
                self.sent = True
            except (BrokenPipeError, ConnectionResetError):
                pass  # The server may have refused before everything was sent.
            response = http.client.HTTPResponse(connection)
            try:
                response.begin()
                return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
            except (http.client.BadStatusLine, ConnectionResetError):
                return None

    def head(self, path, *lines, method="POST"):
        fixed = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", "Content-Type: application/json"]
        return "\r\n".join([*fixed, *lines, "", ""]).encode()

    def post(self, path, body):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.exchange(self.head(path, f"Content-Length: {len(body)}") + body)

    # What must come back

    def assert_refused(self, path, answer, where, *, statuses=range(400, 500), says=""):
        """A status of the client's fault, and a message in the shape of the API."""
        where = f"{path} with {str(where)[:200]}"
        with self.subTest(where):
            check_refusal(self, path, answer, where, statuses, says)

    def assert_alive(self):
        path = "/v1/chat/completions"
        status, _, body = self.post(path, ENDPOINTS[path][0])
        self.assertEqual(status, 200, body)
        self.assertEqual(json.loads(body)["usage"]["completion_tokens"], 1)

    # Bodies

    @needs()
    def test_right_bodies(self):
        """What the other tests make wrong is right to begin with."""
        for path, (body, _) in ENDPOINTS.items():
            if path not in ("/api/copy", "/api/pull"):
                with self.subTest(path):
                    answer = self.post(path, body)
                    self.assertEqual(answer[0], 200, answer[2])
                    self.assertIsNone(json.loads(answer[2]).get("error"))

    @needs()
    def test_bad_json(self):
        for path in ENDPOINTS:
            for body in BAD_JSON:
                self.assert_refused(path, self.post(path, body), body[:60])
        self.assert_alive()

    @needs()
    def test_deep_values_in_every_field(self):
        deep = b"[" * 50_000 + b"]" * 50_000
        for path, (_, fields) in ENDPOINTS.items():
            for field in fields:
                body = b'{"model": "primer", "' + field.encode() + b'": ' + deep + b"}"
                self.assert_refused(path, self.post(path, body), f"deep {field}")
        self.assert_alive()

    @needs()
    def test_wrong_types(self):
        for path, (right, fields) in ENDPOINTS.items():
            for field, kinds in fields.items():
                for value in wrong_values(kinds):
                    if kinds == ["object"] and value == {}:
                        continue
                    self.assert_refused(path, self.post(path, {**right, field: value}), {field: value}, says=field)
        self.assert_alive()

    @needs()
    def test_wrong_numbers(self):
        for path, (right, fields) in ENDPOINTS.items():
            for field, values in NUMBERS.items():
                for value in values if field in fields else []:
                    self.assert_refused(path, self.post(path, {**right, field: value}), {field: value}, says=field)
            for option in ("num_predict", "temperature", "top_p", "seed", "stop") if "options" in fields else []:
                for value in ({}, [{}], "a" if option != "stop" else 1, 1e300 if option != "stop" else True):
                    body = {**right, "options": {option: value}}
                    self.assert_refused(path, self.post(path, body), body, says=option)

    @needs()
    def test_missing_fields(self):
        for path, (right, _) in ENDPOINTS.items():
            for field in right:
                if field in ("max_tokens", "stream", "options", "max_output_tokens", "model"):
                    continue
                # Ollama's clients load a model by asking it nothing.
                if path in ("/api/chat", "/api/generate", "/api/embed", "/v1/completions"):
                    continue
                body = {key: value for key, value in right.items() if key != field}
                body = {key: value for key, value in right.items() if key != field}
                if path in ("/api/generate", "/v1/completions"):
                    continue  # The one loads the model then, the other begins with nothing.
                self.assert_refused(path, self.post(path, body), f"no {field}", says=field)

    @needs()
    def test_wrong_inside(self):
        """Messages, tools, schemas and ids that are wrong further in."""
        chat = ENDPOINTS["/v1/chat/completions"][0]
        wrong = [
            {"messages": []},
            {"messages": [{}]},
            {"messages": [{"role": "user"}]},
            {"messages": [{"role": "king", "content": "a"}]},
            {"messages": [{"role": 1, "content": "a"}]},
            {"messages": [{"role": "user", "content": 1}]},
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
            {"messages": [{"role": "assistant", "content": None, "tool_calls": [{}]}]},
            {"messages": [{"role": "user", "content": "fox " * 5000}]},
            {"tools": [{"type": "function"}]},
            {"tools": [{"type": "magic", "function": FUNCTION}]},
            {"tools": [{"type": "function", "function": {"name": ""}}]},
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            {"tool_choice": "required"},
            {"tool_choice": "sometimes"},
            {"tools": [{"type": "function", "function": FUNCTION}], "tool_choice": {"function": {"name": "g"}}},
            {"response_format": {"type": "xml"}},
            {"response_format": {"type": "json_schema"}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a"}}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "nothing"}}}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"$ref": "#/nowhere"}}}},
            {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"pattern": "("}}}},
            {"logit_bias": {"x": 1}},
            {"logit_bias": {"5": "a"}},
            {"logit_bias": {"999999": 1}},
            {"logit_bias": {"-1": 1}},
            {"top_logprobs": 2},
            {"logprobs": True, "top_logprobs": 500},
            {"stop": ["a", 1]},
            {"model": "../../etc/passwd"},
            {"model": "a" * 100_000},
            {"model": "\ud800"},
        ]
        for change in wrong:
            self.assert_refused("/v1/chat/completions", self.post("/v1/chat/completions", {**chat, **change}), change)
        for path, change in (
            ("/v1/completions", {"prompt": [1, -5]}),
            ("/v1/completions", {"prompt": [10**9]}),
            ("/v1/completions", {"prompt": [[]]}),
            ("/v1/completions", {"prompt": []}),
            ("/v1/completions", {"prompt": [5] * 5000}),
            ("/v1/completions", {"suffix": "b"}),
            ("/v1/completions", {"logprobs": -1}),
            ("/v1/embeddings", {"input": [10**9]}),
            ("/v1/embeddings", {"input": []}),
            ("/v1/embeddings", {"input": "fox " * 5000}),
            ("/v1/embeddings", {"encoding_format": "hex"}),
            ("/v1/responses", {"input": [{"type": "message", "role": "user", "content": [{"type": "input_image"}]}]}),
            ("/v1/responses", {"previous_response_id": "resp_nothing"}),
            ("/v1/messages", {"max_tokens": 0}),
            ("/v1/messages", {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]}),
            ("/v1/messages", {"tools": [{"name": "f", "input_schema": 1}]}),
            ("/v1/messages", {"tool_choice": {"type": "any"}}),
            ("/api/chat", {"format": "xml"}),
            ("/api/chat", {"format": {"type": "nothing"}}),
            ("/api/chat", {"keep_alive": "soon"}),
            ("/api/show", {"model": "nothing"}),
            ("/api/pull", {"model": "https://example.com/x", "stream": False}),
            ("/detokenize", {"tokens": [10**9]}),
            ("/detokenize", {"tokens": [-1]}),
        ):
            self.assert_refused(path, self.post(path, {**ENDPOINTS[path][0], **change}), change)
        self.assert_alive()

    @needs()
    def test_mutated_bodies(self):
        """Right bodies with bytes changed, cut or doubled: an answer or a refusal, never a failure."""
        random_numbers = random.Random(5)
        before = self.server.memory()
        for path, (right, _) in ENDPOINTS.items():
            text = json.dumps(right).encode()
            for _ in range(30):
                body = bytearray(text)
                for _ in range(random_numbers.randint(1, 4)):
                    at = random_numbers.randrange(len(body))
                    match random_numbers.randrange(4):
                        case 0:
                            body[at] = random_numbers.randrange(256)
                        case 1:
                            del body[at : at + random_numbers.randint(1, 9)]
                            body += b" "
                        case 2:
                            body[at:at] = body[: random_numbers.randint(1, 20)]
                        case _:
                            body[at:at] = random_numbers.choice(
                                [b'"', b"{", b"[", b"9" * 30, b"\\u0000", b"\xf0\x9f", b"null"]
                            )
                answer = self.post(path, bytes(body))
                if answer is None or answer[0] != 200:
                    self.assert_refused(path, answer, bytes(body))
        self.assert_alive()
        self.assertLess(self.server.memory() - before, 256 << 20, "memory grows")

    # Paths and methods

    @needs()
    def test_paths_and_methods(self):
        for path in (
            "/nothing",
            "/v1",
            "/v1/nothing",
            "/v1/models/nothing",
            "/v1/messages/nothing",
            "/api/nothing",
            "/..",
            "/%00",
        ):
            answer = self.exchange(self.head(path, method="GET"))
            self.assert_refused(path, answer, "GET", statuses=(400, 404))
        for path in ENDPOINTS:
            for method in ("GET", "PUT", "PATCH"):
                answer = self.exchange(self.head(path, "Content-Length: 2", method=method) + b"{}")
                self.assert_refused(path, answer, method, statuses=(404, 405))
        answer = self.exchange(self.head("/v1/models", "Content-Length: 2") + b"{}")
        self.assert_refused("/v1/models", answer, "POST", statuses=(404, 405))

    # HTTP itself

    @needs()
    def test_sizes(self):
        for path in ENDPOINTS:
            huge = self.exchange(self.head(path, "Content-Length: 1000000000000"), b"{")
            self.assert_refused(path, huge, "a terabyte announced", statuses=(413,))
        # A body that grows without saying how long it is: the server answers and hangs up.
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        path = "/v1/chat/completions"
        answer = self.exchange(self.head(path, "Transfer-Encoding: chunked"), *[chunk] * (BODY_LIMIT >> 16))
        self.assertFalse(self.sent, f"the server took {BODY_LIMIT >> 20} MiB")
        if answer:
            self.assertEqual(answer[0], 413)
        for lines in (["X-Long: " + "a" * 2_000_000], [f"X-{i}: a" for i in range(50_000)]):
            answer = self.exchange(self.head(path, *lines, "Content-Length: 2") + b"{}")
            if answer:
                self.assertIn(answer[0], range(400, 500))
        answer = self.exchange(self.head("/" + "a" * 1_000_000, method="GET"))
        if answer:
            self.assertIn(answer[0], range(400, 500))
        self.assert_alive()

    @needs()
    def test_framing(self):
        """Bodies whose length is said in two ways, or in no way that is one: refused, and nothing of them is a request."""
        path = "/v1/chat/completions"
        body = json.dumps(ENDPOINTS[path][0]).encode()
        smuggled = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
        chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        cases = [
            (["Content-Length: 5", "Content-Length: 6"], body),
            (["Content-Length: -1"], body),
            (["Content-Length: 1e3"], body),
            (["Content-Length: 0x10"], body),
            (["Content-Length: 99999999999999999999999999"], body),
            (["Content-Length: 5, 6"], body),
            ([f"Content-Length: {len(body)}", "Transfer-Encoding: chunked"], chunked),
            (["Content-Length: 0", "Transfer-Encoding: chunked"], chunked),
            (["Transfer-Encoding: chunked", "Content-Length: 3"], chunked),
            (["Transfer-Encoding: gzip, chunked, identity"], chunked),
            (["Transfer-Encoding: chunked"], b"zz\r\n" + body),
            (["Transfer-Encoding: chunked"], b"-5\r\n" + body),
            (["Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\n" + body),
            (["Content-Length : 5"], body),
            (["Bad\x01Name: a"], b""),
            (["X: a\x00b"], b""),
        ]
        for lines, content in cases:
            head = self.head(path, *lines).replace(b"Connection: close\r\n", b"")
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as connection:
                connection.sendall(head + content + smuggled)
                connection.settimeout(HANG)
                received = b""
                try:
                    while piece := connection.recv(65536):
                        received += piece
                        if received.count(b"HTTP/1.1") > 1:
                            break
                except ConnectionResetError:
                    pass
            statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
            if statuses:
                self.assertEqual(len(statuses), 1, f"{lines}: {received[:600]}")
                self.assertIn(statuses[0], range(400, 500), f"{lines}: {received[:300]}")
        for garbage in (
            b"\x16\x03\x01\x02\x00\x01\x00" * 20,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"hello\r\n\r\n",
            b"GET /\r\n\r\n",
        ):
            answer = self.exchange(garbage + b"\r\n\r\n")
            if answer:
                self.assertIn(answer[0], range(400, 500))
        self.assert_alive()

    @needs()
    def test_chunked_and_pipelined_requests_are_fine(self):
        path = "/v1/chat/completions"
        body = json.dumps(ENDPOINTS[path][0]).encode()
        pieces = (
            b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:10], body[10:])) + b"0\r\n\r\n"
        )
        self.assertEqual(self.exchange(self.head(path, "Transfer-Encoding: chunked") + pieces)[0], 200)
        expecting = self.exchange(self.head(path, f"Content-Length: {len(body)}", "Expect: 100-continue"), body)
        self.assertEqual(expecting[0], 200)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=HANG)
        with contextlib.closing(connection):
            for _ in range(3):
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                kept = connection.sock
                self.assertEqual(json.loads(connection.getresponse().read())["object"], "chat.completion")
                self.assertIs(connection.sock, kept, "the connection stays open")
        # Three requests in one go: three answers in order, or fewer and a word that the connection closes.
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG) as connection:
            one = self.head(path, f"Content-Length: {len(body)}").replace(b"Connection: close\r\n", b"") + body
            connection.sendall(one * 3)
            for _ in range(3):
                response = http.client.HTTPResponse(connection)
                response.begin()
                self.assertEqual(response.status, 200)
                self.assertEqual(json.loads(response.read())["object"], "chat.completion")
                if response.getheader("Connection") == "close":
                    break

    @needs()
    def test_slow_and_vanishing_clients(self):
        """A hundred bodies that never end hold up nobody; clients that leave at any time leave nothing behind."""
        path = "/v1/chat/completions"
        body = json.dumps({**ENDPOINTS[path][0], "stream": True, "max_tokens": 900}).encode()
        request = self.head(path, f"Content-Length: {len(body)}") + body
        for cut in range(0, len(request), 2):
            self.connect().sendall(request[:cut])
        self.assert_alive()
        leaving = []
        for index in range(40):
            connection = socket.create_connection(("127.0.0.1", self.server.port), timeout=HANG)
            connection.sendall(request)
            leaving.append(threading.Thread(target=self.leave, args=(connection, index % 8)))
            leaving[-1].start()
        for thread in leaving:
            thread.join()
        self.assert_alive()
        residents = json.loads(self.exchange(self.head("/api/ps", method="GET"))[2])["models"]
        self.assertEqual(len(residents), 1)

    def leave(self, connection, pieces):
        for _ in range(pieces):
            connection.recv(200)
        connection.close()


if __name__ == "__main__":
    unittest.main()
