"""Guard models: prompts against jinja2, tokens against tokenizers, scores against softmax over the logits."""

import functools
import json
import math
import shutil
import unittest

from guard_templates import SOCIAL_BIAS, TEMPLATES, WORDS, asked
from oracle import FIXTURES, TemporaryCase, needs, stoa
from server import Server
from test_templates import reference

CONVERSATIONS = [
    [("user", "How do I whittle a knife?")],
    [("user", "Who are you?\n"), ("assistant", "  I am a lighthouse. ☀ {{ 7 * 7 }}")],
]
PACK = """\
pack: judged
version: 1
rails:
  - id: model
    on: [{stages}]
    detector: guard-model
    options: {{model: "{model}", {options}}}
    action: {action}
    class: own
    message: " Enough."
"""


def softmax(logits, safe, unsafe):
    best = max(logits[token] for token in [*safe, *unsafe])
    mass = [math.fsum(math.exp(logits[token] - best) for token in side) for side in (safe, unsafe)]
    return mass[1] / (mass[0] + mass[1])


class GuardModels(TemporaryCase):
    def model(self, template=None):
        """The small Llama with room for long prompts, and with a chat template of its own or none."""
        folder = self.folder / ("plain" if template is None else template)
        shutil.copytree(FIXTURES / "llama", folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 8192}))
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        del settings["chat_template"]
        if template:
            settings["chat_template"] = TEMPLATES[template]
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        return folder

    def judge(self, model, conversation, *options):
        *before, (role, text) = conversation
        said = ["--said", before[0][1]] if before else []
        return self.json_of("guard", "judge", model, "--role", role, *said, *options, "--json", "-", stdin=text)

    @staticmethod
    @functools.cache
    def tokenizer():
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(FIXTURES / "llama/tokenizer.json"))

    def ids(self, text):
        return self.tokenizer().encode(text, add_special_tokens=False).ids

    def rendered(self, style, conversation, variables, bos):
        messages = [{"role": role, "content": text} for role, text in conversation]
        context = {"messages": messages, "bos_token": bos, "eos_token": "</s>", "add_generation_prompt": True}
        return reference().environment().from_string(TEMPLATES[style]).render(**context, **variables)

    def check(self, style, conversation, answer, bos, model, usual):
        """Compares all that an answer says with outside references."""
        self.assertEqual(answer["style"], style)
        self.assertEqual([prompt["category"] for prompt in answer["prompts"]], list(usual))
        for prompt, variables in zip(answer["prompts"], usual.values(), strict=True):
            text = self.rendered(style, conversation, variables, bos)
            self.assertEqual(prompt["text"], text)
            self.assertEqual(prompt["tokens"], self.ids(text))
            length = len(prompt["tokens"])
            first = [{self.ids(text + word)[length] for word in words} for words in WORDS[style]]
            sides = [first[0] - first[1], first[1] - first[0]]
            self.assertEqual([set(prompt["safe"]), set(prompt["unsafe"])], sides)
            logits = self.logits(model, prompt["tokens"])
            self.assertAlmostEqual(prompt["score"], softmax(logits, prompt["safe"], prompt["unsafe"]), places=6)
        self.assertEqual(answer["score"], max(prompt["score"] for prompt in answer["prompts"]))
        self.assertEqual(answer["unsafe"], answer["score"] >= 0.5)

    @needs(packages=["jinja2", "tokenizers"])
    def test_published_prompts(self):
        model = self.model()
        for style in TEMPLATES:
            for conversation in CONVERSATIONS:
                with self.subTest(style=style, turns=len(conversation)):
                    answer = self.judge(model, conversation, "--style", style)
                    self.check(style, conversation, answer, "", model, asked(style, conversation[-1][0]))

    @needs(packages=["jinja2", "tokenizers"])
    def test_own_templates(self):
        for style in TEMPLATES:
            model = self.model(style)
            for conversation in CONVERSATIONS:
                with self.subTest(style=style, turns=len(conversation)):
                    answer = self.judge(model, conversation)
                    self.check(style, conversation, answer, "<s>", model, asked(style, conversation[-1][0]))

    @needs(packages=["jinja2", "tokenizers"])
    def test_categories(self):
        conversation = CONVERSATIONS[1]
        # Known ones, and the deployer's own.
        cases = {
            "llama-guard": (
                ["S2", "S10", "S15: Weather."],
                {None: {"categories": {"S2": "Non-Violent Crimes.", "S10": "Hate.", "S15": "Weather."}}},
            ),
            "shieldgemma": (["No Weather: Say nothing of it."], {"No Weather": {"guideline": "Say nothing of it."}}),
            "granite-guardian": (
                ["social_bias", "weather: It is about rain."],
                {
                    "social_bias": {
                        "guardian_config": {
                            "risk_name": "social_bias",
                            "risk_definition": SOCIAL_BIAS.replace("{role}", "Assistant"),
                        }
                    },
                    "weather": {"guardian_config": {"risk_name": "weather", "risk_definition": "It is about rain."}},
                },
            ),
        }
        for style, (names, usual) in cases.items():
            for model, bos in ((self.model(style), "<s>"), (self.model_once(), "")):
                with self.subTest(style=style, template=bool(bos)):
                    options = [] if bos else ["--style", style]
                    answer = self.judge(model, conversation, "--categories", ",".join(names), *options)
                    self.check(style, conversation, answer, bos, model, usual)

    def model_once(self):
        return self.folder / "plain" if (self.folder / "plain").exists() else self.model()

    @needs(packages=["tokenizers"])
    def test_other_words_and_text_with_marks(self):
        model = self.model()
        text = "<s> is no mark here, <|user|> neither"
        answer = self.judge(model, [("user", text)], "--style", "granite-guardian", "--words", "good,bad")
        (prompt,) = answer["prompts"]
        self.assertIn(text, prompt["text"])
        self.assertFalse({1, 3} & set(prompt["tokens"]), "the text writes control tokens")
        self.assertEqual(prompt["safe"], self.ids("good")[:1])
        self.assertEqual(prompt["unsafe"], self.ids("bad")[:1])
        logits = self.logits(model, prompt["tokens"])
        self.assertAlmostEqual(answer["score"], softmax(logits, prompt["safe"], prompt["unsafe"]), places=6)

    def pack(self, model, *, stages="input, output", options="style: granite-guardian", action="refuse"):
        path = self.folder / "pack.yaml"
        path.write_text(PACK.format(model=model, stages=stages, options=options, action=action))
        return path

    def checked(self, pack, text, *options):
        return self.json_of("guard", "check", "--pack", pack, *options, "--json", "-", stdin=text)

    def test_rails(self):
        model = self.model()
        text = ("The lighthouse läuft 🙂 and sees ships. " * 12).strip()
        score = self.judge(model, [("user", text)], "--style", "granite-guardian")["score"]
        refused = self.checked(self.pack(model, options=f"style: granite-guardian, threshold: {score}"), text)
        self.assertEqual((refused["action"], refused["text"]), ("refuse", " Enough."))
        (hit,) = refused["hits"]
        self.assertEqual((hit["score"], hit["start"], hit["end"]), (score, 0, len(text.encode())))
        self.assertEqual((hit["class"], hit["label"]), ("own", "UNSAFE"))
        above = math.nextafter(score, 1)
        passed = self.checked(self.pack(model, options=f"style: granite-guardian, threshold: {above!r}"), text)
        self.assertEqual((passed["action"], passed["text"], passed["hits"]), ("allow", text, []))

        options = f"style: granite-guardian, window: 64, context: 32, threshold: {score}"
        pack = self.pack(model, options=options, action="redact")
        whole = self.checked(pack, text, "--direction", "output")
        for split in (1, 50):
            self.assertEqual(self.checked(pack, text, "--direction", "output", "--split", split), whole)

    def test_missing_models(self):
        """What is not judged does not pass by itself, and everybody is told."""
        nowhere = self.folder / "nowhere"
        pack = self.pack(nowhere, action="flag")
        refused = self.checked(pack, "hello")
        self.assertEqual((refused["action"], refused["text"]), ("refuse", " Enough."))
        self.assertIn("is missing", refused["hits"][0]["pattern"])
        self.assertNotIn(str(self.folder), refused["hits"][0]["pattern"])
        for command in (["run", "primer", "hello"], ["serve", "primer", "--port", "0"]):
            with self.subTest(command[0]):
                result = stoa(*command, "--guard", pack, STOA_HOME=str(self.folder / "home"))
                self.assertNotEqual(result.returncode, 0)
                self.assertIn("rail model asks the guard model", result.stderr)
        pack = self.pack(nowhere, options="missing: skip")
        passed = self.checked(pack, "hello")
        self.assertEqual((passed["action"], passed["text"]), ("allow", "hello"))
        self.assertEqual(passed["hits"][0]["label"], "UNJUDGED")
        result = stoa("run", "primer", "hello", "--max-tokens", 3, "--guard", pack)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("warning: rail model asks the guard model", result.stderr)

    def test_run(self):
        pack = self.pack(self.model(), stages="output", options="style: shieldgemma, window: 64, threshold: 0")
        answer = self.json_of("run", "primer", "tell me a story", "--max-tokens", 60, "--guard", pack, "--json")
        self.assertEqual((answer["text"], answer["finish_reason"]), (" Enough.", "content_filter"))

    def test_server(self):
        """The answer of a server ends where that of the program ends."""
        model = self.model()
        prompt, tokens = "tell me a story about a fox", 80
        free = self.json_of("run", "primer", prompt, "--seed", 4, "--max-tokens", tokens, "--json")["text"]
        options = "style: granite-guardian, window: 64, threshold: 0"
        windows = self.pack(model, stages="output", options=options, action="flag")
        with Server("primer", "--guard", windows) as server:
            body = {
                "model": "primer",
                "messages": [{"role": "user", "content": prompt}],
                "seed": 4,
                "max_tokens": tokens,
            }
            answer = server.ask("POST", "/v1/chat/completions", body)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(json.loads(answer.text)["choices"][0]["message"]["content"], free)
            checked = server.ask("POST", "/v1/guard/check", {"text": free, "direction": "output"})
            hits = json.loads(checked.text)["hits"]
        scores = [hit["score"] for hit in hits]
        self.assertEqual(hits[-1]["end"], len(free.encode()))
        ours = self.checked(windows, free, "--direction", "output")["hits"]
        self.assertEqual(scores, [hit["score"] for hit in ours])


if __name__ == "__main__":
    unittest.main()
