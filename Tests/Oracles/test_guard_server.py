"""Rails in the path of answers: `stoa serve --guard` with the clients that people have, and `stoa run --guard`."""

import base64
import functools
import json
import tempfile
import threading
import time
import unittest
from pathlib import Path

from oracle import HANG_SECONDS, OracleCase, needs, stoa
from server import Server

PROMPT = "tell me a story about a fox named Ada at the harbour"
SEED = 4
TOKENS = 60
MAIL = "jane.roe@example.org"
# The bundled model's story has the name of the fox, and the place.
PACK = """\
pack: own
version: {version}
rails:
  - id: mail
    on: input
    detector: email
    class: S7
    action: mask
  - id: names
    on: input
    detector: ban
    options: {{terms: [voldemort]}}
    class: S5
    action: refuse
    message: That name is not said here.
  - id: places
    on: output
    detector: ban
    options: {{terms: [harbour], label: PLACE}}
    class: other
    action: {action}
    message: " No more of that."
"""


def pack(version=1, action="refuse"):
    return PACK.format(version=version, action=action)


def said(text):
    return [{"role": "user", "content": text}]


@functools.cache
def free():
    """What the model says without rails."""
    return json.loads(
        stoa("run", "primer", PROMPT, "--seed", SEED, "--max-tokens", TOKENS, "--json").stdout
    )["text"]


class GuardedServer(OracleCase):
    action = "refuse"

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.pack = Path(folder) / "pack.yaml"
        cls.pack.write_text(pack(action=cls.action))
        cls.server = cls.enterClassContext(Server("primer", "--guard", cls.pack))

    def setUp(self):
        self.server.ensure_running()

    def ask(self, path, **body):
        answer = self.server.ask("POST", path, body)
        self.assertEqual(answer.status, 200, answer.text)
        return answer

    def chat(self, text=PROMPT, **options):
        options = {"seed": SEED, "max_tokens": TOKENS, **options}
        return self.ask("/v1/chat/completions", model="primer", messages=said(text), **options)

    def openai(self):
        import openai

        return self.enterContext(
            openai.OpenAI(base_url=self.server.url + "/v1", api_key="none", max_retries=0, timeout=HANG_SECONDS)
        )

    def anthropic(self):
        import anthropic

        return self.enterContext(
            anthropic.Anthropic(base_url=self.server.url, api_key="none", max_retries=0, timeout=HANG_SECONDS)
        )


class Refusals(GuardedServer):
    REFUSED = "That name is not said here."

    def until_the_place(self):
        self.assertIn("harbour", free(), "the story no longer has the word")
        return free().split("harbour")[0] + " No more of that."

    @needs(packages=["openai"])
    def test_openai_input(self):
        client = self.openai()
        options = {"model": "primer", "messages": said("tell me about Voldemort"), "max_tokens": TOKENS}
        answer = client.chat.completions.create(**options)
        self.assertEqual(answer.choices[0].message.content, self.REFUSED)
        self.assertEqual(answer.choices[0].finish_reason, "content_filter")
        self.assertEqual(answer.usage.completion_tokens, 0)
        chunks = list(client.chat.completions.create(**options, stream=True))
        self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), self.REFUSED)
        self.assertEqual(chunks[-1].choices[0].finish_reason, "content_filter")
        text = client.completions.create(model="primer", prompt="Voldemort was", max_tokens=5)
        self.assertEqual((text.choices[0].text, text.choices[0].finish_reason), (self.REFUSED, "content_filter"))

    @needs(packages=["openai"])
    def test_openai_output(self):
        client = self.openai()
        options = {"model": "primer", "messages": said(PROMPT), "seed": SEED, "max_tokens": 900}
        whole = client.chat.completions.create(**options)
        self.assertEqual(whole.choices[0].message.content, self.until_the_place())
        self.assertEqual(whole.choices[0].finish_reason, "content_filter")
        self.assertLess(whole.usage.completion_tokens, TOKENS)
        pieces, reasons = [], []
        for chunk in client.chat.completions.create(**options, stream=True):
            pieces.append(chunk.choices[0].delta.content or "")
            reasons.append(chunk.choices[0].finish_reason)
        self.assertEqual("".join(pieces), self.until_the_place())
        self.assertEqual([reason for reason in reasons if reason], ["content_filter"])
        self.assertGreater(len([piece for piece in pieces if piece]), 3, "the text comes in pieces")

    @needs(packages=["openai"])
    def test_responses(self):
        client = self.openai()
        answer = client.responses.create(model="primer", input="tell me about Voldemort")
        self.assertEqual(answer.output_text, self.REFUSED)
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "content_filter"))
        events = list(client.responses.create(model="primer", input="tell me about Voldemort", stream=True))
        self.assertEqual(events[-1].type, "response.incomplete")
        self.assertEqual(events[-1].response.incomplete_details.reason, "content_filter")

    @needs(packages=["anthropic"])
    def test_anthropic(self):
        client = self.anthropic()
        options = {"model": "primer", "max_tokens": 900, "extra_body": {"seed": SEED}}
        refused = client.messages.create(messages=said("tell me about Voldemort"), **options)
        self.assertEqual((refused.content[0].text, refused.stop_reason), (self.REFUSED, "refusal"))
        self.assertEqual(refused.usage.output_tokens, 0)
        whole = client.messages.create(messages=said(PROMPT), **options)
        self.assertEqual((whole.content[0].text, whole.stop_reason), (self.until_the_place(), "refusal"))
        with client.messages.stream(messages=said(PROMPT), **options) as stream:
            self.assertEqual("".join(stream.text_stream), self.until_the_place())
            self.assertEqual(stream.get_final_message().stop_reason, "refusal")

    @needs()
    def test_ollama(self):
        body = {"model": "primer", "messages": said("tell me about Voldemort"), "stream": False}
        answer = self.ask("/api/chat", **body).json
        self.assertEqual((answer["message"]["content"], answer["done_reason"]), (self.REFUSED, "stop"))
        self.assertEqual(answer["eval_count"], 0)
        lines = self.ask("/api/chat", **{**body, "stream": True}).lines
        self.assertEqual("".join(line["message"]["content"] for line in lines), self.REFUSED)

    @needs()
    def test_masks(self):
        """The model sees the placeholder, and what it repeats comes back as the client wrote it."""
        text = f"a story about a fox named {MAIL}"
        hidden = text.replace(MAIL, "<EMAIL_1>")
        count = self.ask("/tokenize", model="primer", messages=said(hidden)).json["count"]
        answer = self.chat(text)
        self.assertEqual(answer.json["usage"]["prompt_tokens"], count)
        streamed = self.chat(text, stream=True)
        pieces = [data["choices"][0]["delta"].get("content", "") for _, data in streamed.events if data != "[DONE]"]
        self.assertEqual("".join(pieces), answer.json["choices"][0]["message"]["content"])
        echo = self.ask("/v1/completions", model="primer", prompt=f"Write to {MAIL}", echo=True, max_tokens=0)
        self.assertEqual(echo.json["choices"][0]["text"].strip(), f"Write to {MAIL}")

    @needs()
    def test_header_and_metrics(self):
        digest = self.json_of("guard", "test", self.pack, "--json")["digest"].removeprefix("sha256:")
        name = f'own; version="1"; digest=sha256:{digest[:16]}'
        self.assertEqual(self.chat().headers["ai-guardrails"], f"{name}; action=refuse")
        self.assertEqual(self.chat("hello", max_tokens=2).headers["ai-guardrails"], f"{name}; action=allow")
        self.assertEqual(self.chat(stream=True).headers["ai-guardrails"], name)
        prompts = self.ask("/v1/completions", model="primer", prompt=["hello", "Voldemort"], max_tokens=2)
        self.assertEqual(prompts.headers["ai-guardrails"], f"{name}; action=refuse")
        metrics = self.server.get("/metrics").text
        self.assertRegex(metrics, r'stoa_guard_hits_total\{action="refuse",class="other",rail="places"\} [1-9]')
        self.assertRegex(metrics, r'stoa_request_success_total\{finished_reason="content_filter"\} [1-9]')

    @needs()
    def test_nothing_runs_on(self):
        self.chat(max_tokens=900)
        end = time.monotonic() + HANG_SECONDS
        while 'stoa_num_requests_running{model_name="primer"} 0' not in self.server.get("/metrics").text:
            self.assertLess(time.monotonic(), end, "the generation goes on")
            time.sleep(0.01)
        used = self.json_of("usage", "--by", "model", "--json", STOA_HOME=str(self.server.home))
        self.assertIn("primer", json.dumps(used))

    @needs()
    def test_vectors(self):
        answer = self.server.ask("POST", "/v1/embeddings", {"model": "primer", "input": ["hello", "voldemort"]})
        self.assertEqual((answer.status, answer.json["error"]["code"]), (400, "content_filter"))
        self.assertEqual(answer.json["error"]["message"], self.REFUSED)

    @needs()
    def test_check(self):
        """The server says of a text what the command says."""
        for text in (f"write to {MAIL}", "about Voldemort", "hello"):
            ours = self.ask("/v1/guard/check", text=text, pack="own").json
            self.assertEqual(ours, self.json_of("guard", "check", "--pack", self.pack, "--json", "-", stdin=text))
        text = "My key is AKIAQ3EGR5UTYZX7KLMN"
        ours = self.ask("/v1/guard/check", text=text, pack="default", direction="output").json
        command = ("guard", "check", "--pack", "default", "--direction", "output", "--json", "-")
        self.assertEqual(ours, self.json_of(*command, stdin=text))
        several = self.ask("/v1/guard/check", messages=said(f"I am {MAIL}") + said(f"{MAIL}, Voldemort")).json
        self.assertEqual(several["action"], "refuse")
        self.assertEqual([hit["message"] for hit in several["hits"]], [0, 1, 1])
        self.assertEqual([item["content"] for item in several["messages"]], ["I am <EMAIL_1>", self.REFUSED])
        self.assertEqual(self.server.ask("POST", "/v1/guard/check", {"text": "a", "pack": str(self.pack)}).status, 400)

    @needs(packages=["openai"])
    def test_moderations(self):
        answer = self.openai().moderations.create(input=["hello", "about Voldemort", f"I am {MAIL}"])
        self.assertEqual([result.flagged for result in answer.results], [False, True, False])
        self.assertTrue(answer.results[1].categories.harassment)
        self.assertTrue(answer.results[2].categories.model_extra["privacy"])
        self.assertEqual(answer.results[0].category_scores.violence, 0)

    @needs()
    def test_command_line(self):
        arguments = ("run", "primer", PROMPT, "--seed", SEED, "--max-tokens", TOKENS, "--guard", self.pack)
        answer = self.json_of(*arguments, "--json")
        self.assertEqual((answer["text"], answer["finish_reason"]), (self.until_the_place(), "content_filter"))
        self.assertEqual(stoa(*arguments).stdout, self.until_the_place() + "\n")
        refused = self.json_of("run", "primer", "about Voldemort", "--guard", self.pack, "--json")
        self.assertEqual((refused["text"], refused["completion_tokens"]), (self.REFUSED, 0))

    @needs(packages=["cryptography"])
    def test_receipt_of_what_a_rail_ended(self):
        """It names pack and verdict, and its tokens are those that the model gives again."""
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519

        key, path = self.pack.parent / "key.pem", self.pack.parent / "receipt.json"
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(*pem))
        arguments = ("--seed", SEED, "--guard", self.pack, "--receipt", path, "--receipt-key", key)
        self.assertEqual(stoa("run", "primer", PROMPT, *arguments).stdout, self.until_the_place() + "\n")
        payload = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
        digest = self.json_of("guard", "test", self.pack, "--json")["digest"].removeprefix("sha256:")
        self.assertEqual((payload["model"]["guard"], payload["verdict"]), (digest, "refuse"))
        self.assertEqual(payload["finish"], "content_filter")
        answer = self.json_of("receipt", "verify", path, "--replay", "primer", "--json")
        self.assertEqual((answer["replay"], answer["first_difference"]), ("identical", None))


class Avoiding(OracleCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.pack = cls.folder / "pack.yaml"
        cls.pack.write_text(pack() + "    avoid: true\n")

    @needs(packages=["cryptography"])
    def test_answers_go_another_way_and_can_be_computed_again(self):
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ed25519

        key, path = self.folder / "key.pem", self.folder / "receipt.json"
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(*pem))
        arguments = ("--seed", SEED, "--max-tokens", TOKENS, "--guard", self.pack)
        command = ("run", "primer", PROMPT, *arguments, "--json", "--receipt", path, "--receipt-key", key)
        answer = self.json_of(*command)
        self.assertNotRegex(answer["text"].lower(), r"\bharbour\b")
        self.assertNotEqual(answer["finish_reason"], "content_filter")
        before = free().split("harbour")[0].rstrip()
        self.assertTrue(answer["text"].startswith(before), answer["text"])
        # The receipt says that the pack is needed; with it the tokens are the same, with another it is refused.
        verify = ("receipt", "verify", path, "--replay", "primer")
        replay = self.json_of(*verify, "--guard", self.pack, "--threads", 1, "--json")
        self.assertEqual((replay["replay"], replay["first_difference"]), ("identical", None))
        missing = stoa(*verify)
        self.assertNotEqual(missing.returncode, 0)
        self.assertIn("--guard PACK", missing.stderr)
        other = stoa(*verify, "--guard", "strict")
        self.assertNotEqual(other.returncode, 0)
        self.assertIn("as it was then", other.stderr)

    @needs()
    def test_streams_are_whole_answers_and_nothing_that_was_taken_back_is_shown(self):
        with Server("primer", "--guard", self.pack) as server:
            body = {"model": "primer", "messages": said(PROMPT), "max_tokens": TOKENS}
            for seed in range(1, 9):
                answers = [
                    server.ask("POST", "/v1/chat/completions", {**body, "seed": seed, "stream": stream})
                    for stream in (False, True)
                ]
                whole = answers[0].json["choices"][0]
                events = [data for _, data in answers[1].events if data != "[DONE]"]
                pieces = [event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"]]
                self.assertEqual("".join(pieces), whole["message"]["content"])
                self.assertNotRegex(whole["message"]["content"].lower(), r"\bharbour\b")
                self.assertNotEqual(whole["finish_reason"], "content_filter")


class Reloading(GuardedServer):
    action = "redact"

    @needs()
    def test_edits_and_reloads_under_load(self):
        """Every answer is of one version of the pack, and none fails; a broken pack changes nothing."""
        whole = self.chat().json["choices"][0]["message"]["content"]
        self.assertEqual(whole, free().replace("harbour", "[PLACE]"))
        streamed = self.chat(stream=True)
        pieces = [data["choices"][0]["delta"].get("content", "") for _, data in streamed.events if data != "[DONE]"]
        self.assertEqual("".join(pieces), whole)

        answers, stop = [], threading.Event()

        def load():
            while not stop.is_set():
                answer = self.chat()
                version = int(answer.headers["ai-guardrails"].split('"')[1])
                answers.append((version, answer.json["choices"][0]["message"]["content"]))

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            self.until(lambda: answers, "nothing is answered")
            for version in (2, 3):
                text = pack(version, "replace").replace("    message:", f"    replacement: v{version}\n    message:")
                self.put(text)
                self.until(lambda: version in [known for known, _ in answers], f"version {version} is not taken up")
            self.put(pack(4, "nonsense"))
            self.until(lambda: "the old one stays" in self.server.log, "the broken pack is not told of")
            count = len(answers)
            self.until(lambda: len(answers) > count + 2, "the server does not go on")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual({version for version, _ in answers}, {1, 2, 3})
        for version, text in answers:
            word = "[PLACE]" if version == 1 else f"v{version}"
            self.assertEqual(text, free().replace("harbour", word))

    def put(self, text):
        """Replaces the pack at once, as editors and deployments do."""
        new = self.pack.with_suffix(".new")
        new.write_text(text)
        new.replace(self.pack)

    def until(self, condition, problem):
        end = time.monotonic() + HANG_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, problem)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
