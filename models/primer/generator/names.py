"""Owns made-up words: names of characters and towns, and invented nouns.

Names are built from syllables in several shapes, so that the model has to copy
a name from the request letter group by letter group instead of remembering it.
The names in HELD_OUT are kept for evaluation and never written by the generator.
"""

ONSETS = ("b c d f g h j k l m n p r s t v w y z br ch cl dr fr gl gr kr ph pl qu "
          "sh sl sn st sv th tr tw vl wr kh zh").split()
PLAIN = "b d f g h j k l m n p r s t v w y z".split()
VOWELS = "a e i o u".split()
LONG_VOWELS = "a e i o u a e i o u a e i o u ai ea ee ia ie io oa oo ou ae y au".split()
CODAS = "l m n r s t d k x ck ld lm nd ng nn rd rk rn rt ss st sz th tt zz b g p".split()
ENDINGS = ("a o i e y ie ia ina ela ora ira elle ette ana ita en in an on el il us is or er as "
           "ek ik ov ev asz usz ert ald wen beth lyn bert mund rick ward son ton far mir slav "
           "gar dor wyn ah eh it ot im am um").split()
TOWN_ENDINGS = ("mouth ham by stead haven ford ton wick field port bridge dale holm ville "
                "ora ena ara ia os ax ur burg grad au ona").split()
HOMELY_MIDDLES = "nd st bb pp mb tt ck ng dd zz ff ll rr rt sk nn ddl mbl sp lv rv nk".split()
HOMELY_ENDINGS = "le er y et in ow ock ing well by ley kin ton ie el on ard ell".split()
NOUN_ENDINGS = "le er ow in et ock el ong ump it ab op ery ory een oon ish ack ick um ter".split()

GIRLS = """Alice Alma Amy Anna Asha Beth Carla Chloe Clara Cora Daisy Dora Edith Ella Elsa Emma Eva
Flora Freya Gina Grace Greta Hana Ida Iris Isla Jane Julia Kate Klara Leila Lena Lily Lina Lola Lucy
Lulu Magda Maja Maria Marta Maya Meg Mia Mina Mira Molly Nadia Nell Nia Nina Nora Olga Olive Petra
Polly Priya Rosa Rosie Ruby Ruth Sally Sara Selma Sofia Tara Tess Tilly Tove Uma Vera Viola Wanda
Wendy Yara Zara Zoe""".split()
BOYS = """Amir Anton Arlo Arthur Ben Bruno Carlos Cecil Dan David Emil Eric Felix Finn Fred Harry
Hassan Hugo Igor Ivan Jack Jasper Joe Jonas Juan Kai Karim Lars Leo Luca Malik Marco Max Milo Nico
Omar Oscar Otto Pablo Paul Percy Rafi Sam Sven Theo Tim Tom Toby Vik Will Yusuf Zack""".split()

HELD_OUT = frozenset("""ada bo zomira tomasz velora quillon ingrid mbali ruprecht saoirse nimue
orsolya tavish yevgenia kestrel dunja fenwick halvard isolde jaxon katarzyna lubomir""".split())

NO_NAMES = frozenset("he her hi his in is it me my no not of oh on or she so the this to up us we yes you".split())


def _syllable(rng, onsets=PLAIN):
    return rng.choice(onsets) + rng.choice(VOWELS)


def _flowing(rng):
    """Zomira, Velo, Kadisu: open syllables."""
    start = rng.choice(VOWELS) if rng.random() < 0.3 else ""
    middle = "".join(_syllable(rng) for _ in range(rng.choice((1, 2, 2, 2, 3))))
    return start + middle + rng.choice(("", "", "n", "s", "l", "r"))


def _ended(rng):
    """Tomasz, Brundel, Ketwyn: a stem with a known ending."""
    stem = rng.choice(ONSETS) + rng.choice(LONG_VOWELS) + rng.choice(CODAS)
    return stem + rng.choice(ENDINGS)


def _long_ended(rng):
    """Palorvina, Temigard: two syllables and an ending."""
    stem = _syllable(rng, ONSETS) + rng.choice(PLAIN) + rng.choice(LONG_VOWELS)
    return stem + rng.choice(PLAIN) + rng.choice(ENDINGS)


def _vowel_first(rng):
    """Ada, Inorel, Osk: starts with a vowel."""
    tail = rng.choice(("a", "o", "i", "e", "", rng.choice(ENDINGS), _syllable(rng)))
    return rng.choice(VOWELS) + rng.choice(PLAIN + CODAS) + tail


def _short(rng):
    """Bo, Kex, Tuu: one syllable."""
    tail = rng.choice(("", "", rng.choice(CODAS)))
    return rng.choice(ONSETS) + rng.choice(LONG_VOWELS) + tail


def _doubled(rng):
    """Otto-like and Hanna-like: a doubled consonant."""
    c = rng.choice("bdfglmnprstz")
    tail = rng.choice(("a", "o", "y", "i", "ie", "el", "er", "ina"))
    return rng.choice(PLAIN + [""]) + rng.choice(VOWELS) + c + c + tail


def _homely(rng):
    """Pepper-like, Bramble-like and Thistle-like: names that could be words."""
    return rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(HOMELY_MIDDLES) + rng.choice(HOMELY_ENDINGS)


def _rough(rng):
    """Any letters at all, so that hard names are copied too."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    parts = [rng.choice(letters) + rng.choice("aeiouy") for _ in range(rng.choice((1, 2, 2, 3)))]
    parts.insert(rng.randrange(len(parts) + 1), rng.choice(letters))
    return "".join(parts)


SHAPES = (_flowing, _flowing, _flowing, _ended, _ended, _ended, _long_ended, _long_ended,
          _vowel_first, _vowel_first, _short, _short, _doubled, _homely, _homely, _rough, _rough)


def name(rng, avoid=()):
    """Return a new capitalised name that differs from every name in `avoid`."""
    while True:
        made = rng.choice(SHAPES)(rng).capitalize()
        fresh = made not in avoid and made.lower() not in HELD_OUT | NO_NAMES
        if fresh and 2 <= len(made) <= 11:
            return made


def person(rng, avoid=(), pronoun=None):
    """Return (name, pronoun); familiar names and names in -a, -ie … have the usual pronoun."""
    if rng.random() < 0.15:
        pronoun = pronoun or rng.choice(("he", "she"))
        familiar = GIRLS if pronoun == "she" else BOYS
        return rng.choice([n for n in familiar if n not in avoid]), pronoun
    made = name(rng, avoid)
    if pronoun is None:
        pronoun = "she" if rng.random() < (0.95 if made.endswith(("a", "ie", "ette", "elle", "lyn")) else 0.25) else "he"
    return made, pronoun


def town(rng):
    """Return a made-up town name, such as Harnmouth or Belora."""
    while True:
        stem = rng.choice(ONSETS) + rng.choice(LONG_VOWELS) + rng.choice(PLAIN + CODAS)
        made = (stem + rng.choice(TOWN_ENDINGS)).capitalize()
        if made.lower() not in HELD_OUT:
            return made if rng.random() < 0.6 else name(rng)


def noun(rng):
    """Return an invented common noun, such as 'brindock' or 'tarvel'."""
    stem = rng.choice(ONSETS) + rng.choice(LONG_VOWELS) + rng.choice(CODAS)
    return stem + rng.choice(NOUN_ENDINGS) if rng.random() < 0.8 else stem
