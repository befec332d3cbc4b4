"""Owns the state of one story: who, where, which plot; tells it and answers about it."""

import re
from dataclasses import dataclass

from . import names, places, things
from .plots import PLOTS

PRONOUNS = {"he": ("he", "him", "his", "himself"), "she": ("she", "her", "her", "herself")}
CHOICE = re.compile(r"\[([^\[\]]*)\]")
ARTICLE = re.compile(r"\b([Aa]) (?=(?!uni|use|one |eu)[aeiou])")
SPEECH = re.compile(r'([a-z])" (said|asked|he|she|whispered|cried)\b')
SENTENCE = re.compile(r"(^|[.!?:] )([a-z])")


@dataclass(frozen=True)
class Mix:
    """What there is more of in the text of a training stage; without it the text is that of the first stage."""

    indefinite: float = 0.0  # share of stories whose place is first said with a or an
    gendered: float = 0.0  # further share of girls, kings and others with a certain pronoun


PLAIN = Mix()


def expand(rng, text):
    """Resolve every "[a|b]" of a grammar, innermost first; a bare "a|b" is one choice."""
    while CHOICE.search(text):
        text = CHOICE.sub(lambda m: rng.choice(m.group(1).split("|")), text)
    return rng.choice(text.split("|")) if "|" in text else text


def fix_articles(text):
    """Turn 'a old' into 'an old'."""
    return ARTICLE.sub(lambda m: m.group(1) + "n ", text)


def polish(text):
    """Correct articles, commas around speech, spaces and capitals."""
    text = SPEECH.sub(r'\1," \2', text.replace('?,"', '?"').replace("  ", " "))
    return SENTENCE.sub(lambda m: m.group(1) + m.group(2).upper() if m.group(1) != ": " else m.group(0),
                        fix_articles(text))


def choose_outside(rng, text):
    """Split on the top-level '|' of a grammar and choose one alternative."""
    depth, parts = 0, [""]
    for c in text:
        depth += (c == "[") - (c == "]")
        if c == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return rng.choice(parts)


class World:
    """A character, a friend, a place, a thing and a plot that stay the same all through."""

    def __init__(self, rng, hero=None, avoid=(), mix=PLAIN):
        self.rng, self.mix = rng, mix
        self.kind, self.he, self.name, self.trait = hero or self._character(avoid)
        self.fkind, self.fhe, self.fname, _ = self._character((*avoid, self.name), self.kind)
        if mix.indefinite and rng.random() < mix.indefinite:
            self.place, self.first = places.place_with_a(rng)
        else:
            self.place = places.place(rng)
            self.first = self.place.at
        self.thing, self.adjective = things.thing(rng)
        self.set_plot(rng.choice(PLOTS))

    def _character(self, avoid, other_kind=None):
        kind, he = things.kind(self.rng, self.mix.gendered)
        while kind == other_kind:
            kind, he = things.kind(self.rng, self.mix.gendered)
        name, he = names.person(self.rng, avoid, he)
        return kind, he, name, self.rng.choice(things.TRAITS)

    @property
    def hero(self):
        return self.kind, self.he, self.name, self.trait

    def set_plot(self, plot):
        """Choose the plot and everything that depends on it."""
        rng = self.rng
        self.plot = plot
        self.weather = plot.weather or things.weather(rng, self.place.phrase)
        self.time = plot.time or rng.choice(things.TIMES)
        self.spot = rng.choice(self.place.spots)
        self.sights = rng.sample(self.place.sights, 2)
        self.end = rng.choice(plot.ends)
        self.topic = things.topic(rng)
        self.extra = {}
        for keys, rows in plot.tables.items():
            row = rng.choice(rows)
            self.extra.update(zip(keys.split(","), (row,) if isinstance(row, str) else row))
        self.told_scene = False
        self.words = self._slots()

    def _slots(self):
        """Return every word that a grammar may ask for."""
        he, him, his, himself = PRONOUNS[self.he]
        fhe, fhim, fhis, fhimself = PRONOUNS[self.fhe]
        base = dict(
            H=self.name, hk=self.kind, ahk="a " + self.kind, trait=self.trait, he=he, him=him, his=his,
            himself=himself, He=he.capitalize(), His=his.capitalize(), F=self.fname, fk=self.fkind,
            afk="a " + self.fkind, fhe=fhe, fhim=fhim, fhis=fhis, fhimself=fhimself, FHe=fhe.capitalize(),
            P=self.place.phrase, at=self.place.at, At=self.place.at[0].upper() + self.place.at[1:],
            topic=self.topic, T=self.thing, a_T="a " + self.thing, aT=f"a {self.adjective} {self.thing}", spot=self.spot,
            Spot=self.spot[0].upper() + self.spot[1:], sight=self.sights[0], sight2=self.sights[1],
            time=self.time if self.time != "night" else "evening", weather=self.weather, end=self.end,
            start=self.plot.start)
        for key, value in self.extra.items():
            base[key] = fix_articles(expand(self.rng, value).format_map(base))
        base["end"] = base["end"].format_map(base)
        return base

    @property
    def first_words(self):
        """The words for a request and an opening, where the place may be 'in a lighthouse'."""
        at = fix_articles(self.first)
        return {**self.words, "at": at, "At": at[0].upper() + at[1:], "P": at.split(" ", 1)[-1]}

    def fill(self, grammar, words=None):
        """Write one sentence of a grammar."""
        grammar = choose_outside(self.rng, grammar)
        return polish(expand(self.rng, grammar).format_map(words or self.words))

    def tell(self, short=False):
        """Tell the whole story as one or more paragraphs."""
        beats = [b.lstrip("?") for b in self.plot.beats
                 if not b.startswith("?") or (not short and self.rng.random() < 0.65)]
        opening = self.fill(self.rng.choice(OPENINGS), self.first_words)
        self.told_scene = not short and self.rng.random() < 0.9
        scene = self.fill(self.rng.choice(SCENES)) if self.told_scene else ""
        sentences = [self.fill(b) for b in beats]
        closing = self.fill(self.rng.choice(SHORT_CLOSINGS if short else CLOSINGS))
        parts = [" ".join(filter(None, (opening, scene)))]
        if short or self.rng.random() < 0.35:
            return " ".join([*parts, *sentences, closing])
        cut = self.rng.randrange(2, len(sentences) - 1)
        parts += [" ".join(sentences[:cut]), " ".join([*sentences[cut:], closing])]
        return "\n\n".join(parts)

    def epilogue(self):
        """Tell what happened after the story."""
        return self.fill(self.rng.choice(EPILOGUES))

    def facts(self):
        """Return (question grammar, answer grammar) pairs that hold for the story as told."""
        found = list(self.plot.facts) * 2 + COMMON
        return found + SCENE_FACTS if self.told_scene else found


OPENINGS = [
    "[Once upon a time there was|There was once|Once there was] a {trait} {hk} [named|called] {H}, who lived {at}.",
    "[Once upon a time|Long ago|Once], {at}, there lived a {trait} {hk} [named|called] {H}.",
    "{At} lived a {trait} {hk}. {His} name was {H}.",
    "{H} was a {trait} {hk} who lived {at}.",
    "{H} was a {hk}, and a very {trait} one. {He} lived {at}.",
    "{H} the {hk} lived {at}. Everyone knew that {he} was {trait}.",
    "This is the story of {H}, a {trait} {hk} who lived {at}.",
    "There was a {trait} {hk} {at}, and {his} name was {H}.",
    "If you had been {at} that {time}, you would have met {H}, a {trait} {hk}.",
]
SCENES = [
    "It was a {weather} {time}, and {sight}.",
    "The {time} was {weather}. {sight}, and {sight2}.",
    "It was a {weather} {time}. {sight}.",
    "{sight}, and {sight2}. It was a {weather} {time}.",
    "The {time} was {weather}, and {sight}.",
]
SHORT_CLOSINGS = ["{H} felt {end}.", "And {H} felt {end}.", "In the end {H} felt {end}."]
CLOSINGS = [
    "{H} felt {end}.", "That [evening|night] {H} felt {end}.",
    "And {H}? {He} felt {end}.", "When {he} went to bed, {H} felt {end}.",
    "{H} felt {end}, and {sight}.", "{H} looked round once more. {sight}. {He} felt {end}.",
    "{H} felt {end}. And if you ever come to {P}, you may meet {him} there.",
    "{H} felt {end}, and {he} slept well that night.",
    "And so it was that {H} the {hk} felt {end}.",
]
EPILOGUES = [
    "The next {time} {H} met {F} again {at}. They [sat in the sun|shared some bread|talked for a long time], and [all was well|{sight}].",
    "After that, {H} and {F} saw each other often. [People {at} still talk about it.|They were good friends for the rest of their lives.]",
    "{H} slept long and well. When {he} woke, {sight}, and {he} [wondered what the new day would bring|smiled].",
    "{H} stayed {at} and [told everyone the story|grew older and wiser]. And {F}? {FHe} [came to visit every summer|never forgot {H}].",
]
COMMON = [
    ("Who is [the|this|your] story about?|Who was [it|the story] about?|Who is the [hero|main character]?", "The story is about {H}, a {trait} {hk}.|It is about {H} the {hk}."),
    ("What is the name of the {hk}?|What was the {hk} called?|What was the {hk}'s name?|What is [the hero's|the main character's] name?", "The {hk} was called {H}.|{His} name was {H}."),
    ("Where does the story [happen|take place]?|Where [was|is] [it|{H}|the story]?|Where did [it|this|the story] happen?|Where did {H} live?", "It happened {at}.|{H} lived {at}.|The story happened {at}."),
    ("Where did {H} live?|Where was {H}?", "{H} lived {at}."),
    ("[What|Who] was {H}?|What kind of [animal|person|creature|character] was {H}?", "{H} was a {trait} {hk}.|{H} was a {hk}."),
    ("What was {H} like?|What kind of {hk} was {H}?|Describe {H}.", "{H} was {trait}.|{H} was a {trait} {hk}."),
    ("[Who|What] was {F}?|Who is {F}?|What kind of [animal|person|creature] was {F}?", "{F} was a {fk}.|{F} was the {fk} in the story."),
    ("What was the {fk} called?|What was the {fk}'s name?|What is the name of the {fk}?", "The {fk} was called {F}."),
    ("How did {H} feel [at the end|in the end|then|when it was over]?|How does the story end?|What did {H} feel at the end?", "{H} felt {end}.|At the end {H} felt {end}."),
    ("How did {H} feel [at first|at the beginning|at the start]?", "At first {H} was {start}."),
    ("Was {H} a {fk}?", "No, {H} was a {hk}. {F} was the {fk}."),
    ("Was {H} a {hk}?", "Yes, {H} was a {hk}."),
    ("What did {H} [eat for breakfast|dream of that night|say to the king|buy in the shop]?|How old was {H}?|How many brothers did {H} have?|What colour were {H}'s eyes?", "The story does not say.|I am sorry, the story does not say that."),
]
SCENE_FACTS = [
    ("What was the weather like?|How was the weather?", "It was {weather}.|It was a {weather} {time}."),
]
