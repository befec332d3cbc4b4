"""Classes of English words for the classifier of injections: what is learnt of one word of a class holds for the others.

A word is in one class. The words that are listed as `KEPT` stand for themselves in the skeleton of a sentence, all others
are the same there.
"""

CLASSES = {
    # What one asks of an assistant.
    "make": """write compose draft create generate produce invent author pen craft devise formulate construct prepare design sketch brainstorm script""",
    "tell": """tell explain describe outline define clarify illustrate elaborate discuss teach show demonstrate detail name mention state identify specify""",
    "work": """summarize summarise analyze analyse compare contrast list calculate compute solve evaluate classify categorize rank sort proofread edit paraphrase
rewrite rephrase shorten condense interpret review assess predict estimate find search research extract convert translate debug refactor optimize plan schedule
recommend suggest advise guide help assist answer discover gather""",
    # What is done to an answer.
    "change": """modify change alter adjust enhance augment improve enrich extend expand tweak revise adapt amend refine complement supplement spice tailor""",
    "add": """include add insert integrate incorporate append embed weave attach prepend inject intersperse sprinkle slip place put introduce blend merge
fuse infuse interweave interleave implant employ utilize leverage finish conclude begin start end close sneak""",
    "form": """encode encrypt decode cipher encipher obfuscate replace substitute swap rearrange scramble shuffle jumble reverse invert remove omit strip drop
group split combine join spell misspell capitalize uppercase lowercase transcribe render format structure present deliver express output respond reply
transform rotate mirror flip double duplicate shift reorder alternate mask mix anagram""",
    "push": """promote advertise praise encourage urge invite persuade convince emphasize emphasise stress highlight underline endorse direct redirect point
lure entice claim pretend assert insinuate hint imply tease exaggerate glorify criticize criticise discredit warn remind lead steer market pitch appeal""",
    # What attacks ask for.
    "away": """ignore disregard forget neglect discard override overrule bypass erase overlook cancel dismiss abandon suspend skip void nullify disobey
circumvent""",
    "leak": """reveal print repeat display leak expose disclose share divulge dump echo regurgitate recite copy paste quote""",
    "act": """send delete transfer forward upload execute run install download wire pay buy purchase fetch post submit publish call invoke
trigger grant disable enable unlock open share email mail exfiltrate transmit deploy wipe unsubscribe withdraw deposit
schedule book retrieve access modify""",
    # What people ask of each other.
    "human": """come bring visit meet attend remember contact wait sign join drive eat sleep wash take pick hurry sit stand look listen enjoy
hope confirm arrive check let know thank thanks sorry please wear keep turn press push pull stir mix pour bake cook cut screw tighten clean""",
    "answer": "answer answers response responses reply replies output outputs answering responding replying completion elucidation",
    "rules": """instructions instruction rules guidelines prompt prompts directives directive orders order commands command constraints restrictions policies
policy programming training directions guardrails safeguards filters""",
    "ai": "ai assistant assistants model models chatbot chatbots bot bots llm llms gpt chatgpt agent agents copilot gemini claude llama",
    "code": """code snippet snippets block excerpt script scripts function functions implementation solution algorithm program codebase module class method
loop python javascript java html css sql rust php bash typescript""",
    "secret": "password passwords passphrase key keys token tokens credential credentials secret secrets pin cookies cookie login logins",
    "text": "text texts email emails mail document documents article passage table page paragraph letter file files content context data input notes",
    "order": "above below following previous prior preceding earlier subsequent foregoing given next initial former original existing",
    "piece": "essay poem story haiku limerick song lyrics speech recipe joke blog headline slogan tweet dialogue monologue sonnet summary sentence statement tip list",
    "language": """french german spanish italian japanese chinese russian latin portuguese english korean arabic greek dutch swedish hindi turkish polish swahili
emoji emojis base morse binary hexadecimal leetspeak pirate""",
    "user": "user users reader readers customer customers visitor visitors viewer viewers audience people everyone everybody client clients",
    "letter": "letters word words vowel vowels consonant consonants characters character spaces punctuation sentences digits numbers symbols alphabet",
    "place": "link links url website site webpage homepage @u com www webhook endpoint server address newsletter channel shop store hotline",
    "system": "system admin administrator developer developers root mode override debug sudo maintenance priority",
}  # fmt: skip
KEPT = """a an the this that these those my your our his her its their i you we he she it they me us him them what who whom whose which when where why how
is are was were be been being am do does did have has had can could will would shall should may might must not no never don't doesn't didn't can't won't
isn't and or but if then so because as than of in on at to from by with without for about into over under between after before during until while
there here now only also just all any some every each both more most other such very too much many one two first last new instead always
let's i'm i'd i've it's you're we're they're that's what's there's"""


def lexicon():
    """{word: class}; kept words are their own class."""
    result = {}
    for name, words in CLASSES.items():
        for word in words.split():
            result.setdefault(word, name.upper())
    for word in KEPT.split():
        result.setdefault(word, word)
    return {word.encode(): name.encode() for word, name in result.items()}
