#!/usr/bin/env python3
"""Trains two small tokenizers and writes what the PyPI packages `tokenizers` and `sentencepiece` make of many texts.

  spm-like/tokenizer.json   BPE with byte fallback, Prepend and Replace, as Llama 2 has it
  byte-level/tokenizer.json byte-level BPE with Llama 3's Split pattern and ignore_merges
  sentencepiece/tokenizer.model  the BPE of sentencepiece with byte fallback
  byte-level.gguf, sentencepiece.gguf  the vocabularies of the latter two; their ids are those of llama.cpp
  texts.json                [[byte, …], …] of the texts, expected.json the ids, NAME → [[id, …], …]
  splits.json               the lengths in bytes of the pieces that pre-tokenisers make of each text, NAME → [[length, …], …]

Usage: make.py, with PyPI `tokenizers`, `sentencepiece`, `gguf` and `llama-cpp-python`; writes beside itself. All is written
together, because the training of `tokenizers` breaks ties differently each time.
"""
import io, json, os

import gguf
import llama_cpp
import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))

CORPUS = [
    "Once upon a time there was a little fox who lived at the edge of a wood.",
    "The fox liked the river, and the river liked the fox; they'd talk all day, wouldn't they?",
    "She said: \"I'm sure you'll see that we've done it, and that he's right.\"",
    "In 1984, 365 days passed; 12,345 people counted 3.14159 pies, and paid $99.95 for each.",
    "def main(args):\n    for i in range(10):\n        print(i, args[i])\n    return 0\n",
    "if (x == y) { return foo(x) + bar[y]; } else { i += 1; }\n\t// a comment\n",
    "Der Fuchs läuft über die Brücke, größer als früher. À bientôt, élève! ¿Qué pasó, niño?",
    "Лиса жила у реки и говорила с рекой каждый день.",
    "狐は川のそばに住んでいました。森の中で毎日遊びました。",
    "여우는 강가에 살았습니다. 숲에서 매일 놀았습니다.",
    "كان الثعلب يعيش قرب النهر. השועל גר ליד הנהר.",
    "The end.\n\nThe beginning.\n\n\nThe middle.    Four spaces.  Two spaces.\tA tab.\r\nA Windows line.\r\n",
    "😀😀 👍🏽 fun 🦊 fox 🦊 river",
] * 12

TEXTS = [
    "", " ", "  ", "   ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\t", " \t\n", " \n \n ", "\n ", "a\n", "\na", "a \n b", "a\n\n b",
    "Hello", " Hello", "  Hello", "Hello ", "Hello World", "Hello  World", "Hello   World  ", "the the  the   the",
    "Once upon a time there was a little fox", "THE FOX AND THE RIVER", "foxfoxfoxfox", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "I'm you're he'd we'll they've it's don't", "I'M YOU'RE HE'D WE'LL THEY'VE IT'S DON'T", "'s't're've'm'll'd", "x's'", "''s", "'ſ it'ſ", "it's'ſ",
    "0", "12", "123", "1234", "12345", "123456789", "1 2  3", "1,234.56", "3.14159e-10", "½¼¾ ²³ Ⅷ", "٣٤٥٦", "１２３４５", "x1y22z333",
    "!", "!!", "!!!", " !", "?!?!", "...", "—–-", "a-b_c.d", "(a)[b]{c}", "“quoted”", "$99.95", "a+b=c", "!\n", "!\n\nx", " !!\n", "€100", "x²",
    "def f(x):\n    return x + 1\n\n\nclass A:\n\tpass\n", "for (int i = 0; i < n; ++i) { a[i] += b[i]; }", "    indented", "\t\ttabs", "  x\n    y\n",
    "https://example.com/a?b=c&d=e#f", "SELECT * FROM t WHERE x = 'it''s';", "<html><body>&amp;</body></html>", "{\"a\": [1, 2, null]}", "a\\b/c|d`e~f",
    "läuft über größer", "À bientôt élève", "¿Qué pasó?", "Лиса жила у реки", "狐は川のそばに住んでいました。", "中文，测试。", "여우는 강가에", "한국어",
    "كان الثعلب", "שלום עולם", "abc שלום 123", "हिन्दी में", "ไทย", "বাংলা", "Ἑλλάς", "İstanbul ıI", "ǅ ǈ", "ﬁ ﬂ",
    "é", "e\u0301", "a\u0300\u0301\u0302", "n\u0303o", "\u0301", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙A̴̵̜̰͔", "각", "\u1100\u1161\u11a8", "か\u3099",
    "😀", "😀😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "x😀y", " 😀 ", "🦊 fox", "𝒜𝓑", "𐍈",
    "\u00a0", "a\u00a0b", "\u3000", "a\u3000b", "\u2003 x", "\u2028", "\u0085", "\u000b\u000c", "\u200b", "\ufeff", "\u200d",
    "\x00", "a\x00b", "\x01\x1f\x7f", "\ufffd", "\ud7ff\ue000", "\U0010ffff", "\u0378",
    "▁", "▁▁", "▁a", "a▁b", " ▁ ", "Ġ", "Ġhello", "Ċ", "<0x41>", "<0x0A>",
    "<s>", "</s>", "<unk>", "<s>Hello</s>", " <s> Hello </s> ", "<s><s>", "<s", "<|begin|>", "<|end|>", "Hi<|end|>", "<|begin|>user\nHi<|end|>\n",
    "<|end|><|end|>", "< |end|>", "<|END|>", "[mask]", "a [mask] b", "a[mask]b", " [mask] ", "word", "a word b", "aword", "words", "word.", "[left] x", "x [left]y", "x  [right]  y", "<tool>", "a<tool>b",
    "a" * 300, " " * 100, "\n" * 50, "ab" * 100, "😀" * 30, "1" * 50, "." * 70, "the river " * 20,
]


def added(name):
    tokens = [AddedToken("[mask]", lstrip=True, special=True), AddedToken("word", single_word=True, special=False, normalized=False)]
    tokens += [AddedToken("[left]", lstrip=True, special=False, normalized=False), AddedToken("[right]", rstrip=True, special=False, normalized=False)]
    return tokens + [AddedToken("<tool>", special=False, normalized=True)]


def spm_like():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    # Training needs words; the finished tokenizer has no pre-tokeniser, like Llama 2.
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{i:02X}>" for i in range(256)]
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=560, limit_alphabet=90, special_tokens=special, show_progress=False))
    data = json.loads(tokenizer.to_str())
    data["pre_tokenizer"] = None
    data["added_tokens"] = data["added_tokens"][:3]
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.add_tokens(added("spm"))
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": {"content": "<unk>"}, "chat_template": "{{ messages }}"}


def byte_level():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    pattern = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False))
    tokenizer.add_special_tokens(["<|begin|>", "<|end|>"])
    tokenizer.add_tokens(added("byte"))
    tokenizer.decoder = decoders.ByteLevel()
    begin = tokenizer.token_to_id("<|begin|>")
    tokenizer.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", begin)])])
    return tokenizer, {"bos_token": "<|begin|>", "eos_token": "<|end|>", "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}


def write(path, value):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        file.write("\n")


expected = {}
for name, (tokenizer, config) in {"spm-like": spm_like(), "byte-level": byte_level()}.items():
    write(f"{HERE}/{name}/tokenizer.json", json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":")))
    write(f"{HERE}/{name}/tokenizer_config.json", config)
    expected[name] = [tokenizer.encode(text).ids for text in TEXTS]
    expected[name + " decoded"] = [tokenizer.decode(ids, skip_special_tokens=True) for ids in expected[name]]
    tokenizer.encode_special_tokens = True
    expected[name + " plain"] = [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS]

model = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(line for text in CORPUS for line in text.split("\n")), model_writer=model, vocab_size=600, model_type="bpe", byte_fallback=True,
    normalization_rule_name="identity", remove_extra_whitespaces=False, allow_whitespace_only_pieces=True, split_digits=True,
    character_coverage=0.98, user_defined_symbols=["<tool>"], minloglevel=2, num_threads=1)
os.makedirs(f"{HERE}/sentencepiece", exist_ok=True)
with open(f"{HERE}/sentencepiece/tokenizer.model", "wb") as file:
    file.write(model.getvalue())
processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
expected["sentencepiece plain"] = [processor.encode(text) for text in TEXTS]
expected["sentencepiece decoded"] = [processor.decode(ids) for ids in expected["sentencepiece plain"]]


def write_gguf(path, model, tokens, types, scores=None, merges=None, pre="default", **keys):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model(model)
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    if scores:
        writer.add_token_scores(scores)
    if merges:
        writer.add_token_merges(merges)
    for key, value in keys.items():
        getattr(writer, f"add_{key}")(value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


data = json.load(open(f"{HERE}/byte-level/tokenizer.json", encoding="utf-8"))
tokens = {id: text for text, id in data["model"]["vocab"].items()}
types = {id: 1 for id in tokens}
for token in data["added_tokens"]:
    tokens[token["id"]], types[token["id"]] = token["content"], 3 if token["special"] else 4
write_gguf(
    f"{HERE}/byte-level.gguf", "gpt2", [tokens[i] for i in range(len(tokens))], [types[i] for i in range(len(tokens))],
    merges=[" ".join(pair) for pair in data["model"]["merges"]], pre="llama-bpe", bos_token_id=600, eos_token_id=601, chat_template="{{ messages }}")
count = processor.get_piece_size()
write_gguf(
    f"{HERE}/sentencepiece.gguf", "llama", [processor.id_to_piece(i) for i in range(count)],
    [2 if processor.is_unknown(i) else 3 if processor.is_control(i) else 6 if processor.is_byte(i) else 4 if processor.id_to_piece(i) == "<tool>" else 1 for i in range(count)],
    scores=[processor.get_score(i) for i in range(count)], bos_token_id=1, eos_token_id=2, unk_token_id=0)
for name in ["byte-level", "sentencepiece"]:
    model = llama_cpp.Llama(f"{HERE}/{name}.gguf", vocab_only=True, verbose=False)
    for kind, special in [("", True), (" plain", False)]:
        # The flag `add_bos` of the binding is llama.cpp's `add_special`.
        expected[f"{name}.gguf{kind}"] = [model.tokenize(text.encode(), add_bos=special, special=special) for text in TEXTS]

U, L = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
C, P, S = "(?i:'s|'t|'re|'ve|'m|'ll|'d)", r"[^\r\n\p{L}\p{N}]?", r"\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
SPLITS = {
    "gpt-2": [GPT2],
    "llama-bpe": [rf"{C}|{P}\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{S}"],
    "cl100k": [r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"],
    "qwen2": [rf"{C}|{P}\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{S}"],
    "qwen35": [rf"{C}|{P}[\p{{L}}\p{{M}}]+|\p{{N}}| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{S}"],
    "tekken": [rf"{P}{U}*{L}+|{P}{U}+{L}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{S}"],
    "gpt-4o": [rf"{P}{U}*{L}+{C}?|{P}{U}+{L}*{C}?|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{S}"],
    "smollm": [r"\p{N}", GPT2],
    "deepseek-v3": [
        r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
        r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|""" + S],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-\ud7ff]+", r"\p{N}"],
}
# What llama.cpp does for `tokenizer.ggml.pre` (`llama-vocab.cpp`), as regular expressions for the engine of `tokenizers`.
CA = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
UA, LA = r"(?:(?=\p{L})[^a-z])", r"(?:(?=\p{L})[^A-Z])"
SPLITS |= {
    "gguf default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
    "gguf falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "gguf starcoder": [r"\p{N}", GPT2],
    "gguf llama-bpe": [rf"{CA}|{P}\p{{L}}+|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{S}"],
    "gguf qwen2": [rf"{CA}|{P}\p{{L}}+|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{S}"],
    "gguf tekken": [rf"{P}{UA}*{LA}+|{P}{UA}+{LA}*|\p{{N}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{S}"],
    "gguf gpt-4o": [rf"{P}{UA}*{LA}+{CA}?|{P}{UA}+{LA}*{CA}?|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{S}"],
    "gguf deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-\ud7ff&&\S]+".replace("\\ud7ff", "\ud7ff"), r"\p{N}"],
}
splits = {}
for name, patterns in SPLITS.items():
    splitter = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns])
    pieces = [splitter.pre_tokenize_str(text) for text in TEXTS]
    splits[name] = {"patterns": patterns, "lengths": [[len(piece.encode()) for piece, _ in text] for text in pieces]}
write(f"{HERE}/splits.json", splits)
write(f"{HERE}/texts.json", [list(text.encode("utf-8", "surrogatepass")) for text in TEXTS])
write(f"{HERE}/expected.json", expected)
print({k: sum(map(len, v)) for k, v in expected.items()}, len(TEXTS))
