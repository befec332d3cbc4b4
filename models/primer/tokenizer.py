"""Owns the tokenizer: trains a byte-level BPE on generated text.

Names and invented words are shown to the trainer letter by letter behind their
first letter ("Z" + "omira"), in both cases, so that a name in lower case breaks
into the same pieces as the name with its capital and can be copied piece by piece.
"""

import json
import re
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from generator.write import documents

HERE = Path(__file__).resolve().parent
CUT = "\u2502"
MARKS = re.compile(r"<\|\w+\|>")


def names_of(worlds):
    """Return the made-up words of the worlds of one document."""
    for w in worlds:
        yield from (w.name, w.fname)


def training_texts(seed, shards):
    """Yield generated text with the names cut behind their first letter."""
    for shard in range(shards):
        for text, worlds in documents(seed, shard):
            text = MARKS.sub("\n", text)
            for name in sorted(set(names_of(worlds))):
                pattern = re.compile(rf"\b{name}\b", re.IGNORECASE)
                text = pattern.sub(lambda m: m.group()[0] + CUT + m.group()[1:], text)
            yield text


def train(config):
    """Return a trained tokenizer whose first ids are the special tokens."""
    tokenizer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    cut = pre_tokenizers.Split(Regex(CUT), behavior="removed")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, byte_level])
    trainer = trainers.BpeTrainer(
        vocab_size=config["vocab_size"], special_tokens=config["special_tokens"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(training_texts(config["seed"], config["shards"]), trainer)
    tokenizer.pre_tokenizer = byte_level
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    config = json.loads((HERE / "config.json").read_text())["tokenizer"]
    (HERE / "build").mkdir(exist_ok=True)
    tokenizer = train(config)
    tokenizer.save(str(HERE / "build/tokenizer.json"))
    print(f"tokenizer: {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
