"""A right request for every endpoint, and what its fields may and may not be; what a refusal looks like."""

import json

SAID = [{"role": "user", "content": "a"}]
MODEL = {"model": ["string"]}
SAMPLING = {
    "temperature": ["number"],
    "top_p": ["number"],
    "n": ["integer"],
    "stream": ["boolean"],
    "stop": ["string", "strings"],
    "presence_penalty": ["number"],
    "frequency_penalty": ["number"],
    "logit_bias": ["object"],
    "seed": ["integer"],
    "stream_options": ["object"],
    "max_tokens": ["integer"],
}
# For each endpoint a right body, and what its fields may be.
ENDPOINTS = {
    "/v1/chat/completions": (
        {"model": "primer", "messages": SAID, "max_tokens": 1},
        MODEL
        | SAMPLING
        | {
            "messages": ["objects"],
            "max_completion_tokens": ["integer"],
            "tools": ["objects"],
            "tool_choice": ["string", "object"],
            "response_format": ["object"],
            "logprobs": ["boolean"],
        },
    ),
    "/v1/completions": (
        {"model": "primer", "prompt": "a", "max_tokens": 1},
        MODEL
        | SAMPLING
        | {"prompt": ["string", "strings", "integers"], "echo": ["boolean"], "logprobs": ["integer", "boolean"]},
    ),
    "/v1/embeddings": (
        {"model": "primer", "input": "a"},
        MODEL | {"input": ["string", "strings", "integers"], "encoding_format": ["string"]},
    ),
    "/v1/responses": (
        {"model": "primer", "input": "a", "max_output_tokens": 1},
        MODEL
        | {
            "input": ["string", "objects"],
            "instructions": ["string"],
            "temperature": ["number"],
            "top_p": ["number"],
            "stream": ["boolean"],
            "store": ["boolean"],
            "max_output_tokens": ["integer"],
            "tools": ["objects"],
            "tool_choice": ["string", "object"],
            "text": ["object"],
        },
    ),
    "/v1/messages": (
        {"model": "primer", "messages": SAID, "max_tokens": 1},
        MODEL
        | {
            "messages": ["objects"],
            "max_tokens": ["integer"],
            "system": ["string", "objects"],
            "temperature": ["number"],
            "top_p": ["number"],
            "top_k": ["integer"],
            "stream": ["boolean"],
            "stop_sequences": ["string", "strings"],
            "tools": ["objects"],
            "tool_choice": ["object"],
        },
    ),
    "/v1/messages/count_tokens": (
        {"model": "primer", "messages": SAID},
        MODEL | {"messages": ["objects"], "system": ["string", "objects"], "tools": ["objects"]},
    ),
    "/api/chat": (
        {"model": "primer", "messages": SAID, "stream": False, "options": {"num_predict": 1}},
        MODEL | {"messages": ["objects"], "stream": ["boolean"], "options": ["object"], "tools": ["objects"]},
    ),
    "/api/generate": (
        {"model": "primer", "prompt": "a", "stream": False, "options": {"num_predict": 1}},
        MODEL | {"prompt": ["string"], "stream": ["boolean"], "options": ["object"], "raw": ["boolean"]},
    ),
    "/api/embed": ({"model": "primer", "input": "a"}, MODEL | {"input": ["string", "strings"]}),
    "/api/show": ({"model": "primer"}, MODEL),
    "/api/copy": ({"source": "nothing", "destination": "other"}, {"source": ["string"], "destination": ["string"]}),
    "/api/pull": ({"model": "no/where/at/all"}, MODEL),
    "/tokenize": (
        {"model": "primer", "prompt": "a"},
        MODEL | {"prompt": ["string"], "add_special_tokens": ["boolean"]},
    ),
    "/detokenize": ({"model": "primer", "tokens": [5]}, MODEL | {"tokens": ["integers"]}),
}
# Numbers that no server may take for these.
NUMBERS = {
    "temperature": [-1, 1e300],
    "top_p": [-0.5, 1.5],
    "n": [0, -1, 10**6, 1.5],
    "max_tokens": [-1, 1.5, 10**40],
    "max_completion_tokens": [-1, 0],
    "max_output_tokens": [-1, 0],
    "presence_penalty": [1e300, -1e300],
    "frequency_penalty": [1e300],
    "seed": [1.5, 10**40],
    "top_k": [-5, 1.5],
}
SAMPLES = {
    "boolean": True,
    "integer": 3,
    "number": 0.5,
    "string": "a",
    "strings": ["a"],
    "integers": [5],
    "objects": [{}],
    "object": {"a": 1},
}
# What also passes as what.
WIDER = {"number": {"integer"}, "objects": set()}


def wrong_values(kinds):
    """Values of every kind that a field may not have; null counts as absent."""
    allowed = set(kinds).union(*(WIDER.get(kind, set()) for kind in kinds))
    return [value for kind, value in SAMPLES.items() if kind not in allowed]


def check_refusal(case, path, answer, where, statuses=range(400, 500), says=""):
    """A status of the client's fault, and a message in the shape of the API, as test case `case` demands."""
    case.assertIsNotNone(answer, where)
    status, headers, body = answer
    case.assertIn(status, statuses, f"{where}: {body[:300]}")
    case.assertTrue(headers.get("content-type", "").startswith("application/json"), where)
    content = json.loads(body)
    if path.startswith("/api/"):
        message = content["error"]
    else:
        message = content["error"]["message"]
        case.assertIsInstance(content["error"]["type"], str, where)
    if path.startswith("/v1/messages"):
        case.assertEqual(content["type"], "error", where)
    case.assertIsInstance(message, str, where)
    case.assertGreater(len(message), 8, where)
    case.assertLess(len(message), 2000, where)
    case.assertIn(says, message, where)
