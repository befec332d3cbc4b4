"""`stoa template` against jinja2 with the settings of Hugging Face transformers."""

import concurrent.futures
import copy
import importlib.util
import json
import os
import struct
import tempfile
import unittest
import warnings
from pathlib import Path

from oracle import DATA, REPOSITORY, OracleCase, needs, stoa
from template_programs import CONTEXT, Programs

TEMPLATES = "tokenizers/chat_templates"
FIXTURES = REPOSITORY / "Tests/Fixtures/templates"
NOW = "2025-07-04T09:05:03"
MESSAGES = [{"role": "user", "content": "Hello"}]
# What the command gives every template besides messages and tokens.
GIVEN = {"messages", "tools", "documents", "add_generation_prompt", "bos_token", "eos_token"}


def reference():
    """The module that sets up jinja2, which the fixtures share."""
    specification = importlib.util.spec_from_file_location("jinja_reference", FIXTURES / "oracle.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def rendered(env, source, context):
    """The text that jinja2 makes, or None where it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = env.from_string(source).render(**copy.deepcopy(context))
        text.encode()
        return text
    except Exception:
        return None


def parallel(function, items):
    """The results in order; the work is in other processes, so threads are enough."""
    with concurrent.futures.ThreadPoolExecutor(max(2, len(os.sched_getaffinity(0)))) as pool:
        return list(pool.map(function, items))


class Templates(OracleCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False))
        return path

    def arguments(self, name, context):
        """The command's arguments for a context; its files are written once."""
        result = ["--messages", self.write(f"{name}/messages.json", context["messages"]), "--now", NOW, "--json"]
        if context.get("tools") is not None:
            result += ["--tools", self.write(f"{name}/tools.json", context["tools"])]
        for role in ("bos", "eos"):
            if context.get(f"{role}_token") is not None:
                result += [f"--{role}", context[f"{role}_token"]]
        if not context.get("add_generation_prompt"):
            result.append("--no-generation-prompt")
        for key, value in context.items():
            if key not in GIVEN or key == "documents" and value is not None:
                result += ["--set", f"{key}={json.dumps(value, ensure_ascii=False)}"]
        return result

    def compare(self, where, result, expected):
        if expected is None:
            self.assertEqual(result.returncode, 1, f"{where}: rendered, but jinja2 raises\n{result.stdout[:300]}")
            self.assertIn("chat template", result.stderr, where)
        else:
            self.assertEqual(result.returncode, 0, f"{where}: {result.stderr}")
            self.assertEqual(json.loads(result.stdout)["text"], expected, where)

    @needs(data=[TEMPLATES], packages=["jinja2"])
    def test_published_templates(self):
        """Every template with a third of the conversations, in turn; the Swift tests take them all."""
        env = reference().environment()
        conversations = json.loads((FIXTURES / "conversations.json").read_text())
        conversations = [each for each in conversations if set(each["context"]) >= GIVEN]
        flags = [self.arguments(str(i), each["context"]) for i, each in enumerate(conversations)]
        files = sorted((DATA / TEMPLATES).rglob("*.jinja"))
        self.assertGreater(len(files), 30)
        cases = [(path, i) for n, path in enumerate(files) for i in range(n % 3, len(conversations), 3)]
        results = parallel(lambda case: stoa("template", case[0], *flags[case[1]]), cases)
        texts = 0
        for (path, i), result in zip(cases, results, strict=True):
            expected = rendered(env, path.read_text(), conversations[i]["context"])
            texts += expected is not None
            where = f"{path.name} / {conversations[i]['name']}"
            with self.subTest(where):
                self.compare(where, result, expected)
        self.assertGreater(texts, 300)
        print(f"\n{len(cases)} conversations in {len(files)} published templates: {texts} texts, the rest errors")

    @needs(packages=["jinja2"])
    def test_random_programs(self):
        """Small programs of a generator: the same text, or an error where jinja2 raises."""
        env = reference().environment()
        sources = [Programs(seed).expression_source() for seed in range(300)]
        sources += [Programs(seed).source() for seed in range(1000, 1200)]
        flags = self.arguments("context", CONTEXT)
        paths = [self.write(f"{number}.jinja", source) for number, source in enumerate(sources)]
        context = {"documents": None, **CONTEXT}
        expected = [rendered(env, source, context) for source in sources]
        results = parallel(lambda path: stoa("template", path, *flags), paths)
        texts = 0
        for source, text, result in zip(sources, expected, results, strict=True):
            # Python prints addresses of objects, and integers of any length.
            if text is not None and " at 0x" in text or "64 bits" in result.stderr or "64-bit" in result.stderr:
                continue
            texts += text is not None
            with self.subTest(source):
                self.compare(source, result, text)
        self.assertGreater(texts, 200)

    # Where templates come from

    SHOW = "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"

    def text(self, *arguments, messages=MESSAGES, **options):
        return self.json_of("template", *arguments, "--messages", "-", "--json", stdin=json.dumps(messages), **options)[
            "text"
        ]

    def test_plain_file(self):
        path = self.write("a.jinja", self.SHOW)
        self.assertEqual(self.text(path, "--bos", "<s>", "--eos", "</s>"), "<s>Hello</s>")
        self.assertEqual(self.text(path), "Hello", "tokens that nobody gave are undefined")
        result = stoa("template", path, "--messages", "-", "--bos", "<s>", stdin=json.dumps({"messages": MESSAGES}))
        self.assertEqual(result.stdout, "<s>Hello", "without --json the text alone")
        path = self.write("b.jinja", "{{ add_generation_prompt }}{{ tools }}{{ documents }}{{ x.y }}")
        self.assertEqual(self.text(path, "--set", 'x={"y": [1]}'), "TrueNoneNone[1]")
        self.assertEqual(self.text(path, "--set", 'x={"y": null}', "--no-generation-prompt"), "FalseNoneNoneNone")
        self.assertRegex(self.text(self.write("c.jinja", "{{ strftime_now('%Y-%m-%d') }}")), r"^20\d\d-\d\d-\d\d$")

    def test_folder(self):
        config = {"bos_token": "<s>", "eos_token": {"content": "</s>", "lstrip": False}, "pad_token": None}
        self.write("one/tokenizer_config.json", {**config, "chat_template": self.SHOW + "one"})
        self.assertEqual(self.text(self.folder / "one"), "<s>Hello</s>one")
        self.assertEqual(self.text(self.folder / "one/tokenizer_config.json", "--bos", "B"), "BHello</s>one")
        self.write("one/chat_template.jinja", self.SHOW + "file")
        self.assertEqual(self.text(self.folder / "one"), "<s>Hello</s>file")
        self.write("one/additional_chat_templates/rag.jinja", "rag")
        self.assertEqual(self.text(self.folder / "one", "--template", "rag"), "rag")
        self.write("map/special_tokens_map.json", {"bos_token": "<b>"})
        self.write("map/tokenizer_config.json", {"chat_template": self.SHOW})
        self.assertEqual(self.text(self.folder / "map"), "<b>Hello")

    def test_named_templates(self):
        named = [{"name": "default", "template": "plain"}, {"name": "tool_use", "template": "with {{ tools|length }}"}]
        folder = self.write("n/tokenizer_config.json", {"chat_template": named}).parent
        tools = self.write("tools.json", [{"type": "function", "function": {"name": "f"}}])
        self.assertEqual(self.text(folder), "plain")
        self.assertEqual(self.text(folder, "--tools", tools), "with 1")
        self.assertEqual(self.text(folder, "--tools", tools, "--template", "default"), "plain")
        result = stoa("template", folder, "--template", "rag", "--messages", "-", stdin=json.dumps(MESSAGES))
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, 'no chat template named "rag"(.|\n)*tool_use')

    def test_gguf_and_library(self):
        def text(value):
            raw = value.encode()
            return struct.pack("<Q", len(raw)) + raw

        pairs = [
            text("general.architecture") + struct.pack("<I", 8) + text("llama"),
            text("tokenizer.chat_template") + struct.pack("<I", 8) + text(self.SHOW),
            text("tokenizer.chat_template.tool_use") + struct.pack("<I", 8) + text("tools {{ eos_token }}"),
            text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 3) + text("<unk>") + text("<s>") + text("</s>"),
            text("tokenizer.ggml.bos_token_id") + struct.pack("<II", 4, 1),
            text("tokenizer.ggml.eos_token_id") + struct.pack("<II", 4, 2),
        ]
        path = self.folder / "tiny.gguf"
        path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + b"".join(pairs))
        self.assertEqual(self.text(path), "<s>Hello</s>")
        self.assertEqual(self.text(path, "--template", "tool_use"), "tools </s>")
        with tempfile.TemporaryDirectory() as home:
            self.assertEqual(stoa("import", path, "--name", "tiny", STOA_HOME=home).returncode, 0)
            self.assertEqual(self.text("tiny", STOA_HOME=home), "<s>Hello</s>")

    def test_errors(self):
        def fails(code, pattern, *arguments, stdin=json.dumps(MESSAGES)):
            result = stoa("template", *arguments, stdin=stdin)
            self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
            self.assertRegex(result.stderr, pattern)

        path = self.write("a.jinja", "\n{{ bos_token + 'x' }}")
        fails(1, r"a\.jinja: chat template, line 2: 'bos_token' is undefined\n.*--bos", path, "--messages", "-")
        refuses = self.write("refuses.jinja", "{{ raise_exception('roles must alternate') }}")
        fails(1, "line 1: roles must alternate", refuses, "--messages", "-")
        fails(1, "line 1", self.write("bad.jinja", "{% if %}"), "--messages", "-")
        fails(1, "standard input: JSON, line 2", path, "--messages", "-", stdin='[{"role":\n x}]')
        fails(1, "list of messages", path, "--messages", "-", stdin='{"role": "user"}')
        fails(1, "no such file", path, "--messages", self.folder / "missing.json")
        fails(2, "messages", path)
        fails(2, "only one", path, "--messages", "-", "--tools", "-")
        fails(2, "set", path, "--messages", "-", "--set", "x=flase")
        fails(1, "no chat template", self.write("empty/tokenizer_config.json", {}), "--messages", "-")


if __name__ == "__main__":
    unittest.main()
