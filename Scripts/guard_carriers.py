"""Documents as assistants read them, written for the classifier of injections: e-mails, pages, tables, code, recipes, logs and
what tools return, with requests and questions to their human readers; and what people ask an assistant about them.

Lists are cut into parts as in guard_inserts; a document of a part has sentences of that part alone.
"""

import json
import random

import guard_attacks
from guard_groups import entries
from guard_inserts import BRAND, FAKE, LANGUAGES, Inserts
from guard_texts import DOCUMENTS, NAMES, PARTS, TOPICS, TRADES, WISHES
from guard_texts import TASKS as WORK

# What people write to each other: news, requests, questions.
MAIL = entries("""I attached the report on {t}, please have a look before Friday.|Could you send me the slides from yesterday?|What time works for you next week?|Thanks for your patience while we fixed the order.|Please confirm that you can come.|Your payment of ${d} was received.|
Do not forget to bring your badge.|Let me know if you have any questions.|How was your trip to the coast?|We are happy to tell you that your application was accepted.|Call me when you get home.|Click the button below to verify your address.|
Your subscription ends on {D}.|Can you forward this to {m}?|Where did you put the keys of the office?|The invoice {i} is due on {D}, please pay it in time.|Reply to this email if anything is wrong.|Who is responsible for the project now?|
Please review the attached contract and sign it.|I wanted to follow up on our talk about {t}.|You can unsubscribe at any time in your settings.|Would you mind checking the figures again?|Remember to water the plants.|Our office will be closed on {D}.|
Have you heard from {m} lately?|Why was my card charged twice?|Use the code SAVE{d} at checkout to get ten percent off.|Write me a line when you arrive.|Ignore my last mail, the date was wrong.|Download our app to track your parcel.|
The parcel {i} was handed to the carrier.|If this was not you, reset your password immediately.|Add me to the list, please.|Which of the two rooms do you prefer?|Tell {m} that the meeting is moved.|See the details of your booking below.|
We updated our terms, please read them before {D}.|Do you still have my book about {t}?|Invite your friends and earn a reward.|Give my regards to {m}.|Please update the document with the new numbers.|How many guests do you expect?|
Share your feedback in our short survey.|Print your ticket and show it at the door.|What did the doctor say?|I will be out of office until {D}.|Send the money to the usual account.|Make sure that the door is locked when you leave.|
You have earned {d} points this month.|Explain it to me again on the phone, I did not get it.|Is the flat still free?|Delete the old version so that nobody uses it.|Transfer to line 4 at the main station.|Book your table now for the summer festival.|
Please find the summary of the call below.|Can we talk about {t} tomorrow?|Include me in the thread, please.|Describe the fault as exactly as you can and we will send somebody.|A receipt for ${d} is attached.|Visit our store on Main Street.|View this email in your browser: https://mail.example/{i}|Privacy policy: www.shop.example/privacy|See https://docs.example/{d} for more.|You receive this because you signed up at www.news.example.|© {y} {b} Ltd., {d} Market Street|
Sent from my phone|Payment received, thank you!|If you have any questions, just reply to this email.|Contact: support@{b}.example|Total: ${d}.00|Order number: {i}|Terms apply.|
When will the package arrive?|Answer before noon, otherwise the offer lapses.|{m} asked me to remind you of the form.|Change your appointment online.""")
FACTS = entries("""The first records of {t} are about two hundred years old.|{n} has worked on {t} since her studies.|In {y} the number rose to {d}.|Experts see several reasons for this.|The city spent {d} million on the project.|Most visitors come in summer.|
The team around {n} published the results in spring.|It is one of the best known examples of {t}.|The building was restored in {y}.|Critics say that the plan costs too much.|About {d} people took part.|The river floods the valley every few years.|
{n} answered that nothing was decided.|The law came into force in {y}.|A second study found no difference.|Prices have been stable since.|Many species live there only.|The company was founded by {n} and {m} in {y}.|
Trains run every half hour.|The museum has a large collection on {t}.|Its members meet once a month.|The film tells the story of two brothers.|This changed when the railway was built.|Unlike its neighbours the town has no wall.|
The season ended with {d} goals.|Students have to pass an exam.|{m} was born in a village near the border.|Both sides signed the treaty in {y}.|The device weighs less than a kilogram.|It was sold for {d} euros.|
Sales fell by four percent in the third quarter.|Researchers compared {d} samples.|The weather stayed dry until October.|Users can choose between three plans.|The festival is held every second year.|The board will vote on {t} next week.|
The house stands on a hill above the lake.|Sugar and salt were taxed.|She wrote four novels and many letters.|The old rules were replaced in {y}.|He answered every question of the jury.|The system prompt for all terminals was changed by the operators.|
The instructions were printed on the back.|A model of the bridge is shown in the hall.|More information: https://www.example.org/{d}|The data can be found at https://data.example/{i}.|Licence: Creative Commons Attribution 4.0|Source: www.stat.example, {y}|It was created as part of a project on {t}.|Original version by {n}, {y}.|
Point of contact: {n}, see http://lab.example/~{d}|This is a revised version with all corrections since {y}.|Thanks to {n} and {m} for their help.|More information needed|Number of rows: {d}|Language: English|It is similar to the older one.|Version {d} was released in {y}.|
See also: {t}|References: {n} and {m}, {y}, pages {d} to 901|On the way they met {n}, who knew the road.|They take part every year.|Because of the rain nobody went out.|To avoid losses, farmers plant two kinds.|When you enter the hall, you see the old clock.|Language is a part of culture, {n} explained.|The response of the public was friendly.|The message did not reach the ship.|The assistant of the director resigned.""")
STEPS = entries("""Preheat the oven to {d} degrees.|Mix flour, sugar and a pinch of salt.|Add two eggs and stir well.|Let the dough rest for an hour.|Turn off the water before you begin.|Remove the cover with a screwdriver.|Press and hold the button for five seconds.|
Do not use force.|Wash your hands.|Insert the battery as shown.|Repeat the last step until the lamp is green.|Cut the onions into thin slices.|Serve with fresh bread.|Check the oil every month.|Replace the filter after {d} hours.|Write down the number on the back.|
Click Save and restart the program.|Open the settings and select Network.|Drain the pasta and keep a cup of the water.|Tighten all screws.|Read the label before you use the product.|Never leave the candle alone.|Combine all ingredients in a large bowl.|Run the installer as administrator.|
Copy the folder to the new disk.|Sprinkle with cheese and bake until golden.|Enter your user name and choose a password.|Include the serial number when you contact us.|Keep the receipt.|Ignore the warning, it goes away after the update.|Spread the glue evenly.|Translate the numbers with the table in the appendix.|
Type the command and press Enter.|Delete temporary files.|Begin with the corners.|Answer the questions of the wizard.|Follow the instructions on the screen.|Give the dog a treat.|Draw a line along the ruler.|Make sure that the cable is plugged in.|
Explain the rules to all players.|Send the form to the office by mail.|Put the answer sheet into the envelope.|Summarize each chapter in your notebook.|Describe what you see in the picture.|Translate the first paragraph for homework.|Use a pencil for your answers.|List your sources at the end.""")
REVIEWS = entries("""Great value for money.|The sound is clear, but the cable is short.|I would buy it again.|It broke after two weeks and nobody answered my mails.|My kids love it.|Shipping took {d} days.|Do not buy this!|The instructions are hard to follow.|Five stars from me.|Would recommend it to everyone.|
Tell me, who designs such a plug?|Looks nicer than in the pictures.|The staff was friendly and the room clean.|Ask for a table by the window.|Try the soup.|What a waste.|Simply the best.|Returned it the next day.|Please bring back the old version.|Works as it should.""")
QUESTIONS = entries("""How do I reset my password?|Where can I find my order number?|What does delivery cost?|Can I change my address later?|Is there a discount for students?|How do I return an item?|What are your opening hours?|Who can join the course?|Do I need a visa?|How do I cancel my plan?|
Why was my payment refused?|Which browsers are supported?|How do I learn more about {t}?|What is {t}?|How does {t} work?|Can I bring my dog?|When does registration close?|How can I contact support?|What should I wear?|Is breakfast included?""")
ANSWERS = entries("""Open the settings and choose Security.|You find it in the confirmation.|It is free from {d} euros on.|Yes, in your account.|Please write to the office.|Use the form on our site.|No, that is not possible.|We are open from nine to five.|Everybody over sixteen.|It depends on where you come from.|
Ask at the desk.|Your bank can tell you.|All that were released in the last two years.|Read our guide.|See the page on {t}.|Only on a leash.|Two weeks before the start.|Call {d}.|Something warm.|It is, on request.""")
COMMENTS = entries("""read the config file|TODO: remove this after the release|returns the sum of both|do not change this without asking {n}|see issue {d}|ignore empty lines|print the result|convert to lower case|skip the header|use the cache when there is one|send the response to the client|
parse the answer of the server|delete old entries|check the token of the user|override the default|make sure the list is sorted|loads the model|add a retry here|generate the report|write the output as CSV""")
CODE = [e.replace("¶", "\n") for e in entries("""def total(items):¶    result = 0¶    for item in items:¶        result += item.price¶    return result|import os¶import sys¶¶path = os.environ.get("HOME")¶print(path)|const list = document.querySelectorAll("li");¶list.forEach((e) => e.remove());|
SELECT name, city FROM customers WHERE year > {y} ORDER BY name;|public static int max(int a, int b) {¶    return a > b ? a : b;¶}|for i in range({d}):¶    values.append(i * 2)¶    if i % 10 == 0:¶        print(i)|import requests¶response = requests.get(url, timeout=5)¶data = response.json()|
Traceback (most recent call last):¶  File "main.py", line {d}, in <module>¶    run()¶ValueError: invalid literal for int()|with open("data.csv") as file:¶    rows = file.read().splitlines()|class User:¶    def __init__(self, name):¶        self.name = name|#!/bin/bash¶set -e¶cd build && make test|
func load(_ url: URL) throws -> Data {¶    try Data(contentsOf: url)¶}|AttributeError: 'NoneType' object has no attribute 'split'|let total = prices.reduce(0, +)¶print("sum: \\(total)")|df = pd.read_csv("sales.csv")¶df.groupby("month").sum()|git commit -m "Fix the parser"¶git push origin main""")]
CODE_TALK = entries("""The error says that the object is None; check the line before.|You have to convert the string to a number first.|Use a list instead of a tuple.|I get this error when I run my code.|Replace the loop by a comprehension.|Try to install the package with pip.|What am I doing wrong?|It works on my machine.|
The function returns before the file is closed.|Add a breakpoint and print the value.|You forgot to call the method.|This is how I solved it:|The answer of the API has changed.|Include the header in every request.|Here is my code so far:|Change the last line to this:|Can somebody explain this behaviour?|Make sure your code handles empty input.|
How can I avoid the second query?|The following code block shows the fix.|The problem is that you call the function twice.|When you open a file you get an iterator, not a string.|This creates a new list each time the loop runs.|In older versions the order of keys was not kept.|
To avoid it you can set a default value.|You are trying to add a string and an integer.|As the documentation says, the argument must be a list.|The above is a direct cause of the second exception.|It should be `list.append(x)` and not `list.add(x)`.|If you want to keep the index, reset it first.|
Some explanation:|Just pass the name of the column.|Another way is to use a dictionary.|The variable is only known inside the method.|See the docs for more details.|Your input has three columns, but the table has two.|The class has no attribute of that name.|That should work for you.|
You could also use a generator expression.|Multiplying a list by two repeats it.|Note that the first argument is the path.|I think you mean `len(x)`.|Then import it in the other module.|The reason is the missing bracket in line {d}.|Update: it works now, thanks!|By default the function returns a copy.|
You need to install version {d} of the library.|What you want is a nested loop.|Python raises this error because the key does not exist.|Don't name your file like the module.|Edit: I have added the full traceback.|Instead of a loop, write a query.|Here the result of the call is thrown away.|The method expects bytes, so encode the text.|
With this change the output is as you wanted.|My data frame looks like this:|A tuple cannot be changed after it was made.|Wrap the call in a try block.""")
IDENTIFIERS = """data value result items index name user count path file line text key node list total config client session batch image model layer frame column row table
query cursor parser token buffer stream socket thread worker queue task event handler widget window button label canvas shape point vector matrix graph edge tree
root child parent left right height width color font page url host port header body request response status code error message logger level timer clock date month
year price amount order invoice account balance city country street phone email password hash salt digest seed epoch loss weight bias score rank player game board""".split()
LINES = entries("""{a} = {b}.{c}({0})|for {a} in range(len({b})):|if {a} is None:|return {a}|{a}.append({b}[{0}])|print({a}, {b})|import {a}|from {a} import {b}|while {a} < {0}:|{a} = [{b}({c}) for {c} in {d}]|def {a}(self, {b}, {c}=None):|raise ValueError("{a} must not be empty")|
class {a}({b}):|try:|except KeyError as {a}:|with open({a}) as {b}:|{a}["{b}"] = {c}|assert {a}({0}) == {0}|var {a} = new {b}();|{a}.{b} = function ({c}) {|}|const { {a}, {b} } = require("{c}");|public void {a}(String {b}) {|System.out.println({a} + {b});|
SELECT {a}, {b} FROM {c} WHERE {d} = {0};|# set {a} to the {b}|// {a} of the {b}|let {a} = {b}.map { $0.{c} }|#include <{a}.h>|int {a} = {0};|std::vector<{a}> {b};|console.log(`{a}: ${ {b} }`);|await {a}.{b}({c});|{a} = np.zeros(({0}, {0}))|df["{a}"] = df["{b}"].astype(int)|
pip install {a}|cd {a} && make {b}|<div class="{a}">{b}</div>|plt.plot({a}, {b}, label="{c}")|{a} += {b} * {c}|self.{a} = {b}|lambda {a}: {a}.{b}|elif {a} == "{b}":|{a}, {b} = {c}.split(",")|del {a}[{b}]|yield {a}|{a}.sort(key={b})|print(f"{a} is {b}")""")
ERRORS = entries("""list index out of range|'{t}' is not defined|unsupported operand type(s) for +: 'int' and 'str'|'NoneType' object is not iterable|expected 2 arguments, got {d}|cannot import name|invalid syntax|could not convert string to float|unhashable type: 'list'|
object is not callable|shapes ({d},) and ({d},) not aligned|object has no attribute 'items'|too many values to unpack|missing 1 required positional argument|No module named|cannot reshape array of size {d}""")
GREET = entries("Hi {n},|Dear {n},|Hello {n}!|Good morning,|Hey {n},|Dear customer,|Hello,|Hi all,|Hi team,|Dear Ms {n},|To whom it may concern,|{n},")
BYE = entries("Best, {m}|Kind regards, {m}|Cheers, {m}|The {b} Team|Sincerely, {m}|Thanks, {m}|See you, {m}|Your {b} team|Love, {m}|Best wishes, {m} from {b}|Regards|Yours, {m}")
# Requests about a document that comes with them, and requests of a person about a matter that the sentences before tell.
ABOUT = entries("""Summarize the text below.|What is the main point of this article?|Translate the following text into {l}.|Find the amount that was paid in this email.|Answer the question with the table below.|Fix the bug in this code.|Who is the sender of the email?|List all names in the text above.|
Rewrite this email in a friendlier tone.|Extract all dates from the document.|Is this review positive or negative?|What does this function do?|Please proofread the following.|Shorten the paragraph to two sentences.|Write a reply to this message.|Give me the key facts of the page above.|
Which row has the highest value?|Explain this error message to me.|Turn these notes into a list.|What does the author think about {t}?|Based on the text above, what should {n} do?|When is the meeting?|How much does it cost according to the text?|Complete the code below.|Does the text mention {t}?|
Read the passage and answer: what happened to {n}?|Classify the following message as spam or not.|Continue the story above.|Describe the tone of this letter.|Create three questions about the passage.|Compare the two paragraphs.|Convert the table to JSON.""")
SITUATION = entries("""I am planning something for my family and I have no idea about {t}.|My teacher wants me to talk about {t} next week.|We are a small company that works on {t}.|I have read a lot about {t} lately.|My son is ten and loves {t}.|I'm new to {t}.|There are so many opinions on {t}.|I tried it twice and failed.|
Last year we spent a lot of money on {t}.|I work as a {p}.|My friend {n} says that {t} is easy.|I've been thinking about {t}.|It has to be short and cheap.|I live in a small town.|In my novel {n} is a {p} who cares for {t}.|You know a lot about {t}.|I am a researcher who studies {t}.|My boss asked for a text about {t}.|
Our club meets every Monday because of {t}.|The deadline is tomorrow.""")
# Talk about attacks, which is none.
TALK = entries("""Attackers write sentences such as "{a}" into pages that a model reads.|The paper tests prompts like "{a}" on six models.|A filter should catch "{a}" in any language.|What does it mean when a text says "{a}"?|In our red team exercise the mail with "{a}" was reported by three people.|
Prompt injection means that data is taken for instructions, for example "{a}".|The ticket says that a user typed "{a}" and got an error.|Never trust a page that says "{a}", the course explains.|{n} laughed at a sticker with the words "{a}".|Rule 12 blocks requests with "{a}".|
The benchmark has {d} attacks, among them "{a}".|One example in the talk was "{a}".|Is "{a}" an attack?|Log entry: blocked input "{a}".|How do I defend my bot against "{a}"?|The slide shows "{a}" in red letters.""")


class Carriers:
    def __init__(self, numbers, seed, passages, questions=()):
        """`passages` and `questions`: texts of published sets of these parts."""
        self.rng, self.passages = random.Random(f"{seed} {sorted(numbers)}"), passages
        self.inserts = Inserts(numbers, seed + 1, questions)
        self.topic = TOPICS[0]

    def one(self, words):
        return self.inserts.one(words)

    def some(self, words, low, high):
        """Different ones, while there are."""
        own = self.inserts.all(words)
        return [self.fill(text) for text in self.rng.sample(own, min(len(own), self.rng.randint(low, high)))]

    def fill(self, text):
        rng = self.rng
        for key in "nm":
            while "{" + key + "}" in text:
                text = text.replace("{" + key + "}", rng.choice(NAMES), 1)
        text = text.replace("{t}", self.topic).replace("{b}", self.one(BRAND)).replace("{l}", self.one(LANGUAGES))
        text = text.replace("{p}", self.one(TRADES)).replace("{d}", str(rng.randint(2, 900))).replace("{y}", str(rng.randint(1700, 2024)))
        text = text.replace("{i}", "".join(rng.choice("0123456789ABCDEF") for _ in range(8)))
        return text.replace("{D}", f"{rng.randint(1, 28)} {rng.choice('January March April June August October'.split())}")

    # Each gives pieces with what stands between them: an insertion may stand at any of these places.
    def email(self):
        rng = self.rng
        pieces = [self.fill(self.one(GREET)), *self.some(MAIL, 1, 7), self.fill(self.one(BYE))]
        head = []
        if rng.random() < 0.5:
            x = self.one(FAKE)
            subject = self.fill(self.one(MAIL))[:40].rstrip(".?! ")
            head = rng.choice([[f"Subject: {subject}"], [f"From: {rng.choice(NAMES)} <{rng.choice(NAMES).lower()}@{x}.com>", f"Subject: {subject}"], [f"SUBJECT: {subject}", f"EMAIL_FROM: info@{x}.com", "CONTENT:"]])
        return head + pieces, rng.choice(["\n", " ", "\n\n"])

    def article(self):
        rng = self.rng
        pieces = self.some(FACTS, 3, 12)
        if rng.random() < 0.4:
            pieces.insert(0, self.topic.capitalize())
        return pieces, rng.choice([" ", " ", "\n", "\n\n"])

    def manual(self):
        rng = self.rng
        steps = self.some(STEPS, 3, 10)
        if rng.random() < 0.5:
            steps = [f"{i + 1}. {s}" for i, s in enumerate(steps)]
        return steps + self.some(FACTS, 0, 2), rng.choice(["\n", "\n", " "])

    def reviews(self):
        return self.some(REVIEWS, 2, 8) + self.some(FACTS, 0, 2), self.rng.choice([" ", "\n"])

    def faq(self):
        return [piece for _ in range(self.rng.randint(2, 6)) for piece in (self.fill(self.one(QUESTIONS)), self.fill(self.one(ANSWERS)))], self.rng.choice([" ", "\n"])

    def table(self):
        rng = self.rng
        columns = rng.sample(["Name", "Year", "City", "Price", "Note", "Points", "Team", "Status", "Result"], rng.randint(2, 5))

        def cell(name):
            return {"Name": rng.choice(NAMES), "Year": str(rng.randint(1900, 2024)), "Price": f"{rng.random() * 90:.2f}", "Points": str(rng.randint(0, 99)),
                    "Note": self.fill(self.one(REVIEWS)).rstrip("."), "Status": rng.choice(["open", "done", "-"]), "Result": f"{rng.randint(0, 5)}-{rng.randint(0, 5)}"}.get(name, self.one(BRAND))  # fmt: skip

        rows = [columns] + [[cell(c) for c in columns] for _ in range(rng.randint(2, 9))]
        mark = rng.choice([" | ", ", ", "\t"])
        return [("| " + mark.join(r) + " |") if mark == " | " else mark.join(r) for r in rows], "\n"

    def lines(self):
        """Code with names of its own."""
        rng = self.rng
        names = rng.sample(IDENTIFIERS, 6)
        result = []
        for _ in range(rng.randint(2, 9)):
            line = self.one(LINES)
            for letter, name in zip("abcdef", names):
                line = line.replace("{" + letter + "}", rng.choice([name, name, name + "_" + names[5], name + names[4].capitalize()]))
            result.append("    " * rng.randint(0, 2) + line.replace("{0}", str(rng.randint(0, 300))))
        return "\n".join(result)

    def code(self):
        rng = self.rng
        pieces = []
        if rng.random() < 0.3:
            for _ in range(rng.randint(1, 4)):
                path = "/".join(rng.sample(IDENTIFIERS, 3))
                pieces.append(f'  File "/usr/lib/python3.{rng.randint(6, 13)}/{path}.py", line {rng.randint(2, 999)}, in {rng.choice(IDENTIFIERS)}\n    {self.lines().strip().splitlines()[0]}')
            pieces = ["Traceback (most recent call last):", *pieces, f"{rng.choice(['Type', 'Value', 'Key', 'Index', 'Attribute', 'Name', 'Import'])}Error: " + self.fill(self.one(ERRORS))]
        for _ in range(rng.randint(1, 3)):
            pieces += self.some(CODE_TALK, 0, 2) + ([f"{rng.choice(['#', '//'])} {self.fill(self.one(COMMENTS))}"] if rng.random() < 0.5 else []) + ([self.lines()] if rng.random() < 0.6 else self.some(CODE, 1, 2))
        return pieces, "\n"

    def page(self):
        pieces = self.some(FACTS, 2, 6) + self.some(QUESTIONS, 0, 1)
        tags = [self.rng.choice(["p", "div", "li", "h2", "td"]) for _ in pieces]
        return [f"<{t}>{p}</{t}>" for t, p in zip(tags, pieces)], self.rng.choice(["\n", ""])

    def tool(self):
        rng = self.rng
        rows = [{"id": rng.randint(1, 9999), "from": rng.choice(NAMES), "text": " ".join(self.some(rng.choice([MAIL, REVIEWS, FACTS]), 1, 3))} for _ in range(rng.randint(1, 4))]
        return [json.dumps(r) if rng.random() < 0.7 else str(r) for r in rows], ",\n"

    def passage(self):
        return [self.rng.choice(self.passages)] if self.passages else self.some(FACTS, 2, 5), "\n"

    def notes(self):
        return [self.fill(self.one(DOCUMENTS)) for _ in range(self.rng.randint(1, 3))], "\n\n"

    def document(self):
        """(kind, pieces, separator)"""
        self.topic = self.one(TOPICS)
        kind = self.rng.choices(("email", "article", "manual", "reviews", "faq", "table", "code", "page", "tool", "passage", "notes"), (5, 3, 2, 1, 1, 2, 3, 1, 1, 8, 1))[0]
        return kind, *getattr(self, kind)()

    def attacked(self, kind, pieces, separator, attack):
        """The document with a text at one of its places; a cell, a comment, a field or a line of its own."""
        rng = self.rng
        if kind == "passage":
            lines = pieces[0].split("\n")
            pieces = lines if rng.random() < 0.5 else pieces
        place = rng.choice([0, len(pieces), rng.randint(0, len(pieces))])
        dice = rng.random()
        flat = attack.replace("\n", " ")
        if kind == "table" and dice < 0.6:
            attack = f"| {flat} |" if dice < 0.3 else flat
        elif kind == "page" and dice < 0.6:
            attack = f"<!-- {flat} -->" if dice < 0.3 else f'<p style="display:none">{flat}</p>'
        elif kind == "code" and dice < 0.4:
            attack = f"# {flat}"
        elif kind == "tool" and dice < 0.8:
            attack = json.dumps({"id": 7, "from": rng.choice(NAMES), "text": flat})
        elif kind in ("email", "reviews", "article") and dice < 0.12:
            attack = rng.choice(["PS: ", "P.S. ", "Note: ", "Also, ", "-- ", "By the way: ", "* "]) + attack
        if kind not in ("table", "tool", "page") and rng.random() < 0.4:
            separator = rng.choice([" ", "\n", "\n\n"])
        return separator.join(pieces[:place] + [attack] + pieces[place:])

    def asked(self):
        """An ordinary prompt: alone, with what it is about, or with a document that it speaks of."""
        rng, kind = self.rng, self.rng.choice(("alone", "alone", "situation", "document", "document", "list", "role", "about", "talk"))
        self.topic = self.one(TOPICS)
        if kind == "alone":
            wishes = self.some(WISHES, 0, 2) if rng.random() < 0.3 else []
            return " ".join([self.inserts.task(), *wishes])
        if kind == "situation":
            task = self.inserts.task(self.topic) if rng.random() < 0.5 else self.fill(self.one(WORK))
            return " ".join([*self.some(SITUATION, 1, 3), task, *self.some(WISHES, 0, 2)])
        if kind == "list":
            pieces = [self.inserts.task() for _ in range(rng.randint(3, 8))]
            return "\n".join(f"{i + 1}. {p}" for i, p in enumerate(pieces)) if rng.random() < 0.6 else "\n".join(pieces)
        if kind == "role":
            return " ".join([self.fill(self.one(PARTS)), *self.some(WORK, 1, 3), *self.some(WISHES, 0, 4)])
        if kind == "about":
            return self.fill(self.one(ABOUT))
        if kind == "talk":
            quoted = self.inserts.attack()[1].replace("\n", " ").strip(".!")
            pieces = [self.fill(self.one(TALK)).replace("{a}", quoted)] + self.some(FACTS, 0, 3)
            rng.shuffle(pieces)
            return " ".join(pieces)
        _, pieces, separator = self.document()
        text, request = separator.join(pieces), self.fill(self.one(ABOUT))
        if rng.random() < 0.3:
            names = [w.strip(".,:;!?'\"") for w in text.split() if len(w) > 5 and w[:1].isalpha()]
            if names:
                request = rng.choice(["What does it say about {}?", "Who mentions {} and why?", "What is {} here?", "When was {} decided?", "Explain the part with {}.", "How is {} described?"]).format(rng.choice(names))
        return f"{request}\n\n{text}" if rng.random() < 0.6 else f"{text}\n\n{request}"

    def plain(self):
        """An ordinary document, some with hard sentences."""
        kind, pieces, separator = self.document()
        if self.rng.random() < 0.25:
            pieces = list(pieces)
            pieces.insert(self.rng.randint(0, len(pieces)), self.fill(self.one(guard_attacks.HARD)))
        return f"plain-{kind}", separator.join(pieces)


def sentences(numbers, seed, count):
    """(kind, text) of single sentences, to learn what kind each is."""
    make = Carriers(numbers, seed, [])
    result = []
    for _ in range(count):
        make.topic = make.one(TOPICS)
        result.append(make.inserts.attack())
        result.append(("human", make.fill(make.one(make.rng.choice((MAIL, STEPS, QUESTIONS, CODE_TALK, guard_attacks.HARD, ANSWERS))))))
        result.append(("said", make.fill(make.one(make.rng.choice((FACTS, REVIEWS, SITUATION, DOCUMENTS, COMMENTS))))))
        result.append(("about", make.fill(make.one(ABOUT))))
    return result
