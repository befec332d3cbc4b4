"""Owns the evaluation: talks with the exported GGUF and checks the answers by program.

    python evaluate.py                 # prints the table and writes build/evaluation.json
    python evaluate.py --show 3        # also prints some conversations

All names and some places and things in the requests never occur in the training text.
"""

import argparse
import json
import random
import re
from pathlib import Path

from llama_cpp import Llama

from generator.world import fix_articles

HERE = Path(__file__).resolve().parent
PLACES = [  # (as asked for, seen in training?)
    ("at the harbour", True), ("in the desert", True), ("in the library", True), ("on the moon", True),
    ("in the forest", True), ("at the lighthouse", True), ("in the bakery", True), ("by the lake", True),
    ("in the town of Velora", False), ("in the opera house", False), ("at the petrol station", False),
    ("on the tennis court", False), ("in the bamboo grove", False), ("at the observatory", False),
    ("on the raft", False), ("in the city of Quillon", False)]
NAMES = ["Ada", "Bo", "Zomira", "Tomasz", "Ingrid", "Mbali", "Ruprecht", "Saoirse", "Nimue", "Orsolya",
         "Tavish", "Yevgenia", "Kestrel", "Dunja", "Fenwick", "Halvard", "Isolde", "Jaxon", "Katarzyna", "Lubomir"]
KINDS = ["fox", "bear", "baker", "girl", "otter", "robot", "sailor", "mouse", "queen", "hedgehog", "dragon", "teacher"]
REQUESTS = [
    "Tell me a story about a {k} named {n} {p}.", "tell me a story about a {k} named {n} {p}",
    "Tell me a story about {n} {p}.", "tell me a story about {n} {p}", "Please write a story about {n} the {k} {p}!",
    "can you tell me a short story about a {k} called {n} {p}?", "I would like a bedtime story about {n}, a {k}, {p}.",
    "story about {n} {p} please", "Write me a little story about a {k} called {n}, set {p}."]
THINGS = ["key", "violin", "umbrella", "ribbon", "accordion", "thimble"]
IDENTITY = [("who are you?", "primer"), ("What are you?", "primer"), ("hello", "story|stories"), ("Hi!", "story|stories"),
            ("what can you do", "stor"), ("Who made you?", "Stoa"), ("who made you", "Stoa"), ("what is Stoa?", "Stoa"),
            ("How many parameters do you have?", "four and a half million"), ("are you ChatGPT?", "primer"),
            ("What were you trained on?", "program"), ("are you human", "No")]
OFF_TOPIC = ["What is the capital of France?", "what is 2 + 2", "Who is the president of Brazil?", "Write a python function.",
             "how do I cook rice?", "what's the weather in Berlin", "Explain quantum mechanics.", "Who won the world cup in 1998?",
             "translate good morning into Japanese", "what is the tallest mountain", "fix my bicycle", "Is tea better than coffee?"]
KNOWN_CAPITALS = {"I", "Earth", "Mars"}


class Chat:
    """A conversation with the exported model."""

    def __init__(self, path):
        self.llama = Llama(str(path), n_ctx=1024, n_threads=1, verbose=False, seed=1)
        self.turns = []

    def fresh(self, system=None):
        self.turns = [("system", system)] if system else []
        return self

    def prompt(self):
        return "<|bos|>" + "".join(f"<|{r}|>{c}<|end|>" for r, c in self.turns) + "<|assistant|>"

    def ask(self, text, temperature):
        """Return the answer to `text` and keep both in the conversation."""
        self.turns.append(("user", text))
        ids = self.llama.tokenize(self.prompt().encode(), add_bos=False, special=True)
        done = self.llama.create_completion(ids, max_tokens=1020 - len(ids), temperature=temperature, top_p=0.95,
                                            top_k=40, min_p=0.0, repeat_penalty=1.0, seed=len(ids))
        answer = done["choices"][0]["text"].strip()
        self.turns.append(("assistant", answer))
        return answer


def capitals(story):
    """Return the capitalised words that do not stand at the start of a sentence."""
    found = re.findall(r"(?<![.!?:] )(?<![.!?]\" )(?<!\")(?<!\n)(?<!^)\b([A-Z][a-z]*)", story)
    return set(found) - KNOWN_CAPITALS


def check_story(story, name, place):
    """Return which of the demands on a story hold."""
    others = capitals(story) - {name} - set(place.split())
    return {"name kept": story.count(name) >= 3 and name in story[:160],
            "place kept": place.split(" ", 1)[1] in story,
            "no stray name": len(others) <= 1,
            "ends well": story[-1:] in ".!\"" and 30 <= len(story.split()) <= 260}


def story_questions(story, name, kind, place):
    """Return (question, pattern of a right answer) for what the story says."""
    asked = [(f"Where did {name} live?", re.escape(place.split(" ", 1)[1])),
             ("Who is the story about?", name), (f"what was {name}?", kind or r"\w+")]
    friend = next(iter(capitals(story) - {name} - set(place.split())), None)
    what = friend and re.search(rf"{friend}(?: the|, an?(?: old)?) ([a-z]+)", story)
    if what:
        asked.append((f"Who is {friend}?", what.group(1)))
    end = re.search(rf"(?:{name}|He|She) felt ([^.,]+)[^.]*\.[^.]*(?:\.[^.]*)?$", story)
    if end:
        asked.append((f"How did {name} feel at the end?", re.escape(end.group(1)[:12])))
    return asked


class Table:
    """Counts of checks that held, by name."""

    def __init__(self):
        self.rows = {}

    def add(self, label, held):
        good, total = self.rows.get(label, (0, 0))
        self.rows[label] = good + bool(held), total + 1

    def show(self):
        for label, (good, total) in self.rows.items():
            print(f"| {label} | {good} of {total} |")


def stories(chat, table, temperature, count, rng):
    """Ask for stories with unseen names, and questions about each."""
    samples = []
    for i in range(count):
        name, kind, (place, seen) = NAMES[i % len(NAMES)], rng.choice(KINDS), PLACES[i % len(PLACES)]
        request = REQUESTS[i % len(REQUESTS)]
        text = fix_articles(request.format(k=kind, n=name, p=place))
        text = text.lower() if request[0].islower() else text
        story = chat.fresh().ask(text, temperature)
        for label, held in check_story(story, name, place).items():
            case = "in lower case" if text.islower() else "with capitals"
            extra = {"name kept": f" (request {case})", "place kept": f" ({'known' if seen else 'unseen'} place)"}
            table.add(label + extra.get(label, ""), held)
        sample = [text, story]
        for q, right in story_questions(story, name, kind if "{k}" in request else None, place):
            answer = chat.ask(q, temperature)
            table.add("question about the story", re.search(right, answer))
            sample += [q, answer]
            chat.turns = chat.turns[:2]
        samples.append(sample)
    return samples


def things(chat, table, temperature):
    """Ask for lost things and what was lost."""
    for i, thing in enumerate(THINGS):
        story = chat.fresh().ask(f"Tell me a story about a lost {thing}.", temperature)
        table.add("thing kept", story.count(thing) >= 2)
        table.add("question about the thing", thing in chat.ask("What was lost?", temperature))


def second_story(chat, table, temperature):
    """Ask for another story in the same conversation."""
    for first, second in zip(NAMES[:6], NAMES[6:12]):
        chat.fresh("You are a helpful assistant.").ask(f"Tell me a story about {first} in the garden.", temperature)
        story = chat.ask(f"Now tell me a story about {second} on the beach.", temperature)
        table.add("second story keeps to its own names", second in story[:160] and first not in story and "beach" in story)


def fixed(chat, table, temperature):
    """Ask who the model is, and things it cannot know."""
    for q, right in IDENTITY:
        table.add("who it is", re.search(right, chat.fresh().ask(q, temperature)))
    for q in OFF_TOPIC:
        table.add("off-topic answered kindly", re.search("small stor|small model", chat.fresh().ask(q, temperature)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=HERE / "primer-q8_0.gguf")
    parser.add_argument("--stories", type=int, default=40)
    parser.add_argument("--show", type=int, default=0)
    args = parser.parse_args()
    chat, results = Chat(args.model), {}
    for temperature in (0.0, json.loads((HERE / "config.json").read_text())["sampling"]["temperature"]):
        table = Table()
        samples = stories(chat, table, temperature, args.stories, random.Random(5))
        things(chat, table, temperature)
        second_story(chat, table, temperature)
        fixed(chat, table, temperature)
        print(f"\ntemperature {temperature}\n\n| check | held |\n|---|---|")
        table.show()
        results[str(temperature)] = table.rows
        for sample in samples[:args.show]:
            print("\n>", "\n\n".join(sample))
    (HERE / "build/evaluation.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
