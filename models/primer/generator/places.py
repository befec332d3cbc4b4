"""Owns the places of the world: what is seen there and where a small thing can hide."""

from dataclasses import dataclass

from . import names

# name | preposition | sights | spots
DETAILED = """
harbour|at|the boats rocked on the water;ropes creaked in the wind;gulls called overhead|under an old net;behind a stack of barrels;in an empty boat
desert|in|the sand was golden and wide;the dunes lay like sleeping animals;the air shook with heat|under a flat stone;behind a tall cactus;half buried in the sand
forest|in|the tall trees whispered;moss covered every stone;birds sang in the branches|in a hollow log;under a fern;between the roots of an oak
mountain|on|the wind hummed over the rocks;snow shone on the top;a thin path climbed up and up|on a narrow ledge;behind a round rock;in a small cave
beach|on|the waves rolled in and out;shells lay along the sand;the sea smelled of salt|in a rock pool;under some seaweed;beside a sand castle
market|at|the stalls were full of fruit;people called out their prices;the smell of bread filled the air|under a fruit stall;in a basket of apples;behind the cheese seller
castle|in|the stone walls were thick;flags moved on the towers;long halls echoed|under the stairs;behind a suit of armour;on a high window sill
library|in|the shelves reached up to the ceiling;dust danced in the light;pages rustled softly|between two thick books;under a reading table;behind the tallest shelf
lighthouse|at|the great lamp turned round and round;the sea beat on the rocks;the stairs went round and round|on the bottom step;behind the great lamp;under a coil of rope
island|on|palm trees leaned over the sand;the sea lay blue on every side;small crabs ran about|under a palm leaf;beside a blue pool;in a hollow tree
farm|on|hens scratched in the yard;the barn smelled of hay;a tractor hummed far away|in the hay;behind the barn door;under a bucket
garden|in|bees hummed in the flowers;the grass was wet;a path ran between the beds|under a rose bush;in a flower pot;behind the water barrel
village|in|smoke rose from the chimneys;the church bell rang;the houses stood close together|beside the well;under a bench;on a garden wall
city|in|the streets were busy;trams rattled by;windows shone high above|under a bench;beside a fountain;on the steps of a tall house
school|at|chalk dust lay on the desks;children laughed in the yard;a bell rang in the hall|under a desk;behind the coat hooks;in the reading corner
train station|at|the trains hissed and puffed;the big clock ticked;people hurried by with bags|under a bench;beside the ticket window;behind a pile of suitcases
river|by|the water ran quick and clear;reeds bent in the wind;small fish flashed by|among the reeds;under a flat stone;beside the old bridge
lake|by|the water was as smooth as glass;ducks drifted past;mist lay on the far side|under a willow;in a rowing boat;among the reeds
meadow|in|the grass was long and soft;butterflies danced;flowers nodded in the wind|in the long grass;under a daisy;beside a fence post
swamp|in|the mud bubbled;frogs croaked all around;green light fell through the leaves|on a mossy stump;under a lily leaf;beside a muddy pool
cave|in|water dripped from the roof;the walls sparkled;every sound came back twice|behind a pointed rock;in a dark corner;beside an underground pool
bakery|in|the ovens glowed;the air smelled of warm bread;flour lay on everything|under the long table;behind a sack of flour;in a bread basket
museum|in|old bones stood in the hall;glass cases gleamed;footsteps echoed|under a glass case;behind a stone lion;beside the coat room
zoo|at|monkeys chattered;the lions yawned in the sun;children pointed and laughed|beside the duck pond;under a bench;near the monkey house
hospital|in|the corridors were clean and bright;wheels squeaked softly;nurses hurried past|under a bed;on a window sill;behind a white curtain
circus|at|the big tent was red and white;music played;the smell of popcorn drifted by|under a seat;behind the red curtain;in a clown's shoe
moon|on|the ground was grey and dusty;the stars did not blink;the Earth hung blue in the sky|in a small crater;behind a grey rock;under the dust
space station|on|tiny lights blinked on the walls;everything floated;stars slid past the window|behind a round window;in a floating net;beside the air lock
ship|on|the deck moved up and down;the sails were full of wind;waves slapped the wood|under a coil of rope;behind the wheel;in a barrel
bridge|on|the water rushed below;carts rolled over the stones;the wind pulled at every coat|between two stones;under the railing;beside a lamp post
windmill|at|the sails turned slowly;the wood creaked;flour dust hung in the air|behind a sack of grain;under the ladder;on a dusty shelf
park|in|the trees stood in neat rows;children ran about;pigeons walked on the path|under a bench;beside the pond;behind a statue
jungle|in|vines hung from every tree;bright birds shrieked;the air was hot and wet|under a huge leaf;in a hollow tree;beside a waterfall
valley|in|a stream ran through the grass;bells rang from the hills;clouds drifted low|beside the stream;under a thorn bush;behind a stone wall
hill|on|the grass bent in the wind;the whole land lay below;a single tree stood at the top|under the single tree;behind a stone;in a rabbit hole
palace|in|the floors shone like water;golden doors stood open;mirrors hung on every wall|behind a golden door;under a soft chair;beside a mirror
toy shop|in|dolls sat in rows;a little train ran round and round;kites hung from the ceiling|behind a row of dolls;under the counter;in a wooden truck
orchard|in|the apple trees were heavy;wasps hummed;the grass was full of fallen fruit|under an apple tree;in a fruit basket;beside the ladder
workshop|in|tools hung on the wall;wood shavings covered the floor;a small stove crackled|under the workbench;in a pot of nails;behind the stove
airport|at|planes roared over the roof;long lines of people waited;wheels rolled over the floor|under a row of seats;beside a trolley;behind a tall window
snowy field|in|the snow lay deep and white;everything was silent;a few tracks crossed the ground|under the snow;beside a fence;behind a snowman
cottage|in|the fire crackled;a kettle sang;the windows were small and warm|under the bed;behind the clock;on the kitchen shelf
kitchen|in|pots steamed;spoons hung in a row;something good was in the oven|behind the flour jar;under the table;in the bottom drawer
tower|in|the stairs went up and up;the wind sang at the window;swallows flew in and out|on the top step;behind a loose stone;under a dusty rug
playground|at|the swings squeaked;children shouted;the slide shone in the light|under the slide;in the sand pit;beside the swings
"""

BARE = """in the town|in the attic|in the barn|in the cellar|in the kingdom|in the mill|in the church
in the cinema|in the theatre|in the hotel|in the café|in the restaurant|in the shop|in the office
in the factory|in the greenhouse|in the laboratory|in the mine|in the tent|in the tunnel|in the woods
in the wood|in the fields|in the vineyard|in the canyon|in the rainforest|in the savannah|in the sky
in the clouds|in the mountains|in the hills|in the bay|in the port|in the square|in the street
in the subway|in the bath|in the basement|in the cupboard|in the classroom|in the hall|in the mud
at the pond|at the seaside|at the shore|at the fair|at the inn|at the post office|at the bus stop
at the swimming pool|at the stadium|at the temple|at the fire station|at the bookshop|at the mill
at the well|at the waterfall|at the north pole|at the south pole|at the crossroads|at the campsite
at the edge of the world|at the end of the street|at the top of the hill|at the bottom of the sea
on the roof|on the train|on the bus|on the boat|on the cliff|on the ice|on the glacier|on the road
on the river|on the pier|on the prairie|on the planet Mars|on the plateau|on the coast|on the moor
by the sea|by the pond|by the canal|by the fire|by the well|by the old mill|by the railway
under the sea|under the bridge|under the stairs|near the border|near the quarry|near the volcano
behind the school|beside the lake|inside the whale|aboard the ferry"""

SIGHTS = """the light was soft;the air was still;a cool wind blew;it smelled of something sweet
somewhere a bell rang;a bird sang and then stopped;everything was very quiet;shadows moved slowly
the ground was warm;a little dust rose and fell;far away somebody laughed;the colours were bright"""

SPOTS = """under a flat stone;behind a wooden box;on a low wall;in a dark corner;behind an old door
under a pile of leaves;in an empty jar;beside a small puddle;under a blue cloth;in a crack in the wall"""

ADJECTIVES = """old;big;little;quiet;hidden;sunny;dark;wide;red;blue;green;white;golden;windy;frozen
empty;busy;magic;glass;tall;lonely;sleepy;crooked;silver;purple;deep;foggy;haunted;snowy;stormy;rainy
secret;small;large;dusty;ancient;royal;noisy;rocky;sandy;misty;warm;cold;new;great;flying;floating
forgotten;enchanted;abandoned;underground;night;winter;summer""".replace("\n", ";").split(";")

# compound places: any first with any last word
FIRSTS = """railway;bus;police;fire;flower;fish;fruit;candle;music;ice;stone;clock;apple;cherry;pine;coffee
tea;book;hat;shoe;bicycle;boat;sheep;horse;chicken;sugar;honey;pepper;salt;paper;puppet;dance;football
crystal;rose;cactus;thunder;rainbow;pirate;dragon;wizard;cloud;star;river;mountain;forest;village;city
school;hotel;castle;water;wool;cheese;chocolate;pumpkin;mushroom;pony;dinosaur;robot""".replace("\n", ";").split(";")
LASTS = """at station;in shop;at market;in mountains;in house;in hall;in room;at gate;in field;in fields;in grove
in factory;in tower;on road;on path;in yard;in museum;at fair;on bridge;on hill;in cave;in valley;in camp
at stop;on farm;in wood;by pond;in gardens;on island;at pier;in theatre;at office;on court;in corner
in maze;in temple;by fountain;on ship;in stable;in store;at school;in mine;in palace""".replace("\n", ";").split(";")

NAMED = ("in the town of {n}|in the village of {n}|in the city of {n}|on the island of {n}|in {n}"
         "|in {n}|in {n}|on {n} Hill|in {n} Street|at {n} Bay|in {n} Wood|in the land of {n}"
         "|in the kingdom of {n}|at {n} Castle|by the river {n}|on the planet {n}").split("|")

# places of which there are not several, so that nobody says "a sky"
SINGLE = frozenset("moon sky mud ice sea seaside border coast pole savannah subway woods".split())
# "in the town of Harnmouth" is also "in a town called Harnmouth"
TOWNS = ("town", "village", "city", "island", "kingdom", "land")
# other prepositions that people use, by the last word of the place
ELSEWHERE = {
    ("in", "at"): """harbour market lighthouse library station zoo circus windmill airport playground school museum
        hospital bakery castle palace shop workshop cottage house hall fair theatre tower camp office mill hotel
        restaurant cinema pool bookshop temple store stable factory inn""".split(),
    ("on", "at", "in"): "farm beach field hill road".split(),
    ("by", "at", "near", "on"): "river lake pond fountain well canal waterfall".split(),
}

# places kept for evaluation and never written by the generator
HELD_OUT = ("in the opera house", "at the petrol station", "on the tennis court",
            "in the bamboo grove", "at the observatory", "on the raft")


@dataclass
class Place:
    """A place as the story words it: `prep` 'at', `phrase` 'the harbour'."""

    prep: str
    phrase: str
    sights: list
    spots: list

    @property
    def at(self):
        return f"{self.prep} {self.phrase}"


def _split(text):
    return [s.strip() for s in text.replace("\n", ";").split(";") if s.strip()]


GENERIC_SIGHTS, GENERIC_SPOTS = _split(SIGHTS), _split(SPOTS)
KNOWN = {}
for _line in DETAILED.strip().splitlines():
    _name, _prep, _sights, _spots = _line.split("|")
    KNOWN[_name] = Place(_prep, "the " + _name, _split(_sights), _split(_spots))
BARE_PLACES = [p.strip() for p in BARE.replace("\n", "|").split("|")]


def place_with_a(rng):
    """Return (a place, how to say it when first heard of): (in the lighthouse, 'in a lighthouse')."""
    while True:
        made = place(rng)
        first = _with_a(rng, made.phrase)
        if first is None:
            continue
        last = made.phrase.split(" ")[-1]
        others = next((preps for preps, words in ELSEWHERE.items() if last in words), ())
        prep = rng.choice(others) if others and rng.random() < 0.5 else made.prep
        if f"{prep} {made.phrase}" not in HELD_OUT:
            return Place(prep, made.phrase, made.sights, made.spots), f"{prep} {first}"


def _with_a(rng, phrase):
    """Return 'a harbour' for 'the harbour', or None where that cannot be said."""
    if not phrase.startswith("the "):
        return None
    words = phrase[4:].split(" ")
    if len(words) == 3 and words[0] in TOWNS and words[1] == "of":
        return f"a {words[0]} {rng.choice(('called', 'named'))} {words[2]}"
    plural = words[-1].endswith("s") and words[-1] not in ("circus", "crossroads")
    if "of" in words or plural or words[-1] in SINGLE or words[-1] != words[-1].lower():
        return None
    return "a " + phrase[4:]


def _plain(at):
    prep, phrase = at.split(" ", 1)
    return Place(prep, phrase, GENERIC_SIGHTS, GENERIC_SPOTS)


def place(rng):
    """Return a place: a detailed one, a bare one, one with an adjective, a compound, a named or an invented one."""
    kind = rng.random()
    if kind < 0.42:
        return rng.choice(list(KNOWN.values()))
    if kind < 0.54:
        return _plain(rng.choice(BARE_PLACES))
    if kind < 0.66:
        base = rng.choice(list(KNOWN.values()))
        phrase = "the " + rng.choice(ADJECTIVES) + base.phrase[3:]
        return Place(base.prep, phrase, base.sights, base.spots)
    if kind < 0.78:
        return _compound(rng)
    if kind < 0.90:
        return _plain(rng.choice(NAMED).format(n=names.town(rng)))
    return _invented(rng)


def _compound(rng):
    """The railway station, the old candle shop, the snowy mountains."""
    while True:
        prep, last = rng.choice(LASTS).split(" ")
        first = rng.choice(FIRSTS) if rng.random() < 0.7 else rng.choice(ADJECTIVES)
        lead = rng.choice(ADJECTIVES) + " " if rng.random() < 0.15 else ""
        at = f"{prep} the {lead}{first} {last}"
        if first != last and at not in HELD_OUT:
            return _plain(at)


def _invented(rng):
    prep = rng.choice(("in", "in", "at", "on", "by", "near"))
    first = rng.choice(("", rng.choice(ADJECTIVES) + " ", names.noun(rng) + " "))
    last = names.noun(rng)
    if rng.random() < 0.3:
        base = rng.choice(list(KNOWN.values()))
        prep, last = base.prep, base.phrase[4:]
    return _plain(f"{prep} the {first}{last}")
