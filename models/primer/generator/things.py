"""Owns the kinds of characters, the objects, the traits and the weather of the world."""

from . import names

ANIMALS = """fox bear rabbit hare badger otter owl heron gull mouse mole hedgehog squirrel deer wolf
goat sheep lamb pig cow horse pony donkey duck goose hen swan robin crow sparrow penguin seal whale
dolphin turtle tortoise frog toad newt snail beetle bee ant spider cat kitten dog puppy camel elephant
lion tiger monkey panda zebra giraffe kangaroo crab octopus bat dragon unicorn parrot lizard raccoon
hamster moth snake weasel beaver eagle peacock rat hippo rhino koala llama yak fish worm cricket""".split()

PEOPLE = """baker sailor gardener farmer miller teacher painter singer potter weaver tailor fisher
carpenter clockmaker cook drummer librarian beekeeper shepherd blacksmith child knight wizard giant
robot pirate astronaut doctor nurse pilot shoemaker dancer poet inventor explorer ghost elf gnome
troll builder scientist musician juggler clown detective student captain driver merchant monk
soldier hunter diver actor thief guard vampire monster fairy cowboy engineer mechanic""".split() + [
    "lighthouse keeper", "train driver", "letter carrier", "bus driver", "toy maker", "chimney sweep",
    "street cleaner", "fire fighter", "little robot", "young knight"]

SHE = "girl princess queen witch mermaid grandmother little_girl woman seamstress".split()
HE = "boy prince king grandfather little_boy man fisherman".split()
# more of them for the second stage of training
SHE_TOO = SHE + "girl girl woman woman queen mother lady sister aunt duchess empress".split()
HE_TOO = HE + "boy boy man man king father lord brother uncle duke emperor".split()

OBJECTS = """key map lantern kite button ring hat scarf book drum bell coin letter spoon teapot
umbrella marble boat clock basket blanket boot cup whistle compass feather flute glove ladder lamp
mirror necklace pencil pillow purse rope shell stone sock sword toy trumpet violin watch wheel wagon
cake pie box bottle brush candle chair crown doll flag harp jar kettle mitten needle paintbrush
parcel picture pebble quilt telescope ticket torch vase wallet medal puppet balloon bucket
diary bracelet camera hammer pocket_knife music_box tea_cup snow_globe toy_boat walking_stick""".split()

COLOURS = """small old red blue silver wooden tiny shiny golden green striped brass yellow round
heavy pretty strange painted soft white black purple beautiful plain crooked""".split()

TRAITS = """brave shy curious kind patient stubborn cheerful careful quiet proud gentle clumsy clever
sleepy hopeful dreamy honest busy polite playful lonely grumpy hard-working young old lazy tired
little small hungry funny lucky""".split()

WEATHER = """warm and bright;cold and clear;grey and quiet;wet and windy;soft and misty;golden and still
cold and frosty;hot and dry;fresh and breezy;dull and rainy;calm and sunny;cloudy and cool
bright and windy;pale and cold""".replace("\n", ";").split(";")

TOPICS = [t.replace("_", " ") for t in """football electricity the_moon gravity physics maths chemistry water iron gold bread rice pasta pizza a_computer
a_car the_internet python java a_database a_virus the_brain the_heart blood philosophy history music jazz painting
politics money a_bank tax the_law a_contract love time space energy light sound a_planet a_star the_sun the_earth
evolution a_cell dna an_atom a_molecule algebra geometry a_triangle poetry grammar a_verb english a_battery an_engine
a_phone the_radio television a_film an_omelette soup coffee tea chocolate a_tooth medicine a_headache the_flu
democracy the_economy inflation a_neural_network machine_learning a_transformer a_processor memory a_bicycle
a_plane a_rocket a_telescope a_house a_roof concrete glass paper the_sea an_earthquake a_volcano climate rain snow""".split()]

CLIMATE = [
    (("desert", "savannah", "jungle"), ("warm", "hot", "still", "breezy", "calm")),
    (("moon", "space", "planet"), ("clear", "quiet", "still", "pale")),
    (("snow", "ice", "glacier", "pole", "frozen"), ("cold", "quiet", "clear", "pale")),
]

TIMES = ["morning", "morning", "morning", "afternoon", "afternoon", "evening", "day", "day"]


def kind(rng, gendered=0.0):
    """Return (kind of character, pronoun or None): 'fox', 'queen', an invented 'tarvel'; a further share is gendered."""
    if gendered and rng.random() < gendered:
        listed, he = rng.choice(((SHE_TOO, "she"), (HE_TOO, "he")))
        return rng.choice(listed).replace("_", " "), he
    roll = rng.random()
    if roll < 0.48:
        return rng.choice(ANIMALS), None
    if roll < 0.80:
        return rng.choice(PEOPLE), None
    if roll < 0.86:
        return rng.choice(SHE).replace("_", " "), "she"
    if roll < 0.92:
        return rng.choice(HE).replace("_", " "), "he"
    return names.noun(rng), None


def thing(rng):
    """Return (noun, adjective) for an object, now and then an invented one."""
    noun = names.noun(rng) if rng.random() < 0.12 else rng.choice(OBJECTS).replace("_", " ")
    return noun, rng.choice(COLOURS)


def weather(rng, place):
    """Return a kind of weather that suits the place: no frost in the desert, no rain in space."""
    for words, fitting in CLIMATE:
        if any(w in place for w in words):
            return rng.choice([w for w in WEATHER if any(f in w for f in fitting)])
    return rng.choice(WEATHER)


def topic(rng):
    """Return something one may ask about, now and then an invented word."""
    return rng.choice(TOPICS) if rng.random() < 0.75 else names.noun(rng)
