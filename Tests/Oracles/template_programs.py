"""Random template programs of the Jinja that chat templates use, for comparing with jinja2.

The generator knows types only loosely: most expressions make sense, some do not, so that errors are compared too.
Numbers stay small, because Python's integers have no limit and ours have 64 bits.
"""

import random

CONTEXT = {
    "messages": [
        {"role": "system", "content": "  Be brief.\n"},
        {"role": "user", "content": "Hi é😀 <b> & 'q' \"d\"", "name": None},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "get", "arguments": {"k": [1, 2.5, None, True]}}}
            ],
        },
        {"role": "tool", "content": [{"type": "text", "text": "a\nb"}, {"type": "image"}], "tool_call_id": "c1"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\nYes, straße ΑΣ."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "get",
                "description": "Gets “it”",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "k": {"type": "array", "items": {"type": "number"}},
                        "u": {"type": ["string", "null"], "enum": ["a", "B"], "default": "a"},
                    },
                    "required": ["k"],
                },
            },
        }
    ],
    "word": "hello World",
    "csv": "b,A,,c , d",
    "lines": "one\n  two\n\nthree\r\nfour\tx",
    "html": "<a href='x'>T & \"J\"</a>",
    "uni": "naïve ΣΑΣ ß ﬁ ǆ 中文 ½²٣ e\u0301\u00a0z",
    "n": 7,
    "neg": -3,
    "zero": 0,
    "real": 2.5,
    "tiny": 0.00001234,
    "huge": 1.5e16,
    "whole": 4.0,
    "yes": True,
    "no": False,
    "nil": None,
    "nums": [3, 1, 2, 2, -5, 0],
    "words": ["b", "A", "c", "a", "B", ""],
    "mixed": [1, "a", None, 2.5, True, [1], {"k": 1}],
    "pairs": [["x", 1], ["y", 2], ["x", 3]],
    "rows": [
        {"name": "Ada", "age": 36, "tag": {"id": 1, "items": "own"}},
        {"name": "bob", "age": 25, "tag": {"id": 2}},
        {"name": "Cy", "age": 25, "tag": {"id": 1}, "extra": None},
    ],
    "person": {"name": "Ada", "b": 1, "A": 2, "items": "own", "z": [1, 2], "n": None},
    "empty": "",
    "none_list": [],
    "none_dict": {},
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
    "bos_token": "<s>",
    "eos_token": "</s>",
    "add_generation_prompt": True,
}

# One case a line reads better as a table.
# fmt: off
STRINGS = ["word", "csv", "lines", "html", "uni", "empty", "bos_token", "messages[0].content", "messages[1]['content']",
           "messages[-1].content", "rows[0].name", "words[1]"]
NUMBERS = ["n", "neg", "zero", "real", "tiny", "huge", "whole", "nums[0]", "rows[1].age", "loop.index", "yes"]
LISTS = ["nums", "words", "mixed", "pairs", "rows", "messages", "tools", "none_list", "person.z", "tree", "range(4)",
         "nums[1:]", "'abc'", "person.items()", "person.values()", "(1, 'a', none)"]
DICTS = ["person", "none_dict", "rows[0]", "rows[0].tag", "messages[2]", "tools[0].function", "messages[1]"]
ODD = ["nil", "missing", "missing.x", "person.nope", "messages[9]", "yes", "no", "none", "true", "False", "x", "i", "ns.a",
       "ns", "loop", "range", "dict", "f", "caller", "varargs", "kwargs"]
LITERALS = ["''", "'a'", '"b c"', "'\\n'", "'%s'", "'{}'", "', '", "' '", "'x'", "'l'", "'o W'", "'é'", "'😀'", "'</think>'",
            "'0x1F'", "' 12 '", "'3.7'", "'1e3'", "'ab' 'cd'", "'\\t\\\\\\''", "'A'", "'aa'", "'-'"]
INTS = ["0", "1", "2", "3", "-1", "-2", "5", "10", "7", "12", "255", "1000", "1234567", "1_000", "0x10"]
FLOATS = ["0.5", "1.0", "2.25", "-0.1", "1e3", "1e-7", "3.14159", "1e16", "123456.789", "0.1", "1.5e300"]
TESTS = ["defined", "undefined", "none", "string", "mapping", "sequence", "iterable", "number", "integer", "float", "boolean",
         "callable", "true", "false", "odd", "even", "lower", "upper", "escaped", "filter", "test"]
TESTS_WITH = ["divisibleby", "eq", "ne", "gt", "ge", "lt", "le", "equalto", "sameas", "in", "greaterthan", "lessthan", "=="]
PLAIN_FILTERS = ["upper", "lower", "trim", "title", "capitalize", "length", "count", "list", "first", "last", "string", "int",
                 "float", "abs", "round", "sort", "unique", "reverse", "join", "tojson", "safe", "e", "escape", "items",
                 "dictsort", "sum", "min", "max", "wordcount", "default", "select", "reject", "urlencode",
                 "forceescape", "center", "indent", "truncate", "batch(2)", "slice(2)", "wordwrap", "map", "d"]
METHODS = ["strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "swapcase", "casefold", "split", "rsplit",
           "splitlines", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower", "istitle", "isnumeric", "isdecimal",
           "isidentifier", "isprintable", "isascii", "items", "keys", "values", "copy", "expandtabs"]


class Programs:
    """An endless supply of template sources; the seed decides which."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.depth = 0

    def pick(self, options):
        return self.random.choice(options)

    def chance(self, probability):
        return self.random.random() < probability

    # Expressions

    def string(self):
        return self.pick([self.pick(LITERALS), self.pick(STRINGS), self.pick(STRINGS), self.expression("string")])

    def number(self):
        return self.pick([self.pick(INTS), self.pick(INTS), self.pick(FLOATS), self.pick(NUMBERS), self.expression("number")])

    def small(self):
        return self.pick(["0", "1", "2", "3", "-1", "-2", "4", "n", "none", "zero", "5", "true"])

    def list(self):
        if self.chance(0.15):
            return "[" + ", ".join(self.any() for _ in range(self.random.randrange(4))) + "]"
        if self.chance(0.05):
            return "(" + "".join(self.any() + ", " for _ in range(self.random.randrange(3))) + ")"
        return self.pick([self.pick(LISTS), self.pick(LISTS), self.expression("list")])

    def dict(self):
        if self.chance(0.2):
            keys = self.random.sample(["'a'", "'b'", "1", "'name'", "none", "1.5", "true", "'é'"], self.random.randrange(4))
            return "{" + ", ".join(f"{key}: {self.any()}" for key in keys) + "}"
        return self.pick(DICTS)

    def any(self):
        kind = self.random.randrange(12)
        if kind < 4:
            return self.string()
        if kind < 7:
            return self.number()
        if kind < 9:
            return self.list()
        if kind < 11:
            return self.dict()
        return self.pick(ODD)

    def maybe_wrong(self, maker):
        return self.any() if self.chance(0.06) else maker()

    def expression(self, kind=None):
        self.depth += 1
        try:
            if self.depth > 4:
                return {"string": self.pick(STRINGS), "number": self.pick(INTS), "list": self.pick(LISTS)}.get(kind, "word")
            maker = {
                "string": self.string_expression,
                "number": self.number_expression,
                "list": self.list_expression,
                None: self.any_expression,
            }[kind]
            return maker()
        finally:
            self.depth -= 1

    def string_expression(self):
        s = lambda: self.maybe_wrong(self.string)  # noqa: E731
        return self.pick([
            lambda: f"{self.atom(s())}.{self.pick(METHODS)}()",
            lambda: f"{self.atom(s())}|{self.pick(PLAIN_FILTERS)}",
            lambda: f"({s()} + {s()})",
            lambda: f"({self.any()} ~ {self.any()})",
            lambda: f"{self.atom(s())}[{self.slice()}]",
            lambda: f"{self.atom(s())}.{self.pick(['strip', 'lstrip', 'rstrip'])}({self.string()})",
            lambda: f"{self.atom(s())}.replace({self.string()}, {self.string()}{self.pick(['', '', ', 1', ', -1', ', 0'])})",
            lambda: f"{self.atom(s())}|replace({self.string()}, {self.string()}{self.pick(['', '', ', 1', ', -1'])})",
            lambda: f"{self.string()}.join({self.pick(['words', 'word', 'person', self.list()])})",
            lambda: f"{self.atom(self.list())}|join({self.pick(['', self.string(), self.string() + ', attribute=' + repr(self.path())])})",
            lambda: f"{self.atom(s())}.{self.pick(['center', 'ljust', 'rjust', 'zfill'])}({self.small()}{self.pick(['', ''])})",
            lambda: f"{self.atom(s())}.{self.pick(['center', 'ljust', 'rjust'])}(14, {self.pick([repr('*'), repr('é'), repr('ab')])})",
            lambda: f"{self.atom(self.any())}|tojson{self.json_options()}",
            lambda: f"({s()} * {self.small()})",
            lambda: f"{self.format()}",
            lambda: f"{self.atom(s())}.{self.pick(['removeprefix', 'removesuffix'])}({self.string()})",
            lambda: f"{self.atom(s())}|indent({self.pick(['2', '3, true', 'width=1, blank=true', repr('> '), '0', 'first=true'])})",
            lambda: f"{self.atom(s())}|{self.pick(['trim', 'trim'])}({self.string()})",
            lambda: f"{self.atom(s())}|truncate({self.pick(['5', '9, true', '9, false, ' + repr('…'), '3', '12, leeway=0'])})",
            lambda: f"{self.atom(s())}|wordwrap({self.pick(['5', '8, false', '10, true, ' + repr('|'), '6, break_on_hyphens=false', ''])})",
            lambda: f"{self.atom(self.any())}|string",
            lambda: f"({self.string()} if {self.condition()} else {self.any()})",
            lambda: f"({self.string()} if {self.condition()})",
            lambda: f"{self.atom(self.any())}|default({self.any()}{self.pick(['', ', true', ', boolean=true'])})",
            lambda: f"f({self.arguments()})",
            lambda: f"{self.atom(s())}.expandtabs({self.small()})",
        ])()

    def json_options(self):
        return self.pick(["", "", "", "(indent=2)", "(indent=none)", "(ensure_ascii=true)", "(sort_keys=true)", "(separators=(',', ':'))",
                          "(indent=1, sort_keys=true)", "(indent='\\t')", "(indent=0)", "(true)", "(false, 3)", "(indent=-1)",
                          "(indent=2, separators=(', ', ': '))"])

    def format(self):
        if self.chance(0.5):
            spec = self.pick(["%s", "%d", "%5.2f", "%-8s|", "%08.3f", "%x", "%r", "%c", "%e", "%g", "%+d", "%5s", "%.2s", "%i", "%%%s",
                              "% d", "%o", "%X", "%#x", "%G", "%05d", "%.0f", "%(name)s", "%s %s", "%a", "%10.4r|", "%.3d"])
            right = self.pick([self.any(), f"({self.any()}, {self.any()})", self.number(), "person"])
            return f"({spec!r} % {right})"
        spec = self.pick(["{}", "{:>8}", "{:<5}|", "{:^7}", "{:05d}", "{:.2f}", "{:,}", "{:x}", "{!r}", "{:*^9}", "{0}{1}{0}", "{a}", "{:g}",
                          "{:e}", "{:.3}", "{:+}", "{:_}", "{:#x}", "{:b}", "{:c}", "{:%}", "{:10.3f}", "{:s}", "{:d}", "{!s:>6}", "{a.name}",
                          "{0[name]}", "{0[0]}", "{:n}", "{:,.2f}", "{:>{w}}", "{:08,.1f}", "{:=+8}", "{:G}", "{{}}{}", "{", "}", "{:é>4}",
                          "{:.0f}", "{:#.3g}", "{:012_b}", "{!x}", "{:Z}", "{:-}", "{: }", "{:<08}", "{!a}"])
        arguments = ", ".join([self.any() for _ in range(self.random.randrange(3))] + self.pick([[], ["a=person"], ["w=6"]]))
        return f"{spec!r}.format({arguments})"

    def number_expression(self):
        m = lambda: self.maybe_wrong(self.number)  # noqa: E731
        return self.pick([
            lambda: f"({m()} {self.pick(['+', '-', '*', '/', '//', '%'])} {m()})",
            lambda: f"({self.number()} {self.pick(['+', '-', '*', '/', '//', '%'])} {self.number()})",
            lambda: f"({self.pick(['2', '3', '1.5', 'n', 'neg', 'zero', 'real', '0.5'])} ** {self.pick(['2', '3', '0', '-1', 'whole'])})",
            lambda: f"{self.pick(['-', '+'])}{self.atom(m())}",
            lambda: f"{self.atom(self.any())}|{self.pick(['length', 'count', 'int', 'float', 'wordcount'])}",
            lambda: f"{self.atom(m())}|{self.pick(['abs', 'int', 'float', 'round', 'round(1)', 'round(2)', 'round(-1)'])}",
            lambda: f"{self.atom(m())}|round({self.pick(['1', '0', '-2', '3'])}, {self.pick([repr('ceil'), repr('floor'), repr('common')])})",
            lambda: f"{self.atom(self.string())}|int({self.pick(['', '9', '-1, 16', 'base=2', 'default=none', '0, 0', '5, 8'])})",
            lambda: f"{self.atom(self.list())}|{self.pick(['sum', 'min', 'max', 'length'])}",
            lambda: f"{self.atom(self.list())}|{self.pick(['sum', 'min', 'max'])}(attribute={self.path()!r})",
            lambda: f"{self.atom(self.string())}.{self.pick(['find', 'rfind', 'index', 'rindex', 'count'])}({self.string()}{self.pick(['', ', 1', ', -3', ', 0, 4', ', 2, -1'])})",
            lambda: f"{self.atom(self.list())}.{self.pick(['index', 'count'])}({self.any()})",
            lambda: f"(loop.{self.pick(['index', 'index0', 'revindex', 'revindex0', 'length', 'depth', 'depth0'])})",
            lambda: f"nums[{self.small()}]",
        ])()

    def path(self):
        return self.pick(["name", "age", "tag.id", "tag", "0", "1", "role", "content", "nope", "v", "function.name", "tag.items", "c.0.v", "-1", 0, 1])

    def list_expression(self):
        xs = lambda: self.atom(self.maybe_wrong(self.list))  # noqa: E731
        return self.pick([
            lambda: f"{xs()}|{self.pick(['list', 'sort', 'reverse|list', 'unique|list', 'select|list', 'reject|list', 'batch(2)|list', 'slice(3)|list', 'first', 'last', 'items|list', 'dictsort', 'reverse'])}",
            lambda: f"{xs()}|sort({self.pick(['true', 'reverse=true', 'case_sensitive=true', 'attribute=' + repr(self.path()), 'false, true, ' + repr(self.path()), 'attribute=' + repr('age,name')])})",
            lambda: f"{xs()}|map({self.pick([repr('upper'), repr('length'), repr('string'), repr('first'), repr('trim'), 'attribute=' + repr(self.path()), 'attribute=' + repr(self.path()) + ', default=1', repr('replace') + ', ' + repr('a') + ', ' + repr('b'), repr('int'), repr('tojson'), repr('default') + ', 1', repr('nope'), repr('round') + ', 1'])})|list",
            lambda: f"{xs()}|{self.pick(['select', 'reject'])}({self.test_name()})|list",
            lambda: f"{xs()}|{self.pick(['selectattr', 'rejectattr'])}({self.path()!r}{self.pick(['', ', ' + self.test_name()])})|list",
            lambda: f"{xs()}|groupby({self.path()!r}{self.pick(['', ', default=1', ', case_sensitive=true'])})|list",
            lambda: f"{xs()}|unique({self.pick(['true', 'attribute=' + repr(self.path()), 'case_sensitive=true'])})|list",
            lambda: f"{xs()}|batch({self.pick(['2', '3, none', '2, 0', '0', '4, fill_with=' + repr('x')])})|list",
            lambda: f"{xs()}|slice({self.pick(['2', '3, none', '4, 0', '1', '7, ' + repr('x')])})|list",
            lambda: f"{xs()}[{self.slice()}]",
            lambda: f"({xs()} + {xs()})",
            lambda: f"{self.atom(self.string())}.{self.pick(['split', 'rsplit'])}({self.pick(['', self.string(), self.string() + ', 1', 'none, 1', repr(',') + ', 2', 'maxsplit=1', 'sep=' + repr('l') + ', maxsplit=1', self.string() + ', -1', repr(' ') + ', 0'])})",
            lambda: f"{self.atom(self.string())}.{self.pick(['partition', 'rpartition'])}({self.string()})",
            lambda: f"{self.atom(self.string())}.splitlines({self.pick(['', 'true', 'keepends=true'])})",
            lambda: f"{self.atom(self.string())}|list",
            lambda: f"range({self.pick(['3', '1, 5', '5, 0, -2', '0', 'n', '-2, 2', '2, 9, 3'])})" + self.pick(["", "|list", "[1:]", "|reverse|list"]),
            lambda: f"{self.atom(self.dict())}.{self.pick(['items()', 'keys()', 'values()', 'items()|list', 'keys()|list', 'copy()'])}",
            lambda: f"{self.atom(self.dict())}|{self.pick(['dictsort', 'dictsort(true)', 'dictsort(by=' + repr('value') + ')', 'dictsort(reverse=true)', 'items|list', 'list', 'length'])}",
            lambda: f"({xs()} * {self.small()})",
            lambda: f"dict({self.pick(['a=1', 'person', 'pairs', 'person, b=2', '', '[(1, 2)]', '**person', 'missing'])})",
        ])()

    def test_name(self):
        if self.chance(0.4):
            return f"{self.pick(TESTS_WITH)!r}, {self.any()}"
        return repr(self.pick(TESTS))

    def any_expression(self):
        return self.pick([
            lambda: f"{self.atom(self.dict())}.{self.pick(['get(' + repr('name') + ')', 'get(' + repr('q') + ', ' + self.any() + ')', 'name', 'b', 'items', 'nope', 'keys', 'get'])}",
            lambda: f"{self.atom(self.any())}[{self.pick([self.any(), repr('name'), '0', '-1', repr('items'), repr('upper')])}]",
            lambda: f"{self.atom(self.any())}.{self.pick(['name', 'role', 'real', 'x', 'upper', 'append', '__class__', 'items', 'grouper', 'first', 'denominator', 'count', 'index'])}",
            lambda: self.condition(),
            lambda: f"({self.any()} and {self.any()})",
            lambda: f"({self.any()} or {self.any()})",
            lambda: f"{self.atom(self.any())}|{self.pick(PLAIN_FILTERS)}",
            lambda: f"{self.atom(self.any())}|attr({self.pick([repr('name'), repr('upper'), repr('__class__'), self.any()])})",
            lambda: f"loop.{self.pick(['previtem', 'nextitem', 'first', 'last', 'changed(x)', 'cycle(1, 2)', 'cycle()', 'nope'])}",
            lambda: f"ns.{self.pick(['a', 'b', 'l', 'nope'])}",
            lambda: f"{self.pick(['x', 'i', 'ns', 'f', 'loop', 'missing', 'self_', 'kwargs', 'varargs'])}",
        ])()

    def atom(self, text):
        """The text so that a dot or filter after it applies to all of it."""
        if text.startswith(("(", "[", "{", "'", '"')) or text.replace("_", "").isalnum() and not text[0].isdigit():
            return text
        return f"({text})" if self.chance(0.9) else text

    def slice(self):
        part = lambda: self.pick(["", "", "0", "1", "2", "-1", "-2", "10", "-10", "none", "n"])  # noqa: E731
        text = part() + ":" + part()
        return text + self.pick(["", "", "", ":", ":2", ":-1", ":-2", ":1"])

    def condition(self):
        return self.pick([
            lambda: f"{self.atom(self.any())} is {self.pick(['', 'not '])}{self.pick(TESTS)}",
            lambda: f"{self.atom(self.any())} is {self.pick(['', 'not '])}{self.pick(TESTS_WITH[:-1])} {self.pick(['1', repr('a'), 'n', '(' + self.any() + ')', 'nums', '[1, 2]'])}",
            lambda: f"{self.any()} {self.pick(['==', '!=', '<', '>', '<=', '>=', 'in', 'not in'])} {self.any()}",
            lambda: f"{self.number()} {self.pick(['<', '<=', '>', '==', '!='])} {self.number()} {self.pick(['<', '>=', '=='])} {self.number()}",
            lambda: f"{self.string()} {self.pick(['in', 'not in', '==', '<'])} {self.string()}",
            lambda: f"{self.atom(self.string())}.{self.pick(['startswith', 'endswith'])}({self.pick([self.string(), '(' + self.string() + ', ' + self.string() + ')', self.string() + ', 2', self.string() + ', 0, 3'])})",
            lambda: f"not {self.any()}",
            lambda: f"({self.condition()} {self.pick(['and', 'or'])} {self.condition()})" if self.depth < 3 else "yes",
            lambda: self.pick(["yes", "no", "true", "nil", "missing", "loop.first", "loop.last", "x", "words", "add_generation_prompt"]),
        ])()

    def arguments(self):
        return self.pick(["", self.any(), f"{self.any()}, {self.any()}", f"b={self.any()}", f"{self.any()}, c={self.any()}", f"*{self.list()}", "**person", f"{self.any()}, {self.any()}, {self.any()}, {self.any()}"])

    # Statements

    def tag(self, text):
        left, right = self.pick(["{%", "{%", "{%-", "{%-", "{%+"]), self.pick(["%}", "%}", "-%}", "-%}", "+%}"])
        return f"{left} {text} {right}"

    def text(self):
        return self.pick(["", "", "", " ", "\n", "\n  ", "  \n", "a", " b\n", "\n\nc", "\t", "<|im_start|>", "é", "\n    {# note #}\n", "{#- x -#}", "{# y +#}\n",
                          "{% raw %}{{ r }}{% endraw %}", " {%- raw -%} q {%- endraw -%} ", "}}", "\r\n", "\u00a0"])

    def output(self):
        left, right = self.pick(["{{", "{{", "{{-", "{{+"]), self.pick(["}}", "}}", "-}}"])
        if self.chance(0.6):
            # Something that surely works, so that most programs come to their end.
            expression = self.pick([*STRINGS, *LITERALS, *INTS, *FLOATS, "n", "x", "i", "missing", "person", "nums", "loop is defined", "a", "b"])
        else:
            expression = self.pick([self.any, self.string, self.expression, self.condition])()
        return f"{left} {expression} {right}"

    def body(self):
        parts = []
        for _ in range(self.random.randrange(1, 4)):
            parts += [self.text(), self.statement(), self.text()]
        return "".join(parts)

    def target(self):
        return self.pick(["x", "x", "i", "k, v", "a, b", "(a, b)", "m", "x, (a, b)"])

    def statement(self):
        self.depth += 1
        try:
            if self.depth > 3:
                return self.output()
            return self.pick([
                self.output, self.output, self.output, self.output, self.conditional, self.loop, self.loop, self.setting, self.setting,
                self.macro, self.call, self.filtered, self.scoped, self.generation,
            ])()
        finally:
            self.depth -= 1

    def conditional(self):
        text = self.tag("if " + self.condition()) + self.body()
        if self.chance(0.4):
            text += self.tag("elif " + self.condition()) + self.body()
        if self.chance(0.5):
            text += self.tag("else") + self.body()
        return text + self.tag("endif")

    def loop(self):
        pairs = self.chance(0.25)
        target = self.pick(["k, v", "a, b"]) if pairs else self.pick(["x", "i", "m", "x", self.target()])
        source = self.pick(["person.items()", "pairs", "person|dictsort", "person|items", "rows|groupby('age')", "{'p': 1}.items()"]) if pairs else self.list()
        recursive = self.chance(0.1)
        text = f"for {target} in {source}"
        if self.chance(0.2):
            text += " if " + self.condition()
        if recursive:
            text += " recursive"
        text = self.tag(text) + self.body()
        if recursive:
            text += "{{ loop(" + self.pick(["x.c", "x", "i.c", "m.c", "[]", "none_list"]) + ") if loop.depth < 4 }}"
        if self.chance(0.2):
            text += "{% if " + self.condition() + " %}{% " + self.pick(["break", "continue"]) + " %}{% endif %}" + self.output()
        if self.chance(0.2):
            text += self.tag("else") + self.body()
        return text + self.tag("endfor")

    def setting(self):
        return self.pick([
            lambda: self.tag(f"set {self.pick(['x', 'i', 'word', 'y'])} = {self.any()}"),
            lambda: self.tag(f"set ns = namespace({self.pick(['a=1, l=[]', 'a=' + self.any(), 'person', 'b=2', ''])})"),
            lambda: self.tag(f"set ns.{self.pick(['a', 'b', 'l'])} = {self.any()}"),
            lambda: self.tag(f"set a, b = {self.pick(['1, 2', self.list(), 'pairs[0]'])}"),
            lambda: self.tag(f"set x{self.pick(['', ' | upper', ' | trim | replace(' + repr('a') + ', ' + repr('b') + ')', ' | length', ' | indent(2)'])}") + self.body() + self.tag("endset"),
        ])()

    def macro(self):
        signature = self.pick(["a", "a, b=2", "", "a=none, b='q'", "a, b=a", "x", "m, c=word"])
        tail = self.pick(["", "{{ varargs }}", "{{ kwargs }}", "{{ caller() if caller }}", "{{ caller(1) }}", "{{ a }}", "{{ b }}"])
        text = self.tag(f"macro f({signature})") + self.body() + tail + self.tag("endmacro")
        return text + self.text() + "{{ f(" + self.arguments() + ") }}"

    def call(self):
        return self.tag(f"call{self.pick(['', '(a)', '(x, y=1)'])} f({self.arguments()})") + self.body() + self.tag("endcall")

    def filtered(self):
        name = self.pick(["upper", "trim", "indent(2)", "replace('a', 'b')", "title", "lower|trim", "tojson", "length|string", "e", "wordwrap(9)", "center(20)"])
        return self.tag("filter " + name) + self.body() + self.tag("endfilter")

    def scoped(self):
        return self.tag(f"with {self.pick(['x', 'y', 'a'])} = {self.any()}") + self.body() + self.tag("endwith")

    def generation(self):
        return self.tag("generation") + self.body() + self.tag("endgeneration")

    def expression_source(self):
        """One expression alone."""
        self.depth = 0
        expression = self.pick([self.any, self.string, self.expression, self.expression, self.list, self.number, self.condition])()
        return "{% set x = 'X' %}{{ " + expression + " }}"

    def source(self):
        """A whole template."""
        self.depth = 0
        return self.pick(["", "", "{%- macro f(a, b=1) -%}{{ a }}{{ b }}{{ caller() if caller }}{%- endmacro -%}", "{% set ns = namespace(a=1, b='q', l=[]) %}\n"]) + self.body() + self.body()
