"""`stoa run` under schemas, grammars and expressions, against Python's jsonschema and re."""

import concurrent.futures
import json
import os
import re
import tempfile
import unittest
from pathlib import Path

from oracle import DATA, REPOSITORY, OracleCase, needs, stoa
from schemas import SchemaGenerator

PRIMER = REPOSITORY / "models/primer/primer-q8_0.gguf"
SCHEMAS = 520
PROMPTS = ["Tell me about Ada.", "Give an example.", "What is in the box?", "who helped the fox?", "[]"]


class Structured(OracleCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_all(self, jobs):
        """The JSON of runs with the arguments of each job, in order."""
        with concurrent.futures.ThreadPoolExecutor(max(2, len(os.sched_getaffinity(0)))) as pool:
            return list(pool.map(lambda arguments: self.json_of("run", PRIMER, *arguments, "--json"), jobs))

    def run_schemas(self, schemas, **sampling):
        jobs = []
        for number, schema in enumerate(schemas):
            path = self.folder / f"{number}.json"
            path.write_text(json.dumps(schema))
            flags = [f"--{name}={value}" for name, value in {"max-tokens": 512, "seed": number, **sampling}.items()]
            jobs.append([PROMPTS[number % len(PROMPTS)], "--json-schema", path, "--threads", "1", *flags])
        return self.run_all(jobs)

    def validate(self, schemas, answers):
        """Checks every finished answer, and gives how many finished."""
        import jsonschema

        finished = 0
        for number, (schema, answer) in enumerate(zip(schemas, answers, strict=True)):
            if answer["finish_reason"] != "stop":
                continue
            finished += 1
            where = f"schema {number}: {json.dumps(schema)}\n{answer['text']}"
            value = json.loads(answer["text"], parse_constant=lambda name: self.fail(f"{name} in {where}"))
            validator = jsonschema.Draft202012Validator(
                schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
            )
            errors = [error.message for error in validator.iter_errors(value)]
            self.assertEqual(errors, [], where)
        return finished

    @needs(packages=["jsonschema", "rfc3339_validator"])
    def test_generated_schemas(self):
        generator = SchemaGenerator(20261125)
        schemas = [generator.schema() for _ in range(SCHEMAS)]
        finished = self.validate(schemas, self.run_schemas(schemas))
        print(f"{finished} of {len(schemas)} answers finished", flush=True)
        self.assertGreaterEqual(finished, 0.95 * len(schemas))

    @needs(packages=["jsonschema", "rfc3339_validator"])
    def test_greedy_and_hot_sampling(self):
        generator = SchemaGenerator(7)
        schemas = [generator.schema() for _ in range(60)]
        for temperature in (0, 2):
            self.validate(schemas, self.run_schemas(schemas, temperature=temperature))

    def test_any_object(self):
        for number, answer in enumerate(
            self.run_all([[prompt, "--json-object", "--seed", "3", "--max-tokens", "512"] for prompt in PROMPTS])
        ):
            if answer["finish_reason"] == "stop":
                self.assertIsInstance(json.loads(answer["text"]), dict, PROMPTS[number])

    def test_expressions(self):
        patterns = [r"[a-z]{3,8}( [a-z]{2,9}){2,6}\.", r"\d{4}-\d{2}-\d{2}", r"(yes|no), because \w+\.", r"[^\x00-\x7f]{3,9}",
                    r"[A-Z]\w*\s(\S{1,9}\s){1,5}end", r"(?:#[0-9a-f]{6},?){2,5}x", r"\W{2,5}", r"\D{1,4}\S{2,4}"]  # fmt: skip
        jobs = [["Go.", "--regex", p, "--seed", s, "--max-tokens", "200"] for p in patterns for s in range(4)]
        answers = self.run_all(jobs)
        for job, answer in zip(jobs, answers, strict=True):
            self.assertEqual(answer["finish_reason"], "stop", job)
            self.assertRegex(answer["text"], rf"\A(?:{job[2]})\Z", job)

    def test_grammars(self):
        cases = {
            'root ::= item ("," item){2,6}\nitem ::= [a-f]+ "=" [0-9]{1,4}': r"[a-f]+=[0-9]{1,4}(,[a-f]+=[0-9]{1,4}){2,6}",
            'root ::= ("Ada" | "Ben") " " verb " " [a-z]{3,9} "."\nverb ::= "saw" | "met"': r"(Ada|Ben) (saw|met) [a-z]{3,9}\.",
            'root ::= "<" [^<>]{1,80} ">" "é"?': r"<[^<>]{1,80}>é?",
        }
        jobs = []
        for number, grammar in enumerate(cases):
            path = self.folder / f"{number}.gbnf"
            path.write_text(grammar)
            jobs += [["Go.", "--grammar", path, "--seed", seed, "--max-tokens", "400"] for seed in range(4)]
        answers = self.run_all(jobs)
        for number, answer in enumerate(answers):
            pattern = list(cases.values())[number // 4]
            if answer["finish_reason"] == "stop":
                self.assertTrue(re.fullmatch(pattern, answer["text"], re.S), (pattern, answer["text"]))
        self.assertGreaterEqual(sum(answer["finish_reason"] == "stop" for answer in answers), len(answers) // 2)

    def test_the_same_answer_every_time(self):
        path = self.folder / "s.json"
        path.write_text('{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{}}}}')
        flags = ["Hello", "--json-schema", path, "--seed", "5", "--max-tokens", "120"]
        answers = self.run_all([[*flags, "--threads", threads] for threads in (1, 2, 2)])
        self.assertEqual(len({answer["text"] for answer in answers}), 1)

    def test_mistakes_say_where(self):
        cases = [
            ("--json-schema", '{"type": "object",\n "properties": }', "2:16"),
            ("--json-schema", '{"properties": {"a": {"not": {}}}}', "/properties/a, keyword not"),
            ("--grammar", 'root ::= "a"\nb := "c"', "2:4"),
            ("--grammar", 'root ::= root "a" | "b"', "begins with itself"),
        ]
        for number, (option, text, expected) in enumerate(cases):
            path = self.folder / f"m{number}"
            path.write_text(text)
            result = stoa("run", PRIMER, "x", option, path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(expected, result.stderr)
            self.assertIn(str(path), result.stderr)
        self.assertIn("at character 4: looking ahead", stoa("run", PRIMER, "x", "--regex", "(?=a)").stderr)
        both = stoa("run", PRIMER, "x", "--regex", "a", "--json-object")
        self.assertEqual(both.returncode, 2)
        self.assertIn("only one of", both.stderr)

    @needs(data=["documents/eu_ai_act_toolkit"], packages=["jsonschema", "rfc3339_validator"])
    def test_published_schemas(self):
        """Schemas of other projects: each is refused with a pointer, or its answers validate."""
        schemas = []
        for path in sorted(DATA.glob("documents/**/*.schema.json")):
            result = stoa("run", PRIMER, "x", "--json-schema", path, "--max-tokens", "1", "--json")
            if result.returncode == 0:
                schemas.append(json.loads(path.read_text()))
            else:
                self.assertRegex(result.stderr, "keyword|no text can satisfy|too large", path)
        self.assertGreater(len(schemas), 2)
        self.validate(schemas, self.run_schemas(schemas))


if __name__ == "__main__":
    unittest.main()
