"""Owns the documents: turns conversations and plain stories into marked text and token files.

    python -m generator.write --tokens 1000000 --seed 1 --out build/train.npy
"""

import argparse
import json
import random
from multiprocessing import Pool
from pathlib import Path

import numpy as np

from .dialogue import conversation
from .world import PLAIN, Mix, World

HERE = Path(__file__).resolve().parent.parent
BOS, END = "<|bos|>", "<|end|>"
SHARD = 2000


def marked(turns):
    """Write turns exactly as the chat template does."""
    return BOS + "".join(f"<|{role}|>{content}{END}" for role, content in turns)


def document(rng, mix=PLAIN):
    """Return one document and the worlds in it: a plain story or a conversation."""
    if rng.random() < 0.1:
        world = World(rng, mix=mix)
        return BOS + world.tell(short=rng.random() < 0.1) + END, [world]
    turns, worlds = conversation(rng, mix)
    return marked(turns), worlds


def documents(seed, shard, count=SHARD, mix=PLAIN):
    """Yield the documents of one shard; the same seed and shard give the same text."""
    rng = random.Random(f"primer {seed} {shard}")
    for _ in range(count):
        yield document(rng, mix)


def shard_ids(job):
    """Return the token ids of one shard as one array; each document starts with BOS."""
    from tokenizers import Tokenizer
    seed, shard, path, mix = job
    tokenizer = Tokenizer.from_file(path)
    texts = [text for text, _ in documents(seed, shard, mix=mix)]
    encoded = tokenizer.encode_batch(texts, add_special_tokens=False)
    return np.concatenate([np.array(e.ids, dtype=np.uint16) for e in encoded])


def write(seed, tokens, tokenizer_path, mix=PLAIN, workers=2):
    """Return at least `tokens` token ids of generated documents."""
    parts, total = [], 0
    jobs = ((seed, i, str(tokenizer_path), mix) for i in range(10 ** 6))
    with Pool(workers) as pool:
        for ids in pool.imap(shard_ids, _limited(jobs, tokens)):
            parts.append(ids)
            total += len(ids)
            if total >= tokens:
                break
        pool.terminate()
    return np.concatenate(parts)[:tokens]


def _limited(jobs, tokens):
    """Yield jobs for surely enough documents (none has fewer than 40 tokens on average)."""
    for job, _ in zip(jobs, range(tokens // (SHARD * 40) + 2)):
        yield job


def main():
    config = json.loads((HERE / "config.json").read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", choices=("one", "two"), default="one", help="which stage's mix, seed and length")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--tokens", type=int)
    parser.add_argument("--out", type=Path, default=HERE / "build/train.npy")
    args = parser.parse_args()
    stage = config if args.stage == "one" else config["stage_two"]
    seed, tokens = args.seed or stage["data"]["train_seed"], args.tokens or stage["data"]["train_tokens"]
    ids = write(seed, tokens, HERE / "build/tokenizer.json", Mix(**stage.get("mix", {})))
    args.out.parent.mkdir(exist_ok=True)
    np.save(args.out, ids)
    print(f"{args.out}: {len(ids)} tokens")


if __name__ == "__main__":
    main()
