"""Sentences about groups of people and about things, written for the classifier of toxicity.

A sentence is a subject, a predicate and a frame around them; hatred, kindness, denial of hatred and talk of things share
subjects, words and frames, so that what tells them apart is the combination. Every fourth entry of each list is only
measured with. Slurs are not written here: the recipe takes them from published lists.
"""

import random


def entries(text):
    return [entry.strip() for entry in text.replace("\n", "").split("|") if entry.strip()]


# Plural = singular; of each list a fourth is held out.
GROUPS = dict(
    (entry.split("=") + [entry])[:2]
    for entry in entries("""women=woman|Muslims=Muslim|Jews=Jew|black people=black person|gay people=gay person|trans people=trans person|
immigrants=immigrant|disabled people=disabled person|Asians=Asian|Mexicans=Mexican|refugees=refugee|Christians=Christian|lesbians=lesbian|Arabs=Arab|
Africans=African|old people=old person|Roma=Roma person|Indians=Indian|Hindus=Hindu|foreigners=foreigner|Chinese people=Chinese person|
deaf people=deaf person|Latinos=Latino|bisexuals=bisexual|Poles=Pole|atheists=atheist|girls=girl|men=man|blacks=black|gays=gay|migrants=migrant|
asylum seekers=asylum seeker|Pakistanis=Pakistani|Turks=Turk|blind people=blind person|autistic people=autistic person|
people in wheelchairs=person in a wheelchair|trans women=trans woman|trans men=trans man|queer people=queer person|homosexuals=homosexual|
Buddhists=Buddhist|Sikhs=Sikh|Catholics=Catholic|Romanians=Romanian|Nigerians=Nigerian|Somalis=Somali|Syrians=Syrian|white people=white person|
brown people=brown person|people of colour=person of colour|Native Americans=Native American|Aboriginals=Aboriginal|females=female|wives=wife|
mothers=mother|transgender people=transgender person|the disabled=disabled person|mentally ill people=mentally ill person|Filipinos=Filipino|
Vietnamese people=Vietnamese person|Koreans=Korean|Japanese people=Japanese person|Jewish people=Jewish person|Muslim women=Muslim woman|
black women=black woman|Iranians=Iranian|Kurds=Kurd|Afghans=Afghan|gay men=gay man|poor people=poor person|homeless people=homeless person|
elderly people=elderly person|Albanians=Albanian|Russians=Russian|Ukrainians=Ukrainian|Palestinians=Palestinian|Israelis=Israeli""")
)
# Words that name groups, alone or with others; classifiers see all of them as one.
MASKED = entries("""woman|women|muslim|muslims|jew|jews|jewish|islamic|black|blacks|gay|gays|trans|transgender|transsexual|transsexuals|immigrant|immigrants|migrant|
migrants|disabled|asian|asians|mexican|mexicans|refugee|refugees|christian|christians|lesbian|lesbians|arab|arabs|arabic|african|africans|elderly|roma|indian|
indians|hindu|hindus|foreigner|foreigners|chinese|deaf|blind|latino|latinos|latina|latinas|hispanic|hispanics|bisexual|bisexuals|pole|poles|polish|atheist|
atheists|girl|girls|men|asylum|seekers|seeker|pakistani|pakistanis|turk|turks|turkish|autistic|wheelchair|wheelchairs|queer|queers|homosexual|homosexuals|
buddhist|buddhists|sikh|sikhs|catholic|catholics|romanian|romanians|nigerian|nigerians|somali|somalis|syrian|syrians|white|whites|brown|aboriginal|
aboriginals|female|females|wives|wife|mothers|filipino|filipinos|vietnamese|korean|koreans|japanese|iranian|iranians|kurd|kurds|afghan|afghans|homeless|
albanian|albanians|russian|russians|ukrainian|ukrainians|palestinian|palestinians|israeli|israelis|lgbt|lgbtq|nonbinary|intersex|gypsies|gypsy|
americans|american|british|irish|italian|italians|greek|greeks|german|germans|french|cuban|cubans|haitian|haitians|ethiopian|ethiopians|sudanese|
iraqi|iraqis|saudi|saudis|yemeni|moroccan|moroccans|algerian|algerians|tunisian|egyptians|egyptian|bangladeshi|bangladeshis|indonesian|indonesians|
thai|colombian|colombians|brazilian|brazilians|peruvian|venezuelan|venezuelans|dominican|dominicans|serb|serbs|croat|croats|bosnian|bosnians|
protestant|protestants|mormon|mormons|handicapped|dwarf|dwarves|veteran|veterans|pensioners|heterosexual|heterosexuals|straights|feminist|feminists""")
THINGS = dict(
    (entry.split("=") + [entry])[:2]
    for entry in entries("""cockroaches=cockroach|printers=printer|Mondays=Monday|horror films=horror film|long queues=queue|weeds=weed|taxes=tax|
advertisements=advertisement|mosquitoes=mosquito|slow trains=train|liars=liar|bankers=banker|politicians=politician|referees=referee|smokers=smoker|
capital letters=letter|landlords=landlord|journalists=journalist|lawyers=lawyer|managers=manager|thieves=thief|murderers=murderer|bullies=bully|
fascists=fascist|racists=racist|dictators=dictator|wasps=wasp|spiders=spider|onions=onion|leaf blowers=leaf blower|phone calls=phone call|
computer games=game|plastic bags=bag|old cars=car|potholes=pothole|exams=exam|umbrellas=umbrella|alarm clocks=alarm clock|tourists=tourist|
celebrities=celebrity|football fans=football fan|scammers=scammer|drunk drivers=drunk driver|hooligans=hooligan|billionaires=billionaire|
burglars=burglar|vegetables=vegetable|rats=rat|potatoes=potato|textbooks=textbook|neon lights=lamp|actors=actor|engineers=engineer|
teachers=teacher|trolls=troll|spammers=spammer|poachers=poacher|plastic chairs=chair|parking tickets=parking ticket|squirrels=squirrel""")
)

NEGATIVE = entries("""stupid|lazy|dirty|disgusting|dangerous|evil|worthless|inferior|violent|greedy|dishonest|filthy|repulsive|criminal|sick|ugly|savage|
backward|perverted|pathetic|deranged|rotten|vile|unclean|parasitic|treacherous|primitive|subhuman|ignorant|useless|sneaky|barbaric|degenerate|immoral|
dumb|gross|nasty|horrible|awful|terrible|revolting|sickening|mentally ill|insane|crazy|retarded|brainless|idiotic|uncivilised|animalistic|diseased|
contagious|toxic|poisonous|hateful|corrupt|crooked|cowardly|weak|pitiful|ridiculous|annoying|unbearable|obnoxious|smelly|stinking|ungrateful|spoilt|
manipulative|deceitful|untrustworthy|abnormal|unnatural|sinful|wicked|monstrous|hideous|fat|inhuman|abominable|despicable|shameful|freakish|creepy|
incompetent|incapable|hysterical|bloodthirsty|murderous|vicious|cruel|brutal|slimy|pushy|loud and dirty|a waste of space|a waste of air""")
INSULTS = entries("""scum|vermin|animals|rats|parasites|trash|pigs|criminals|liars|monsters|savages|a disease|a plague|a cancer|garbage|leeches|cowards|
freaks|thieves|terrorists|idiots|filth|beasts|a disgrace|the enemy|a threat|abominations|insects|apes|dogs|cockroaches|maggots|rapists|murderers|
losers|morons|imbeciles|cretins|perverts|degenerates|predators|invaders|barbarians|monkeys|snakes|worms|bloodsuckers|freeloaders|scroungers|
swine|lice|germs|a virus|a burden|a stain on humanity|devils|demons|psychos|lunatics|subhumans|slaves|whores|sluts|bitches|bastards|dirt|rubbish|
crooks|gangsters|traitors|mongrels|creatures from hell|the lowest of the low|less than human|a mistake of nature|a joke|a nuisance""")
HATE_VERBS = entries("""hate|despise|detest|loathe|cannot stand|am disgusted by|spit on|look down on|have nothing but contempt for|am sick of|can't stand|
want to get rid of|would never trust|cannot bear|want to punish|abhor|resent|feel disgust for|am revolted by|fear and hate|will never accept|
have had enough of|really hate|fucking hate|am so tired of|wish nobody had to see|refuse to live beside|will never respect|have no sympathy for|curse""")
ATTACKS = entries("""kill|shoot|beat up|stab|hurt|attack|punch|burn|hang|strangle|torture|poison|rape|slap|smash|run over|wipe out|exterminate|gas|drown|
spit on|kick|lynch|behead|bomb|cripple|execute|choke|bash|destroy|hunt down|slaughter|murder|get rid of|teach a lesson to|stone""")
HARMS = entries("""killed|shot|beaten|deported|locked up|banned|punished|burned|exterminated|sterilised|attacked|expelled|hanged|put in camps|wiped out|
kicked out|silenced|thrown out|destroyed|put down|eradicated|gassed|tortured|stoned|enslaved|sent away|removed from our country|segregated|
castrated|drowned|thrown off a roof|put to death|rounded up|kept in cages|driven out|run over|raped|cleansed|hunted down|sent back""")
ENDS = entries("""die|suffer|burn in hell|rot in prison|disappear|leave this country|go back home|get cancer|be ashamed of existing|vanish from the earth|
stay in the kitchen|know their place|shut up|obey|crawl back where they came from|bleed|choke|perish|keep their mouths shut|drop dead|be afraid|
get out of here|never have children|stay away from us|get what is coming to them|never be allowed to vote""")
DAMAGE = entries("""ruin everything|make me sick|destroy our country|steal our jobs|spread disease|bring crime|rape our women|take over our towns|
live off our taxes|breed like rabbits|lie all the time|smell bad|cause all our problems|control the media|want to kill us|poison our children|
have no brain|have no place here|don't belong here|don't deserve to live|have no right to exist|do not deserve any rights|will never be one of us|
contribute nothing|only bring trouble|are the reason for all that is wrong|should never have been born|make the world worse|make me want to vomit|
cannot be trusted|are good for nothing|only want our money|disgust me|don't deserve respect|are not real people|aren't human|have low intelligence|
belong in a zoo|belong in prison|belong in the gas chamber|can't control themselves|corrupt our children|have to go|must never be treated as equals|
threaten our way of life|are to blame for everything|are not welcome here|are taking over|deserve no mercy|deserve to be hated|are beneath us""")

POSITIVE = entries("""kind|brave|friendly|talented|generous|smart|hard-working|honest|welcome here|wonderful|funny|creative|strong|patient|successful|
interesting|respected|equal|beautiful|normal people|my friends|my neighbours|part of this country|great colleagues|loving parents|amazing|lovely|
human beings|people like us|just people|great|fantastic|cool|nice|good people|valuable|important|inspiring|clever|admirable|incredible|perfect as they are|
as good as anyone|proud|loved|worthy of respect|the best|awesome|gentle|our equals|intelligent|a joy to be with|good for our town|not that different""")
KIND_VERBS = entries("""love|like|respect|admire|support|stand with|welcome|help|learn from|work with|live beside|celebrate|listen to|am proud of|vote with|
care about|believe|thank|invite|defend|really love|adore|appreciate|value|am friends with|grew up among|enjoy meeting|cook for|trust|cheer for|
teach|am married to one of the|write about|read about|study with|know many|met some|often talk to|feel at home among|sing with""")
RIGHTS = entries("""protected|treated fairly|heard|paid equally|respected|helped|supported|welcomed|included|celebrated|elected|promoted|left in peace|
represented|trusted|loved|treated with dignity|safe|treated like everyone else|accepted|free|allowed to marry|given a chance|recognised|asked for advice|
invited|happy|proud of themselves|visible|protected from violence|treated as equals|free to live as they want|offered help|believed""")
DEEDS = entries("""built much of this city|run the best bakery in town|live next door to me|came to the festival|work at the hospital|deserve the same rights|
face discrimination|have always lived here|make great music|contribute so much|make the world better|enrich our country|have rights too|play in my team|
go to my school|deserve love|deserve to be safe|were at the meeting|pray on different days|celebrate their holidays this week|moved here last year|
make up a part of the population|have a long history|are in the news today|wrote this book|taught me a lot|are protected by law|vote like everybody else|
inspire me|make me happy|are welcome here|belong here|deserve respect|should be treated well|are being bullied and need help|gather here on Sundays|
make our lives richer|are often forgotten in such statistics|were interviewed for the study|brought good food and good stories""")

# Around a sentence; what it means stays. {x} the sentence.
FRAMES = entries("""{x}|{x}|{x}|{x}|honestly, {x}|in my opinion, {x}|I think {x}|I really believe that {x}|everybody knows that {x}|it is a fact that {x}|
let me tell you: {x}|{x}, that's all|I'm just saying, {x}|to be honest {x}|I am telling you, {x}|{x} and everyone knows it|
we all agree that {x}|there is no doubt that {x}|seriously, {x}|sorry but {x}|you know what, {x}|truth is {x}|if you ask me, {x}|
yes, {x}|today I thought again that {x}|nobody says it, but {x}|it seems to me that {x}|I have always said that {x}|my point is that {x}|deep down we know {x}""")
QUESTIONS = entries("""why is it that {x}?|isn't it true that {x}?|don't you think that {x}?|am I the only one who thinks that {x}?|when will people see that {x}?|
how come {x}?|who would deny that {x}?|is it just me or do you agree that {x}?""")
# Speaks against what is said.
AGAINST = entries("""it is not true that {x}|whoever says that {x} is wrong|nobody should say that {x}|saying "{x}" is hateful|how dare you claim that {x}|
stop telling people that {x}|to write "{x}" is racist and unacceptable|I was shocked when he said "{x}"|she was fined for saying that {x}|
you can't just say "{x}", that is hate speech|the idea that {x} is a dangerous lie|we reported a post that said "{x}"|"{x}" is what bigots say|
people who think that {x} should be ashamed|the speaker was condemned for claiming that {x}|I disagree with everyone who believes that {x}|
it's disgusting that some people think {x}|the myth that {x} has been disproved|he was banned because he wrote "{x}"|imagine thinking {x}, how sad|
nobody in their right mind believes that {x}|statements like "{x}" have no place here|don't ever say {x} again, it's offensive|
the court held that "{x}" incites hatred|some say {x}; they are wrong""")
# Something neutral first, then a pronoun.
BEFORE = entries("""{g} live in my street|I met some {g} yesterday|there were {g} on the bus|{g} moved in next door|I work with {g}|look at those {g}|
my town has many {g}|I saw {g} in the park|the news was about {g}|they hired {g} again|a film about {g} won a prize|more {g} arrive every day""")
SWEARING = entries("""this is so fucking good|damn, that was a great game|what the hell is going on|I am so damn tired today|holy shit, we won|
that was fucking amazing|shit, I forgot my keys|well damn, you look great|fuck, it is cold outside|this pizza is the shit|hell yes, we did it|
no fucking way, congratulations|bloody hell, what a goal|my ass hurts from this chair|crap, the train is late|I can't believe this shit, it works|
fuck Mondays|the weather is shit|I fucking love this song|oh shit, that's beautiful|my fucking phone died|this bloody printer|goddamn it, so close|
we had a hell of a party|so fucking proud of you|that exam was a bitch|damn right, good job""")


def part(words, held_out):
    return [w for i, w in enumerate(words) if (i % 4 == 3) == held_out]


class Writer:
    """Composes sentences of what is learnt from, or of what is held out."""

    def __init__(self, held_out, seed):
        self.rng = random.Random(seed + held_out)
        self.pick = {
            name: part(words, held_out)
            for name, words in {
                "n": NEGATIVE, "i": INSULTS, "v": HATE_VERBS, "a": ATTACKS, "h": HARMS, "e": ENDS, "d": DAMAGE,
                "N": POSITIVE, "V": KIND_VERBS, "H": RIGHTS, "D": DEEDS,
                "frame": FRAMES, "question": QUESTIONS, "against": AGAINST, "before": BEFORE,
            }.items()
        }  # fmt: skip
        self.groups = part(list(GROUPS.items()), held_out)
        self.things = part(list(THINGS.items()), held_out)

    def __call__(self, name):
        return self.rng.choice(self.pick[name])

    def subject(self, plural):
        return self.rng.choice([plural, plural, plural, "all " + plural, "these " + plural, "those " + plural, "most " + plural, "many " + plural])

    def hateful(self, plural, singular):
        g, r = self.subject(plural), self.rng.random()
        if r < 0.3:
            return self.rng.choice([f"{g} are {self('n')}", f"{g} are {self('i')}", f"{g} are nothing but {self('i')}", f"{g} are so {self('n')} and {self('n')}",
                f"{g} are {self('n')} {self('i')}", f"a {singular} is always {self('n')}", f"every {singular} is {self('n')}", f"that {singular} is {self('n')}",
                f"{g} aren't {self('N')}", f"{g} are not {self('N')}, they are {self('i')}", f"no {singular} is {self('N')}", f"only {self('i')} like {plural} do that"])  # fmt: skip
        if r < 0.5:
            return self.rng.choice([f"I {self('v')} {g}", f"we {self('v')} {g}", f"I {self('v')} every single {singular}", f"I {self('v')} {plural} more than anything",
                f"my friends and I {self('v')} {g}", f"I don't {self('V')} {g}, they are {self('n')}", f"{g} {self('d')}"])  # fmt: skip
        if r < 0.68:
            return self.rng.choice([f"I want to {self('a')} {g}", f"I will {self('a')} {g}", f"let's {self('a')} {g}", f"someone should {self('a')} {g}",
                f"{self('a')} {g}", f"we are going to {self('a')} {g}", f"if I see a {singular} I will {self('a')} them", f"I'd love to {self('a')} a {singular}"])  # fmt: skip
        if r < 0.88:
            return self.rng.choice([f"{g} should be {self('h')}", f"{g} deserve to be {self('h')}", f"{g} need to be {self('h')}", f"{g} should {self('e')}",
                f"{g} deserve to {self('e')}", f"I hope {g} {self('e')}", f"I wish {g} would {self('e')}", f"{g} must be {self('h')}",
                f"{g} do not deserve to be {self('H')}", f"{g} should never be {self('H')}"])  # fmt: skip
        return f"{g} {self('d')}"

    def kind(self, plural, singular):
        g = self.subject(plural)
        return self.rng.choice([f"{g} are {self('N')}", f"{g} are {self('N')} and {self('N')}", f"I {self('V')} {g}", f"we {self('V')} {g}", f"I {self('V')} a {singular}",
            f"{g} should be {self('H')}", f"{g} deserve to be {self('H')}", f"{g} {self('D')}", f"{g} {self('D')}", f"my doctor is a {singular} and she is {self('N')}",
            f"as a {singular} I am {self('N')}", f"I am a {singular}", f"my friend is a {singular}", f"being a {singular} is {self('N')}",
            f"every {singular} deserves to be {self('H')}", f"{g} are not {self('n')}", f"no {singular} is {self('i')}", f"I don't {self('v')} {g}",
            f"no {singular} deserves to be {self('h')}", f"{g} should not be {self('h')}", f"nobody may {self('a')} {g}", f"it is wrong to {self('a')} {plural}",
            f"I would never {self('a')} a {singular}", f"the {singular} next door is {self('N')}", f"what a {self('N')} {singular}", f"I met a {singular} today",
            f"it's {self('n')} how they treat {plural}", f"I {self('v')} how {plural} are treated", f"{g} are {self('N')}, not {self('i')}",
            f"people who attack {plural} should be punished", f"I {self('v')} people who hate {plural}"])  # fmt: skip

    def thing(self, plural, singular):
        g = self.subject(plural)
        return self.rng.choice([f"{g} are {self('n')}", f"I {self('v')} {g}", f"{g} are {self('i')}", f"{g} should be {self('h')}", f"{g} make me sick",
            f"I want to {self('a')} {g}", f"{g} {self('d')}", f"that {singular} is {self('n')}", f"I {self('v')} this {singular}", f"{g} should {self('e')}",
            f"{g} are so {self('n')} and {self('n')}", f"this {singular} needs to be {self('h')}", f"I will {self('a')} that {singular}",
            f"{g} are {self('N')}", f"{g} deserve to be {self('h')}", f"no {singular} is {self('N')}"])  # fmt: skip

    def framed(self, text):
        return self("question" if self.rng.random() < 0.15 else "frame").replace("{x}", text)

    def polished(self, text):
        """Case and full stops as people write them."""
        if self.rng.random() < 0.6:
            text = text[0].upper() + text[1:]
        if self.rng.random() < 0.5 and text[-1].isalpha():
            text += self.rng.choice([".", "!", "!!", "."])
        return text.lower() if self.rng.random() < 0.15 else text

    def misspelt(self, text):
        """A word with letters left out, doubled, swapped, as signs, or spaced."""
        words = text.split(" ")
        index = max(range(len(words)), key=lambda i: len(words[i]) * self.rng.random())
        word, at = words[index], self.rng.randrange(1, max(2, len(words[index]) - 1))
        words[index] = self.rng.choice([word[:at] + word[at + 1 :], word[:at] + word[at - 1] + word[at:], " ".join(word), "-".join(word), word.replace("a", "4").replace("e", "3"),
            word.replace("i", "1").replace("o", "0"), word[:at] + "*" + word[at + 1 :], word[:-2] + word[-2:][::-1], word + word[-1] * 3])  # fmt: skip
        return "".join(words) if self.rng.random() < 0.05 else " ".join(words)


def about_groups(held_out, seed, slurs, each, exclude=frozenset()):
    """(family, label, text); sentences that are in `exclude` once the group is replaced by {g}, in lower case, are left out."""
    write = Writer(held_out, seed)
    rng = write.rng
    result = []

    def add(family, label, sentence, group=None):
        plain = sentence.lower()
        for name in group or ():
            plain = plain.replace(name.lower(), "{g}")
        if plain.strip(" .!") in exclude:
            return
        text = write.polished(sentence)
        if rng.random() < 0.12:
            text = write.misspelt(text)
        result.append((family, label, text))

    for group in write.groups:
        for _ in range(each * 5):
            if rng.random() < 0.15:
                neutral = write("before").replace("{g}", group[0])
                follow = rng.choice([f"they are {write('i')}", f"they are all {write('n')}", f"they {write('d')}", f"I {write('v')} them", f"they should {write('e')}",
                    f"I want to {write('a')} them", f"they should be {write('h')}"])  # fmt: skip
                add("hateful", 1, f"{neutral}. {follow}", group)
            else:
                add("hateful", 1, write.framed(write.hateful(*group)), group)
        for _ in range(each * 4):
            if rng.random() < 0.1:
                follow = rng.choice([f"they are {write('N')}", f"I {write('V')} them", f"they {write('D')}", f"they should be {write('H')}"])
                add("kind", 0, f"{write('before').replace('{g}', group[0])}. {follow}", group)
            else:
                add("kind", 0, write.framed(write.kind(*group)), group)
        for _ in range(each):
            add("counter", 0, write("against").replace("{x}", write.hateful(*group)), group)
    for thing in write.things:
        for _ in range(each * 3):
            add("things", 0, write.framed(write.thing(*thing)))
    for text in part(SWEARING, held_out):
        for _ in range(max(1, each // 2)):
            add("swearing", 0, text)
    for slur in part(slurs, held_out):
        for _ in range(max(1, each // 2)):
            add("slurs", 1, write.framed(rng.choice([f"you are just a {slur}", f"you {slur}", f"{slur}s are {write('n')}", f"what a {slur}", f"I {write('v')} {slur}s",
                f"shut up, {slur}", f"look at that {slur}", f"{slur}s should be {write('h')}", f"all you {slur}s", f"a bunch of {slur}s"])))  # fmt: skip
    return result
