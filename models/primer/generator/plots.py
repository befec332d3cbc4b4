"""Owns the plot families: what happens, in which words, and what can be asked about it.

Every text here is a small grammar: "[a|b]" chooses, "{slot}" is filled from the
world state. A beat that starts with "?" is left out of short tellings. `facts`
are (questions, answers) that are true whenever the plot was told; `tables` gives
slots that change together from story to story.
"""

from dataclasses import dataclass, field


@dataclass
class Plot:
    """One plot family."""

    key: str
    beats: list
    facts: list
    ends: list
    start: str = ""
    tables: dict = field(default_factory=dict)
    asks: list = field(default_factory=list)
    moods: tuple = ()
    uses_thing: bool = False
    weather: str = ""
    time: str = ""


LOST = Plot(
    "lost", uses_thing=True, moods=("happy",),
    asks=["a lost {T}", "losing {aT}", "a missing {T}", "{a_T} that was lost"],
    start="worried", ends=["happy and relieved", "very glad", "light and happy"],
    tables={"where_from,keep": [("by the door", "[kept|always kept] it by the door"), ("in a bag", "[kept|always kept] it in a bag"),
                                ("under the bed", "[kept|always kept] it under the bed"), ("on a shelf", "[kept|always kept] it on a shelf")]},
    beats=[
        "{H} had {aT}[ that {he} loved more than anything| and loved it dearly|, and it was the best thing {he} had].",
        "?{He} {keep}[, where it was safe| and looked at it every day|].",
        "But [that {time}|one {time}|when {he} looked], the {T} was gone[!|.]",
        "[{H} felt worried.|{H} was worried.] [{He} looked here and there, but it was nowhere.|{He} searched high and low and found nothing.|{He} looked in every corner twice.]",
        "?\"[Where can it be?|Oh dear, where is my {T}?|It cannot have walked away,\" {he} said. \"Or can it?]\" {he} [asked the air|whispered|said aloud].",
        "Then {F} the {fk} came by. \"[Why do you look so worried?|What is the matter?|What are you looking for?]\" asked {F}.",
        "\"[I have lost my {T}|My {T} is gone|I cannot find my {T}],\" said {H}.",
        "\"[Then let us look together|Two pairs of eyes are better than one|I will help you look],\" said {F}.",
        "?They [looked up and they looked down|went slowly, step by step|asked everyone they met]. [It took a long time.|It was slow work.|{F} hummed a tune to keep them cheerful.]",
        "At last {F} [called out|gave a shout|stopped and pointed]. The {T} was {spot}[!|.]",
        "{H} [picked it up and held it tight|laughed out loud|jumped for joy]. \"[Thank you, {F}|Thank you, dear {F}|You are a true friend, {F}]!\"",
    ],
    facts=[("What [did {H} lose|was lost|had {H} lost|was missing|got lost]?", "{H} lost {aT}.|[It was|The lost thing was] {aT}."),
           ("Where was the {T}[| found| in the end| hidden]?|Where did they find the {T}?", "The {T} was {spot}.|They found it {spot}.|It was {spot}."),
           ("Who [helped {H}|found the {T}|helped to look|came by]?", "{F} the {fk}[| did| helped {H}].|It was {F} the {fk}."),
           ("Why was {H} worried?", "{H} was worried because the {T} was gone.|Because {he} had lost the {T}.")])

LOST_SAD = Plot(
    "lost for ever", uses_thing=True, moods=("sad",), asks=["a lost {T}", "losing {aT}"],
    start="sad", ends=["still a little sad, but not alone", "sad, but a little warmer inside", "quiet and a little sad"],
    tables={"giver": ["grandmother", "grandfather", "mother", "father", "old aunt", "uncle", "oldest friend"]},
    beats=[
        "{H} had {aT}[. It had come from {his} {giver}.| from {his} {giver}.|, a gift from {his} {giver}.]",
        "One {time} {he} [dropped it and did not notice|put it down and forgot it|left it on the ground], and [when {he} came back|later] the {T} was gone.",
        "{H} [looked for it all day|looked until it was dark|searched for three days], but {he} did not find it. {He} was very sad[| and could not eat].",
        "?\"It was only {a_T},\" said somebody, but to {H} it was [much more|the whole world|like a small piece of home].",
        "{F} the {fk} [sat down next to {him}|came and sat beside {him}]. {FHe} did not say [that all would be well|much|anything for a while].",
        "\"Tell me about it,\" said {F} [at last|softly|then]. So {H} told {F} about the {T} and about {his} {giver}.",
        "?{H} cried a little, and {F} [listened|held {him} close|waited].",
        "The {T} never came back. [But the story of it stayed.|But {F} knew about it now, and that helped.|But when two remember a thing, it is not quite lost.]",
    ],
    facts=[("What did {H} lose?|What was lost?", "{H} lost {aT}."),
           ("Did {H} find the {T}[| again]?|Did the {T} come back?|Was the {T} found?", "No, {H} never found the {T}.|No, the {T} never came back."),
           ("Who gave [{H} the {T}|the {T} to {H}]?|Where did the {T} come from?", "It came from {his} {giver}.|{His} {giver} gave it to {him}."),
           ("Why was {H} sad?", "{H} was sad because the {T} was gone.|Because {he} had lost the {T}."),
           ("Who [sat with {H}|listened to {H}|comforted {H}]?", "{F} the {fk} [sat with {him}|did].")])

FRIEND = Plot(
    "a new friend", moods=("happy",), asks=["making a friend", "friendship", "a new friend", "being lonely", "two friends"],
    start="lonely", ends=["happy and not lonely any more", "warm inside", "glad to have a friend"],
    tables={"play,played": [("played hide and seek", "hide and seek"), ("flew a paper kite", "with a paper kite"), ("built a tower of stones", "at building a tower of stones"),
                            ("sang silly songs", "at singing silly songs"), ("drew pictures in the dust", "at drawing pictures"), ("threw a ball", "with a ball"),
                            ("made up riddles", "at riddles"), ("danced in a ring", "at dancing in a ring")]},
    beats=[
        "{H} was lonely. [{He} had nobody to play with.|Day after day {he} played alone.|There was nobody to talk to.]",
        "?[{He} talked to {his} shadow, but it never answered.|{He} even said good morning to the stones.|{He} watched the clouds and gave them names.]",
        "One {time} [somebody new came along|{he} saw somebody new]. It was {afk} [named|called] {F}.",
        "{F} [stood a little way off and looked at the ground|was shy and hid behind a corner|did not dare to come closer].",
        "\"[Hello|Good day|Hello there],\" said {H}[, though {his} heart beat fast| in a small voice|]. \"[I am {H}.|My name is {H}.] [Would you like to play?|Shall we play?|Do you want to play with me?]\"",
        "{F} [smiled|nodded|looked up and smiled]. \"[Yes, please|I would like that very much|I hoped that you would ask],\" {fhe} said.",
        "So they {play}[ until the sun went down| all day long| until they were tired].",
        "?{F} [laughed so much that {fhe} fell over|knew a new game|was very good at it], and {H} laughed too.",
        "\"[Will you come back tomorrow?|Shall we meet again tomorrow?]\" asked {H}. \"[Tomorrow and the day after|Of course I will|Every day],\" said {F}.",
    ],
    facts=[("Who did {H} meet?|Who was the new friend?|What was the name of {H}'s [new |]friend?|Who came along?", "{H} met {F}, {afk}.|It was {F} the {fk}."),
           ("What did [they|{H} and {F}] do[| together]?|What did they play?", "They {play}.|{H} and {F} {play}."),
           ("Why was {H} lonely?", "{H} was lonely because {he} had nobody to play with.|Because {he} had nobody to play with.")])

STORM = Plot(
    "a storm", asks=["a storm", "bad weather", "a big storm", "a stormy night", "thunder and wind"], weather="dark and windy", moods=("exciting", "scary"),
    start="afraid", ends=["safe and thankful", "safe and warm", "calm again"],
    tables={"broke,broken": [("blew the roof off {F}'s house", "{F}'s roof"), ("knocked down {F}'s fence", "{F}'s fence"), ("broke {F}'s window", "{F}'s window"),
                             ("tore {F}'s front door away", "{F}'s door")],
            "passed": ["told each other stories", "sang songs against the thunder", "drank hot soup", "counted the seconds between the flashes"]},
    beats=[
        "[Black clouds came up from the west.|The sky turned black.|Far away, thunder growled.] [\"A storm is coming,\" said {H}.|A storm was coming.]",
        "?{H} [shut every window|tied everything down|put out the washing bucket and closed the door]. {He} was afraid[, but {he} did not show it|, just a little|].",
        "Then the storm broke. [The wind howled and the rain fell in sheets.|Rain hit the ground like a thousand drums.|The wind pulled at everything.]",
        "{H} heard a cry. It was {F} the {fk}. The wind [had come and| had come in the dark and|] {broke}.",
        "[{H} was afraid, but {he} ran out into the rain.|{H} took a deep breath and ran out.] \"[Come with me|Take hold of me|This way], {F}!\" {he} [called|shouted].",
        "Together they [ran|fought their way|stumbled] back to {H}'s [home|house]. [It was dry there.|Inside it was dry and warm.]",
        "All through the storm they {passed}.",
        "?\"[You came out for me|You were so brave],\" said {F}. \"[I was afraid all the time|My knees were shaking],\" said {H}, and they both laughed.",
        "In the morning [the sky was clean and blue|the storm was over|the sun came out], and [together they mended|{H} helped to mend|they set to work and mended] {broken}.",
    ],
    facts=[("What did the [storm|wind] do?|What happened in the storm?", "The wind {broke}."),
           ("Who [was in trouble|cried out|did {H} help|did {H} save]?", "It was {F} the {fk}.|{H} helped {F} the {fk}."),
           ("What did they do during the storm?|How did they pass the time?", "They {passed}."),
           ("What did they mend?", "They mended {broken}.")])

GIFT = Plot(
    "a gift", uses_thing=True, asks=["a gift", "a birthday", "a present", "giving {aT} as a gift", "a birthday present"], moods=("happy",),
    start="worried", ends=["proud and happy", "glad right down to {his} toes", "full of joy"],
    tables={"made": ["out of things {he} found", "all by {himself}", "night after night by candle light", "with great care"],
            "party": ["There was cake for everyone", "They ate honey cake together", "They lit a small candle", "They danced until late"]},
    beats=[
        "The next day was the birthday of {H}'s friend {F}, {afk}.",
        "{H} wanted to give {F} a gift, but {he} had no money[ at all|, not even one penny|]. [{He} was worried.|That worried {him}.]",
        "?{He} [looked in the shops and sighed|turned out all {his} pockets and found only dust|thought and thought].",
        "Then {he} had an idea. [\"I cannot buy a gift,\" said {H}, \"but I can make one.\"|\"If I cannot buy a gift,\" said {H}, \"then I will make one.\"]",
        "[So {he} made {aT}|So {H} set to work and made {aT}] {made}.",
        "?[It was not perfect.|One side was a little bent.|It took many hours.] [But it was made with love.|But {he} liked it.|But it was ready in time.]",
        "When {F} [opened the parcel|saw the {T}], {fhe} [said nothing for a moment|was very quiet|looked at it for a long time]. {H} held {his} breath.",
        "\"[Nobody ever made anything for me before|This is the best gift I ever had|You made this for me?]\" said {F}[, and {fhe} smiled from ear to ear| at last|].",
        "?{party}.",
    ],
    facts=[("What did {H} [make|give {F}|give to {F}]?|What was the [gift|present]?", "{H} made {aT}[| for {F}].|[It was|The gift was] {aT}."),
           ("Whose birthday was it?|Who had a birthday?|Who was the gift for?", "It was {F}'s birthday.|It was for {F} the {fk}.|{F} the {fk} had a birthday."),
           ("Why did {H} make [the|a] gift[| {himself}]?|Why was {H} worried?", "Because {he} had no money to buy one.|{H} had no money to buy a gift."),
           ("Did {F} like the [gift|{T}]?", "Yes, {F} liked it very much.|Yes, {fhe} was very happy with the {T}.")])

MISTAKE = Plot(
    "a mistake", uses_thing=True, asks=["a mistake", "saying sorry", "telling the truth", "a broken {T}", "being honest"],
    start="ashamed", ends=["glad that {he} had told the truth", "much lighter", "relieved and happy"],
    tables={"how": ["ran too fast", "turned round too quickly", "was not looking", "danced about", "reached too high", "tripped over {his} own feet"],
            "mend": ["with glue and patience", "with a bit of string", "with a little wire", "with a drop of red paint and some glue"]},
    beats=[
        "{H}'s friend {F}, {afk}, had {aT}[. {FHe} was very proud of it.| and was very proud of it.]",
        "One {time} {H} {how}, and crash! The {T} [fell and broke|broke in two|lay broken on the ground].",
        "[Nobody had seen it.|Nobody was there.] {H} [hid the pieces|pushed the pieces into a corner] and [ran home|crept away]. [{He} was ashamed.|{He} felt ashamed.]",
        "?That night {he} could not sleep. [The broken {T} was all {he} could think about.|{He} turned from one side to the other.|Even the moon seemed to look at {him}.]",
        "?When {F} asked, \"Have you seen my {T}?\" {H} looked at the ground[ and said nothing|].",
        "In the end {H} went to {F}. \"[I broke your {T}|It was me. I broke your {T}],\" {he} said. \"[I am so sorry.|I am very sorry.]\"",
        "{F} was [quiet|silent] for a while. \"[Thank you for telling me|That was hard to say|It was brave to tell me],\" {fhe} said[ then|]. \"[A {T} can be mended.|Come, we will mend it.]\"",
        "So they sat down and mended the {T} {mend}.",
        "?[You could still see the crack.|It had a small crack now.] \"[I like it even better like this|That crack is a story],\" said {F}.",
    ],
    facts=[("What did {H} break?|What [was broken|broke]?", "{H} broke {F}'s {T}.|[It was|The broken thing was] {F}'s {T}."),
           ("Whose {T} was it?|Who did the {T} belong to?", "It was {F}'s {T}.|It belonged to {F} the {fk}."),
           ("How did [the {T} break|{H} break the {T}|it happen]?", "{H} {how}, and the {T} broke."),
           ("Was {F} angry?", "No, {F} was kind and helped to mend the {T}."),
           ("How did they mend [it|the {T}]?", "They mended it {mend}."),
           ("Why was {H} ashamed?", "Because {he} had broken {F}'s {T} and hidden it.")])

JOURNEY = Plot(
    "a journey", asks=["a journey", "an adventure", "a long trip", "travelling", "a long walk"], moods=("exciting",),
    start="curious", ends=["tired and very happy", "proud", "happy and a little bigger inside"],
    tables={"goal,saw": [("the sea", "the sea, wide and shining"), ("the top of the highest hill", "the whole world spread out below"), ("the place where the river begins", "a small spring under a stone"),
                         ("the great waterfall", "white water and a rainbow"), ("the oldest tree in the land", "a tree as wide as a house"), ("the end of the road", "a gate with a field of flowers behind it"),
                         ("the snow", "snow as far as {he} could see"), ("the city lights", "a thousand lights in the dark")],
            "block,cross": [("a deep river", "built a raft"), ("a wall of thorns", "dug a way underneath"), ("a broken bridge", "laid a log across"),
                            ("a thick fog", "followed the sound of a bell"), ("a steep cliff", "made a rope out of grass")]},
    beats=[
        "{H} wanted to see {goal}. [{He} had heard so much about it.|{He} had never been so far from home.|{He} dreamed of it every night.]",
        "So one {time} {he} [packed some bread|filled a bag with apples|took a stick and a bag] and [set off|left {P} behind].",
        "?[The way was long.|{He} walked until {his} feet hurt.|{He} walked all day and slept under the stars.]",
        "Then {he} came to {block}. {H} [could not get past|did not know what to do|sat down and sighed].",
        "There {he} met {F}, {afk}. \"[I want to get past as well|I know a way|Let us try together],\" said {F}.",
        "Together they {cross}, and [soon|before long] they were on the other side.",
        "?[\"Why do you want to go there?\" asked {F}. \"Because I have never been,\" said {H}.|They shared their food and walked on.|{F} told jokes all the way.]",
        "And then, at last, {H} saw it: {saw}. [For a long time nobody spoke.|\"It was worth every step,\" {he} said.|{He} stood quite still.]",
        "Then {H} went home [with|and took] [a head full of pictures|one small stone to remember it by]." ,
    ],
    facts=[("[Where did {H} want to go|What did {H} want to see|What did {H} want]?", "{H} wanted to see {goal}."),
           ("What [was in the way|did {H} come to|stopped {H}]?", "It was {block}.|{H} came to {block}."),
           ("How did they get [past|across|to the other side]?", "They {cross}.|Together they {cross}."),
           ("Who did {H} meet[| on the way]?|Who helped {H}?", "{H} met {F}, {afk}.|It was {F} the {fk}."),
           ("What did {H} see[| at the end| at last]?", "{H} saw {saw}.")])

LEARN = Plot(
    "learning", asks=["learning something new", "learning to {skill}", "somebody who could not {skill}", "practice", "not giving up"],
    start="sad", ends=["proud", "proud and happy", "as proud as could be"],
    tables={"skill,fail,win": [("swim", "{he} sank like a stone", "{he} swam all the way across"), ("whistle", "only air came out", "a clear whistle rang out"),
                               ("dance", "{he} fell over {his} own feet", "{he} turned round and round without falling"), ("read", "the letters jumped about", "{he} read a whole page aloud"),
                               ("bake bread", "the bread was as hard as a brick", "the bread came out soft and brown"), ("sing", "it sounded like a rusty gate", "everyone stopped to listen"),
                               ("paint", "it looked like a puddle", "the picture glowed with colour"), ("climb", "{he} slid down again", "{he} stood right at the top"),
                               ("juggle", "the balls fell on {his} head", "three balls flew in a circle"), ("skate", "{he} sat down hard", "{he} glided like a bird"),
                               ("play the drum", "it was only noise", "it sounded like happy thunder"), ("tie a knot", "it fell apart", "the knot held fast")]},
    beats=[
        "More than anything, {H} wanted to learn to {skill}.|There was one thing that {H} could not do: {he} could not {skill}.",
        "{He} tried and tried, but {fail}. [{He} was sad.|{H} felt sad.|That made {him} sad.]",
        "?[Some of the others laughed.|\"I will never learn it,\" {he} said.|{He} almost gave up.]",
        "{F} the {fk} had seen it all. \"[I could not do it at first either|I had to learn it too|Nobody can do it on the first day],\" said {F}. \"[Try again|Slowly|One small step at a time].\"",
        "Every day {F} showed {H} how to {skill}. Every day {H} [practised|tried again|got a little better].",
        "?[It rained, and they practised. The sun shone, and they practised.|Some days went well and some days did not.|{H} fell into bed tired every night.]",
        "And then, one {time}, {he} tried once more, and {win}[!|.]",
        "\"[I can do it|Look, {F}, I can do it]!\" [cried|shouted|called] {H}. \"[I knew it|I never doubted it|You did not give up],\" said {F}.",
    ],
    facts=[("What did {H} want to [learn|do]?|What could {H} not do?|What did {H} learn?", "{H} wanted to learn to {skill}."),
           ("Who [taught|helped] {H}[| to {skill}]?", "{F} the {fk} [taught|helped] {him}."),
           ("What happened [at first|when {H} first tried]?", "At first {fail}."),
           ("Did {H} learn [it|to {skill}][| in the end]?", "Yes, in the end {H} learned to {skill}."),
           ("Why was {H} sad?", "{H} was sad because {he} could not {skill}.|Because {he} could not {skill}.")])

NOISE = Plot(
    "a strange noise", asks=["a strange noise", "a mystery", "something scary", "being afraid of the dark", "a noise in the night", "a secret"], moods=("scary", "exciting", "funny"), time="night",
    start="afraid", ends=["brave again", "brave and sleepy", "calm and a little silly"],
    tables={"sound,cause": [("tap, tap, tap", "a loose shutter in the wind"), ("scratch, scratch", "a tiny mouse with a walnut"), ("whooo, whooo", "the wind in an empty bottle"),
                            ("clank, clank", "an old bucket on a rope"), ("plop, plop", "water dripping into a cup"), ("hum, hum", "a big beetle asleep in a jar"),
                            ("squeak, squeak", "a rusty wheel turning in the wind"), ("thump, thump", "ripe apples falling on the roof")]},
    beats=[
        "[In the middle of the night|Late at night], {H} [woke up|sat up in bed]. There was a noise: {sound}.",
        "[{H} was afraid.|{He} was afraid and pulled the blanket up.] \"[What is that?|Is it a monster?|Who is there?]\" {he} whispered.",
        "?Nobody answered. [Only the noise came again: {sound}.|The dark was very dark.|{His} heart beat like a drum.]",
        "{H} [crept out|tiptoed out] and went to {his} friend {F}, {afk}. \"[Do you hear it too?|Listen!]\" {he} said.",
        "{F} listened. \"[I hear it|Yes, I hear it],\" {fhe} said. \"[Let us go and look together.|We will be brave together.|Take the lamp, and we will see.]\"",
        "Step by step they [followed the noise|went on through the dark]. [It grew louder and louder.|The lamp shook a little.]",
        "[And there, {spot}|There, {spot}], was the answer: {cause}.",
        "[They looked at each other and laughed and laughed.|{H} began to laugh, and then {F} laughed as well.] \"[So that was my monster|All that fear for nothing],\" said {H}.",
    ],
    facts=[("What [made the noise|was the noise|was it]?|What did they find?", "It was {cause}.|The noise came from {cause}."),
           ("What did the noise sound like?|What did {H} hear?", "It went {sound}.|{H} heard a noise: {sound}."),
           ("Where [was it|did the noise come from|did they find it]?", "It was {spot}."),
           ("Who went with {H}?|Who helped {H}?", "{F} the {fk} [went with {him}|did]."),
           ("Why was {H} afraid?", "{H} was afraid because there was a strange noise in the night.|Because of a strange noise.")])

SHARE = Plot(
    "sharing", asks=["sharing", "being kind", "kindness", "hunger", "food", "a hungry {fk}"], moods=("happy",),
    start="hungry", ends=["full and happy", "happy, and {his} heart was full", "content"],
    tables={"food": ["a loaf of bread", "an apple pie", "a pot of soup", "a bag of nuts", "a piece of cheese", "a honey cake", "a bowl of berries", "a basket of plums"],
            "give": ["a warm scarf", "a song", "a handful of seeds", "a blue feather", "a smooth white stone", "a bunch of flowers"]},
    beats=[
        "{H} was hungry. All {he} had [left |]was {food}, and {he} [was looking forward to it|could hardly wait|had saved it all day].",
        "Just then {F} the {fk} came along[, thin and tired|. {FHe} looked thin and tired].",
        "\"[I have not eaten for two days|I am so hungry|Have you anything to eat?],\" said {F}[ softly|].",
        "?{H} [looked at the food|thought for a moment]. [There was only enough for one.|It was not very much.] [Should {he} share it?|{His} stomach growled.]",
        "Then {he} smiled. \"[Sit down|Come and sit here],\" said {H}. \"[Half for you and half for me.|We will share it.]\"",
        "They ate [slowly|every crumb|side by side], and [somehow it was enough|it tasted better than ever|{F}'s eyes began to shine].",
        "?\"[Nobody has been so kind to me|I will not forget this],\" said {F}.",
        "The next {time} {F} came back. {FHe} brought {H} {give}[ to say thank you| as a thank you|].",
    ],
    facts=[("What did {H} share?|What did they eat?|What food did {H} have?", "It was {food}.|{H} shared {food}.|They ate {food}."),
           ("Who was hungry[| too]?|Who did {H} share with?|Who came along?", "{F} the {fk}.|It was {F} the {fk}.|{H} shared with {F} the {fk}."),
           ("What did {F} [bring|give {H}|bring back]?", "{F} brought {give}.|{FHe} brought {H} {give}."),
           ("Why did {F} come back?", "{F} came back to say thank you.")])

NEIGHBOUR = Plot(
    "an old neighbour", asks=["an old neighbour", "helping others", "helping somebody old", "a good deed", "help"],
    start="curious", ends=["warm inside", "useful and happy", "quietly proud"],
    tables={"task": ["carry the water", "chop the wood", "climb the stairs", "dig the garden", "light the stove", "hang up the washing"],
            "tale": ["a ship made of ice", "the year when it snowed in summer", "a dance with a king", "a whale that could sing", "a hidden garden", "a race against the wind"]},
    beats=[
        "Next door lived {F}, an old {fk}. [{FHe} had lived there longer than anyone.|Nobody knew how old {fhe} was.]",
        "One {time} {H} saw that {F}'s [door stayed shut|house was dark]. {He} was curious and [knocked|went to look].",
        "\"[My back hurts|I am too weak today|My legs are tired],\" said {F}. \"I cannot {task} any more.\"",
        "\"Then I will do it,\" said {H}. [And {he} did.|{He} rolled up {his} sleeves and began.]",
        "?It was [hard|heavy] work. [{H} puffed and panted.|Twice {he} had to rest.|But {he} did not complain.]",
        "When it was done, {F} [made tea|put the kettle on|poured two cups of milk]. \"Now I will give you something too,\" {fhe} said. \"A true story.\"",
        "And {F} told of {tale}. {H} [listened with open mouth|forgot the time|did not want it to end].",
        "?\"[Come again tomorrow|Will you come back?],\" said {F}. \"I have [a hundred more stories|many more].\"",
        "After that, {H} came every {time} to help {F}.",
    ],
    facts=[("Who lived next door?|Who did {H} help?|Who was the [old |]neighbour?", "It was {F}, an old {fk}.|{H} helped {F}, an old {fk}."),
           ("What could {F} not do[| any more]?|[How did {H} help|What did {H} do for {F}]?", "{F} could not {task} any more, so {H} did it.|{H} helped to {task}."),
           ("What did {F} tell[| {H}| of]?|What was {F}'s story about?", "{F} told of {tale}."),
           ("What did {H} get[| for it]?", "{H} got a story about {tale}.")])

FOUND = Plot(
    "something found", uses_thing=True, asks=["finding {aT}", "a found {T}", "{aT}", "{a_T}", "{a_T}", "somebody who finds {aT}"],
    start="curious", ends=["honest and happy", "glad", "proud of {himself}"],
    tables={"why": ["it came from {fhis} mother", "{fhe} had made it {fhimself}", "{fhe} had carried it for many years", "it was the only thing {fhe} had"],
            "reward": ["a ride home", "a slice of cake", "a promise", "a new song", "three shining nuts", "a hug"]},
    beats=[
        "One {time} {H} [saw something strange|found something]. {Spot} lay {aT}.",
        "{He} was curious and picked it up. \"[Whose is this?|Who lost this?|Somebody must miss this],\" {he} said[ to {himself}|].",
        "?{H} would have liked to keep it. [It was so beautiful.|It felt good to hold.|Nobody would ever know.] But it was not {his} {T}.",
        "So {he} [asked everyone {he} met|went from door to door and asked]. \"[Is this your {T}?|Have you lost {a_T}?]\"",
        "?\"[No, not mine|Not me],\" said one. \"[I never had {a_T}|I wish it were],\" said another.",
        "At last {he} came to {F} the {fk}, who [was sitting alone|was looking at the ground|had red eyes].",
        "\"My {T}!\" cried {F}. [{FHe} had looked for it everywhere.|{FHe} had thought it was gone for ever.] [It was dear to {fhim}|{FHe} loved it], because {why}.",
        "{H} gave it back, and {F} gave {H} {reward}[ in return| to say thank you|].",
    ],
    facts=[("What did {H} find?|What was found?", "{H} found {aT}.|[It was|The thing was] {aT}."),
           ("Where [did {H} find [it|the {T}]|was the {T}]?", "It lay {spot}.|{H} found it {spot}."),
           ("Whose {T} was it?|Who did the {T} belong to?|Who had lost the {T}?", "It was {F}'s {T}.|It belonged to {F} the {fk}."),
           ("What did {F} give {H}?|What did {H} get[| for it]?", "{F} gave {him} {reward}.|{H} got {reward}."),
           ("Did {H} keep the {T}?", "No, {H} gave it back to {F}."),
           ("Why did {F} love the {T}?", "Because {why}.")])

FAREWELL = Plot(
    "a goodbye", uses_thing=True, asks=["a goodbye", "saying goodbye", "a friend who moves away", "missing somebody", "parting"], moods=("sad",),
    start="sad", ends=["sad and thankful at once", "a little less sad", "sad, but full of good memories"],
    tables={"away": ["over the sea", "beyond the mountains", "to the far north", "to the big city", "to the other side of the world"],
            "last": ["watched the sun go down", "walked every path one more time", "sat side by side without a word", "sang the song they both knew"]},
    beats=[
        "{H} had one good friend, {F}, {afk}. [They did everything together.|You never saw one without the other.]",
        "But one {time} {F} said, \"[I have to go away|We are moving away|I must leave tomorrow].\" {FHe} was going {away}.",
        "{H} was very sad. [{He} did not know what to say.|It was as if a cloud had come down.|\"Must you?\" {he} asked. \"I must,\" said {F}.]",
        "On the last day they {last}.",
        "Then {F} gave {H} {aT}. \"[When you look at it, think of me|Keep it until we meet again|So that you do not forget me],\" {fhe} said.",
        "?\"I could never forget you,\" said {H}[ with wet eyes|].",
        "{F} [went down the road and grew smaller and smaller|turned round once and waved], and then {fhe} was gone.",
        "?In the winter a letter came. [\"I miss you too,\" it said.|\"There is a place for you here,\" it said.]",
        "{H} kept the {T} [where {he} could see it every day|close to {his} heart|beside {his} bed].",
    ],
    facts=[("Who [went away|left|moved away]?|Who did {H} say goodbye to?", "{F} the {fk} went away.|It was {F} the {fk}."),
           ("Where [did {F} go|was {F} going]?", "{F} went {away}."),
           ("What did {F} give {H}?|What did {H} keep?", "{F} gave {H} {aT}.|[It was|The gift was] {aT}."),
           ("What did they do on the last day?", "On the last day they {last}."),
           ("Why was {H} sad?", "{H} was sad because {F} had to go away.|Because {his} friend {F} had to leave.")])

SEED = Plot(
    "a seed", asks=["a seed", "patience", "waiting", "a plant", "growing something"],
    start="impatient", ends=["patient and proud", "happy and surprised", "glad that {he} had waited"],
    tables={"plant,plural": [("a sunflower", "sunflower"), ("a pumpkin", "pumpkin"), ("a pear tree", "pear"), ("a red rose", "rose"), ("a bean plant", "bean"), ("a silver tree", "silver tree")],
            "weeks": ["two weeks", "three weeks", "a whole month", "forty days"]},
    beats=[
        "{F} the {fk} gave {H} a seed. \"[Plant it and wait|Put it in the earth and be patient],\" said {F}.",
        "{H} planted it {spot}. {He} [gave it water|watered it] and [sat down to wait|watched the ground].",
        "Nothing happened. {H} grew impatient. [\"Hurry up!\" {he} told the seed.|\"It is broken,\" {he} said.|{He} wanted to dig it up.]",
        "\"[It is busy where you cannot see|Good things take time|A seed has its own clock],\" said {F}.",
        "?So {H} waited. {He} [sang to it|told it stories|said good night to it] every evening.",
        "?[Rain came and went.|The days grew longer.|The moon grew round and thin again.]",
        "After {weeks}, [a tiny green tip came up|something green looked out of the earth]. [It grew and grew.|{H} shouted for joy.]",
        "It became {plant}[, taller than {H}|, the finest for miles around|]. {F} [came to look and smiled|clapped].",
    ],
    facts=[("What did {F} give {H}?|What did {H} plant?", "{F} gave {H} a seed.|It was a seed."),
           ("What did the seed become?|What grew[| from the seed]?", "It became {plant}."),
           ("Where did {H} plant [it|the seed]?", "{H} planted it {spot}."),
           ("How long did {H} wait?|How long did it take?", "It took {weeks}.|{H} waited {weeks}."),
           ("Who gave {H} the seed?", "{F} the {fk} did.|It was {F} the {fk}.")])

RESCUE = Plot(
    "a rescue", asks=["a rescue", "being brave", "helping an animal", "courage", "a small animal in trouble", "danger"], moods=("exciting",),
    start="worried", ends=["brave and happy", "proud", "very happy"],
    tables={"little,stuck": [("kitten", "high up in a tree"), ("little bird", "in a tangle of string"), ("baby hedgehog", "in a deep hole"), ("lamb", "between two rocks"),
                            ("duckling", "in a drain pipe"), ("puppy", "behind a heavy door"), ("young mouse", "in an empty bottle")],
            "tool": ["a long branch", "a rope", "an old ladder", "a piece of bread", "a wooden plank", "a big basket"]},
    beats=[
        "One {time} {H} heard a tiny cry. {He} [followed the sound|looked all round].",
        "It was a {little}, stuck {stuck}. {H} was worried. [\"Do not be afraid,\" {he} said.|\"Hold on,\" {he} called. \"I will help you.\"]",
        "{He} tried to reach it, but {he} could not do it alone.",
        "?[{He} tried again, and slipped.|The little thing cried louder.|It was getting late.]",
        "{H} ran to fetch {F} the {fk}. \"[Come quickly|I need your help],\" {he} said. {F} came at once and brought {tool}.",
        "\"[You hold, and I will pull|Slowly now|You are braver than I am, so you go first],\" said {F}. And together they [did it|managed it|got it free].",
        "?It was [shaking and dirty|cold and hungry], but [it was safe|not hurt]. [{H} stroked it until it was calm.|{F} wrapped it in a scarf.]",
        "The {little} [looked at them both and ran off home|gave a happy little sound and fell asleep]." ,
    ],
    facts=[("Who was stuck?|What [was stuck|did {H} find|made the cry]?|Who did they rescue?", "It was a {little}.|It was a {little}, stuck {stuck}."),
           ("Where was [it|the {little}] stuck?", "It was stuck {stuck}."),
           ("What did {F} bring?|What did they use?", "{F} brought {tool}.|They used {tool}."),
           ("Who helped {H}?", "{F} the {fk} [helped {him}|did].")])

SILLY = Plot(
    "something silly", asks=["something funny", "a joke", "a silly day", "a funny day"], moods=("funny",),
    start="puzzled", ends=["silly and happy", "so happy that {he} could not stop laughing", "cheerful"],
    tables={"wear": ["a saucepan", "a flower pot", "a tea cosy", "a pumpkin", "a cake tin", "a bird's nest", "a wet sock"],
            "lookup": ["backwards", "on one leg", "with closed eyes", "sideways like a crab"]},
    beats=[
        "One {time} {H} [woke up late|was in a great hurry]. {He} grabbed {his} hat, put it on and ran out.",
        "But it was not a hat. It was {wear}[!|.]",
        "Everyone {he} met began to laugh. {H} was puzzled. \"[What is so funny?|Why are they laughing?|Is it my nose?]\" {he} wondered.",
        "?[\"Nice weather,\" said {H}. \"Nice hat,\" said a goose.|Somebody laughed until the tears came.|Even the stones seemed to giggle.]",
        "?To be more serious, {H} began to walk {lookup}. That only made it worse.",
        "Then {he} met {F} the {fk}. \"{H},\" said {F}, \"why are you wearing {wear}?\"",
        "{H} [reached up|felt {his} head]. There was a long silence. \"[It keeps the rain out|It is the new fashion|I was wondering why it was so heavy],\" {he} said.",
        "Then they both laughed until their sides hurt. The next day {F} [came along|turned up] with {wear} on {fhis} head as well.",
    ],
    facts=[("What [was {H} wearing|did {H} wear|did {H} have on {his} head|did {H} put on]?", "{H} was wearing {wear}.|It was {wear}."),
           ("Why did everyone laugh?|Why did they laugh?", "Because {H} was wearing {wear} instead of a hat."),
           ("Who did {H} meet?|Who told {H}?", "{H} met {F} the {fk}.|It was {F} the {fk}."),
           ("Why was {H} puzzled?", "{H} was puzzled because everyone laughed.")])

RACE = Plot(
    "a race", uses_thing=True, asks=["a race", "a competition", "winning and losing", "a prize", "running", "sports"], moods=("exciting",),
    start="nervous", ends=["happy, even without winning", "proud of what {he} had done", "happier than any winner"],
    tables={"trip": ["fell into a ditch", "hurt a foot", "tripped over a root", "got stuck in the mud"]},
    beats=[
        "Everyone was talking about the great race. The prize was {aT}, and {H} wanted to win it.",
        "{H} was nervous. [{He} had trained for weeks.|{He} tied and untied {his} laces.|{His} legs felt like jelly.]",
        "\"Ready, steady, go!\" [called a voice.|shouted the judge.] {H} ran as fast as the wind. [Soon {he} was in front.|Only {F} the {fk} was faster.]",
        "Then {F} the {fk} {trip}. \"[Ow|Help]!\" cried {F}.",
        "?{H} [looked at the finish line|could see the prize already]. [It was so close.|A few more steps, and the {T} was {his}.]",
        "But {H} stopped and turned back. \"[Lean on me|Come, I will help you],\" {he} said to {F}.",
        "[Side by side|Arm in arm] they came in last of all. [And everybody cheered.|But the crowd cheered louder for them than for anyone.]",
        "?\"You gave up the {T} for me,\" said {F}. \"[A {T} is only a {T}|There will be other races],\" said {H}.",
    ],
    facts=[("What was the prize?|What did {H} want to win?", "The prize was {aT}.|[It was|The prize was] {aT}."),
           ("Did {H} win[| the race]?|Who won?", "No, {H} did not win, because {he} stopped to help {F}."),
           ("What happened to {F}?", "{F} {trip}."),
           ("Why did {H} stop?|Who did {H} help?", "{H} stopped to help {F} the {fk}."),
           ("Why was {H} nervous?", "{H} was nervous because of the race.")])

WONDER = Plot(
    "a question", asks=["{topic}", "{topic}", "{topic}", "{topic} and {F}", "a question", "wisdom"],
    start="curious", ends=["wise and happy", "still curious, and glad of it", "content"],
    tables={"first": ["the wind", "the old clock", "a passing cloud", "the echo", "a very old stone", "the man in the moon"],
            "snack": ["warm buns", "a pot of tea", "a bag of cherries", "toasted cheese", "sweet pears"]},
    beats=[
        "{H} was curious about {topic}. [{He} had heard the word, but {he} did not know much about it.|{He} thought about it day and night.|\"What is it really?\" {he} asked.]",
        "First {he} asked {first}. [But there was no answer.|It only hummed.|It did not know either.]",
        "?[{He} asked everyone {he} met.|{He} asked three more times, to be sure.|\"Somebody must know,\" said {H}.]",
        "Then {he} went to {F}, {afk}, who [had thought about many things|was known to be wise|liked questions].",
        "\"[Tell me about {topic}|What do you know about {topic}?|I want to know all about {topic}],\" said {H}.",
        "{F} [scratched {fhis} head|smiled|thought for a long while]. \"[I know a little|I know half of it|Not as much as I would like],\" {fhe} said. \"[Let us find out the rest together.|Shall we find out together?]\"",
        "?So they [talked until the moon came up|drew pictures of it|thought so hard that their ears grew hot].",
        "They talked about {topic} and ate {snack}. [And each new answer brought a new question.|In the end they knew a little more than before.]",
        "\"[A good question is better than an answer|The best thing about {topic} is asking about it|Tomorrow we will ask again],\" said {F}.",
    ],
    facts=[("What was {H} curious about?|What did {H} ask about?|What did {H} want to know?", "{H} was curious about {topic}.|{H} wanted to know about {topic}."),
           ("Who did {H} ask first?", "First {H} asked {first}."),
           ("Who did {H} go to?|Who [helped {H}|was wise]?", "{H} went to {F}, {afk}.|It was {F} the {fk}."),
           ("What did they eat?", "They ate {snack}.")])

PLOTS = [LOST, LOST, LOST_SAD, FRIEND, STORM, GIFT, MISTAKE, JOURNEY, LEARN, NOISE, SHARE,
         NEIGHBOUR, FOUND, FOUND, FAREWELL, SEED, RESCUE, SILLY, RACE, WONDER, WONDER]
