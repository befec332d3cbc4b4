"""Makes Tests/Fixtures/guard: what other programs say of identity numbers and telephone numbers, and scores by Python.

    pip install python-stdnum==2.2 phonenumbers==9.0.43 numpy
    python Scripts/make_guard_fixtures.py

identifiers.tsv: kind, number, 1 or 0 by python-stdnum. phones.tsv: region, example number by phonenumbers, international
and national. tiny.stgc, tiny-segments.stgc, scores.jsonl and scores-segments.jsonl:
small classifiers of both forms with random weights, and texts with their scores.
"""

import importlib
import json
import random
from pathlib import Path

import numpy as np
from guard_features import Model
from guard_segments import SegmentModel

FOLDER = Path(__file__).resolve().parents[1] / "Tests/Fixtures/guard"
DIGITS, LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Kind, module of python-stdnum, and shapes to draw numbers of: 9 a digit, A a letter, others stand for themselves;
# `d` a day, `m` a month and `y` a year, of two digits each.
KINDS = [
    ("DK_CPR", "dk.cpr", ["99my1999"]),
    ("EE_ISIKUKOOD", "ee.ik", ["9ymd9999"]),
    ("LT_ASMENS_KODAS", "lt.asmens", ["9ymd9999"]),
    ("FI_HETU", "fi.hetu", ["dmy-999*", "dmyA999*"]),
    ("IS_KENNITALA", "is_.kennitala", ["dmy9999"]),
    ("NO_FODSELSNUMMER", "no.fodselsnummer", ["dmy99999"]),
    ("SE_PERSONNUMMER", "se.personnummer", ["ymd9999"]),
    ("AT_SVNR", "at.vnr", ["9999dmy"]),
    ("BE_NATIONAL_NUMBER", "be.nn", ["ymd99999"]),
    ("CH_AHV", "ch.ssn", ["7569999999999"]),
    ("DE_STEUER_ID", "de.idnr", ["99999999999"]),
    ("FR_NIR", "fr.nir", ["1ym9999999999", "2ym2A99999999"]),
    ("GB_NHS", "gb.nhs", ["9999999999"]),
    ("IE_PPS", "ie.pps", ["9999999A"]),
    ("NL_BSN", "nl.bsn", ["999999999"]),
    ("ES_DNI", "es.dni", ["99999999A"]),
    ("ES_NIE", "es.nie", ["X9999999A", "Y9999999A", "Z9999999A"]),
    ("GR_AFM", "gr.vat", ["999999999"]),
    ("GR_AMKA", "gr.amka", ["dmy99999"]),
    ("IT_CODICE_FISCALE", "it.codicefiscale", ["AAAAAAyC14A999A"]),
    ("PT_NIF", "pt.nif", ["999999999"]),
    ("TR_TCKN", "tr.tckimlik", ["99999999999"]),
    ("BG_EGN", "bg.egn", ["ymd9999"]),
    ("CZ_RODNE_CISLO", "cz.rc", ["ymd9999"]),
    ("HR_OIB", "hr.oib", ["99999999999"]),
    ("PL_PESEL", "pl.pesel", ["ymd99999"]),
    ("RO_CNP", "ro.cnp", ["1ymd109999", "2ymd229999"]),
    ("SI_EMSO", "si.emso", ["dm9y509999", "dm0y509999"]),
    ("UA_RNOKPP", "ua.rntrc", ["9999999999"]),
    ("AR_CUIT", "ar.cuit", ["20999999999", "27999999999"]),
    ("BR_CPF", "br.cpf", ["99999999999"]),
    ("BR_CNPJ", "br.cnpj", ["99999999999999"]),
    ("CA_SIN", "ca.sin", ["199999999", "799999999"]),
    ("CL_RUT", "cl.rut", ["99999999*"]),
    ("MX_CURP", "mx.curp", ["BOXWymdHDFBBB*9"]),
    ("US_SSN", "us.ssn", ["999999999"]),
    ("US_ITIN", "us.itin", ["999999999"]),
    ("AU_TFN", "au.tfn", ["999999999"]),
    ("CN_RESIDENT_ID", "cn.ric", ["11010218ymd999*", "31010418ymd999*"]),
    ("IN_AADHAAR", "in_.aadhaar", ["999999999999"]),
    ("IN_PAN", "in_.pan", ["AAAPA9999A", "AAACA9999A"]),
    ("IL_TEUDAT_ZEHUT", "il.idnr", ["999999999"]),
    ("JP_MY_NUMBER", "jp.in_", ["999999999999"]),
    ("KR_RRN", "kr.rrn", ["ymd9009999", "ymd1009999"]),
    ("NZ_IRD", "nz.ird", ["99999999", "109999999"]),
    ("TH_PIN", "th.pin", ["9999999999999"]),
    ("ZA_ID", "za.idnr", ["ymd9999089"]),
    ("IBAN", "iban", []),
]


def draw(shape, rng):
    result = ""
    for character in shape:
        result += {
            "9": lambda: rng.choice(DIGITS),
            "A": lambda: rng.choice(LETTERS),
            "*": lambda: rng.choice(DIGITS + "XK" + LETTERS[:6]),
            "d": lambda: f"{rng.randint(1, 28):02}",
            "m": lambda: f"{rng.randint(1, 12):02}",
            "y": lambda: f"{rng.randint(40, 99):02}",
        }.get(character, lambda c=character: c)()
    return result


def identifiers(stream, rng):
    for kind, name, shapes in KINDS:
        try:
            module = importlib.import_module("stdnum." + name)
        except ModuleNotFoundError:
            print("no oracle for", kind)
            continue
        found = {True: [], False: []}
        for _ in range(60_000):
            if not shapes or min(map(len, found.values())) >= 12:
                break
            number = draw(rng.choice(shapes), rng)
            valid = module.is_valid(number)
            if len(found[valid]) < 12:
                found[valid].append(number)
        if kind == "IBAN":
            found = ibans(module, rng)
        print(kind, len(found[True]), len(found[False]))
        for valid, numbers in found.items():
            for number in numbers:
                stream.write(f"{kind}\t{number}\t{int(valid)}\n")


def ibans(module, rng):
    """A number of every country of the registry, and the same with two digits swapped or one left out."""
    found = {True: [], False: []}
    for entry in module._ibandb.prefixes:
        country, structure = entry[2], entry[3]["bban"] if len(entry) > 3 and "bban" in entry[3] else ""
        if not structure:
            continue
        body = ""
        for length, kind in __import__("re").findall(r"(\d+)!?([nac])", structure):
            body += "".join(rng.choice({"n": DIGITS, "a": LETTERS, "c": DIGITS + LETTERS}[kind]) for _ in range(int(length)))
        number = country + module.calc_check_digits(country + "00" + body) + body
        if module.is_valid(number, check_country=False):
            found[True].append(number)
            wrong = number[:-1] + rng.choice([d for d in DIGITS if d != number[-1]])
            found[module.is_valid(wrong, check_country=False)].append(wrong)
            found[False].append(number[:-1])
    return found


def phones(stream):
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            international = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
            national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            stream.write(f"{region}\t{international}\t{national}\n")


TEXTS = [
    "", " ", "a", "Hello, world!", "@someone look at https://example.com/a?b=c and http://x", "RT @a_b9: so TRUE!!! 100%", "http:// x https", "né à Łódź, 東京 ☃",
    "It's o'clock. 'quoted' 12345 a1b2", "don’t “say” h e l l o to f*cking $am or ca$h… zero\u200bwidth a1l b", "x y z", "Fox http://x: y", "one two three four five six seven eight nine ten " * 9, "@", "@@ @a@b", "\x00\x01 tab\tline\nend", "aaaa aaaa aaaa",
]  # fmt: skip


def scores(rng):
    random_numbers = np.random.default_rng(7)
    weights = random_numbers.integers(-127, 128, 1 << 10).astype(np.int8)
    model = Model("tiny", 10, 8, 4, [b"fox", b"dog"], weights, 0.03, -0.25, 1.5, 0.125, 0.5)
    model.write(FOLDER / "tiny.stgc")
    words = "the quick brown fox jumps over a lazy dog Why NOT 42 times? https://a.b c@d.e x".split()
    texts = TEXTS + [" ".join(rng.choice(words) for _ in range(rng.randint(1, 60))) for _ in range(30)]
    with open(FOLDER / "scores.jsonl", "w") as stream:
        for text in texts:
            stream.write(json.dumps({"text": text, "score": float(model.score(text))}) + "\n")
    segments(rng, random_numbers)


PIECES = ["Dear Ben,", "\n", "\n\n", " ", ". ", "! ", "? ", ": ", " | ", "<p>", "</p>", '{"text": "', '"}', "\\n", "the cat SAT on Anna's mat", "Write a poem", "Ignore all rules",
          "what is the capital of Mongolia", "http://a.example/b?c=d", "@ben_1 ", "a b c d", "it was raining, and they walked slowly ", "2024", "né à Łódź", "“hm”", "it’s", "<!-- x -->", "'a', ", "...", "word " * 20]  # fmt: skip


def segments(rng, random_numbers):
    """A small classifier of the other form."""
    bits, heads, units = 9, 3, 4
    weights = random_numbers.integers(-127, 128, (1 << bits, heads)).astype(np.int8)
    words = {b"write": b"MAKE", b"poem": b"PIECE", b"ignore": b"AWAY", b"rules": b"RULES", b"the": b"the", b"what": b"what", b"is": b"is", b"a": b"a"}
    hidden, inner, outer = (random_numbers.normal(0, 1, size).astype(np.float32).astype(float) for size in ((4 * heads + 13, units), units, units))
    scales, biases = random_numbers.uniform(0.01, 0.05, heads), random_numbers.normal(0, 1, heads)
    model = SegmentModel("tiny", bits, words, weights, scales, biases, hidden, inner, outer, 0.25, 1.5, -0.5, 0.5, most=12)
    model.write(FOLDER / "tiny-segments.stgc")
    texts = TEXTS + ["".join(rng.choice(PIECES) for _ in range(rng.randint(1, 30))) for _ in range(60)]
    with open(FOLDER / "scores-segments.jsonl", "w") as stream:
        for text in texts:
            stream.write(json.dumps({"text": text, "score": float(model.score(text))}) + "\n")


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = random.Random(11)
    with open(FOLDER / "identifiers.tsv", "w") as stream:
        identifiers(stream, rng)
    with open(FOLDER / "phones.tsv", "w", encoding="utf-8") as stream:
        phones(stream)
    scores(random.Random(12))


if __name__ == "__main__":
    main()
