"""Malformed requests from a seed: each is wrong in a way that no server may take for right."""

import json
import random
from dataclasses import dataclass, field

from api_requests import ENDPOINTS, NUMBERS, wrong_values

HOST = "Host: localhost"
JSON_TYPE = "Content-Type: application/json"
BAD_UTF8 = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe4\xb8", b"\x80", b"\xf0\x82\x82\xac"]
BAD_TOKENS = [b"NaN", b"Infinity", b"-", b"+1", b"01", b"1.", b".5", b"1e", b"0x10", b"nul", b"True", b"'a'", b"undefined",
              b"[1,]", b"{,}", b'{"a"}', b'{"a":}', b"{a:1}", b"[1 2]", b"[,1]", b"/*a*/1", b'"\\x41"', b'"\\u12"', b'"\\uZZZZ"',
              b'"a\nb"', b'"\x00"', b'"\t"', b'"\\"', b"\xef\xbb\xbf1", b"\x0b1", b"1;", b"(1)", b"--1", b"1e+", b'"']  # fmt: skip
BAD_LENGTHS = ["-1", "1e3", "0x10", "5, 6", "99999999999999999999999999", "5 6", "five", "+5", "5.0", "", "\x0b5"]
BAD_CHUNKS = [b"zz\r\n", b"-5\r\n", b"f" * 20 + b"\r\n", b" 5\r\n", b"5;\x00\r\n", b"\r\n", b"0x5\r\n", b"5 5\r\n"]
BAD_LINES = [
    "Content-Length : 5",
    "Bad\x01Name: a",
    "X: a\x00b",
    "no colon",
    ": empty",
    "X\x7f: a",
    "Tränsfer: a",
]
BAD_STARTS = ["POST", "POST  HTTP/1.1", "{path} POST HTTP/1.1", "POST {path} HTTP/9.9", "POST {path} HTTP/1.", "POST {path} FTP/1.1",
              "P\x00ST {path} HTTP/1.1", "POST {path}\x00 HTTP/1.1", "POST {path} {path} HTTP/1.1", "\x16\x03\x01\x02", "GET{path}HTTP/1.1"]  # fmt: skip
BAD_PATHS = ["/nothing", "/v1", "/v1/nothing", "/v1/models/nothing", "/v1/messages/nothing", "/api/nothing", "/..", "/%00",
             "/v1/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1//chat/completions/", "/\\", "/api/blobs/sha256:0", "/%zz"]  # fmt: skip


@dataclass
class Malformed:
    """A request, and what may come back."""

    kind: str
    path: str
    #: What is sent, with a pause after each piece but the last.
    pieces: list
    statuses: range | tuple = range(400, 500)
    #: What the message has to say.
    says: str = ""
    #: Whether the head itself is wrong, so that a server may also hang up, and says what it likes.
    is_framing: bool = False
    #: Whether nothing more is sent after the pieces, although more was announced.
    is_cut: bool = field(default=False)

    @property
    def about(self):
        return f"{self.kind}: {b''.join(self.pieces)[:300]!r}"


class MalformedRequests:
    """Makes them; the same seed gives the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.kinds = [
            (self.broken_json, 6),
            (self.bad_encoding, 3),
            (self.wrong_type, 5),
            (self.wrong_number, 3),
            (self.deep, 1),
            (self.not_an_object, 1),
            (self.no_such_model, 1),
            (self.slow, 1),
            (self.cut, 1),
            (self.wrong_length, 2),
            (self.smuggled, 2),
            (self.bad_chunk, 1),
            (self.bad_head, 2),
            (self.nowhere, 1),
            (self.wrong_method, 1),
            (self.too_large, 1),
        ]

    def __call__(self):
        makes, weights = zip(*self.kinds, strict=True)
        return self.random.choices(makes, weights)[0]()

    # Parts

    def endpoint(self):
        path = self.random.choice(list(ENDPOINTS))
        return path, *ENDPOINTS[path]

    def head(self, path, *lines, method="POST"):
        return "\r\n".join([f"{method} {path} HTTP/1.1", HOST, JSON_TYPE, *lines, "", ""]).encode("latin-1", "replace")

    def request(self, kind, path, body, **rest):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Malformed(kind, path, [self.head(path, f"Content-Length: {len(body)}") + body], **rest)

    def with_value(self, right, fields, value):
        """A right body in which a field has a value that is given as bytes."""
        name = self.random.choice(list(fields))
        mark = "a mark that is nowhere else"
        return json.dumps({**right, name: mark}).encode().replace(json.dumps(mark).encode(), value)

    def number(self):
        digits = "".join(self.random.choice("0123456789") for _ in range(self.random.randint(20, 400)))
        return self.random.choice(["", "-"]) + "9" + digits

    # Bodies

    def broken_json(self):
        path, right, fields = self.endpoint()
        text = json.dumps(right).encode()
        match self.random.randrange(4):
            case 0:
                body = text[: self.random.randrange(len(text))]
            case 1:
                body = text + self.random.choice([b"x", b"}", b",", b"{}", b"\x00", b'"', text])
            case 2:
                body = self.with_value(right, fields, self.random.choice(BAD_TOKENS))
            case _:
                # Of what holds a document together one thing is missing.
                places = [at for at, byte in enumerate(text) if byte in b'{}":']
                at = self.random.choice(places)
                body = text[:at] + text[at + 1 :]
        return self.request("broken JSON", path, body)

    def bad_encoding(self):
        path, right, fields = self.endpoint()
        value = b'"%s%s"' % (b"a" * self.random.randrange(20), self.random.choice(BAD_UTF8))
        return self.request("bad UTF-8", path, self.with_value(right, fields, value))

    def wrong_type(self):
        path, right, fields = self.endpoint()
        name = self.random.choice(list(fields))
        values = [value for value in wrong_values(fields[name]) if (fields[name], value) != (["object"], {})]
        return self.request(f"wrong type of {name}", path, {**right, name: self.random.choice(values)}, says=name)

    def wrong_number(self):
        while True:
            path, right, fields = self.endpoint()
            if names := [name for name in NUMBERS if name in fields]:
                break
        name = self.random.choice(names)
        if self.random.randrange(2):
            return self.request(f"wrong {name}", path, {**right, name: self.random.choice(NUMBERS[name])}, says=name)
        # Numbers of hundreds of digits are no number for any of them.
        mark = 987654321
        body = json.dumps({**right, name: mark}).replace(str(mark), self.number()).encode()
        return self.request(f"huge {name}", path, body)

    def deep(self):
        path, right, fields = self.endpoint()
        depth = self.random.randint(1_000, 60_000)
        opening, closing = self.random.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
        value = opening * depth + b"1" + closing * (depth if self.random.randrange(2) else 0)
        return self.request("deep", path, self.with_value(right, fields, value))

    def not_an_object(self):
        path, _, _ = self.endpoint()
        body = self.random.choice([b"", b" ", b"null", b"[]", b'"a"', b"12", b"true", b"[{}]", b"\x00" * 64, b"\n\n"])
        return self.request("no object", path, body)

    def no_such_model(self):
        path, right, _ = self.endpoint()
        if path in ("/api/copy", "/api/pull"):
            return self.not_an_object()
        name = self.random.choice(
            ["nothing", "../../etc/passwd", "a" * 9000, "primer ", "primer\u0000", "\ud800", "é", "/", "."]
        )
        return self.request("no such model", path, {**right, "model": name})

    # Time

    def slow(self):
        request = self.broken_json()
        text = request.pieces[0]
        cuts = sorted(self.random.randrange(len(text)) for _ in range(self.random.randint(1, 5)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True) if a < b]
        return Malformed("slow " + request.kind, request.path, pieces)

    def cut(self):
        """Announces more than it sends, and then says that nothing more will come."""
        path, right, _ = self.endpoint()
        body = json.dumps(right).encode()
        request = self.head(path, f"Content-Length: {len(body) + self.random.randint(1, 1000)}") + body
        return Malformed(
            "cut off", path, [request[: self.random.randrange(1, len(request))]], is_framing=True, is_cut=True
        )

    # Framing

    def right(self):
        path, right, _ = self.endpoint()
        return path, json.dumps(right).encode()

    def framing(self, kind, path, lines, body):
        """A request with another behind it, which must not be answered."""
        smuggled = self.random.choice(
            [b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", b"DELETE /api/delete HTTP/1.1\r\n\r\n", b""]
        )
        return Malformed(kind, path, [self.head(path, *lines) + body + smuggled], is_framing=True)

    def wrong_length(self):
        path, body = self.right()
        lines = [f"Content-Length: {self.random.choice(BAD_LENGTHS)}"]
        if self.random.randrange(3) == 0:
            lines = [f"Content-Length: {len(body)}", f"Content-Length: {len(body) + self.random.randint(1, 9)}"]
        return self.framing("wrong length", path, lines, body)

    def smuggled(self):
        path, body = self.right()
        lengths = [
            f"Content-Length: {self.random.choice([0, 3, len(body), len(body) + 9])}",
            "Transfer-Encoding: chunked",
        ]
        if self.random.randrange(2):
            lengths.reverse()
        if self.random.randrange(4) == 0:
            lengths = [
                f"Transfer-Encoding: {self.random.choice(['gzip, chunked, identity', 'chunked, gzip', 'xchunked'])}"
            ]
        return self.framing("two lengths", path, lengths, b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def bad_chunk(self):
        path, body = self.right()
        return self.framing("bad chunk", path, ["Transfer-Encoding: chunked"], self.random.choice(BAD_CHUNKS) + body)

    def bad_head(self):
        path, body = self.right()
        if self.random.randrange(2):
            lines = [f"Content-Length: {len(body)}", self.random.choice(BAD_LINES)]
            self.random.shuffle(lines)
            return self.framing("bad header", path, lines, body)
        start = self.random.choice(BAD_STARTS).replace("{path}", path)
        return Malformed("bad start", path, [f"{start}\r\n{HOST}\r\n\r\n".encode("latin-1")], is_framing=True)

    # Places

    def nowhere(self):
        path = self.random.choice(BAD_PATHS)
        method = self.random.choice(["GET", "POST", "PUT"])
        request = self.head(path, "Content-Length: 2", method=method) + b"{}"
        return Malformed(f"{method} of nothing", path, [request], (400, 404, 405))

    def wrong_method(self):
        path, _, _ = self.endpoint()
        method = self.random.choice(["GET", "PUT", "PATCH"])
        return Malformed(
            "wrong method", path, [self.head(path, "Content-Length: 2", method=method) + b"{}"], (404, 405)
        )

    def too_large(self):
        path, _, _ = self.endpoint()
        length = self.random.choice([1 << 40, 10**12, (1 << 63) - 1, 64 << 20])
        return Malformed("too large", path, [self.head(path, f"Content-Length: {length}") + b"{"], (413,))
