"""The clients that people already have, unchanged, with `stoa serve` behind their base URL."""

import asyncio
import base64
import contextlib
import functools
import io
import json
import math
import os
import re
import struct
import subprocess
import sys
import time
import unittest
import warnings
from pathlib import Path
from typing import Literal

from oracle import FIXTURES, HANG_SECONDS, REPOSITORY, OracleCase, needs, record, stoa
from server import Server

PROMPT = "tell me a story about a fox named Ada at the harbour"
SEED = 4
TOKENS = 60
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"enum": ["Athens", "Oslo", "Lima"]},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 9},
    },
    "required": ["city", "unit", "days"],
    "additionalProperties": False,
}
FUNCTION = {"name": "weather", "description": "The weather of a city", "parameters": WEATHER}
TOOLS = [{"type": "function", "function": FUNCTION}]
# The folder with the earlier releases, see requirements-clients-earlier.txt.
EARLIER = Path(sys.prefix) / "earlier"

server = None


def setUpModule():
    global server
    server = unittest.enterModuleContext(Server())


@functools.cache
def told(prompt=PROMPT, seed=SEED, tokens=TOKENS):
    """What the command line answers."""
    result = stoa("run", "primer", prompt, "--seed", seed, "--max-tokens", tokens, "--json")
    return json.loads(result.stdout)


class ClientCase(OracleCase):
    maxDiff = None

    def setUp(self):
        server.ensure_running()
        # Some clients leave the closing of their connections to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)

    def ids(self, text):
        return self.json_of("tokenize", "primer", text, "--json")["tokens"]

    def assert_weather(self, arguments):
        import jsonschema

        jsonschema.validate(json.loads(arguments) if isinstance(arguments, str) else arguments, WEATHER)

    def assert_same_embeddings(self, left, right, tolerance=1e-6):
        self.assertEqual(len(left), len(right))
        for a, b in zip(left, right, strict=True):
            self.assert_close(a, b, tolerance, "embedding")


def said(text=PROMPT):
    return [{"role": "user", "content": text}]


class OpenAI(ClientCase):
    """The `openai` package."""

    def client(self, kind="OpenAI"):
        import openai

        made = getattr(openai, kind)(base_url=server.url + "/v1", api_key="none", max_retries=0, timeout=HANG_SECONDS)
        return made if kind.startswith("Async") else self.enterContext(made)

    def chat(self, messages=None, **options):
        options = {"seed": SEED, "max_completion_tokens": TOKENS, **options}
        client = self.client()
        return client.chat.completions.create(model="primer", messages=messages or said(), **options)

    @needs(packages=["openai"])
    def test_models(self):
        import openai

        self.assertIn("primer", [model.id for model in self.client().models.list()])
        self.assertEqual(self.client().models.retrieve("primer").id, "primer")
        with self.assertRaises(openai.NotFoundError):
            self.client().models.retrieve("nothing")

    @needs(packages=["openai"])
    def test_chat_answers_as_the_command_line_does(self):
        answer = self.chat()
        self.assertEqual(answer.object, "chat.completion")
        self.assertEqual(answer.model, "primer")
        (choice,) = answer.choices
        self.assertEqual((choice.index, choice.message.role), (0, "assistant"))
        self.assertEqual(choice.message.content, told()["text"])
        self.assertEqual(choice.finish_reason, told()["finish_reason"])
        self.assertEqual(answer.usage.prompt_tokens, told()["prompt_tokens"])
        self.assertEqual(answer.usage.completion_tokens, told()["completion_tokens"])
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        self.assertEqual(answer.model_extra["stoa"]["seed"], SEED)

    @needs(packages=["openai"])
    def test_streams(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(len({(c.id, c.created, c.model, c.object) for c in chunks}), 1)
        self.assertEqual(chunks[0].object, "chat.completion.chunk")
        *parts, last = chunks
        self.assertEqual(last.choices, [])
        self.assertEqual(last.usage.completion_tokens, TOKENS)
        self.assertTrue(all(chunk.usage is None for chunk in parts))
        self.assertEqual(parts[0].choices[0].delta.role, "assistant")
        reasons = [chunk.choices[0].finish_reason for chunk in parts]
        self.assertEqual(reasons, [None] * (len(parts) - 1) + ["length"])
        text = "".join(chunk.choices[0].delta.content or "" for chunk in parts)
        self.assertEqual(text, told()["text"])
        self.assertGreater(len(parts), TOKENS // 4, "the text comes in pieces")
        self.assertTrue(all(chunk.choices for chunk in self.chat(stream=True)), "no usage that nobody asked for")

    @needs(packages=["openai"])
    def test_limits_and_stops(self):
        short = self.chat(max_completion_tokens=5)
        self.assertEqual((short.usage.completion_tokens, short.choices[0].finish_reason), (5, "length"))
        self.assertTrue(told()["text"].startswith(short.choices[0].message.content))
        stopped = self.chat(stop=["."])
        self.assertEqual(stopped.choices[0].message.content, told()["text"].split(".")[0])
        self.assertEqual(stopped.choices[0].finish_reason, "stop")
        whole = self.chat(max_completion_tokens=None)
        self.assertEqual(whole.choices[0].message.content, told(tokens=1000)["text"])

    @needs(packages=["openai"])
    def test_several_choices(self):
        choices = self.chat(n=3).choices
        self.assertEqual([choice.index for choice in choices], [0, 1, 2])
        texts = [choice.message.content for choice in choices]
        self.assertEqual(len(set(texts)), 3)
        self.assertEqual(texts[0], told()["text"])
        streamed = ["", "", ""]
        for chunk in self.chat(n=3, stream=True):
            for choice in chunk.choices:
                streamed[choice.index] += choice.delta.content or ""
        self.assertEqual(streamed, texts)

    @needs(packages=["openai"])
    def test_messages_of_every_form(self):
        system = [{"role": "system", "content": "Be brief."}]
        parts = [
            {"role": "user", "content": [{"type": "text", "text": PROMPT[:9]}, {"type": "text", "text": PROMPT[9:]}]}
        ]
        self.assertEqual(self.chat(parts).choices[0].message.content, told()["text"])
        developer = [{"role": "developer", "content": "Be brief."}]
        self.assertEqual(self.chat(developer + said()).choices, self.chat(system + said()).choices)
        call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"days": 2}'}}
        turns = [
            *said("what is the weather?"),
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        ]
        self.assertEqual(self.chat(turns, tools=TOOLS).choices[0].message.role, "assistant")

    @needs(packages=["openai"])
    def test_logit_bias(self):
        fox = self.ids(" fox")[-1]
        answer = self.chat(logit_bias={fox: 100}, max_completion_tokens=4)
        self.assertEqual(answer.choices[0].message.content.split(), ["fox"] * 4)
        banned = self.chat(logit_bias={fox: -100}, max_completion_tokens=200)
        self.assertNotIn(" fox", banned.choices[0].message.content)

    @needs(packages=["openai", "jsonschema"])
    def test_tools(self):
        for choice in ("required", {"type": "function", "function": {"name": "weather"}}):
            with self.subTest(choice):
                answer = self.chat(tools=TOOLS, tool_choice=choice, max_completion_tokens=200)
                message = answer.choices[0].message
                self.assertEqual(answer.choices[0].finish_reason, "tool_calls")
                self.assertFalse(message.content)
                self.assertGreaterEqual(len(message.tool_calls), 1)
                for call in message.tool_calls:
                    self.assertEqual((call.type, call.function.name), ("function", "weather"))
                    self.assert_weather(call.function.arguments)
                self.assertEqual(len({call.id for call in message.tool_calls}), len(message.tool_calls))
        one = self.chat(tools=TOOLS, tool_choice="required", parallel_tool_calls=False, max_completion_tokens=200)
        self.assertEqual(len(one.choices[0].message.tool_calls), 1)
        none = self.chat(tools=TOOLS, tool_choice="none").choices[0]
        self.assertIsNone(none.message.tool_calls)
        self.assertEqual(none.message.content, told()["text"])

    @needs(packages=["openai", "jsonschema"])
    def test_tools_streamed(self):
        options = {"tools": TOOLS, "tool_choice": "required", "max_completion_tokens": 200}
        calls = {}
        reasons = []
        for chunk in self.chat(stream=True, **options):
            reasons.append(chunk.choices[0].finish_reason)
            for piece in chunk.choices[0].delta.tool_calls or []:
                self.assertIs(type(piece.index), int)
                call = calls.setdefault(piece.index, {"id": piece.id, "name": piece.function.name, "arguments": ""})
                call["arguments"] += piece.function.arguments or ""
        self.assertEqual(reasons[-1], "tool_calls")
        whole = self.chat(**options).choices[0].message.tool_calls
        self.assertEqual(list(calls), list(range(len(whole))))
        for call, other in zip(calls.values(), whole, strict=True):
            self.assertEqual((call["name"], call["arguments"]), (other.function.name, other.function.arguments))
            self.assertTrue(call["id"])
            self.assert_weather(call["arguments"])

    @needs(packages=["openai", "jsonschema"])
    def test_structured_answers(self):
        import pydantic

        class Forecast(pydantic.BaseModel):
            city: Literal["Athens", "Oslo", "Lima"]
            sunny: bool
            name: str = pydantic.Field(max_length=12)

        answer = self.client().chat.completions.parse(
            model="primer", messages=said(), response_format=Forecast, seed=SEED, max_completion_tokens=200
        )
        self.assertIsInstance(answer.choices[0].message.parsed, Forecast)
        schema = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": WEATHER}}
        self.assert_weather(self.chat(response_format=schema, max_completion_tokens=200).choices[0].message.content)
        loose = self.chat(response_format={"type": "json_object"}, max_completion_tokens=900).choices[0]
        if loose.finish_reason == "stop":
            self.assertIsInstance(json.loads(loose.message.content), dict)

    @needs(packages=["openai"])
    def test_logprobs(self):
        choice = self.chat(logprobs=True, top_logprobs=3).choices[0]
        entries = choice.logprobs.content
        self.assertEqual(len(entries), TOKENS)
        self.assertEqual("".join(entry.token for entry in entries), choice.message.content)
        self.assertEqual(b"".join(bytes(entry.bytes) for entry in entries).decode(), choice.message.content)
        for entry in entries:
            self.assertEqual(len(entry.top_logprobs), 3)
            values = [top.logprob for top in entry.top_logprobs]
            self.assertEqual(values, sorted(values, reverse=True))
            self.assertLessEqual(max(entry.logprob, *values), 0)
            self.assertLessEqual(sum(map(math.exp, values)), 1 + 1e-6)
        greedy = self.chat(logprobs=True, top_logprobs=1, temperature=0).choices[0].logprobs.content
        for entry in greedy:
            self.assertEqual((entry.token, entry.logprob), (entry.top_logprobs[0].token, entry.top_logprobs[0].logprob))
        streamed = []
        for chunk in self.chat(logprobs=True, top_logprobs=3, stream=True):
            if chunk.choices[0].logprobs:
                streamed += chunk.choices[0].logprobs.content
        self.assertEqual(streamed, entries)

    def complete(self, prompt, **options):
        options = {"seed": SEED, "max_tokens": 20, **options}
        return self.client().completions.create(model="primer", prompt=prompt, **options)

    @needs(packages=["openai"])
    def test_completions(self):
        text = "Once upon a time there was a fox"
        ids = self.ids(text)
        answer = self.complete(text)
        self.assertEqual(answer.object, "text_completion")
        self.assertEqual((answer.usage.prompt_tokens, answer.usage.completion_tokens), (len(ids), 20))
        continued = answer.choices[0].text
        self.assertEqual(self.complete(ids).choices[0].text, continued)
        self.assertEqual(self.complete(text, echo=True).choices[0].text, text + continued)
        both = self.complete([text, "The planet was cold"])
        self.assertEqual([choice.index for choice in both.choices], [0, 1])
        self.assertEqual(both.choices[0].text, continued)
        self.assertEqual(self.complete([ids, ids[:3]]).choices[0].text, continued)
        two = self.complete(text, n=2).choices
        self.assertEqual(len({choice.text for choice in two}), 2)
        self.assertEqual(two[0].text, continued)
        pieces = [chunk.choices[0].text for chunk in self.complete(text, stream=True) if chunk.choices]
        self.assertEqual("".join(pieces), continued)

    @needs(packages=["openai"])
    def test_completions_echo_with_the_models_own_probabilities(self):
        ids = self.ids("Ada was a fox, and a very hard-working one.")
        logprobs = self.complete(ids, echo=True, logprobs=1, max_tokens=1, temperature=0).choices[0].logprobs
        rows = self.logits("primer", ids, "--all")
        expected = []
        for row, target in zip(rows, [*ids[1:], rows[-1].index(max(rows[-1]))], strict=True):
            expected.append(row[target] - max(row) - math.log(math.fsum(math.exp(x - max(row)) for x in row)))
        self.assertEqual(len(logprobs.tokens), len(ids) + 1)
        self.assertIsNone(logprobs.token_logprobs[0])
        self.assert_close(logprobs.token_logprobs[1:], expected, 1e-4, "log probabilities")
        for position, (token, tops) in enumerate(zip(logprobs.tokens, logprobs.top_logprobs, strict=True)):
            if position:
                self.assertGreaterEqual(max(tops.values()), logprobs.token_logprobs[position])
                self.assertEqual(tops.get(token, logprobs.token_logprobs[position]), logprobs.token_logprobs[position])
        offsets = [sum(map(len, logprobs.tokens[:index])) for index in range(len(logprobs.tokens))]
        self.assertEqual(logprobs.text_offset, offsets)

    @needs(packages=["openai"])
    def test_embeddings(self):
        texts = ["a fox at the harbour", "the planet was cold", "a"]
        plain = self.client().embeddings.create(model="primer", input=texts, encoding_format="float")
        coded = self.client().embeddings.create(model="primer", input=texts, encoding_format="base64")
        decoded = []
        for entry in coded.data:
            self.assertIsInstance(entry.embedding, str)
            content = base64.b64decode(entry.embedding, validate=True)
            decoded.append(struct.unpack(f"<{len(content) // 4}f", content))
        self.assert_same_embeddings([entry.embedding for entry in plain.data], decoded)
        self.assertEqual([entry.index for entry in plain.data], [0, 1, 2])
        width = self.json_of("show", "primer", "--json")["width"]
        self.assertEqual({len(entry.embedding) for entry in plain.data}, {width})
        # Without a format the package asks for base64 and decodes it.
        ids = [self.ids(text) for text in texts]
        for other in (texts, ids):
            default = self.client().embeddings.create(model="primer", input=other)
            self.assert_same_embeddings([entry.embedding for entry in default.data], decoded)
        alone = self.client().embeddings.create(model="primer", input=texts[1])
        self.assertEqual(list(alone.data[0].embedding), list(decoded[1]), "alone as in company")
        self.assertEqual(plain.usage.prompt_tokens, sum(map(len, ids)))
        for vector in decoded:
            self.assertAlmostEqual(math.fsum(x * x for x in vector), 1, places=4)

    @needs(packages=["openai", "jsonschema"])
    def test_responses(self):
        import openai

        client = self.client()
        options = {"model": "primer", "max_output_tokens": TOKENS, "extra_body": {"seed": SEED}}
        answer = client.responses.create(input=PROMPT, **options)
        self.assertEqual(answer.output_text, told()["text"])
        self.assertEqual((answer.status, answer.incomplete_details.reason), ("incomplete", "max_output_tokens"))
        self.assertEqual(answer.usage.output_tokens, TOKENS)
        items = [{"role": "user", "content": [{"type": "input_text", "text": PROMPT}]}]
        self.assertEqual(client.responses.create(input=items, **options).output_text, told()["text"])
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(answer.id)
        events = list(client.responses.create(input=PROMPT, stream=True, **options))
        self.assertEqual([event.sequence_number for event in events], list(range(len(events))))
        kinds = [event.type.removeprefix("response.") for event in events]
        deltas = kinds.count("output_text.delta")
        before = ["created", "in_progress", "output_item.added", "content_part.added"]
        after = ["output_text.done", "content_part.done", "output_item.done", "incomplete"]
        self.assertEqual(kinds, before + ["output_text.delta"] * deltas + after)
        self.assertEqual("".join(e.delta for e in events if e.type == "response.output_text.delta"), told()["text"])
        self.assertEqual(events[-1].response.output_text, told()["text"])

    @needs(packages=["openai", "jsonschema"])
    def test_responses_with_tools_schemas_and_memory(self):
        import openai

        client = self.client()
        options = {"model": "primer", "input": PROMPT, "max_output_tokens": 200, "extra_body": {"seed": SEED}}
        answer = client.responses.create(tools=[{"type": "function", **FUNCTION}], tool_choice="required", **options)
        calls = [item for item in answer.output if item.type == "function_call"]
        self.assertEqual({call.name for call in calls}, {"weather"})
        for call in calls:
            self.assert_weather(call.arguments)
        form = {"format": {"type": "json_schema", "name": "weather", "schema": WEATHER, "strict": True}}
        self.assert_weather(client.responses.create(text=form, **options).output_text)
        kept = client.responses.create(store=True, **options)
        self.assertEqual(client.responses.retrieve(kept.id).output_text, kept.output_text)
        options["input"] = "who helped?"
        after = client.responses.create(previous_response_id=kept.id, **options)
        self.assertGreater(after.usage.input_tokens, kept.usage.input_tokens + kept.usage.output_tokens - 5)
        turns = [*said(), {"role": "assistant", "content": kept.output_text}, *said("who helped?")]
        same = self.chat(turns, max_completion_tokens=200)
        self.assertEqual(after.output_text, same.choices[0].message.content)
        client.responses.delete(kept.id)
        with self.assertRaises(openai.NotFoundError):
            client.responses.retrieve(kept.id)

    @needs(packages=["openai"])
    def test_errors(self):
        import openai

        with self.assertRaises(openai.NotFoundError) as caught:
            self.client().chat.completions.create(model="gpt-4", messages=said())
        self.assertEqual(caught.exception.code, "model_not_found")
        self.assertIn("primer", caught.exception.message)
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat(temperature=-1)
        self.assertEqual(caught.exception.param, "temperature")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat(said("fox " * 3000))
        self.assertEqual(caught.exception.code, "context_length_exceeded")
        self.assertRegex(caught.exception.message, r"1,?024")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.complete("a", suffix="b")
        self.assertEqual(caught.exception.param, "suffix")

    @needs(packages=["openai"])
    def test_company_changes_nothing(self):
        """Sixteen at once get what each would get alone."""
        prompts = [f"tell me a story about a {animal}" for animal in ("fox", "bear", "cat", "owl")] * 4

        async def all_of_them():
            async with self.client("AsyncOpenAI") as client:
                tasks = [
                    client.chat.completions.create(
                        model="primer", messages=said(p), seed=index, max_completion_tokens=40
                    )
                    for index, p in enumerate(prompts)
                ]
                return await asyncio.gather(*tasks)

        for index, answer in enumerate(asyncio.run(all_of_them())):
            self.assertEqual(answer.choices[0].message.content, told(prompts[index], index, 40)["text"])


class Anthropic(ClientCase):
    """The `anthropic` package."""

    def client(self):
        import anthropic

        return self.enterContext(
            anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=HANG_SECONDS)
        )

    def options(self, **options):
        base = {"model": "primer", "max_tokens": TOKENS, "messages": said(), "extra_body": {"seed": SEED}}
        return {**base, **options}

    @needs(packages=["anthropic"])
    def test_messages(self):
        answer = self.client().messages.create(**self.options())
        self.assertEqual((answer.type, answer.role, answer.model), ("message", "assistant", "primer"))
        (block,) = answer.content
        self.assertEqual((block.type, block.text), ("text", told()["text"]))
        self.assertEqual((answer.stop_reason, answer.stop_sequence), ("max_tokens", None))
        usage = answer.usage
        read = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
        self.assertEqual((read, usage.output_tokens), (told()["prompt_tokens"], TOKENS))
        stopped = self.client().messages.create(**self.options(stop_sequences=["."]))
        self.assertEqual((stopped.stop_reason, stopped.stop_sequence), ("stop_sequence", "."))
        self.assertEqual(stopped.content[0].text, told()["text"].split(".")[0])
        whole = self.client().messages.create(**self.options(max_tokens=1000))
        self.assertEqual((whole.content[0].text, whole.stop_reason), (told(tokens=1000)["text"], "end_turn"))
        blocks = [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}]
        system = self.client().messages.create(**self.options(system="Be brief.", messages=blocks))
        parts = self.client().messages.create(**self.options(system=[{"type": "text", "text": "Be brief."}]))
        self.assertEqual(system.content, parts.content)

    @needs(packages=["anthropic"])
    def test_streams(self):
        events = list(self.client().messages.create(**self.options(stream=True)))
        kinds = [event.type for event in events if event.type != "ping"]
        deltas = kinds.count("content_block_delta")
        before, after = (
            ["message_start", "content_block_start"],
            ["content_block_stop", "message_delta", "message_stop"],
        )
        self.assertEqual(kinds, before + ["content_block_delta"] * deltas + after)
        self.assertGreater(deltas, TOKENS // 4)
        self.assertEqual(events[0].message.content, [])
        text = "".join(event.delta.text for event in events if event.type == "content_block_delta")
        self.assertEqual(text, told()["text"])
        last = next(event for event in events if event.type == "message_delta")
        self.assertEqual((last.delta.stop_reason, last.usage.output_tokens), ("max_tokens", TOKENS))
        with self.client().messages.stream(**self.options()) as stream:
            self.assertEqual("".join(stream.text_stream), told()["text"])
            self.assertEqual(stream.get_final_message().content[0].text, told()["text"])
        body = {"model": "primer", "max_tokens": 5, "messages": said(), "stream": True}
        raw = server.post("/v1/messages", body)
        self.assertTrue(raw.headers["content-type"].startswith("text/event-stream"))
        for name, data in raw.events:
            self.assertEqual(name, data["type"])

    @needs(packages=["anthropic"])
    def test_counts_tokens(self):
        counted = self.client().messages.count_tokens(model="primer", messages=said())
        self.assertEqual(counted.input_tokens, told()["prompt_tokens"])

    @needs(packages=["anthropic", "jsonschema"])
    def test_tools(self):
        tool = {"name": "weather", "description": "The weather of a city", "input_schema": WEATHER}
        options = self.options(tools=[tool], tool_choice={"type": "any"}, max_tokens=200)
        answer = self.client().messages.create(**options)
        self.assertEqual(answer.stop_reason, "tool_use")
        for block in answer.content:
            self.assertEqual((block.type, block.name), ("tool_use", "weather"))
            self.assert_weather(block.input)
        with self.client().messages.stream(**options) as stream:
            streamed = stream.get_final_message()
        self.assertEqual([block.input for block in streamed.content], [block.input for block in answer.content])
        result = {"type": "tool_result", "tool_use_id": answer.content[0].id, "content": "sunny"}
        first = {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in answer.content[:1]]}
        turns = [*said(), first, {"role": "user", "content": [result]}]
        self.assertEqual(self.client().messages.create(**self.options(messages=turns, tools=[tool])).role, "assistant")
        named = self.options(tools=[tool], tool_choice={"type": "tool", "name": "weather"}, max_tokens=200)
        self.assertEqual(self.client().messages.create(**named).content[0].name, "weather")

    @needs(packages=["anthropic"])
    def test_errors(self):
        import anthropic

        for wrong, status, kind, word in (
            ({"model": "claude"}, anthropic.NotFoundError, "not_found_error", "primer"),
            ({"extra_body": {"temperature": -1}}, anthropic.BadRequestError, "invalid_request_error", "temperature"),
            ({"messages": said("fox " * 3000)}, anthropic.BadRequestError, "invalid_request_error", "tokens"),
            ({"max_tokens": 0}, anthropic.BadRequestError, "invalid_request_error", "max_tokens"),
        ):
            with self.subTest(kind), self.assertRaises(status) as caught:
                self.client().messages.create(**self.options(**wrong))
            self.assertEqual(caught.exception.body["type"], "error")
            self.assertEqual(caught.exception.body["error"]["type"], kind)
            self.assertIn(word, caught.exception.body["error"]["message"])


class Ollama(ClientCase):
    """The `ollama` package."""

    DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")

    def client(self):
        import ollama

        return ollama.Client(host=server.url)

    def chat(self, **options):
        base = {"model": "primer", "messages": said(), "options": {"seed": SEED, "num_predict": TOKENS}}
        return self.client().chat(**{**base, **options})

    def assert_measured(self, answer):
        for name in self.DURATIONS:
            self.assertIs(type(answer[name]), int, name)
            self.assertGreaterEqual(answer[name], 0, name)
        self.assertGreater(answer["total_duration"], answer["eval_duration"] - 1)

    @needs(packages=["ollama"])
    def test_chat(self):
        answer = self.chat()
        self.assertEqual(answer.message.role, "assistant")
        self.assertEqual(answer.message.content, told()["text"])
        self.assertEqual((answer.done, answer.done_reason), (True, "length"))
        self.assertEqual((answer.prompt_eval_count, answer.eval_count), (told()["prompt_tokens"], TOKENS))
        self.assert_measured(answer)
        *parts, last = self.chat(stream=True)
        self.assertEqual("".join(part.message.content for part in [*parts, last]), told()["text"])
        self.assertTrue(last.done and not any(part.done for part in parts))
        self.assert_measured(last)

    @needs(packages=["ollama"])
    def test_generate(self):
        options = {"seed": SEED, "num_predict": TOKENS}
        answer = self.client().generate(model="primer", prompt=PROMPT, options=options)
        self.assertEqual(answer.response, told()["text"])
        self.assert_measured(answer)
        pieces = self.client().generate(model="primer", prompt=PROMPT, options=options, stream=True)
        self.assertEqual("".join(piece.response for piece in pieces), told()["text"])
        text = "Once upon a time there was a fox"
        raw = self.client().generate(model="primer", prompt=text, raw=True, options={"seed": SEED, "num_predict": 20})
        body = {"model": "primer", "prompt": text, "seed": SEED, "max_tokens": 20}
        self.assertEqual(raw.response, server.post("/v1/completions", body).json["choices"][0]["text"])

    @needs(packages=["ollama"])
    def test_lines_on_the_wire(self):
        """One JSON text a line, whole numbers of nanoseconds, and a stream unless one asks for none."""
        answer = server.post("/api/chat", {"model": "primer", "messages": said(), "options": {"num_predict": 9}})
        self.assertTrue(answer.headers["content-type"].startswith("application/x-ndjson"))
        *parts, last = answer.lines
        self.assertTrue(all(part["done"] is False and "total_duration" not in part for part in parts))
        self.assert_measured(last)
        for part in answer.lines:
            self.assertRegex(part["created_at"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        whole = server.post("/api/chat", {"model": "primer", "messages": said(), "stream": False})
        self.assertTrue(whole.headers["content-type"].startswith("application/json"))

    @needs(packages=["ollama"])
    def test_embeddings(self):
        texts = ["a fox at the harbour", "the planet was cold"]
        answer = self.client().embed(model="primer", input=texts)
        other = server.post("/v1/embeddings", {"model": "primer", "input": texts}).json["data"]
        self.assert_same_embeddings(answer.embeddings, [entry["embedding"] for entry in other])
        old = self.client().embeddings(model="primer", prompt=texts[0])
        self.assert_close(list(old.embedding), list(answer.embeddings[0]), 1e-6, "embedding")

    @needs(packages=["ollama"])
    def test_models(self):
        import ollama

        names = [model.model for model in self.client().list().models]
        self.assertIn("primer", [name.removesuffix(":latest") for name in names])
        primer = next(model for model in self.client().list().models if model.model.startswith("primer"))
        self.assertEqual(primer.size, self.json_of("show", "primer", "--json")["bytes"])
        shown = self.client().show("primer")
        self.assertEqual(shown.details.family, "llama")
        self.assertEqual(shown.modelinfo["general.architecture"], "llama")
        self.assertEqual(shown.modelinfo["llama.context_length"], 1024)
        self.assertIn("messages", shown.template)
        self.chat()
        self.assertIn("primer", [model.name.removesuffix(":latest") for model in self.client().ps().models])
        self.assertRegex(server.get("/api/version").json["version"], r"^\d+\.\d+")
        with self.assertRaises(ollama.ResponseError) as caught:
            self.client().chat(model="nothing", messages=said())
        self.assertEqual(caught.exception.status_code, 404)
        with self.assertRaises(ollama.ResponseError):
            self.client().show("nothing")

    @needs(packages=["ollama"])
    def test_unloads(self):
        with Server() as other:
            import ollama

            client = ollama.Client(host=other.url)
            client.generate(model="primer", prompt="a", options={"num_predict": 1})
            self.assertEqual(len(client.ps().models), 1)
            client.generate(model="primer", prompt="a", options={"num_predict": 1}, keep_alive=0)
            end = time.monotonic() + HANG_SECONDS
            while client.ps().models and time.monotonic() < end:
                time.sleep(0.1)
            self.assertEqual(client.ps().models, [])

    @needs(packages=["ollama"])
    def test_library(self):
        with Server() as other:
            import ollama

            imported = stoa("import", FIXTURES / "gguf_f16/model.gguf", "--name", "tiny", STOA_HOME=str(other.home))
            self.assertEqual(imported.returncode, 0, imported.stderr)
            client = ollama.Client(host=other.url)

            def names():
                return sorted(model.model.removesuffix(":latest") for model in client.list().models)

            self.assertEqual(names(), ["primer", "tiny"])
            client.copy("tiny", "other")
            self.assertEqual(names(), ["other", "primer", "tiny"])
            client.delete("tiny")
            self.assertEqual(names(), ["other", "primer"])
            self.assertEqual(
                client.generate(model="other", prompt="a", raw=True, options={"num_predict": 2}).eval_count, 2
            )
            with self.assertRaises(ollama.ResponseError) as caught:
                client.delete("tiny")
            self.assertEqual(caught.exception.status_code, 404)

    @needs(packages=["ollama", "jsonschema"])
    def test_structured_answers(self):
        answer = self.chat(format=WEATHER, options={"seed": SEED, "num_predict": 200})
        self.assert_weather(answer.message.content)
        tools = self.chat(tools=TOOLS)
        self.assertEqual(tools.message.role, "assistant")


class Frameworks(ClientCase):
    """Packages that stand on those of the APIs."""

    @needs(packages=["langchain_openai", "jsonschema"])
    def test_langchain_openai(self):
        import pydantic
        from langchain_openai import ChatOpenAI, OpenAIEmbeddings

        class Forecast(pydantic.BaseModel):
            """The weather of a city"""

            city: Literal["Athens", "Oslo", "Lima"]
            sunny: bool

        access = {"base_url": server.url + "/v1", "api_key": "none", "max_retries": 0}
        chat = ChatOpenAI(model="primer", seed=SEED, max_completion_tokens=TOKENS, stream_usage=True, **access)
        answer = chat.invoke(PROMPT)
        self.assertEqual(answer.content, told()["text"])
        self.assertEqual(answer.usage_metadata["output_tokens"], TOKENS)
        pieces = list(chat.stream(PROMPT))
        self.assertEqual("".join(piece.content for piece in pieces), told()["text"])
        self.assertEqual(sum((piece.usage_metadata or {}).get("output_tokens", 0) for piece in pieces), TOKENS)
        roomy = ChatOpenAI(model="primer", seed=SEED, max_completion_tokens=200, **access)
        self.assertIsInstance(roomy.with_structured_output(Forecast).invoke(PROMPT), Forecast)
        called = roomy.bind_tools(TOOLS, tool_choice="required").invoke(PROMPT)
        self.assert_weather(called.tool_calls[0]["args"])
        # Without its length check, which counts with another model's tokenizer.
        embeddings = OpenAIEmbeddings(model="primer", check_embedding_ctx_length=False, **access)
        vectors = embeddings.embed_documents(["a fox", "a bear"])
        self.assert_close(embeddings.embed_query("a fox"), vectors[0], 1e-6, "embedding")

    @needs(packages=["langchain_ollama"])
    def test_langchain_ollama(self):
        from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM

        options = {"model": "primer", "base_url": server.url, "seed": SEED, "num_predict": TOKENS}
        self.assertEqual(ChatOllama(**options).invoke(PROMPT).content, told()["text"])
        self.assertEqual("".join(piece.content for piece in ChatOllama(**options).stream(PROMPT)), told()["text"])
        self.assertEqual(OllamaLLM(**options).invoke(PROMPT), told()["text"])
        (vector,) = OllamaEmbeddings(model="primer", base_url=server.url).embed_documents(["a fox"])
        other = server.post("/v1/embeddings", {"model": "primer", "input": "a fox"}).json["data"][0]["embedding"]
        self.assert_close(vector, other, 1e-6, "embedding")

    @needs(packages=["litellm"])
    def test_litellm(self):
        # It would fetch a list of prices when imported.
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        import litellm

        for model, base, options in (
            ("openai/primer", server.url + "/v1", {"seed": SEED}),
            ("ollama_chat/primer", server.url, {"seed": SEED}),
            ("anthropic/primer", server.url, {"seed": SEED, "allowed_openai_params": ["seed"]}),
        ):
            with self.subTest(model):
                options = {"api_base": base, "api_key": "none", "max_tokens": TOKENS, "num_retries": 0, **options}
                answer = litellm.completion(model=model, messages=said(), **options)
                self.assertEqual(answer.choices[0].message.content, told()["text"])
                self.assertEqual(answer.usage.completion_tokens, TOKENS)
                pieces = litellm.completion(model=model, messages=said(), stream=True, **options)
                text = "".join(piece.choices[0].delta.content or "" for piece in pieces)
                self.assertEqual(text, told()["text"])


class Pages(unittest.TestCase):
    """The programs in docs/clients run as they are printed there, but for the port."""

    def setUp(self):
        server.ensure_running()

    def programs(self, page, language):
        text = (REPOSITORY / "docs/clients" / page).read_text().replace("127.0.0.1:11500", f"127.0.0.1:{server.port}")
        programs = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        self.assertTrue(programs)
        return programs

    def run_python(self, page):
        """Runs programs in this process, where their packages are loaded already."""
        for program in self.programs(page, "python"):
            with self.subTest(program):
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(program, page, "exec"), {"__name__": "__main__"})
                self.assertTrue(printed.getvalue().strip())

    @needs(packages=["openai"])
    def test_openai_page(self):
        self.run_python("openai.md")

    @needs(packages=["anthropic"])
    def test_anthropic_page(self):
        self.run_python("anthropic.md")

    @needs(packages=["ollama"])
    def test_ollama_page(self):
        self.run_python("ollama.md")

    @needs(packages=["langchain_openai", "langchain_ollama"])
    def test_langchain_page(self):
        self.run_python("langchain.md")

    @needs(packages=["litellm"])
    def test_litellm_page(self):
        self.run_python("litellm.md")

    @needs(programs=["curl", "bash"])
    def test_curl_page(self):
        for program in self.programs("curl.md", "sh"):
            with self.subTest(program):
                command = ["bash", "-euc", program]
                result = subprocess.run(command, capture_output=True, check=False, text=True, timeout=HANG_SECONDS)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertNotIn('"error"', result.stdout)
                self.assertTrue(result.stdout.strip())


class Earlier(unittest.TestCase):
    def test_earlier_releases(self):
        """The same tests with the packages of requirements-clients-earlier.txt."""
        missing = not EARLIER.is_dir() or "PYTHONPATH" in os.environ
        record("skip" if missing else "run", self.id())
        if missing:
            self.skipTest("needs the earlier releases, in a folder of their own")
        names = [f"test_clients.{case}" for case in ("OpenAI", "Anthropic", "Ollama", "Frameworks")]
        result = subprocess.run(
            [sys.executable, "-m", "unittest", *names],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONPATH": str(EARLIER)},
            capture_output=True,
            check=False,
            text=True,
            timeout=HANG_SECONDS,
        )
        self.assertEqual(result.returncode, 0, result.stderr)


if __name__ == "__main__":
    unittest.main()
