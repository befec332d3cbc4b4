"""`stoa serve --upstream` before other servers: `stoa serve` itself, a scripted one, and llama-cpp-python's."""

import json
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from oracle import HANG_SECONDS, REPOSITORY, OracleCase, environment, needs, stoa
from server import Server, free_port
from upstream import Upstream

PROMPT = "tell me a story about a fox named Ada at the harbour"
SEED = 4
TOKENS = 60
MAIL = "jane.roe@example.org"
KEY = "sk-of-the-upstream"
PACK = """\
pack: own
version: 1
rails:
  - {id: mail, on: input, detector: email, class: S7, action: mask}
  - id: names
    on: input
    detector: ban
    options: {terms: [voldemort]}
    class: S5
    action: refuse
    message: That name is not said here.
  - id: places
    on: output
    detector: ban
    options: {terms: [harbour]}
    class: other
    action: refuse
    message: " No more of that."
"""


def said(text):
    return [{"role": "user", "content": text}]


def pieces_of(answer):
    """The text of a streamed chat completion."""
    return [
        choice["delta"].get("content") or ""
        for _, data in answer.events
        if data != "[DONE]"
        for choice in data.get("choices", [])
    ]


class UpstreamCase(OracleCase):
    @classmethod
    def pack(cls):
        path = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "pack.yaml"
        path.write_text(PACK)
        return path

    def setUp(self):
        self.server.ensure_running()

    def chat(self, model, text=PROMPT, **options):
        return self.server.post("/v1/chat/completions", {"model": model, "messages": said(text), **options})

    def until(self, condition, problem):
        end = time.monotonic() + HANG_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, problem)
            time.sleep(0.01)


class BeforeStoa(UpstreamCase):
    """Two servers in a row; `plain` has no rails and `server` has some."""

    @classmethod
    def setUpClass(cls):
        cls.first = cls.enterClassContext(Server("primer"))
        upstream = f"p={cls.first.url}/v1#primer"
        cls.plain = cls.enterClassContext(Server("--upstream", upstream))
        cls.server = cls.enterClassContext(Server("--upstream", upstream, "--guard", cls.pack()))
        options = {"model": "primer", "messages": said(PROMPT), "seed": SEED, "max_tokens": TOKENS}
        cls.told = cls.first.post("/v1/chat/completions", options).json
        cls.story = cls.told["choices"][0]["message"]["content"]
        cls.refused = cls.story.split("harbour")[0] + " No more of that."

    def openai(self, server):
        import openai

        return self.enterContext(
            openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=HANG_SECONDS)
        )

    @needs(packages=["openai"])
    def test_openai(self):
        client = self.openai(self.plain)
        self.assertEqual([model.id for model in client.models.list()], ["p"])
        self.assertEqual(client.models.retrieve("p").owned_by, "upstream")
        options = {"model": "p", "messages": said(PROMPT), "seed": SEED, "max_tokens": TOKENS}
        whole = client.chat.completions.create(**options)
        self.assertEqual(whole.choices[0].message.content, self.story)
        self.assertEqual(whole.choices[0].finish_reason, self.told["choices"][0]["finish_reason"])
        self.assertEqual(whole.usage.completion_tokens, self.told["usage"]["completion_tokens"])
        self.assertEqual(whole.usage.prompt_tokens, self.told["usage"]["prompt_tokens"])
        chunks = list(client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True}))
        text = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
        self.assertEqual("".join(text), self.story)
        self.assertGreater(len([piece for piece in text if piece]), 3, "the text comes in pieces")
        self.assertEqual(chunks[-1].usage.completion_tokens, self.told["usage"]["completion_tokens"])
        response = client.responses.create(model="p", input=PROMPT, max_output_tokens=5)
        self.assertEqual(response.usage.output_tokens, 5)
        events = list(client.responses.create(model="p", input=PROMPT, max_output_tokens=5, stream=True))
        self.assertEqual(events[-1].type, "response.incomplete")
        text = {"model": "primer", "prompt": "Once upon", "seed": SEED, "max_tokens": 8}
        completion = client.completions.create(**{**text, "model": "p"})
        self.assertEqual(
            completion.choices[0].text, self.first.post("/v1/completions", text).json["choices"][0]["text"]
        )
        echo = client.completions.create(**{**text, "model": "p"}, echo=True)
        self.assertEqual(echo.choices[0].text, "Once upon" + completion.choices[0].text)
        vectors = client.embeddings.create(model="p", input=["a fox", "the harbour"])
        direct = self.openai(self.first).embeddings.create(model="primer", input=["a fox", "the harbour"])
        self.assertEqual([v.embedding for v in vectors.data], [v.embedding for v in direct.data])

    @needs(packages=["openai"])
    def test_openai_choices_and_log_probabilities(self):
        options = {"messages": said(PROMPT), "seed": SEED, "max_tokens": 9, "n": 2, "logprobs": True, "top_logprobs": 2}
        ours = self.openai(self.plain).chat.completions.create(model="p", **options)
        theirs = self.openai(self.first).chat.completions.create(model="primer", **options)
        self.assertEqual([c.to_dict() for c in ours.choices], [c.to_dict() for c in theirs.choices])

    @needs(packages=["openai"])
    def test_openai_schema(self):
        schema = {
            "type": "object",
            "properties": {"city": {"enum": ["Oslo", "Lima"]}},
            "required": ["city"],
            "additionalProperties": False,
        }
        form = {"type": "json_schema", "json_schema": {"name": "city", "schema": schema}}
        answer = self.openai(self.plain).chat.completions.create(
            model="p", messages=said("Where?"), response_format=form
        )
        self.assertIn(json.loads(answer.choices[0].message.content)["city"], ["Oslo", "Lima"])

    @needs(packages=["openai"])
    def test_openai_rails(self):
        client = self.openai(self.server)
        options = {"model": "p", "seed": SEED, "max_tokens": 900}
        self.assertIn("harbour", self.story, "the story no longer has the word")
        whole = client.chat.completions.create(messages=said(PROMPT), **options)
        self.assertEqual(whole.choices[0].message.content, self.refused)
        self.assertEqual(whole.choices[0].finish_reason, "content_filter")
        chunks = list(client.chat.completions.create(messages=said(PROMPT), **options, stream=True))
        self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks), self.refused)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "content_filter")
        asked = client.chat.completions.create(messages=said("about Voldemort"), **options)
        self.assertEqual(asked.choices[0].message.content, "That name is not said here.")
        self.assertEqual(asked.usage.prompt_tokens, 0)
        # The first server notices that nobody listens any more.
        idle = 'stoa_num_requests_running{model_name="primer"} 0'
        self.until(lambda: idle in self.first.get("/metrics").text, "the generation goes on")

    @needs(packages=["anthropic"])
    def test_anthropic(self):
        import anthropic

        def client(server):
            return self.enterContext(
                anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=HANG_SECONDS)
            )

        options = {"model": "p", "max_tokens": TOKENS, "messages": said(PROMPT), "extra_body": {"seed": SEED}}
        whole = client(self.plain).messages.create(**options)
        self.assertEqual(whole.content[0].text, self.story)
        self.assertEqual(whole.usage.output_tokens, self.told["usage"]["completion_tokens"])
        with client(self.plain).messages.stream(**options) as stream:
            self.assertEqual("".join(stream.text_stream), self.story)
        with client(self.server).messages.stream(**options) as stream:
            self.assertEqual("".join(stream.text_stream), self.refused)
            self.assertEqual(stream.get_final_message().stop_reason, "refusal")

    @needs(packages=["ollama"])
    def test_ollama(self):
        import ollama

        client = ollama.Client(host=self.plain.url, timeout=HANG_SECONDS)
        self.assertEqual([model.model for model in client.list().models], ["p"])
        self.assertIn("completion", client.show("p").capabilities)
        options = {"seed": SEED, "num_predict": TOKENS}
        answer = client.chat(model="p", messages=said(PROMPT), options=options)
        self.assertEqual(answer.message.content, self.story)
        self.assertEqual(answer.eval_count, self.told["usage"]["completion_tokens"])
        parts = client.chat(model="p", messages=said(PROMPT), options=options, stream=True)
        self.assertEqual("".join(part.message.content for part in parts), self.story)
        self.assertEqual(client.generate(model="p", prompt=PROMPT, options=options).response, self.story)
        guarded = ollama.Client(host=self.server.url, timeout=HANG_SECONDS)
        self.assertEqual(guarded.chat(model="p", messages=said(PROMPT), options=options).message.content, self.refused)

    @needs()
    def test_ledger_and_metrics(self):
        options = {"model": "p", "messages": said("hello"), "seed": 1, "max_tokens": 5}
        used = self.plain.post("/v1/chat/completions", options).json["usage"]
        rows = self.json_of("usage", "--by", "model", "--json", STOA_HOME=str(self.plain.home))
        self.assertIn('"p"', json.dumps(rows))
        self.assertGreater(used["prompt_tokens"], 0)
        metrics = self.plain.get("/metrics").text
        self.assertIn('stoa_num_requests_running{model_name="p"} 0', metrics)
        self.assertRegex(metrics, r"stoa_generation_tokens_total [1-9]")

    @needs()
    def test_what_cannot_be_had(self):
        chat = {"model": "p", "messages": said("hello")}
        text = {"model": "p", "prompt": "hello"}
        for path, body, field in (
            ("/v1/completions", {**text, "prompt": [1, 2]}, "prompt"),
            ("/v1/completions", {**text, "echo": True, "logprobs": 1}, "echo"),
            ("/v1/chat/completions", {**chat, "guided_regex": "a"}, "guided_regex"),
            ("/v1/chat/completions", {**chat, "grammar": 'root ::= "a"'}, "guided_grammar"),
            ("/v1/chat/completions", {**chat, "receipt": True}, "receipt"),
            ("/v1/embeddings", {"model": "p", "input": [1, 2]}, "input"),
            ("/tokenize", text, "model"),
        ):
            with self.subTest(path=path, field=field):
                answer = self.plain.post(path, body)
                self.assertEqual((answer.status, answer.json["error"]["param"]), (400, field), answer.text)
        self.assertEqual(self.plain.get("/v1/models/p/status").status, 400)


class BeforeAScript(UpstreamCase):
    MODELS = (
        *("echo", "words", "endless-2", "endless-5", "silent", "broken", "malformed", "tools", "vectors"),
        *(f"status-{status}" for status in (400, 401, 404, 429, 500, 503)),
    )

    @classmethod
    def setUpClass(cls):
        cls.upstream = cls.enterClassContext(Upstream())
        arguments = [f"--upstream={name}={cls.upstream.url}" for name in cls.MODELS]
        port = free_port()
        arguments += [
            f"--upstream=gone=http://127.0.0.1:{port}",
            f"--upstream=tls={cls.upstream.url}#x".replace("=http:", "=https:"),
        ]
        keys = ",".join(f"{name}={KEY}" for name in ("echo", *cls.MODELS[-6:]))
        cls.server = cls.enterClassContext(Server(*arguments, "--guard", cls.pack(), STOA_UPSTREAM_KEYS=keys))
        cls.hasty = cls.enterClassContext(Server(f"--upstream=silent={cls.upstream.url}", "--timeout", "1"))

    def setUp(self):
        super().setUp()
        self.upstream.endings.clear()
        self.upstream.requests.clear()

    @needs()
    def test_masks(self):
        """What is masked never leaves, and comes back for the client, a character at a time."""
        answer = self.chat("echo", f"I am {MAIL}.")
        self.assertEqual(answer.json["choices"][0]["message"]["content"], f"I heard: I am {MAIL}.")
        self.assertEqual("".join(pieces_of(self.chat("echo", f"I am {MAIL}.", stream=True))), f"I heard: I am {MAIL}.")
        self.assertNotIn("jane", json.dumps(self.upstream.requests))
        self.assertIn("<EMAIL_1>", json.dumps(self.upstream.requests))
        self.assertEqual({path for path, _, _ in self.upstream.requests}, {"/v1/chat/completions"})
        tool = {"type": "function", "function": {"name": "note", "parameters": {"type": "object"}}}
        for options in ({}, {"stream": True}):
            answer = self.chat("tools", f"I am {MAIL}.", tools=[tool], **options)
            self.assertIn(MAIL, answer.text)
        self.assertNotIn("jane", json.dumps(self.upstream.requests))

    @needs()
    def test_keys(self):
        """The key goes to its upstream and nowhere else."""
        self.chat("echo")
        self.chat("words")
        self.assertEqual([key for _, key, _ in self.upstream.requests], [f"Bearer {KEY}", None])
        shown = self.chat("status-500").text + self.chat("status-401").text + self.server.get("/metrics").text
        shown += self.server.get("/v1/models").text + self.server.log
        self.assertNotIn(KEY, shown)

    @needs()
    def test_refusal_ends_the_exchange(self):
        """Within a tenth of a second of the text that ends the word; the best of a few, since machines may be loaded."""
        for number in range(1, 6):
            pieces = pieces_of(self.chat("endless-5", stream=True))
            self.assertEqual("".join(pieces), "At the  No more of that.")
            self.until(lambda: len(self.upstream.endings) == number, "the exchange goes on")
        self.assertLess(min(self.upstream.endings), 0.1, self.upstream.endings)
        whole = self.chat("endless-5")
        self.assertEqual(whole.json["choices"][0]["finish_reason"], "content_filter")
        self.assertTrue(whole.json["stoa"]["estimated"])
        self.assertGreater(whole.json["usage"]["completion_tokens"], 0)

    @needs()
    def test_leaving_ends_the_exchange(self):
        """Before an answer begins, in the middle of a stream, and while a whole answer is gathered."""
        for count, (model, streams) in enumerate(
            (("silent", True), ("silent", False), ("endless-2", True), ("endless-2", False)), 1
        ):
            with self.subTest(model=model, streams=streams):
                connection = self.server.connect()
                body = {"model": model, "messages": said("hello"), "stream": streams}
                connection.request(
                    "POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"}
                )
                self.until(lambda: len(self.upstream.requests) == count, "the upstream is not asked")
                if streams and model != "silent":
                    self.assertTrue(connection.getresponse().read(20))
                connection.close()
                self.until(lambda: len(self.upstream.endings) == count, "the exchange goes on")

    @needs()
    def test_errors(self):
        """An error is one also where a stream was asked for, since it comes before the first word."""
        expected = {
            "status-400": (400, "upstream_refused"),
            "status-401": (502, "upstream_unauthorized"),
            "status-404": (502, "upstream_not_found"),
            "status-429": (503, "upstream_busy"),
            "status-500": (502, "upstream_failed"),
            "status-503": (503, "upstream_busy"),
            "gone": (502, "upstream_unreachable"),
            "tls": (502, "upstream_unreachable"),
        }
        for model, (status, code) in expected.items():
            for options in ({}, {"stream": True}):
                with self.subTest(model=model, **options):
                    answer = self.chat(model, **options)
                    self.assertEqual((answer.status, answer.json["error"]["code"]), (status, code), answer.text)
                    if code == "upstream_busy":
                        self.assertEqual(answer.headers["retry-after"], "7")
        for model, code in (("broken", "upstream_broken"), ("malformed", "upstream_malformed")):
            with self.subTest(model=model):
                answer = self.chat(model)
                self.assertEqual((answer.status, answer.json["error"]["code"]), (502, code), answer.text)
                events = self.chat(model, stream=True).events
                self.assertEqual([data["error"]["code"] for _, data in events if "error" in data], [code])

    @needs()
    def test_silence(self):
        body = {"model": "silent", "messages": said("hello")}
        for options in ({}, {"stream": True}):
            answer = self.hasty.post("/v1/chat/completions", {**body, **options})
            self.assertEqual((answer.status, answer.json["error"]["code"]), (504, "upstream_timeout"))
        anthropic = self.hasty.post("/v1/messages", {**body, "max_tokens": 5})
        self.assertEqual((anthropic.status, anthropic.json["error"]["type"]), (504, "timeout_error"))

    @needs()
    def test_embeddings(self):
        answer = self.server.post("/v1/embeddings", {"model": "vectors", "input": ["abc", f"{MAIL}"]})
        self.assertEqual([item["embedding"] for item in answer.json["data"]], [[3.0, 0.5], [9.0, 0.5]])
        self.assertEqual(answer.json["usage"]["prompt_tokens"], 3)
        self.assertNotIn("jane", json.dumps(self.upstream.requests))

    @needs()
    def test_command_line(self):
        for arguments, message in (
            (("--upstream", "a"), "--upstream must be NAME=URL"),
            (("--upstream", "a=ftp://h"), "--upstream must be NAME=URL"),
            (("--upstream", "primer=http://h", "primer"), "two models are called primer"),
        ):
            result = stoa("serve", *arguments, "--port", 0)
            self.assertEqual(result.returncode, 2)
            self.assertIn(message, result.stderr)
        result = stoa("serve", "--port", 0, STOA_UPSTREAM_KEYS=f"none={KEY}")
        self.assertEqual(result.returncode, 2)
        self.assertNotIn(KEY, result.stderr)


class BeforeLlamaCpp(UpstreamCase):
    @needs(
        packages=[
            "openai",
            "llama_cpp",
            "fastapi",
            "uvicorn",
            "sse_starlette",
            "starlette_context",
            "pydantic_settings",
        ]
    )
    def test_llama_cpp(self):
        import openai

        port = free_port()
        model = REPOSITORY / "models/primer/primer-q8_0.gguf"
        command = [sys.executable, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port)]
        command += ["--n_ctx", "1024", "--n_threads", "1"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        url = f"http://127.0.0.1:{port}/v1"

        def is_up():
            self.assertIsNone(process.poll(), "llama_cpp.server ended")
            try:
                return urllib.request.urlopen(url + "/models", timeout=HANG_SECONDS).status == 200
            except OSError:
                return False

        self.until(is_up, "llama_cpp.server is not ready")
        options = {"messages": said(PROMPT), "temperature": 0, "max_tokens": TOKENS}
        direct = openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=HANG_SECONDS)
        told = direct.chat.completions.create(model="p", **options).choices[0].message.content
        with Server("--upstream", f"p={url}", "--guard", self.pack()) as server:
            client = openai.OpenAI(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=HANG_SECONDS)
            expected = told.split("harbour")[0] + (" No more of that." if "harbour" in told else "")
            chunks = list(client.chat.completions.create(model="p", **options, stream=True))
            self.assertEqual("".join(chunk.choices[0].delta.content or "" for chunk in chunks), expected)

    def setUp(self):
        pass


if __name__ == "__main__":
    unittest.main()
