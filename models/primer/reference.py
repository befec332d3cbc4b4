"""Owns the reference answers: checks the export against llama.cpp and writes reference.json.

Checks that llama.cpp splits text into the same ids as the trained tokenizer, and that
the 32-bit export continues prompts exactly as the network does. Then records for the
committed Q8_0 file: greedy continuations by llama.cpp, and the loss of held-out texts
computed by the network with the weights as Q8_0 keeps them.
"""

import argparse
import json
from pathlib import Path

import llama_cpp
import torch
import torch.nn.functional as F
from llama_cpp import Llama
from tokenizers import Tokenizer

from export_gguf import dequantised, export, load
from generator.write import documents, marked
from model import greedy

HERE = Path(__file__).resolve().parent
END, COUNT = 1, 60
PROMPTS = [
    [("user", "Tell me a story about a fox named Ada at the harbour.")],
    [("user", "tell me a story about zomira in the desert")],
    [("user", "who are you?")],
    [("user", "What is the capital of France?")],
    [("system", "You are a pirate."), ("user", "Please write a short story about Tomasz the baker, about a lost key!")],
    [("user", "hello"), ("assistant", "Hello! Shall I tell you a story?"), ("user", "yes, about a robot called Bo on the moon")],
]


def open_model(path):
    return Llama(str(path), n_ctx=1024, n_threads=1, verbose=False, logits_all=False)


def greedy_ids(llama, ids, count):
    """Return up to `count` ids that llama.cpp chooses greedily after `ids`."""
    llama.reset()
    made = []
    for token in llama.generate(ids, temp=0.0, repeat_penalty=1.0):
        made.append(token)
        if token == END or len(made) == count:
            return made


def same_ids(llama, tokenizer, count=500):
    """Check that both tokenizers agree on `count` generated and made-up texts."""
    odd = ["naïve café – 10 €\n\n\tend", "日本語 🙂 'tis we'll 12345", "  two  spaces \n x"]
    texts = odd + [text for text, _ in documents(99, 0, count - len(odd))]
    for text in texts:
        theirs = llama.tokenize(text.encode(), add_bos=False, special=True)
        assert theirs == tokenizer.encode(text, add_special_tokens=False).ids, text
    print(f"token ids agree on {len(texts)} texts")


def same_continuations(model, tokenizer):
    """Check that the 32-bit export and the network continue every prompt alike."""
    path = HERE / "build/f32.gguf"
    export(path, "f32")
    llama = open_model(path)
    for turns in PROMPTS:
        ids = tokenizer.encode(marked(turns) + "<|assistant|>", add_special_tokens=False).ids
        assert greedy_ids(llama, ids, COUNT) == greedy(model, ids, COUNT, END), turns
    print(f"greedy continuations agree on {len(PROMPTS)} prompts")


@torch.no_grad()
def mean_loss(model, ids):
    """Return the mean loss of ids[1:] given what stands before each."""
    ids = torch.tensor([ids])
    return float(F.cross_entropy(model(ids[:, :-1])[0], ids[0, 1:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "primer-q8_0.gguf")
    parser.add_argument("--out", type=Path, default=HERE / "reference.json")
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = json.loads((HERE / "config.json").read_text())
    tokenizer = Tokenizer.from_file(str(HERE / "build/tokenizer.json"))
    model, llama = load(config), open_model(args.model)
    same_ids(llama, tokenizer)
    same_continuations(model, tokenizer)
    model = dequantised(model, args.model)
    answers, losses = [], []
    for turns in PROMPTS:
        text = marked(turns) + "<|assistant|>"
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        made = greedy_ids(llama, ids, COUNT)
        answers.append(dict(prompt=text, prompt_ids=ids, generated_ids=made,
                            text=tokenizer.decode(made, skip_special_tokens=True),
                            network_agrees=made == greedy(model, ids, COUNT, END)))
    for text, _ in documents(config["data"]["validation_seed"], 10 ** 6, 6):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        losses.append(dict(text=text, ids=ids, mean_loss=round(mean_loss(model, ids), 6)))
    made_by = f"llama-cpp-python {llama_cpp.__version__}"
    args.out.write_text(json.dumps(dict(made_by=made_by, greedy=answers, held_out=losses), indent=1, ensure_ascii=False) + "\n")
    print(f"{args.out}: {len(answers)} continuations, {len(losses)} losses")


if __name__ == "__main__":
    main()
