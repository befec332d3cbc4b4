#!/usr/bin/env python3
"""The oracle for chat templates: jinja2 with the settings of Hugging Face transformers.

    oracle.py features           writes features.json from the cases in feature_cases.py
    oracle.py render < REQUEST   renders every template of the request with every context, as JSON on stdout

A request is {"templates": [{"name", "source"}], "contexts": [{"name", "context"}]}; the answer maps
"template / context" to {"text": …} or {"error": …}. It needs Python 3.9 or later and jinja2 3.1, nothing else.

The settings (transformers/utils/chat_template_utils.py): the immutable sandbox, trim_blocks, lstrip_blocks,
loopcontrols, a tag `generation` that only marks its body, `tojson` without escaping for HTML, `raise_exception`,
`strftime_now` (here of a fixed time), and namespaces that refuse names with a leading underscore.
"""

import datetime
import json
import pathlib
import sys

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.sandbox
import jinja2.utils

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2025, 7, 4, 9, 5, 3)


class GenerationTag(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_show"), [], [], body).set_lineno(line)

    def _show(self, caller):
        return caller()


class PublicNamespace(jinja2.utils.Namespace):
    def __init__(*args, **kwargs):
        self, *rest = args
        attributes = dict(*rest, **kwargs)
        if any(str(name).startswith("_") for name in attributes):
            raise jinja2.exceptions.SecurityError("private attribute")
        jinja2.utils.Namespace.__init__(self, attributes)

    def __setitem__(self, name, value):
        if name.startswith("_"):
            raise jinja2.exceptions.SecurityError("private attribute")
        jinja2.utils.Namespace.__setitem__(self, name, value)


class CallableDict:
    def __call__(self, *args, **kwargs):
        return dict(*args, **kwargs)

    def fromkeys(self, *args, **kwargs):
        return dict.fromkeys(*args, **kwargs)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def environment():
    result = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, jinja2.ext.loopcontrols]
    )
    result.filters["tojson"] = tojson
    result.globals["raise_exception"] = raise_exception
    result.globals["strftime_now"] = NOW.strftime
    result.globals["namespace"] = PublicNamespace
    result.globals["dict"] = CallableDict()
    return result


def render(env, source, *contexts):
    """What the template makes of each context; every exception means that it refuses the context."""
    results = []
    template = None
    for context in contexts:
        try:
            template = template or env.from_string(source)
            text = template.render(**context)
            text.encode()
            results.append({"text": text})
        except Exception as error:
            results.append({"error": f"{type(error).__name__}: {error}"[:200]})
    return results


def features():
    sys.path.insert(0, str(HERE))
    from feature_cases import CASES, CONTEXT

    env = environment()
    cases = []
    for name, source in CASES:
        cases.append({"name": name, "source": source, **render(env, source, CONTEXT)[0]})
    names = [case["name"] for case in cases]
    assert len(names) == len(set(names)), "names of cases repeat"
    result = {"jinja2": jinja2.__version__, "context": CONTEXT, "cases": cases}
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (HERE / "features.json").write_text(text + "\n")


def answer():
    request = json.load(sys.stdin)
    env = environment()
    result = {}
    for template in request["templates"]:
        contexts = [context["context"] for context in request["contexts"]]
        for context, outcome in zip(request["contexts"], render(env, template["source"], *contexts)):
            result[f"{template['name']} / {context['name']}"] = outcome
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    {"features": features, "render": answer}[sys.argv[1]]()
