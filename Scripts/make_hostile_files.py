#!/usr/bin/env python3
"""Writes files that mean harm, and a manifest of what must happen to each.

    make_hostile_files.py FOLDER

The files are small but for two that are sparse; nothing in them runs, also in other programs: the pickles call
`print` with a text. FOLDER/manifest.json lists cases:

    {"name", "command": [arguments, with paths under FOLDER], "stdin"?, "says": pattern | null}

`says` is what the error message must match, and the program must then exit with status 1; null: the file may be
accepted, so only the end of the program, in time and in bounds, is asked for.

The weaknesses are those of public reports about other programs: CVE-2024-23605, CVE-2025-66959, CVE-2025-66960 (lengths
and counts of GGUF that are believed), CVE-2026-7482 (a tensor past the end of the file), CVE-2025-53630,
CVE-2026-27940, CVE-2026-33298 (sums that wrap), CVE-2024-34359 (templates that reach into the interpreter).
"""

import base64
import io
import json
import random
import struct
import sys
import zipfile
from pathlib import Path

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMATS = {
    U8: "<B",
    I8: "<b",
    U16: "<H",
    I16: "<h",
    U32: "<I",
    I32: "<i",
    F32: "<f",
    BOOL: "<B",
    U64: "<Q",
    I64: "<q",
    F64: "<d",
}
MAXIMUM = 2**64 - 1


class GGUF:
    """Writes GGUF byte by byte, also what no writer should; remembers where each kind of field starts."""

    def __init__(self, pairs=(), tensors=(), version=3, pair_count=None, tensor_count=None, data=None, alignment=32):
        self.bytes = bytearray(b"GGUF")
        self.places = {"magic": 2}
        self.mark("version").add(U32, version)
        self.mark("number of tensors").add(U64, len(tensors) if tensor_count is None else tensor_count)
        self.mark("number of pairs").add(U64, len(pairs) if pair_count is None else pair_count)
        for key, kind, value in pairs:
            self.mark("length of a key").text(key, "key").mark("type of a value").add(U32, kind)
            self.value(kind, value)
        for name, shape, kind, offset in tensors:
            self.mark("length of a tensor's name").text(name, "tensor's name")
            self.mark("number of dimensions").add(U32, len(shape))
            for size in shape:
                self.mark("dimension").add(U64, size % 2**64)
            self.mark("element type").add(U32, kind).mark("offset").add(U64, offset)
        if data is not None:
            self.mark("padding")
            self.bytes += bytes(-len(self.bytes) % alignment)
            self.mark("data")
            self.bytes += data

    def mark(self, what):
        self.places[what] = len(self.bytes) + 1
        return self

    def add(self, kind, value):
        self.bytes += struct.pack(FORMATS[kind], value)
        return self

    def text(self, text, what=None):
        raw = text if isinstance(text, bytes) else text.encode()
        self.add(U64, len(raw))
        if what:
            self.mark(what)
        self.bytes += raw
        return self

    def value(self, kind, value):
        if isinstance(value, bytes) and kind != STRING:
            self.bytes += value  # as it is
        elif kind == STRING:
            self.mark("length of a string").text(value, "string")
        elif kind == ARRAY:
            element, items = value
            self.mark("element type of an array").add(U32, element).mark("length of an array").add(U64, len(items))
            for item in items:
                self.mark("array")
                self.value(element, item)
        else:
            self.mark("number").add(kind, value)


WIDTH, LAYERS, HEADS, FORWARD = 32, 2, 4, 64
TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "a", "b", "▁a", "ab"]
TYPES = [2, 3, 3, *[6] * 256, 1, 1, 1, 1, 1]


def llama_pairs(**changes):
    """The metadata of a tiny model; a change maps a key to (type, value), or to None to leave it out."""
    pairs = {
        "general.architecture": (STRING, "llama"),
        "llama.block_count": (U32, LAYERS),
        "llama.embedding_length": (U32, WIDTH),
        "llama.feed_forward_length": (U32, FORWARD),
        "llama.attention.head_count": (U32, HEADS),
        "llama.context_length": (U32, 64),
        "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5),
        "tokenizer.ggml.model": (STRING, "llama"),
        "tokenizer.ggml.tokens": (ARRAY, (STRING, TOKENS)),
        "tokenizer.ggml.scores": (ARRAY, (F32, [float(-i) for i in range(len(TOKENS))])),
        "tokenizer.ggml.token_type": (ARRAY, (I32, TYPES)),
    }
    for key, value in changes.items():
        pairs[key] = value
    return [(key, *value) for key, value in pairs.items() if value is not None]


def llama_tensors(layers=LAYERS):
    shapes = {"token_embd.weight": (WIDTH, len(TOKENS)), "output_norm.weight": (WIDTH,)}
    for layer in range(layers):
        matrices = {
            "attn_q": WIDTH,
            "attn_k": WIDTH,
            "attn_v": WIDTH,
            "attn_output": WIDTH,
            "ffn_gate": FORWARD,
            "ffn_up": FORWARD,
        }
        for name, rows in matrices.items():
            shapes[f"blk.{layer}.{name}.weight"] = (WIDTH, rows)
        shapes[f"blk.{layer}.ffn_down.weight"] = (FORWARD, WIDTH)
        for name in ("attn_norm", "ffn_norm"):
            shapes[f"blk.{layer}.{name}.weight"] = (WIDTH,)
    tensors, offset = [], 0
    for name, shape in shapes.items():
        tensors.append((name, shape, 0, offset))
        size = 4
        for dimension in shape:
            size *= dimension
        offset += size
    values = random.Random(7)
    data = b"".join(struct.pack("<f", values.uniform(-0.1, 0.1)) for _ in range(offset // 4))
    return tensors, data


def llama(**changes):
    tensors, data = llama_tensors()
    return GGUF(llama_pairs(**changes), tensors, data=data)


# One case a line reads better as a table.
# fmt: off
class Corpus:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.cases = []

    def path(self, name):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name, content, size=None):
        with open(self.path(name), "wb") as stream:
            stream.write(content if isinstance(content, (bytes, bytearray)) else content.encode())
            if size:
                stream.truncate(size)

    def case(self, name, command, says, stdin=""):
        self.cases.append({"name": name, "command": command, "says": says, "stdin": stdin})

    # GGUF

    def gguf(self, name, content, says, commands=("show",)):
        file = f"gguf/{name}.gguf"
        self.write(file, content.bytes if isinstance(content, GGUF) else content)
        arguments = {
            "show": ["show", file],
            "tokenize": ["tokenize", file, "a b <0x-1> é", "--json"],
            "run": ["run", file, "a", "--raw", "--max-tokens", "2", "--json"],
        }
        for command in commands:
            self.case(f"{name}, {command}", arguments[command], says)

    def gguf_headers(self):
        for count in (1, 2**31, 2**40, 2**63, MAXIMUM):
            self.gguf(f"pairs-{count}", GGUF(pair_count=count), "metadata pairs do not fit")
            self.gguf(f"tensors-{count}", GGUF(tensor_count=count), "tensors do not fit")
        for length in (2**31, 2**62, 2**63, MAXIMUM - 7, MAXIMUM):
            said = f"{length:,} bytes"
            file = GGUF(pair_count=1).add(U64, length)
            file.bytes += b"key and more"
            self.gguf(f"key-{length}", file, said)
            file = GGUF(pair_count=1).text("k").add(U32, STRING).add(U64, length)
            file.bytes += b"value"
            self.gguf(f"string-{length}", file, said)
            file = GGUF(tensor_count=1).add(U64, length)
            file.bytes += bytes(64)
            self.gguf(f"tensor-name-{length}", file, said)
            for element in (U8, U16, STRING, ARRAY, F64):
                file = GGUF(pair_count=1).text("k").add(U32, ARRAY).add(U32, element).add(U64, length)
                file.bytes += bytes(64)
                self.gguf(f"array-{element}-{length}", file, "do not fit")
        file = GGUF(pair_count=1).text("k").add(U32, ARRAY)
        for _ in range(2000):
            file.add(U32, ARRAY).add(U64, 1)
        self.gguf("arrays-in-arrays", file, "nests arrays")
        file = GGUF(pair_count=1).text("k").add(U32, ARRAY).add(U32, ARRAY).add(U64, 70_000)
        for _ in range(70_000):
            file.add(U32, U8).add(U64, 0)
        self.gguf("many-arrays", file, "arrays in arrays")
        self.gguf("alignment-0", GGUF([("general.alignment", U32, 0)], data=b""), "power of two")
        self.gguf("alignment-48", GGUF([("general.alignment", U32, 48)], data=b""), "power of two")
        self.gguf("alignment-text", GGUF([("general.alignment", STRING, "32")]), "u32")
        self.gguf("alignment-huge", GGUF([("general.alignment", U32, 2**31)], [("t", [1], 0, 0)], data=bytes(64)), "ends at byte")
        self.gguf("keys-twice", GGUF([("k", U8, 1), ("k", U8, 2)]), "occurs twice")
        self.gguf("key-not-utf8", GGUF([(b"\xff\xfe", U8, 1)]), "not UTF-8")
        self.gguf("value-type-13", GGUF([("k", 13, b"")]), "unknown type 13|do not fit|ends")
        self.gguf("truth-of-2", GGUF([("k", BOOL, 2)]), "truth value of 2")
        self.gguf("big-endian", b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian")
        self.gguf("version-9", GGUF(version=9), "version 9")

    def gguf_tensors(self):
        def tensors(name, entries, says, data=bytes(256), pairs=()):
            self.gguf(name, GGUF(pairs, entries, data=data), says)

        tensors("offset-past-end", [("t", [64], 0, 1 << 20)], "ends at byte")
        tensors("size-past-end", [("t", [1 << 30], 0, 0)], "ends at byte")
        tensors("one-byte-past-end", [("t", [64], 0, 32)], "ends at byte", data=bytes(32 + 255))
        tensors("offset-wraps", [("t", [64], 0, MAXIMUM - 31)], "impossible offset")
        tensors("offset-and-size-wrap", [("t", [64], 0, 2**63 - 32)], "beyond any possible file")
        tensors("elements-wrap", [("t", [2**32, 2**32], 0, 0)], "overflows")
        tensors("elements-wrap-to-small", [("t", [2**32 + 1, 2**32], 0, 0)], "overflows")
        tensors("bytes-wrap", [("t", [2**62], 0, 0)], "overflows")
        tensors("blocks-wrap", [("t", [2**62, 2], 8, 0)], "overflows")
        tensors("padding-wraps", [("t", [2**61 - 1], 0, 2**63 - 2**31)], "beyond any possible file|overflows", pairs=[("general.alignment", U32, 2**31)])
        tensors("sums-wrap", [(f"t{i}", [2**59], 0, i * 2**61) for i in range(4)], "ends at byte|beyond any possible file|impossible")
        tensors("dimension-0", [("t", [4, 0], 0, 0)], "dimension of 0")
        tensors("dimension-negative", [("t", [-1], 0, 0)], "dimension of 18,446,744,073,709,551,615")
        tensors("dimensions-negative", [("t", [-2, -2], 0, 0)], "dimension of 18,446,744,073,709,551,614")
        tensors("dimensions-5", [("t", [1] * 5, 0, 0)], "5 dimensions")
        file = GGUF(tensor_count=1).text("t").add(U32, 2**32 - 1)
        file.bytes += bytes(64)
        self.gguf("dimensions-4294967295", file, "4,294,967,295 dimensions")
        tensors("part-of-a-block", [("t", [33], 8, 0)], "multiples of 32")
        tensors("type-unknown", [("t", [32], 12345, 0)], "unknown element type")
        tensors("type-retired", [("t", [32], 4, 0)], "retired element type")
        tensors("offset-not-aligned", [("t", [4], 0, 4)], "alignment")
        tensors("names-twice", [("t", [8], 0, 0), ("t", [8], 0, 32)], "occurs twice")
        tensors("bytes-shared", [("a", [16], 0, 0), ("b", [16], 0, 32)], "overlap")
        tensors("name-not-utf8", [(b"\xc3\x28", [8], 0, 0)], "not UTF-8")
        tensors("name-drives-terminals", [("\x1b]0;owned\x07\x1b[2J", [0], 0, 0)], r"\\u\{1b\}")

    def gguf_models(self):
        runs = ("run",)
        self.gguf("model", llama(), None, ("show", "tokenize", "run"))
        for value in (0, 1, 5000, 2**31 - 1, 2**32 - 1):
            self.gguf(f"block-count-{value}", llama(**{"llama.block_count": (U32, value)}), "layers|block_count|missing", runs)
        self.gguf("block-count-negative", llama(**{"llama.block_count": (I32, -3)}), "block_count", runs)
        self.gguf("block-count-text", llama(**{"llama.block_count": (STRING, "2")}), "block_count", runs)
        sizes = ["embedding_length", "feed_forward_length", "attention.head_count", "attention.head_count_kv", "context_length",
                 "attention.key_length", "rope.dimension_count"]
        for key in sizes:
            for kind, value in ((U32, 0), (I32, -1), (U64, MAXIMUM), (U64, 2**62), (F32, 1.0), (ARRAY, (U32, []))):
                if key == "context_length" and value == 2**62:
                    continue
                name = f"{key}-{kind}-{value if not isinstance(value, tuple) else 'empty'}"
                self.gguf(name, llama(**{f"llama.{key}": (kind, value)}), ".", runs)
        self.gguf("heads-3", llama(**{"llama.attention.head_count": (U32, 3)}), ".", runs)
        for value in (0.0, -1.0, float("nan"), float("inf"), 1e-40):
            self.gguf(f"rope-base-{value}", llama(**{"llama.rope.freq_base": (F32, value)}), ".", runs)
            self.gguf(f"epsilon-{value}", llama(**{"llama.attention.layer_norm_rms_epsilon": (F32, value)}), None, runs)
        self.gguf("architecture-unknown", llama(**{"general.architecture": (STRING, "../../etc/passwd")}), "architecture", runs)
        for key, value in (("split.count", 2**16 - 1), ("split.count", 3)):
            self.gguf(f"{key}-{value}", llama(**{key: (U16, value), "split.no": (U16, 0)}), "part", ("show",))
        self.gguf("split-no-beyond", llama(**{"split.count": (U16, 2), "split.no": (U16, 9)}), "split", ("show",))

    def gguf_vocabularies(self):
        both = ("tokenize",)

        def vocabulary(name, tokens, types=None, says=None, **changes):
            self.gguf("vocabulary-" + name, llama(**{"tokenizer.ggml.tokens": (ARRAY, (STRING, tokens)), **({"tokenizer.ggml.token_type": (ARRAY, (I32, types))} if types else {}), **changes}), says, both)

        for text in ("<0x-1>", "<0x>", "<0xZZ>", "<0x100>", "<0xFFFFFFFFFFFFFFFFF>", "<0x+1>", "<0x 1>", "<0x1", ""):
            vocabulary(f"byte-{text.strip('<>') or 'empty'}", [*TOKENS[:3], text, *TOKENS[4:]], TYPES)
        vocabulary("none", [], says=".")
        vocabulary("all-empty", [""] * len(TOKENS))
        vocabulary("all-equal", ["a"] * len(TOKENS))
        vocabulary("not-utf8", [bytes([i % 256]) for i in range(len(TOKENS))])
        vocabulary("long", [*TOKENS[:-1], "a" * 100_000])
        vocabulary("shorter-than-types", TOKENS[:10], says=".")
        vocabulary("types-unknown", TOKENS, [2**31 - 1 - i for i in range(len(TOKENS))])
        vocabulary("types-negative", TOKENS, [-1] * len(TOKENS))
        self.gguf("scores-nan", llama(**{"tokenizer.ggml.scores": (ARRAY, (F32, [float("nan")] * len(TOKENS)))}), None, both)
        self.gguf("scores-missing", llama(**{"tokenizer.ggml.scores": None}), None, both)
        self.gguf("tokens-numbers", llama(**{"tokenizer.ggml.tokens": (ARRAY, (U32, [1, 2, 3]))}), ".", both)
        for role in ("bos", "eos", "unknown", "padding"):
            for value in (2**32 - 1, len(TOKENS)):
                self.gguf(f"{role}-{value}", llama(**{f"tokenizer.ggml.{role}_token_id": (U32, value)}), None, both)
        pieces = {"tokenizer.ggml.model": (STRING, "gpt2"), "tokenizer.ggml.pre": (STRING, "default")}
        for name, merges in (("none", []), ("of-nothing", ["", " ", "  ", "a"]), ("unknown", ["x y", "zz q"]), ("not-utf8", [b"\xff \xfe"]), ("many-spaces", ["a b c d"])):
            self.gguf(f"merges-{name}", llama(**pieces, **{"tokenizer.ggml.merges": (ARRAY, (STRING, merges))}), None, both)
        self.gguf("pre-unknown", llama(**{**pieces, "tokenizer.ggml.pre": (STRING, "no such"), "tokenizer.ggml.merges": (ARRAY, (STRING, []))}), "no such", both)
        self.gguf("model-unknown", llama(**{"tokenizer.ggml.model": (STRING, "no such")}), "no such", both)

    def gguf_truncations(self):
        whole = llama()
        for what, place in whole.places.items():
            self.gguf("cut-" + what.replace(" ", "-").replace("'", ""), bytes(whole.bytes[:place]), "byte|not a GGUF file", ("show",))
        self.gguf("cut-last-byte", bytes(whole.bytes[:-1]), "ends at byte", ("show",))
        self.gguf("zeros", bytes(4096), "zeros")
        self.gguf("empty", b"", "empty")

    # Safetensors

    CONFIGURATION = {
        "model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
        "vocab_size": 16, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "hidden_act": "silu",
    }

    def safetensors(self, name, header, says, data=b"", length=None, size=None, command="show", configuration=None):
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        content = struct.pack("<Q", len(raw) if length is None else length) + raw + data
        self.write(f"safetensors/{name}/model.safetensors", content, size)
        self.write(f"safetensors/{name}/config.json", json.dumps(configuration or self.CONFIGURATION))
        arguments = {"show": [], "run": ["a", "--raw", "--max-tokens", "1"]}[command]
        self.case(name, [command, f"safetensors/{name}", *arguments], says)

    def safetensors_files(self):
        def tensor(shape, begin, end, kind="F32"):
            return {"dtype": kind, "shape": shape, "data_offsets": [begin, end]}

        for length in (2**63, MAXIMUM, 2**40, 100_000_001):
            self.safetensors(f"header-{length}", b"{}", "header is said to have|not a safetensors", length=length)
        self.safetensors("header-of-100-megabytes", b"{", "header is said to have", length=100_000_001, size=100_000_100)
        self.safetensors("header-past-end", b"{}", "header ends at byte", length=1000)
        self.safetensors("header-deep", b'{"a":' + b"[" * 100_000, "nest|deep|JSON")
        self.safetensors("header-no-object", b"[]      ", "safetensors")
        self.safetensors("header-not-utf8", b'{"\xff\xfe": 1}', "JSON|UTF-8")
        self.safetensors("header-cut", b'{"a": {"dtype": "F32", ', "JSON")
        self.safetensors("names-twice", b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', "twice|duplicate|JSON", data=bytes(2))
        self.safetensors("gap", {"a": tensor([1], 0, 4), "b": tensor([1], 8, 12)}, "gap", data=bytes(12))
        self.safetensors("overlap", {"a": tensor([2], 0, 8), "b": tensor([1], 4, 8)}, "overlap", data=bytes(8))
        self.safetensors("not-covered", {"a": tensor([1], 0, 4)}, "belong to no tensor", data=bytes(64))
        self.safetensors("starts-late", {"a": tensor([1], 4, 8)}, "gap", data=bytes(8))
        self.safetensors("past-end", {"a": tensor([100], 0, 400)}, "ends at byte", data=bytes(8))
        self.safetensors("shape-overflows", {"a": tensor([2**32, 2**32], 0, 4)}, "overflows", data=bytes(4))
        self.safetensors("bytes-overflow", {"a": tensor([2**62], 0, 4)}, "overflows", data=bytes(4))
        self.safetensors("shape-lies", {"a": tensor([2], 0, 4)}, "need", data=bytes(4))
        for number, shape in enumerate(([-1], [1.5], ["1"], [None], [2**64], "3", None)):
            self.safetensors(f"shape-{number}", {"a": tensor(shape, 0, 4)}, "dimension|shape", data=bytes(4))
        for number, offsets in enumerate(([4, 0], [-4, 0], [0], [0, 2, 4], [0, 2**64], [0.5, 4.0], "04")):
            self.safetensors(f"offsets-{number}", {"a": {"dtype": "F32", "shape": [1], "data_offsets": offsets}}, "data_offsets", data=bytes(4))
        self.safetensors("type-unknown", {"a": tensor([1], 0, 4, "F31")}, "unknown element type", data=bytes(4))
        self.safetensors("entry-no-object", {"a": 7}, "lacks")
        self.safetensors("metadata-no-texts", {"__metadata__": {"a": 1}}, "metadata")
        self.safetensors("no-tensors", {}, "missing", command="run")

    def safetensors_configurations(self):
        values = [0, -1, 5000, 2**31, 2**62, 2**70, 1e308, 1.5, "8", None, [], True]
        for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size", "intermediate_size", "max_position_embeddings"):
            for number, value in enumerate(values):
                self.safetensors(f"{key}-{number}", {}, ".", command="run", configuration={**self.CONFIGURATION, key: value})
        for name, text in (("deep", "[" * 100_000), ("empty", ""), ("no-object", "7"), ("not-utf8", b"\xff\xfe{"), ("html", "<!DOCTYPE html><html>"), ("cut", '{"model_type": "lla')):
            self.safetensors(f"configuration-{name}", {}, ".")
            self.write(f"safetensors/configuration-{name}/config.json", text)
        for number, name in enumerate(("../model.safetensors", "/etc/passwd", "..", "", "a\0b", "a\\b", "sub/../../x", 7)):
            folder = f"safetensors/index-{number}"
            self.write(f"{folder}/config.json", json.dumps(self.CONFIGURATION))
            self.write(f"{folder}/model.safetensors.index.json", json.dumps({"weight_map": {"a": name}}))
            self.write(f"{folder}/x.safetensors", struct.pack("<Q", 2) + b"{}")
            self.case(f"index-{number}", ["show", folder], "not a plain name|is a number")

    # Templates

    REACHES = [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ [].__class__.__base__.__subclasses__() }}",
        "{{ x.__init__.__globals__['os'].system('id') }}", "{{ raise_exception.__globals__['os'] }}",
        "{{ (messages|attr('__class__')).__name__ }}", "{{ messages|attr('append')(1) }}", "{{ '{0.__class__.__mro__}'.format(1) }}",
        "{{ '{0.__globals__[os]}'.format(raise_exception) }}", "{{ '%s'.__mod__(1) }}", "{{ ''['__class__']['__mro__'] }}",
        "{{ namespace.__init__.__globals__ }}", "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum.__globals__['os'].popen('id').read() }}", "{{ self._TemplateReference__context }}", "{{ self.__init__.__globals__ }}",
        "{{ request.application.__globals__ }}", "{{ config.items() }}", "{{ get_flashed_messages.__globals__ }}",
        "{% import 'os' as os %}{{ os.system('id') }}", "{% include '/etc/passwd' %}", "{% extends '/etc/passwd' %}",
        "{% from 'os' import system %}", "{{ messages.append(1) }}", "{{ {}.update({}) }}", "{% set ns = namespace(__class__=1) %}",
        "{% set ns = namespace() %}{% set ns.__class__ = 1 %}", "{{ ['x']|map(attribute='__class__.__mro__')|list }}",
        "{{ [1]|map('attr', '__class__')|map('attr', '__mro__')|list }}", "{{ dict.__class__ .x }}", "{{ range.__self__.x }}",
        "{{ (1).__class__.__base__ }}", "{{ loop.__class__.x }}", "{% for i in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
        "{% macro f() %}{% endmacro %}{{ f.__init__.__globals__ }}", "{{ f'{7*7}' }}", "{{ ().__class__.__bases__[0] }}",
        "{{ joiner.__init__.__globals__ }}", "{{ strftime_now.__self__ .x }}", "{% debug %}", "{% do messages.append(1) %}",
    ]
    BOMBS = [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% for a in range(99999) %}{% for b in range(99999) %}xxxxxxxxxxxxxxxx{% endfor %}{% endfor %}",
        "{{ range(10**9)|list }}", "{{ range(1000000000) }}", "{{ range(99999)|map('string')|join * 99999 }}",
        "{{ 'a' * 9999999999 }}", "{{ [0] * 9999999999 }}", "{{ 9**9**9**9 }}", "{{ 2 ** 100000000 }}", "{{ 10.0 ** 999 }}",
        "{{ ((('x' * 9999) * 9999) * 9999) }}", "{{ ('x' * 16000000) ~ ('y' * 16000000) }}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s|replace('a', 'aa') %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s|replace('', ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s.join([ns.s, ns.s, ns.s]) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = '%s%s' % (ns.s, ns.s) %}{% endfor %}",
        "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = '{0}{0}'.format(ns.s) %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == [ns.l] }}{{ ns.l in [ns.l, 1] }}{{ ns.l|string|length }}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ {ns.l: 1} }}",
        "{% set ns = namespace(g=[1]) %}{% for i in range(9999) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
        "{% set ns = namespace(d={}) %}{% for i in range(99999) %}{% set ns.d = dict(ns.d, **{'k' ~ i: i}) %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", "{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(30) }}",
        "{% macro f() %}{{ caller() }}{% endmacro %}{% macro g() %}{% call f() %}{{ g() }}{% endcall %}{% endmacro %}{{ g() }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "{% for x in [1, 1] recursive %}{{ loop([1, 1]) }}{{ loop([1, 1]) }}{% endfor %}",
        "{{ 'x'.ljust(9999999999) }}", "{{ 'x'.center(2000000000) }}", "{{ '%9999999999d' % 1 }}", "{{ '{:9999999999}'.format(1) }}",
        "{{ 'x'.zfill(9999999999) }}", "{{ '\\t'.expandtabs(9999999999) }}", "{{ 'x'|indent(9999999999) }}", "{{ ('x\\n' * 999999)|indent(1000) }}",
        "{{ [1]|tojson(indent=9999999999) }}", "{{ [[1]] | tojson(indent='x' * 9999999) }}", "{{ [1]|batch(9999999999, 0)|list }}",
        "{{ [1]|slice(9999999999, 0)|list }}", "{{ 1|round(99999999) }}", "{{ 'x'|center(9999999999) }}",
        "{{ ('x ' * 6000000)|wordwrap(1) }}", "{{ ('x' * 4000000)|wordwrap(1, true, 'y' * 1000000) }}", "{{ ('a' * 8000000)|urlencode * 3 }}",
        "{% set s = 'a' * 999 ~ 'b' %}{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = t.count(s) %}{% endfor %}",
        "{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = t|upper|title|capitalize %}{% endfor %}",
        "{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = t[::-1] %}{% endfor %}",
        "{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = t == t ~ '' %}{% endfor %}",
        "{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = {t: 1}[t] %}{% endfor %}",
        "{% set t = 'a' * 8000000 %}{% for i in range(99999) %}{% set x = t|wordcount + t|length %}{% endfor %}",
        "{% set t = range(90000)|list %}{% for i in range(99999) %}{% set x = t|sort(reverse=true)|unique|list|length %}{% endfor %}",
        "{% set t = range(90000)|list %}{% for i in range(99999) %}{% set x = t|sum + t|max %}{% endfor %}",
        "{% set t = range(90000)|list %}{% for i in range(99999) %}{% set x = -1 in t %}{% endfor %}",
        "{% set t = range(90000)|list %}{% for i in range(99999) %}{% set x = t[1:] %}{% endfor %}",
    ]
    DEPTHS = ["(", "[", "{'a':", "not ", "-", "a|b(", "a[", "f(", "a if ", "1+(", "a~(", "{{", "{#", "'"]
    BLOCKS = ["{% if 1 %}", "{% for x in y %}", "{% filter upper %}", "{% set x %}", "{% macro f() %}", "{% call f() %}", "{% with %}", "{% generation %}", "{% raw %}", "{% if 1 %}{% else %}"]

    def templates(self):
        messages = json.dumps([{"role": "user", "content": "Hello"}])

        def template(name, source, says):
            self.write(f"templates/{name}.jinja", source)
            self.case(name, ["template", f"templates/{name}.jinja", "--messages", "-", "--json"], says, messages)

        for number, source in enumerate(self.REACHES):
            template(f"reach-{number}", source, None)
        for number, source in enumerate(self.BOMBS):
            template(f"bomb-{number}", source, "chat template")
        for number, opening in enumerate(self.DEPTHS):
            template(f"deep-{number}", "{{ " + opening * 100_000, "chat template")
            template(f"deep-closed-{number}", "{{ " + opening * 3000 + "1" + {"(": ")", "[": "]", "{": "}"}.get(opening[-1:], "") * 3000 + " }}", None)
        for number, opening in enumerate(self.BLOCKS):
            template(f"blocks-{number}", opening * 50_000, "chat template|template")
        template("source-of-2-megabytes", "x" * (2 << 20), "chat template")
        template("not-utf8", b"{{ '\xff\xfe' }}", "UTF-8")
        template("nothing", "", None)
        template("zeros", bytes(100), None)
        path = "templates/plain.jinja"
        self.write(path, "{{ messages|tojson }}")
        for name, text in (("deep", "[" * 100_000), ("no-list", "7"), ("no-objects", "[7]"), ("cut", '[{"role": "us'), ("empty", ""), ("number", "[{\"a\": 1e999}]"), ("surrogate", '[{"a": "\\ud800"}]')):
            self.case(f"messages-{name}", ["template", path, "--messages", "-"], ".", text)
        bomb = llama(**{"tokenizer.chat_template": (STRING, self.BOMBS[0])})
        self.gguf("template-bomb", bomb, None, ("show",))
        self.case("template-bomb, run", ["run", "gguf/template-bomb.gguf", "a", "--max-tokens", "1", "--json"], "template")

    # Formats that can run code

    def pickles(self):
        binary = b"\x80\x02cbuiltins\nprint\nX\x05\x00\x00\x00owned\x85R."
        text = b"cbuiltins\nprint\n(Vowned\ntR."
        old = b"(dp0\nS'a'\np1\ncbuiltins\nprint\n(Vowned\ntRs."

        def archive(*entries):
            stream = io.BytesIO()
            with zipfile.ZipFile(stream, "w") as file:
                for name, content in entries:
                    file.writestr(zipfile.ZipInfo(name), content)
            return stream.getvalue()

        header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
        numpy = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + binary
        files = {
            "protocol-2.bin": binary, "protocol-4.pt": b"\x80\x04" + binary[2:], "protocol-0.pth": text, "protocol-0-dictionary.ckpt": old,
            "protocol-1.pkl": b"]q\x00(cbuiltins\nprint\nq\x01X\x05\x00\x00\x00ownedq\x02\x85q\x03Rq\x04e.",
            "checkpoint.pt": archive(("archive/data.pkl", binary), ("archive/version", b"3\n")), "model.joblib": binary, "model.dill": binary,
            "model.npz": archive(("a.npy", numpy)), "objects.npy": numpy, "model.h5": b"\x89HDF\r\n\x1a\n" + bytes(64),
            "model.keras": archive(("config.json", b"{}"), ("model.weights.h5", bytes(8))), "model.skops": archive(("schema.json", b"{}")),
            "legacy.tar.pth": b"pickle".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "model.pkl.gz": b"\x1f\x8b\x08" + bytes(64),
            "saved_model.pb": b"\x08\x01\x12\xd3\x02" + bytes(64), "model.onnx": b"\x08\x07\x12\x07pytorch" + bytes(64), "model.msgpack": b"\x81\xa6params" + bytes(64),
            "model.joblib.z": b"\x78\x9c" + bytes(64), "random.bin": bytes(random.Random(1).randbytes(4096)), "model.nemo": b"./".ljust(257, b"\0") + b"ustar  \0" + bytes(300),
        }
        for name, content in files.items():
            self.write(f"pickles/{name}", content)
            for command in (["show"], ["run", "--raw", "--max-tokens", "1"], ["import"]):
                self.case(f"{name}, {command[0]}", [command[0], f"pickles/{name}", *command[1:]], "safetensors or GGUF")
        for name in ("pytorch_model.bin", "model.pt", "consolidated.00.pth", "model.ckpt", "model.pkl", "model.h5", "model.npz", "model.joblib", "flax_model.msgpack", "tf_model.h5", "model.onnx", "saved_model.pb", "model.keras"):
            folder = f"pickle-folders/{name.replace('.', '-')}"
            self.write(f"{folder}/{name}", binary)
            self.write(f"{folder}/config.json", json.dumps(self.CONFIGURATION))
            for command in ("show", "import"):
                self.case(f"folder with {name}, {command}", [command, folder], "safetensors or GGUF")

    # Tokenizers

    def tokenizers(self):
        def tokenizer(name, content, says, file="tokenizer.json"):
            self.write(f"tokenizers/{name}/{file}", content if isinstance(content, bytes) else json.dumps(content))
            self.case(f"tokenizer {name}", ["tokenize", f"tokenizers/{name}/{file}", "a é", "--json"], says)
            if not self.tokenize_takes_files:
                self.cases[-1]["command"] = ["tokenize", "primer", "a é", "--json", "--tokenizer", f"tokenizers/{name}/{file}"]

        model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}
        tokenizer("plain", {"model": model}, None)
        for name, change in {
            "id-negative": {"vocab": {"a": -1}}, "id-huge": {"vocab": {"a": 2**40}}, "id-fraction": {"vocab": {"a": 0.5}}, "id-text": {"vocab": {"a": "0"}},
            "vocabulary-list": {"vocab": [["a", 0]]}, "vocabulary-none": {"vocab": None}, "merges-unknown": {"merges": [["x", "y"]]},
            "merges-short": {"merges": [["a"]]}, "merges-text": {"merges": ["a b", "ab", "", " "]}, "merges-number": {"merges": [7]},
            "type-unknown": {"type": "NoSuch"}, "ids-equal": {"vocab": {"a": 0, "b": 0}}, "empty": {"vocab": {}},
        }.items():
            tokenizer(name, {"model": {**model, **change}}, None)
        for name, pattern in {
            "nested-stars": "(a*)*b", "back-reference": r"(a)\1", "look-behind": "(?<=a+)b", "unclosed": "(((((", "counts": "(a{1000}){1000}", "class": "[z-a]", "deep": "(" * 10_000 + ")" * 10_000,
        }.items():
            split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated"}
            tokenizer("pattern-" + name, {"model": model, "pre_tokenizer": split}, None)
        nested = {"type": "Sequence", "normalizers": []}
        for _ in range(100):
            nested = {"type": "Sequence", "normalizers": [nested]}
        tokenizer("normalizers-deep", {"model": model, "normalizer": nested}, None)
        tokenizer("added-huge-id", {"model": model, "added_tokens": [{"id": 2**31, "content": "<x>", "special": True}]}, None)
        tokenizer("added-negative", {"model": model, "added_tokens": [{"id": -1, "content": "<x>", "special": True}]}, None)
        tokenizer("added-empty", {"model": model, "added_tokens": [{"id": 3, "content": "", "special": True}]}, None)
        entries = [{"rank": i, "token_bytes": base64.b64encode(bytes([i])).decode()} for i in range(256)]
        sizes = {"pattern": ".+", "default_vocab_size": 260, "default_num_special_tokens": 4}
        tokenizer("tekken", {"config": sizes, "vocab": entries, "special_tokens": []}, None, "tekken.json")
        for name, change, vocabulary, special in [
            ("special-huge", {"default_num_special_tokens": 2**40}, entries, []), ("size-huge", {"default_vocab_size": 2**40}, entries, []),
            ("size-negative", {"default_vocab_size": -1}, entries, []), ("size-small", {"default_vocab_size": 3}, entries, []),
            ("cut", {"default_vocab_size": 200}, entries, []), ("empty", {"default_vocab_size": 4}, [], []), ("pattern-unclosed", {"pattern": "(" * 10_000}, entries, []),
            ("pattern-number", {"pattern": 7}, entries, []), ("ranks-equal", {}, [entries[0], *entries[:-1]], []), ("no-base64", {}, [{"rank": 0, "token_bytes": "?"}, *entries[1:]], []),
            ("token-long", {}, [{"rank": 0, "token_bytes": "A" * 4000}, *entries[1:]], []), ("names-equal", {}, entries, [{"rank": i, "token_str": "<s>"} for i in range(2)]),
            ("names-many", {}, entries, [{"rank": i, "token_str": f"<{i}>"} for i in range(9)]), ("name-missing", {}, entries, [{"rank": 0}]), ("usual-names", {}, entries, None),
        ]:
            content = {"config": {**sizes, **change}, "vocab": vocabulary, "special_tokens": special}
            tokenizer("tekken-" + name, content, r"tekken\.json", "tekken.json")
        tokenizer("deep", b"[" * 100_000, ".")
        tokenizer("no-object", b"7", ".")
        tokenizer("nothing", b"", ".")
        for name, content in {
            "field-past-end": b"\x0a\xff\xff\xff\xff\x0f", "number-endless": b"\x0a" + b"\xff" * 20, "wire-type-7": b"\x0f", "cut": b"\x0a\x10abc",
            "empty": b"", "no-pieces": b"\x12\x02\x18\x02", "length-2-63": b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "groups": b"\x0b" * 1000, "zeros": bytes(100),
        }.items():
            tokenizer("protocol-buffer-" + name, content, ".", "tokenizer.model")

    tokenize_takes_files = False

    def make(self):
        self.gguf_headers()
        self.gguf_tensors()
        self.gguf_models()
        self.gguf_vocabularies()
        self.gguf_truncations()
        self.safetensors_files()
        self.safetensors_configurations()
        self.templates()
        self.pickles()
        self.tokenizers()
        names = [case["name"] for case in self.cases]
        assert len(names) == len(set(names)), [name for name in names if names.count(name) > 1]
        self.write("manifest.json", json.dumps(self.cases, indent=1))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Corpus(sys.argv[1]).make()
