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
PLACES_WITH_A = [  # (as asked for, seen in training?); the preposition is not always the one of PLACES
    ("in a lighthouse", True), ("on a farm", True), ("in a library", True), ("in a museum", True), ("in a garden", True),
    ("in a cave", True), ("on an island", True), ("at a market", True), ("in a windmill", True), ("by a river", True),
    ("in an old candle shop", True), ("in a snowy forest", True),
    ("in an opera house", False), ("at a petrol station", False), ("on a tennis court", False), ("in a bamboo grove", False),
    ("in an observatory", False), ("on a raft", False), ("in a town called Velora", False), ("in a city named Quillon", False)]
GENDERED = [("boy", "he"), ("girl", "she"), ("man", "he"), ("woman", "she"), ("king", "he"), ("queen", "she"),
            ("prince", "he"), ("princess", "she"), ("fisherman", "he"), ("witch", "she")]
PRONOUNS = {"he": "he him his himself".split(), "she": "she her herself".split()}
REQUESTS_WITH_A = ["Tell me a story about a {k} named {n} {p}.", "tell me a story about a {k} named {n} {p}", "A story about {n} the {k} {p}",
                   "Write a short story about a {k} called {n} {p}."]
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


def places_with_a(chat, table, temperature):
    """Ask for stories in 'a lighthouse', about heroes whose kind leaves no doubt of the pronoun."""
    samples = []
    for i, (place, seen) in enumerate(PLACES_WITH_A):
        name, (kind, he) = NAMES[(i * 7 + 3) % len(NAMES)], GENDERED[i % len(GENDERED)]
        request = REQUESTS_WITH_A[(i + i // len(REQUESTS_WITH_A)) % len(REQUESTS_WITH_A)]
        text = request.format(k=kind, n=name, p=place)
        text = text.lower() if request[0].islower() else text
        story = chat.fresh().ask(text, temperature)
        noun = re.split(r" an? (?:.* (?:called|named) )?", place, maxsplit=1)[1]
        table.add(f"place kept (a or an, {'known' if seen else 'unseen'} place)", noun in story)
        table.add("name kept (place with a or an)", story.count(name) >= 3 and name in story[:160])
        table.add("kind of hero kept", re.search(rf"\b{kind}\b", story[:200]))
        table.add("pronoun right", pronoun_of(story, name, place) == he)
        samples.append([text, story])
    return samples


def pronoun_of(story, name, place):
    """Return 'he' or 'she', whichever a story says first of its hero; sentences about others do not count."""
    others, about_hero = capitals(story) - {name} - set(place.split()), True
    for sentence in re.split(r"(?<=[.!?\"])\s+", story):
        words = re.findall(r"[A-Za-z]+", sentence)
        about_hero = not others.intersection(words) and (about_hero or name in words)
        for word in words if about_hero else ():
            found = next((he for he, forms in PRONOUNS.items() if word.lower() in forms), None)
            if found:
                return found
    return None


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
        samples += places_with_a(chat, table, temperature)
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
