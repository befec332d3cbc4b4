"""A scripted server with OpenAI's API, which `stoa serve --upstream` is put before: it does what the model's name says."""

import json
import select
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from oracle import HANG_SECONDS

WORDS = ["At ", "the ", "har", "bour ", "a ", "fox ", "slept."]


def chunk(delta, end=None, **more):
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return {"id": "x", "object": "chat.completion.chunk", "choices": [choice], **more}


class Upstream:
    """Listens while the context is open and remembers what it was asked."""

    def __enter__(self):
        self.requests = []
        # For each exchange that was ended from the other side: seconds after the last word was sent.
        self.endings = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, self.headers.get("Authorization"), body))
                kind, _, argument = body["model"].partition("-")
                getattr(outer, "answer_" + kind)(self, body, argument)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        return self

    def __exit__(self, *exception):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    # What a model does

    def answer_echo(self, handler, body, _):
        """Says what it was told, a character at a time."""
        self.stream(handler, list("I heard: " + body["messages"][-1]["content"]))

    def answer_words(self, handler, body, _):
        self.stream(handler, WORDS)

    def answer_endless(self, handler, body, count):
        """Says some words, and then nothing until the connection is closed."""
        try:
            self.begin(handler)
            for word in WORDS[: int(count)]:
                self.send(handler, chunk({"content": word}))
        except ConnectionError:
            # The other side ended it before the last word.
            self.endings.append(0.0)
            return
        self.await_end(handler)

    def answer_silent(self, handler, body, _):
        """Does not even begin."""
        self.await_end(handler)

    def answer_status(self, handler, body, status):
        key = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        self.whole(handler, int(status), {"error": {"message": f"no, {key}"}}, **{"Retry-After": "7"})

    def answer_broken(self, handler, body, _):
        self.begin(handler)
        self.send(handler, chunk({"content": "At "}))
        handler.close_connection = True

    def answer_malformed(self, handler, body, _):
        self.begin(handler)
        self.write(handler, b"data: {nonsense\n\n")
        self.finish(handler)

    def answer_tools(self, handler, body, _):
        """Calls the first tool with what was said."""
        call = {"index": 0, "id": "call_1", "function": {"name": body["tools"][0]["function"]["name"], "arguments": ""}}
        self.begin(handler)
        self.send(handler, chunk({"role": "assistant", "tool_calls": [call]}))
        for piece in json.dumps({"text": body["messages"][-1]["content"]}):
            self.send(handler, chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
        self.send(handler, chunk({}, "tool_calls"))
        self.finish(handler, b"data: [DONE]\n\n")

    def answer_vectors(self, handler, body, _):
        data = [{"index": i, "embedding": [float(len(text)), 0.5]} for i, text in enumerate(body["input"])]
        self.whole(handler, 200, {"data": data[::-1], "usage": {"prompt_tokens": 3}})

    # How it is sent

    def stream(self, handler, words):
        self.begin(handler)
        for word in words:
            self.send(handler, chunk({"content": word}))
        self.send(handler, chunk({}, "stop"))
        usage = {"prompt_tokens": 21, "completion_tokens": len(words), "total_tokens": 21 + len(words)}
        self.send(handler, {"choices": [], "usage": usage})
        self.finish(handler, b"data: [DONE]\n\n")

    def begin(self, handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()

    def send(self, handler, data):
        self.write(handler, b"data: " + json.dumps(data).encode() + b"\n\n")

    def write(self, handler, data):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        handler.wfile.flush()

    def finish(self, handler, last=b""):
        if last:
            self.write(handler, last)
        handler.wfile.write(b"0\r\n\r\n")

    def whole(self, handler, status, value, **headers):
        data = json.dumps(value).encode()
        handler.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            handler.send_header(name, text)
        handler.end_headers()
        handler.wfile.write(data)

    def await_end(self, handler):
        start = time.monotonic()
        ready, _, _ = select.select([handler.connection], [], [], HANG_SECONDS)
        try:
            if ready and not handler.connection.recv(1):
                self.endings.append(time.monotonic() - start)
        except ConnectionError:
            self.endings.append(time.monotonic() - start)
        handler.close_connection = True
