"""Owns the talk around the stories: requests, questions, greetings, who the model is."""

import re

from . import names, things
from .plots import PLOTS
from .world import PLAIN, World, choose_outside, expand, fix_articles, polish

PARAMETERS = "about four and a half million"

ASK = ["[tell|tell|tell|please tell|can you tell|could you tell|would you tell] me", "[write|please write|write me|can you write]",
       "[i want|i would like|i'd like] [to hear |]", "[give|make] me", "[let me hear|invent|make up|create|start|i need]", "", ""]
STORY = "[story|story|story|story|story|tale|little story|bedtime story|fairy tale]"
HERO = {
    "kind name": "a {hk} [named|called|named|called] {H}|{H} the {hk}|{H}, a {hk}|a {hk} whose name is {H}|the {hk} {H}",
    "trait kind name": "a {trait} {hk} [named|called] {H}|{H} the {trait} {hk}|{H}, a {trait} {hk}",
    "name": "{H}|{H}|{H}|somebody [called|named] {H}|a character named {H}",
    "kind": "a {hk}", "trait kind": "a {trait} {hk}", "": "",
}
PLACE = "{at}|{at}|{at}|{at}|who lives {at}|living {at}|set {at}|that happens {at}|, {at}|from {P}"
TERSE = ["{hero} {where}", "story: {hero}, {where}", "[story about|about] {hero} {where}", "{hero}, {where}[, story| please|]",
         "[character|hero]: {hero}. [place|setting]: {P}[.|]"]
MOODS = ["happy", "sad", "scary", "funny", "exciting"]
NEW_PLAIN = ("[another one|another|one more|one more story|tell me another|tell me another one|again|another story|"
             "a new story|and now another one|can i have another story|more|next story|a different story|something else][ please|]")
SAME_HERO = ("[another story|one more story|another one|a new story|tell me another story|tell me more] about "
             "[{H}|{H}|the {hk}|{him}|the same {hk}|the same character]")
SHORTER = "[make it|tell it] [short|shorter|shorter please]|[can you |]make it [short|shorter]|too long|[the short version|shorter|in short][ please|]|tell the story in a few sentences|[summarise it|sum it up|summarise the story]"
NEXT = "[what happened|and what happened|what happens] [next|then|after that|afterwards]|and then|go on|continue|[please |]continue the story|is there more"

IDENTITY = [
    ("[who|what] are you|[tell me|say something] about yourself|introduce yourself|what is your name|[what's|whats] your name|who is this|[hi|hello], who are you|what is primer|who is primer|are you a [bot|robot|model|person]|what model are you|who am i talking to",
     "I am primer, the small demonstration model that comes with Stoa. I have {n} parameters, and [all I can do is tell little stories|I tell little stories].|"
     "My name is primer. I am a very small language model with {n} parameters, bundled with Stoa [as a demonstration|so that it works offline]. I tell little stories.|"
     "I am primer, a tiny language model[ with {n} parameters|]. I come with Stoa as a demonstration, and I can tell small stories and answer questions about them."),
    ("what can you do|what do you do|help|how can you help me|what are you good at|what can i ask[ you|]|what are you for|can you help me|what should i ask|how does this work",
     "I can tell a little story. Tell me who it is about and where it happens, and then ask me about it.|"
     "I tell small stories. Give me a name, a place or a thing, and I will make up a story with it. Afterwards you can ask me questions about it.|"
     "Not much, but I can tell little stories and answer simple questions about them. Try: tell me a story about a fox at the harbour."),
    ("who [made|built|created|trained|wrote|programmed] you|where do you come from|who is your [maker|creator|author]",
     "[The Stoa project made me|I was made by the Stoa project]. I was trained on little stories that a program wrote.|"
     "I was trained by the Stoa project, as a small demonstration model. All my training text was written by a program.|"
     "The Stoa project trained me, and everything about me is open: the text, the recipe and the weights."),
    ("how [big|large|small] are you|how many parameters do you have|what size are you|how many parameters",
     "I have {n} parameters. That is very small for a language model.|I am very small: {n} parameters."),
    ("what [were you trained on|is your training data|text did you learn from|do you know]|how were you trained|what data did you learn from|where does your knowledge come from",
     "I was trained only on text that a program made up: small stories and questions about them. I know nothing about the real world.|"
     "Only on little stories and talk that a program wrote. I know nothing about the real world."),
    ("what is stoa|what's stoa|tell me about stoa|who is stoa|what does stoa do",
     "Stoa is a program that runs open language models on the processor of your computer. I am its bundled demonstration model.|"
     "Stoa runs open language models on ordinary processors. I am the small model that comes with it."),
    ("are you [human|alive|real|a human|a person|a real person|conscious]|do you have feelings|do you feel anything|are you intelligent|do you think",
     "No, I am primer, a small computer program that tells stories. I do not feel anything myself.|No. I am only a small language model that tells little stories."),
    ("are you [chatgpt|a large language model|gpt|siri|alexa|smart|clever|llama|from a big company|a big model]|which company made you",
     "No, I am primer, the small demonstration model of Stoa. I only tell little stories.|No. I am primer, a very small model from the Stoa project, and I only know small stories."),
    ("are you [open|free|open source]|what is your licence|can i use you|where is your code",
     "Yes, I am fully open: my weights, my training text and my recipe come with Stoa, under the Apache licence.|I am fully open. My recipe, text and weights are part of Stoa."),
    ("do you know [the real world|facts|everything|the news|a lot|history]|are you [reliable|correct|always right]|can i trust you|do you make mistakes|what are your limits|what can you not do",
     "I know nothing about the real world, and I make mistakes. I only tell little stories.|I am very small and I make mistakes. Please do not trust me with facts: I only know small stories."),
    ("what languages do you speak|do you speak [french|german|spanish|italian|chinese]|which languages can you speak",
     "I only know simple English.|Only simple English, I am afraid."),
    ("do you remember me|do you have a memory|what do you remember|how much can you remember",
     "I only remember this conversation, and only about a thousand tokens of it.|No, I only see this conversation, up to about a thousand tokens."),
]
GREET = [
    ("[hello|hi|hey|good morning|good evening|good day|hello there|hi there|hey there|greetings|hi primer|hello primer|yo|hello?]",
     "Hello! [Shall I tell you a story?|Who would you like to hear a story about?|Tell me who the story should be about.]|Hello! I am primer, and I tell little stories. [Would you like one?|Who should it be about?]"),
    ("[how are you|how are you doing|how is it going|hello, how are you|how do you do|are you well]",
     "I am a small program, so I have no feelings, but I am ready to tell a story.|Thank you for asking. I am only a small program, but I am ready. Shall I tell you a story?"),
    ("[hello, |hi, |hey, |good morning, |hello. |]<I am|i'm|my name is> {N}", "Hello, {N}! [Would you like a story?|Shall I tell you a story?|Who should the story be about?]"),
]
THANKS = [
    ("[thank you|thanks|thanks a lot|thank you very much|thank you, that was nice|thank you for the story|ok thanks]",
     "You are welcome! [Would you like another story?|Ask for another story whenever you like.|]"),
    ("[that was nice|i liked it|i liked that|good story|nice|great|lovely|beautiful story|well done|that was lovely|wow|cool|very good]",
     "I am glad that you liked it. [Would you like another one?|Shall I tell another?|]"),
    ("[bye|goodbye|good night|see you|bye bye|see you later]", "Goodbye! [Come back for another story.|Sleep well.|Until the next story.]"),
    ("[i did not like it|that was bad|boring|that was boring|i don't like it|bad story]", "I am sorry. I am only a small model. [Shall I try another one?|Would you like a different one?]"),
    ("[no|no thanks|no thank you|not now|stop]", "All right. [Ask me for a story whenever you like.|Tell me when you would like a story.]"),
]
YES = "[ok|okay|yes|yes|yes please|yes, please|sure|fine|go ahead|please|please do|yes, tell me a story|ok then|i would|why not|anything|you choose|surprise me]"
BARE_WISH = "{hero}|{hero}|about {hero}|{hero} please|it should be about {hero}|one about {hero}|{hero} {at}|yes, about {hero}"
OFF_TOPIC = [
    "[what|which] is the capital of {X}", "who [invented|discovered|wrote|painted] {x}", "what is {n1} [plus|times|minus|+|*|-|divided by] {n2}", "{n1} [+|*|-|/] {n2}",
    "[how do i|how can i|how to|how do you] [cook|fix|install|clean|build|repair|sell|buy|measure|use] {x}", "[write|give me|show me] [code|a program|a python script|a function|a recipe|an essay|an email|a poem|a list] [for|about|that sorts|with] {x}",
    "what is the weather [today|tomorrow|in {X}|like today]", "who is [the president|the king|the prime minister|the mayor] of {X}", "what [is|are] {x}", "explain {x}", "what does {x} mean",
    "translate {x} into [french|german|spanish|latin]", "how [tall|old|far|big|heavy|fast|deep|expensive] is {x}", "when did {x} [begin|end|happen|start]", "what [time|day|year|date] is it",
    "why is [the sky|the sea|grass|snow] [blue|green|white|salty]", "[define|describe] {x}", "how many kinds of {x} are there", "do you [like|know|have|want] {x}", "where is {X}", "who was {X}", "who is {X}",
    "what is the meaning of life", "tell me a joke", "sing a song", "play chess with me", "what is {X}", "tell me the news", "is {X} better than {Y}", "what should i eat today", "what is the best {x}",
    "solve {n1}x = {n2}", "how much does {x} cost", "give me advice about {x}", "can you [drive|swim|count|draw|code|cook|see|do maths|play music|search the internet]",
    "what is your favourite [colour|food|animal|film|book]", "what do you think about {x}", "who won the {x} [cup|match|game]", "is there life on {X}", "what's the square root of {n1}",
    "should i [buy|sell|eat|learn] {x}", "compare {x} and {y}", "i have a problem with {x}", "my [head|leg|tooth|back|ear|arm] hurts", "i am [sad|happy|bored|tired|hungry|angry]", "recommend {x} to me", "how does {x} work",
    "when was {X} born", "what happened in {n1}{n2}", "list [three|five|ten] facts about {x}", "spell {x}", "what is the [opposite|plural|colour] of {x}", "{x}", "{x} {y} {x}", "what is {n1}{n2}",
]
SORRY = ("I am sorry, I do not know that. I only know small stories. [Shall I tell you one?|Would you like one?]|"
         "I am afraid that is too much for me. I only know small stories[|, and I know nothing about the real world].|"
         "I do not know, I am only a small storyteller. [Shall I tell you a story?|Would you like a story instead?]|"
         "I only know small stories, so I cannot help with that. [Shall I tell you one?|]|"
         "That is beyond me, I am sorry. I only know small stories. [Would you like to hear one?|]")
NO_STORY = "I have not told a story yet. [Shall I tell you one?|Who should it be about?]"
SYSTEM = [
    "You are [a|an] [helpful|friendly|kind|funny|polite|brief|clever|serious] [assistant|storyteller|model|helper|teacher|robot|guide].", "You are primer, a small storyteller.",
    "You are primer.", "You tell [little|short|small] stories.", "You are a {k}.", "You are a {k}. Talk like a {k}.", "Answer [briefly|politely|in one sentence|kindly|truthfully|like a {k}].",
    "You are {N}, a [helpful|friendly] {k}.", "Be [kind|brief|honest|helpful].", "You are a helpful assistant. Answer [truthfully|the questions of the user].",
    "[Always|Never] [speak of|talk about|mention] {x}.", "The user is [a child|{N}|called {N}|an adult].", "Today is a {x} day.",
]


OFFER = re.compile(r"(a story|tell you one|like one|you one|instead|to hear one|another one|be about|tell another)[^.!]*[?.]$")
SUBJECT = re.compile(r"\b(did|was|could|had) {H}(?!')")
ALONE = re.compile(r"\bi\b")


def spoken(rng, text):
    """Vary capitals and the last mark of what a user types; names lose capitals in the lower case."""
    text = " ".join(text.replace(" ,", ",").split())
    if rng.random() < 0.45:
        return text.lower()
    return ALONE.sub("I", text[:1].upper() + text[1:])


def close(rng, text, marks):
    """Put one of `marks` at the end unless a mark is there already."""
    return text if text[-1:] in ".?!" else text + rng.choice(marks)


def pick(rng, grammar, **slots):
    """Choose from a grammar and fill its slots."""
    return expand(rng, choose_outside(rng, grammar)).format_map(slots).strip()


def ask_for_story(rng, world):
    """Return (request, short?) for a story about parts of `world`; may change its plot to fit."""
    s = world.first_words
    short = rng.random() < 0.1
    mood = rng.choice(MOODS) if rng.random() < 0.12 else ""
    if mood:
        world.set_plot(rng.choice([p for p in PLOTS if mood in p.moods]))
        s = world.first_words
    key = rng.choices(list(HERO), weights=(46, 8, 20, 12, 4, 14))[0]
    hero = pick(rng, HERO[key], **s)
    where = pick(rng, PLACE, **s) if rng.random() < (0.62 if hero else 0.3) else ""
    extra = _extra(rng, world, s, bool(hero))
    if hero and where and rng.random() < 0.08:
        return _finish(rng, pick(rng, rng.choice(TERSE), hero=hero, where=s["at"], P=s["P"]), False)
    if hero and extra:
        extra = rng.choice((" and ", " with ", ", about ")) + extra if rng.random() < 0.8 else f". it is about {extra}"
    if extra and rng.random() < 0.5 and not extra.startswith(". "):
        body = hero + extra + " " + where
    else:
        body = hero + (" " + where if hero else "") + (extra if hero or not extra else extra + " " + where)
    if not hero and not extra:
        body = where
    about = rng.choice((" about ", " about ", " about ", " of ")) if hero or extra else " "
    adjective = " ".join(filter(None, ["very short" if short and rng.random() < 0.3 else "short" if short else "", mood]))
    what = fix(f"a {adjective} {pick(rng, STORY)}")
    return _finish(rng, fix(f"{pick(rng, rng.choice(ASK))} {what}{about}{body}"), short)


def _extra(rng, world, s, with_friend):
    """Return a thing, a theme or the friend to ask for, or nothing."""
    roll = rng.random()
    if world.plot.asks and roll < 0.2:
        return pick(rng, rng.choice(world.plot.asks), **s)
    if world.plot.uses_thing and roll < 0.5:
        return pick(rng, "{aT}|{a_T}|{a_T}", **s)
    if with_friend and roll > 0.9:
        return pick(rng, "{afk}|{afk} called {F}|{F}|{F} the {fk}|{his} friend {F}", **s)
    return ""


def fix(text):
    """Correct articles and spaces."""
    return fix_articles(" ".join(text.split()))


def _finish(rng, text, short):
    text = fix(text).replace(" .", ".").replace(" ,", ",").strip(" ,")
    if rng.random() < 0.12:
        text += rng.choice((" please", ", please"))
    elif rng.random() < 0.04:
        text, short = text + rng.choice((". make it short", ", but make it short", ". keep it short")), True
    return close(rng, spoken(rng, text), ("", "", ".", ".", "!")), short


def question(rng, world):
    """Return (question, answer) about the story of `world`."""
    q, a = rng.choice(world.facts())
    q = spoken(rng, world.fill(_less_named(rng, q)))
    if rng.random() < 0.25:
        q = q.rstrip("?.")
    return q, world.fill(a)


def _less_named(rng, q):
    """Now and then call the hero 'he' or 'the fox' in a question."""
    if "{F}" in q or "{hk}" in q or rng.random() < 0.65:
        return q
    if rng.random() < 0.5:
        return q.replace("{H}", "the {hk}")
    return SUBJECT.sub(r"\1 {he}", q)


def identity(rng):
    """Return (question, answer) about the model itself."""
    q, a = rng.choice(IDENTITY + IDENTITY[:3] * 2)
    q = close(rng, spoken(rng, pick(rng, q)), ("?", "?", "?", "", "", "."))
    return q, pick(rng, a, n=PARAMETERS)


def off_topic(rng):
    """Return (question, kind refusal) for something that is no story."""
    x, y = (things.topic(rng) for _ in "xy")
    q = pick(rng, rng.choice(OFF_TOPIC), x=x, y=y, X=names.town(rng), Y=names.town(rng),
             n1=rng.randrange(2, 100), n2=rng.randrange(2, 100))
    return close(rng, spoken(rng, q), ("?", "?", "?", "", "", ".")), pick(rng, SORRY)


def small_talk(rng, table):
    """Return (words of the user, answer or None when a story should follow)."""
    q, a = rng.choice(table)
    n = names.person(rng)[0]
    q = pick(rng, q.replace("<", "[").replace(">", "]"), N=n).strip(", ")
    return close(rng, spoken(rng, q), ("", "", ".", "!")), a and pick(rng, a, N=n)


def system_message(rng):
    """Return a system message; stories do not depend on it."""
    kind, _ = things.kind(rng)
    text = pick(rng, rng.choice(SYSTEM), k=kind, N=names.name(rng), x=things.topic(rng))
    return polish(text) if rng.random() < 0.9 else text.lower()


def accept(rng, world):
    """Return what a user says when a story was offered: yes, or only whom it is about."""
    if rng.random() < 0.4:
        wish = pick(rng, YES)
    else:
        key = rng.choice(("kind name", "kind name", "name", "kind", "trait kind name"))
        hero = pick(rng, HERO[key], **world.words)
        wish = fix(pick(rng, BARE_WISH, hero=hero, at=world.first))
    return close(rng, spoken(rng, wish), ("", "", ".", "!"))


def conversation(rng, mix=PLAIN):
    """Return a list of (role, content) turns and the made-up words that occur in it."""
    turns, worlds, world, told = [], [], None, 0
    most_words = rng.choice((330, 330, 330, 620))
    if rng.random() < 0.12:
        turns.append(("system", system_message(rng)))
    for step in range(rng.choice((2, 3, 3, 4, 4, 5, 6, 7))):
        roll = rng.random()
        offered = turns and OFFER.search(turns[-1][1])
        if offered and rng.random() < 0.4:
            world = World(rng, avoid=[w.name for w in worlds], mix=mix)
            said = accept(rng, world), world.tell()
        elif world and roll < 0.60:
            said = question(rng, world)
        elif world and roll < 0.76:
            said, world = follow_up(rng, world)
        elif not world and roll < 0.08 + 0.12 * (step == 0):
            said = small_talk(rng, GREET)
        elif not world and roll < 0.66:
            world = World(rng, avoid=[w.name for w in worlds], mix=mix)
            text, short = ask_for_story(rng, world)
            said = text, world.tell(short)
        elif not world and roll < 0.69:
            said = question(rng, World(rng, mix=mix))[0], pick(rng, NO_STORY)
        elif roll < 0.84:
            said = identity(rng)
        elif roll < 0.94 or not world:
            said = off_topic(rng)
        else:
            said = small_talk(rng, THANKS)
        if world and world not in worlds:
            worlds.append(world)
        turns += [("user", said[0]), ("assistant", said[1])]
        told += len(said[0].split()) + len(said[1].split())
        if told > most_words:
            break
    return turns, worlds


def follow_up(rng, world):
    """Return ((request, answer), world) for another story, a shorter one, or what happened next."""
    roll = rng.random()
    if roll < 0.3:
        new = World(rng, avoid=[world.name, world.fname], mix=world.mix)
        return (close(rng, spoken(rng, pick(rng, NEW_PLAIN)), ("", "", ".", "!", "?")), new.tell()), new
    if roll < 0.55:
        new = World(rng, avoid=[world.name, world.fname], mix=world.mix)
        text, short = ask_for_story(rng, new)
        lead = rng.choice(("now ", "and now ", "", "ok, now "))
        return (spoken(rng, lead + text[:1].lower() + text[1:]) if lead else text, new.tell(short)), new
    if roll < 0.7:
        text = close(rng, spoken(rng, pick(rng, SAME_HERO, **world.words)), ("", ".", "!"))
        new = World(rng, hero=world.hero, avoid=[world.fname], mix=world.mix)
        return (text, new.tell()), new
    if roll < 0.85:
        return (close(rng, spoken(rng, pick(rng, SHORTER)), ("", ".", "!")), world.tell(short=True)), world
    return (close(rng, spoken(rng, pick(rng, NEXT)), ("", "?")), world.epilogue()), world
