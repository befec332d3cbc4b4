#!/usr/bin/env python3
"""Writes conversations.json: what every published template is rendered with, by jinja2 and by Stoa."""

import json
import pathlib

USER = {"role": "user", "content": "What is 2 + 2?"}
ANSWER = {"role": "assistant", "content": "It is 4."}
SYSTEM = {"role": "system", "content": "You are terse. <b>“Quotes” & ünïcode</b> 😀"}
THANKS = {"role": "user", "content": "  Thanks,\n\nwhy? "}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather for a city <now> & later.\nTwo lines.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "The city's name"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
                "days": {"type": ["integer", "null"], "description": "Days ahead", "minimum": 0},
                "places": {"type": "array", "items": {"type": "object", "properties": {"lat": {"type": "number"}}, "required": ["lat"]}},
                "exact": {"type": "boolean"},
                "either": {"anyOf": [{"type": "string"}, {"type": "number"}]},
            },
            "required": ["city"],
        },
    },
}
PING = {"type": "function", "function": {"name": "ping", "description": "Checks.", "parameters": {"type": "object", "properties": {}}}}
RETURNS = {"type": "function", "function": {"name": "clock", "description": "Time.", "parameters": {"type": "object", "properties": {"tz": {"type": "string", "nullable": True}}, "required": ["tz"]}, "return": {"type": "string", "description": "The time"}, "strict": True}}


def call(id, name="get_weather", arguments=None):
    arguments = {"city": "Paris", "days": 2, "exact": True, "unit": None, "places": [{"lat": 48.85}]} if arguments is None else arguments
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


CALLS = {"role": "assistant", "content": "", "tool_calls": [call("call00001")]}
RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": '{"temp": 21.5, "sky": "clear"}'}
WEATHER_ANSWER = {"role": "assistant", "content": "21.5 degrees."}
ASK = {"role": "user", "content": "How is the weather in Paris?"}

CONTEXTS = []


def add(name, messages, **more):
    context = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"}
    context.update(more)
    CONTEXTS.append({"name": name, "context": context})


add("one question", [USER])
add("no generation prompt", [USER, ANSWER], add_generation_prompt=False)
add("system", [SYSTEM, USER])
add("several turns", [SYSTEM, USER, ANSWER, THANKS, ANSWER, USER])
add("several turns to the end", [SYSTEM, USER, ANSWER, THANKS, ANSWER], add_generation_prompt=False)
add("tools offered", [ASK], tools=[WEATHER, PING])
add("simple tool", [ASK], tools=[{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}, "n": {"type": "integer"}}, "required": ["city"]}}}])
add("simple tool called", [SYSTEM, ASK, {"role": "assistant", "content": "", "tool_calls": [call("call00001", "look", {"city": "Rome", "n": 1})]}, RESULT], tools=[{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Where"}}, "required": ["city"]}}}])
add("tools and system", [SYSTEM, ASK], tools=[WEATHER, RETURNS])
add("tool call", [ASK, CALLS], tools=[WEATHER], add_generation_prompt=False)
add("tool result", [ASK, CALLS, RESULT], tools=[WEATHER])
add("tool round trip", [SYSTEM, ASK, CALLS, RESULT, WEATHER_ANSWER, THANKS], tools=[WEATHER, PING])
add("parallel calls", [ASK, {"role": "assistant", "content": None, "tool_calls": [call("call00001"), call("call00002", "ping", {})]}, RESULT, {"role": "tool", "name": "ping", "tool_call_id": "call00002", "content": "pong"}], tools=[WEATHER, PING])
add("arguments as text", [ASK, {"role": "assistant", "content": "Let me see.", "tool_calls": [call("call00001", arguments='{"city": "Paris"}')]}, RESULT], tools=[WEATHER])
add("calls without tools", [ASK, CALLS, RESULT, WEATHER_ANSWER, THANKS])
add("bare calls", [ASK, {"role": "assistant", "tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}, {"role": "tool", "content": {"temp": 21}}], tools=[WEATHER])
add("missing content", [USER, {"role": "assistant"}, USER])
add("null content", [{"role": "system", "content": None}, USER, {"role": "assistant", "content": None}, THANKS])
add("null fields", [{"role": "user", "content": "Hi", "name": None, "tool_calls": None}, {"role": "assistant", "content": "Yes", "tool_calls": None, "reasoning_content": None, "name": None}, USER])
add("empty calls", [USER, {"role": "assistant", "content": "x", "tool_calls": []}, USER], tools=[])
add("typed content", [{"role": "system", "content": [{"type": "text", "text": "Be brief."}]}, {"role": "user", "content": [{"type": "text", "text": "One "}, {"type": "text", "text": "two"}]}, {"role": "assistant", "content": [{"type": "text", "text": "three"}]}, USER])
add("image", [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "x"}}]}])
add("reasoning", [USER, {"role": "assistant", "content": "4", "reasoning_content": "2 + 2 = 4", "thinking": "2 + 2 = 4", "reasoning": "2 + 2 = 4"}, THANKS])
add("reasoning inline", [USER, {"role": "assistant", "content": "<think>\nsums\n</think>\n\n4"}, THANKS, {"role": "assistant", "content": "<think>more</think>Because."}], add_generation_prompt=False)
add("reasoning and calls", [ASK, {"role": "assistant", "content": "", "reasoning_content": "I look.", "thinking": "I look.", "tool_calls": [call("call00001")]}, RESULT], tools=[WEATHER])
add("thinking off", [SYSTEM, USER], enable_thinking=False, thinking=False, reasoning_effort="low", thinking_budget=0)
add("thinking on", [SYSTEM, USER, ANSWER, THANKS], enable_thinking=True, thinking=True, reasoning_effort="high", thinking_budget=512)
add("documents", [USER], documents=[{"title": "T", "text": "Body"}, {"title": "U", "text": "More"}])
add("no messages", [])
add("two users", [USER, USER])
add("assistant first", [ANSWER, USER])
add("developer", [{"role": "developer", "content": "Rules."}, USER])
add("late system", [USER, ANSWER, SYSTEM, USER])
add("unknown role", [USER, {"role": "narrator", "content": "Meanwhile."}])
add("no role", [{"content": "Hi"}])
add("long turns", [m for i in range(12) for m in ({"role": "user", "content": f"Question {i}"}, {"role": "assistant", "content": f"Answer {i} " * 20})] + [USER])
for context in CONTEXTS[:1]:
    bare = dict(context["context"])
    for name in ("bos_token", "eos_token", "tools", "documents", "add_generation_prompt"):
        del bare[name]
    CONTEXTS.append({"name": "missing variables", "context": bare})
add("date given", [SYSTEM, USER], date_string="26 Jul 2024", tools=[WEATHER], tools_in_user_message=False, builtin_tools=["code_interpreter"])

path = pathlib.Path(__file__).parent / "conversations.json"
path.write_text(json.dumps(CONTEXTS, indent=1, ensure_ascii=False) + "\n")
