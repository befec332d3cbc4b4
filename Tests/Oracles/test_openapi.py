"""The OpenAPI document of `stoa serve` is valid, complete, and says what the server does."""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from oracle import HANG_SECONDS, REPOSITORY, environment, needs
from server import Server

DOCUMENT = REPOSITORY / "Sources/StoaServer/OpenAPI/openapi.json"
ROUTES = REPOSITORY / "Sources/StoaServer/HTTP"
# A stream without an end of its own; test_monitor.py reads it.
ENDLESS = "/v1/monitor/events"
METHODS = ("get", "post", "delete")
# What the example of an operation is answered with when it is not 200: there is no such response or model, the
# bundled model cannot be deleted, and there is no network.
OTHER_STATUS = {
    "getResponse": 404,
    "deleteResponse": 404,
    "getReceipt": 404,
    "ollamaCopy": 404,
    "ollamaDelete": 403,
    "ollamaPull": 403,
}


def document():
    return json.loads(DOCUMENT.read_text())


def operations(api):
    """Path, method and description of every operation."""
    return [(path, method, item[method]) for path, item in api["paths"].items() for method in METHODS if method in item]


def serve():
    return Server("primer", HF_HUB_OFFLINE="1")


class Document(unittest.TestCase):
    @needs(packages=["openapi_spec_validator"])
    def test_document_is_valid(self):
        import openapi_spec_validator

        openapi_spec_validator.validate(document())

    @needs(packages=["jsonschema"])
    def test_examples_fit(self):
        import jsonschema

        api = document()
        for name, schema in api["components"]["schemas"].items():
            whole = {"$ref": f"#/components/schemas/{name}", "components": api["components"]}
            for example in schema.get("examples", []):
                with self.subTest(name):
                    jsonschema.Draft202012Validator(whole).validate(example)

    def test_all_routes_are_there(self):
        code = "\n".join(path.read_text() for path in sorted(ROUTES.glob("*Routes.swift")))
        routes = {
            (re.sub(r":(\w+)", r"{\1}", path).replace("models/**", "models/{model}"), method)
            for method, path in re.findall(r'router\.(\w+)\("([^"]+)"\)', code)
        }
        # The one list of paths that share their code.
        routes |= {(path, "get") for path in ("/readyz", "/health")}
        self.assertEqual(routes, {(path, method) for path, method, _ in operations(document())})

    def test_server_gives_the_document(self):
        with serve() as server:
            answer = server.get("/openapi.json")
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/json"))
        self.assertEqual(answer.json, document())

    @needs(packages=["jsonschema"])
    def test_examples_are_answered(self):
        """Every operation answers its example with 200, or says that what it names is not there, as documented."""
        import jsonschema

        api = document()
        with serve() as server:
            for path, method, operation in operations(api):
                if path == ENDLESS:
                    continue
                for parameter in operation.get("parameters", []):
                    path = path.replace("{%s}" % parameter["name"], parameter["example"])
                body = None
                if "requestBody" in operation:
                    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
                    (body,) = self.resolved(api, {"$ref": reference}).get("examples", [None])
                if operation["operationId"] == "ollamaPull":
                    body = {"model": "acme/model", "stream": False}
                with self.subTest(f"{method} {path}"):
                    answer = server.ask(method.upper(), path, body)
                    self.assertEqual(answer.status, OTHER_STATUS.get(operation["operationId"], 200), answer.text)
                    response = self.resolved(api, operation["responses"][str(answer.status)])
                    kind = answer.headers["content-type"].split(";")[0]
                    self.assertIn(kind, response["content"])
                    if kind == "application/json":
                        whole = {**response["content"][kind]["schema"], "components": api["components"]}
                        jsonschema.Draft202012Validator(whole).validate(answer.json)

    @needs(packages=["jsonschema"])
    def test_events_of_streams(self):
        """What streams bring fits the schemas of their items."""
        import jsonschema

        api = document()
        count = 0
        with serve() as server:
            for path, method, operation in operations(api):
                content = operation["responses"]["200"].get("content", {})
                kinds = [kind for kind, media in content.items() if "x-item-schema" in media]
                if not kinds or path == "/api/pull":
                    continue
                reference = operation["requestBody"]["content"]["application/json"]["schema"]
                (body,) = self.resolved(api, reference)["examples"]
                extras = [{}, {"logprobs": True}, {"logprobs": 2}, {"model": "none"}]
                extras += [{"stream_options": {"include_usage": True}}, {"include": ["message.output_text.logprobs"]}]
                for extra in extras:
                    answer = server.ask(method.upper(), path, {**body, **extra, "stream": True})
                    kind = answer.headers["content-type"].split(";")[0]
                    if answer.status != 200:
                        continue
                    self.assertEqual([kind], kinds)
                    items = answer.lines if kind == "application/x-ndjson" else [data for _, data in answer.events]
                    whole = {**content[kind]["x-item-schema"], "components": api["components"]}
                    validator = jsonschema.Draft202012Validator(whole)
                    for item in items:
                        if item != "[DONE]":
                            count += 1
                            with self.subTest(path=path, extra=extra):
                                validator.validate(item)
        self.assertGreater(count, 500)

    @needs()
    def test_wrong_methods(self):
        api = document()
        with serve() as server:
            for path, item in api["paths"].items():
                allowed = {method.upper() for method in METHODS if method in item}
                allowed |= {"HEAD"} & {"HEAD" if "get" in item else ""}
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                    if (path, method) == (ENDLESS, "GET"):
                        continue
                    address = path.replace("{model}", "primer").replace("{id}", "resp_1")
                    with self.subTest(f"{method} {address}"):
                        answer = server.ask(method, address)
                        if method in allowed:
                            self.assertNotEqual(answer.status, 405)
                        else:
                            self.assertEqual(answer.status, 405, answer.text)
                            self.assertEqual(set(answer.headers["allow"].split(", ")), allowed)
                        if method == "HEAD":
                            self.assertEqual(answer.body, b"")

    @staticmethod
    def resolved(api, schema):
        """What a reference into the document stands for."""
        if "$ref" in schema:
            for part in schema["$ref"].split("/")[1:]:
                api = api[part]
            return api
        return schema


class Conformance(unittest.TestCase):
    """schemathesis makes requests from the document, right and wrong ones, and looks whether the answers fit it."""

    # Other names of fields: they are not read beside the names that go before them.
    ALIASES = {
        "Sampling": ("repeat_penalty", "json_schema", "grammar"),
        "ChatRequest": ("max_tokens", "functions", "function_call"),
        "ChatMessage": ("reasoning", "function_call"),
        "TokenizeRequest": ("add_special",),
    }

    def check(self, mode, api):
        del api["paths"][ENDLESS]
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "openapi.json").write_text(json.dumps(api))
        with serve() as server:
            command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", server.url]
            # Keys are not needed on this machine.
            command += ["--checks", "all", "--exclude-checks", "ignored_auth", "--mode", mode]
            command += ["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--request-timeout", "60"]
            command += ["--max-examples", os.environ.get("STOA_OPENAPI_EXAMPLES", "10"), "--seed", "1"]
            command += ["--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off"]
            command += ["--output-sanitize", "false", "--no-color"]
            result = subprocess.run(
                command,
                cwd=folder,
                env=environment(COLUMNS="160"),
                capture_output=True,
                check=False,
                text=True,
                timeout=HANG_SECONDS,
            )
            self.assertEqual(result.returncode, 0, result.stdout[-20_000:] + result.stderr[-4000:])
            self.assertEqual(server.get("/readyz").status, 200)

    @needs(packages=["schemathesis"])
    def test_right_requests(self):
        self.check("positive", self.bounded(document()))

    @needs(packages=["schemathesis"])
    def test_wrong_requests(self):
        self.check("negative", self.without_aliases(document()))

    @classmethod
    def without_aliases(cls, api):
        def remove(schema, names):
            for name in names:
                schema.get("properties", {}).pop(name, None)
            for part in schema.get("allOf", []) + schema.get("anyOf", []) + schema.get("oneOf", []):
                remove(part, names)

        for name, names in cls.ALIASES.items():
            remove(api["components"]["schemas"][name], names)
        return api

    @classmethod
    def bounded(cls, api):
        """The document with what a schema cannot say, such as which model there is, and with less work."""
        schemas = cls.without_aliases(api)["components"]["schemas"]
        ids = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 2047}, "minItems": 1}
        schemas["Model"] = schemas["NamedModel"] = {"const": "primer"}
        schemas["TokenIDs"] = ids
        # Only one of the ways to say what an answer looks like.
        schemas["ResponseFormat"] = {"const": {"type": "json_object"}}
        few = {"type": "integer", "minimum": 1, "maximum": 3}
        none = {"type": "null"}
        changes = {
            "n": {"enum": [None, 2]},
            "best_of": {"enum": [None, 1]},
            "logit_bias": {"enum": [None, {}, {"5": -100}]},
            **dict.fromkeys(("max_tokens", "max_completion_tokens", "max_output_tokens", "num_predict"), few),
            "options": {"$ref": "#/components/schemas/OllamaOptions"},
            "tokens": ids,
            "format": {"enum": [None, "", "json"]},
            # Tools have different names, choices name them, and what is referred to is there.
            **dict.fromkeys(("tools", "tool_choice", "previous_response_id", "text"), none),
            **dict.fromkeys(("guided_json", "guided_regex", "guided_grammar", "output_format", "output_config"), none),
        }

        def change(schema):
            properties = schema.get("properties", {})
            for name in properties.keys() & changes.keys():
                properties[name] = changes[name]
                if changes[name] is few or name == "options":
                    schema.setdefault("required", []).append(name)
            if "messages" in properties:
                properties["messages"]["maxItems"] = 3
            for part in schema.get("allOf", []):
                change(part)

        schemas["OllamaOptions"]["type"] = "object"
        # Results of tools belong to calls.
        for message in (schemas["ChatMessage"]["oneOf"][1], schemas["OllamaMessage"]):
            message["properties"]["tool_calls"] = none
        turn = {
            "role": {"enum": ["system", "user", "assistant"]},
            "content": {"$ref": "#/components/schemas/TextBlocks"},
        }
        schemas["Message"] = {"type": "object", "required": ["role", "content"], "properties": turn}
        items = schemas["ResponseItem"]["oneOf"]
        schemas["ResponseItem"]["oneOf"] = [item for item in items if "call_id" not in item["properties"]]
        for name, schema in schemas.items():
            if name.endswith(("Request", "Sampling", "Options")):
                change(schema)
        (completion,) = (part for part in schemas["CompletionRequest"]["allOf"] if "properties" in part)
        completion["properties"]["prompt"] = {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/TokenIDs"}]}
        return api


if __name__ == "__main__":
    unittest.main()
