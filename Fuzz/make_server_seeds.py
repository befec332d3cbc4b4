"""Writes seeds for the readers of requests, other servers' answers, models' answers and settings:
make_server_seeds.py TARGET FOLDER"""

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

STREAMS = [
    'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    '{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm"},"finish_reason":null}]}\r\n\r\n'
    'data: {"choices":[{"index":0,"delta":{"content":"H\u00e9"},"logprobs":{"content":[{"token":"H\u00e9",'
    '"logprob":-0.5,"bytes":[72,195,169],"top_logprobs":[{"token":"a","logprob":-1,"bytes":null}]}]}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","type":"function","function":'
    '{"name":"f","arguments":""}},{"index":1,"function":{"name":"g","arguments":{"k":1}}}]}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\\"k\\":1}"}}]}}]}\n\n'
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n'
    'data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":2},'
    '"completion_tokens_details":{"reasoning_tokens":1}}}\n\ndata: [DONE]\n\n',
    '\ufeff: hi\rdata: {"choices":[{"text":"ab","index":1,"logprobs":{"tokens":["a","b"],"token_logprobs":[null,-1],'
    '"top_logprobs":[null,{"b":-1}]},"finish_reason":"stop","stop_reason":"x"}]}\r\r'
    'data: {"choices":[{"index":0,"message":{"content":[{"type":"text","text":"x"}],"refusal":"no"},'
    '"finish_reason":"length"}]}\n\ndata: [DONE]',
    'error: {"code":500,"message":"out of memory"}\n\n',
    'event: error\ndata: {"error":{"message":"it failed","type":"server_error"}}\n\n',
]
REFUSALS = [
    '{"error":{"message":"no such model","type":"invalid_request_error"}}',
    '{"error":"no"}',
    '{"detail":[{"loc":["body"],"msg":"field required"}]}',
    "<html>502 Bad Gateway</html>",
]
NAMES = ["llama=http://127.0.0.1:8000/v1#org/model", "a=https://[::1]/x/", "b=http://example.com"]
PRICES = """currency: EUR
machine: {per_hour: 0.36}
models:
  charged: &a {input: 1, output: 2.5}
  "org/cached": {input: 1, cached_input: 0.1, output: 2}
  other: *a
compare:
  - {name: "one API", input: 2.5, cached_input: 1.25, output: 10}
  - name: another
    input: 0.000001
    output: 0
"""
ALERTS = """text: true
rules:
  - {id: injections, when: {drift: LLM01, baseline: 0.002, requests-per-false-alarm: 1000000}, to: log, quiet: 60}
  - {id: other, when: {drift: any, learn: 500}, to: [log], remind: never}
  - id: refused
    when: {hits: 20, action: refuse, class: S1, within: 120}
    to: [{webhook: "https://hooks.example.com/x"}, {command: [/usr/bin/logger, -t, stoa]}]
  - {id: errors, when: {error-rate: 0.1, within: 300, requests: 50}, to: log, remind: 600}
  - {id: queue, when: {queue: 100, for: 30}, to: log}
  - {id: refusals, when: {refusals: 7}, to: log}
  - {id: trust, when: {certificate: [expired, refused]}, to: log}
"""
SETTINGS = """host: 0.0.0.0
port: 8080
models: {llama: /srv/models/llama.gguf, "b c": primer}
upstreams:
  big: http://127.0.0.1:8000/v1#org/model
upstream_keys: {big: $BIG_KEY}
auth: false
cors: [https://chat.example.com, "*"]
context: 4096
cache_type: q8_0
keep_alive: -1
timeout: 0.5
log_level: debug
trust_policy: enforce
receipts: all
"""
EVENTS = 'event: now\ndata: {"queue":1}\n\n: still here\n\ndata: {"a":\ndata: 1}\n\nevent: hit\ndata: {"rail":"x"}\n\n'
CARD = """---
license: apache-2.0
tags: [a, "b c", 'd']
language:
- en
- de
base_model: org/base # the base
nested:
  key: value
---
# Model
"""


MARK = "]<]minimax[>["
NOTATIONS = [
    'I look.<|tool_call>call:now{city:<|"|>x<|"|>,days:[2,None,true],a:{b:null}}<tool_call|>',
    '<|tool_call_start|>[get_weather(city="x", days=2), now(a=\'it\\\'s\', b=[True, None], c={"k": 1})]<|tool_call_end|>',
    f'{MARK}<tool_call>\n{MARK}<invoke name="now">{MARK}<a>{MARK}<item>1{MARK}</item>{MARK}</a>{MARK}</invoke>\n{MARK}</tool_call>',
    '>>>all\nHi>>>now\n{}>>>get_weather\n{"city": "x"}',
    'Hi<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "now", "arguments": {}}<|message_sep|>',
]


def calls():
    """Calls as the tests have them, each for every family."""
    source = (ROOT / "Tests/StoaDialogueTests/AnswerParserTests.swift").read_text()
    good = source[source.index("static let good") : source.index("func findsCalls")]
    texts = [text.replace('\\"', '"').replace("\\n", "\n") for text in re.findall(r'"((?:[^"\\\n]|\\.)+)"', good)]
    for family in range(40):
        for text in NOTATIONS:
            yield from (bytes([family, flags]) + text.encode() for flags in (0, 4))
        for flags in (0, 3):
            yield bytes([family, flags]) + "".join(texts[:40]).encode()[: 4000 if flags else 1500]
    for text in texts:
        if "now" in text or "get_weather" in text:
            yield from (bytes([family, 0]) + text.encode() for family in range(40))


def seeds(target):
    match target:
        case "request":
            source = (ROOT / "Tests/StoaServerTests/OddBodiesTests.swift").read_text()
            bodies = re.findall(r'#"""\n(.*?)"""#', source, re.DOTALL) + re.findall(r'#"(\{.*?\})"#', source)
            return [body.encode() for body in bodies]
        case "upstream":
            return [bytes([100]) + stream.encode() for stream in STREAMS]
        case "upstream-refusal":
            return [bytes([code]) + text.encode() for code in (100, 101, 129, 203) for text in REFUSALS]
        case "upstream-name":
            return [name.encode() for name in NAMES]
        case "answer":
            return list(calls())
        case _:
            texts = {"prices": PRICES, "alert-rules": ALERTS, "serve-file": SETTINGS, "model-card": CARD}
            return [texts[target].encode()] if target in texts else [b"\x40" + EVENTS.encode()]


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    for seed in seeds(sys.argv[1]):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
