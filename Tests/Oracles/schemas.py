"""JSON Schemas from a seed, over the keywords that docs/STRUCTURED.md lists."""

import random

NAMES = ["name", "age", "tags", "id", "city", "price", "note", "items", "kind", "a b", "größe", 'quo"te', "x/y", "n~1"]
WORDS = ["red", "green", "blue", "small", "large", "été", "a\nb", "true", "", "tab\t", "中文", "😀"]
PATTERNS = [
    "^[a-z]{2,8}$",
    "^[A-Z][a-z]+$",
    r"^\d{3}-\d{4}$",
    "^(yes|no|maybe)$",
    "[0-9]",
    r"^\w+@\w+\.com$",
    "^.{0,12}$",
]
FORMATS = ["date", "time", "date-time", "uuid", "email", "ipv4", "ipv6", "uri", "hostname", "duration", "json-pointer"]


class SchemaGenerator:
    """Makes schemas; the same seed gives the same ones."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def schema(self):
        """A schema as a request might bring it: mostly an object, sometimes recursive."""
        kind = self.random.randrange(12)
        if kind == 0:
            return self.tree()
        if kind == 1:
            return self.with_definitions()
        if kind < 4:
            return self.value(3)
        return self.object(3)

    def value(self, depth):
        kinds = [self.string, self.string, self.integer, self.number, self.fixed, self.simple]
        if depth > 0:
            kinds += [self.object, self.object, self.array, self.array, self.either, self.all_of, self.tuple]
        make = self.random.choice(kinds)
        return make(depth - 1) if make.__name__ in ("object", "array", "either", "all_of", "tuple") else make()

    def simple(self):
        return self.random.choice(
            [{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"type": ["integer", "boolean"]}, {}]
        )

    def string(self):
        schema = {"type": "string"}
        kind = self.random.randrange(6)
        if kind == 0:
            schema["pattern"] = self.random.choice(PATTERNS)
        elif kind == 1:
            schema["format"] = self.random.choice(FORMATS)
        elif kind < 4:
            least = self.random.choice([0, 1, 3])
            schema["minLength"] = least
            schema["maxLength"] = least + self.random.choice([0, 2, 10, 40])
        return schema

    def integer(self):
        schema = {"type": "integer"}
        kind = self.random.randrange(5)
        low = self.random.choice([-1000, -17, -1, 0, 1, 5, 99, 1000])
        high = low + self.random.choice([0, 1, 9, 100, 12345])
        if kind == 0:
            schema["minimum"] = low
        elif kind == 1:
            schema |= {"minimum": low, "maximum": high}
        elif kind == 2:
            schema |= {"exclusiveMinimum": low - 1, "exclusiveMaximum": high + 1}
        elif kind == 3:
            schema["multipleOf"] = self.random.choice([1, 2, 5, 7, 10, 100])
        return schema

    def number(self):
        schema = {"type": "number"}
        low = self.random.choice([-100.5, -1, -0.25, 0, 0.5, 3, 99.99])
        high = low + self.random.choice([0.125, 1, 2.75, 1000])
        kind = self.random.randrange(4)
        if kind == 0:
            schema |= {"minimum": low, "maximum": high}
        elif kind == 1:
            schema |= {"exclusiveMinimum": low, "exclusiveMaximum": high}
        elif kind == 2:
            schema["maximum"] = high
        return schema

    def fixed(self):
        kind = self.random.randrange(4)
        if kind == 0:
            return {"const": self.random.choice([*WORDS, 1, 0.5, None, True, [1, "x"], {"k": [2]}])}
        if kind == 1:
            return {"enum": [1, "one", None, False, 1.5, [], {"a": 1}]}
        return {"type": "string", "enum": self.random.sample(WORDS, 4)}

    def properties(self, depth):
        return {name: self.value(depth) for name in self.random.sample(NAMES, self.random.randrange(1, 6))}

    def object(self, depth):
        if self.random.randrange(10) == 0:
            return {
                "type": "object",
                "additionalProperties": self.value(depth),
                "maxProperties": self.random.choice([1, 3]),
                "minProperties": self.random.choice([0, 1]),
            }
        properties = self.properties(depth)
        schema = {"type": "object", "properties": properties, "title": "A thing", "description": "Not a rule."}
        names = list(properties)
        schema["required"] = self.random.sample(names, self.random.randint(0, len(names)))
        if kind := self.random.randrange(4):
            schema["additionalProperties"] = False if kind < 3 else {"type": "integer"}
        if self.random.randrange(12) == 0:
            schema["required"].append("undeclared")
            schema["additionalProperties"] = {"type": "boolean"}
        return schema

    def array(self, depth):
        schema = {"type": "array", "items": self.value(depth)}
        least = self.random.choice([0, 1, 2])
        if self.random.randrange(3):
            schema |= {"minItems": least, "maxItems": least + self.random.choice([0, 1, 4])}
        return schema

    def tuple(self, depth):
        items = [self.value(depth) for _ in range(self.random.randrange(1, 4))]
        schema = {"type": "array", "prefixItems": items, "minItems": self.random.randint(0, len(items))}
        if self.random.randrange(2):
            schema["items"] = self.random.choice([False, {"type": "integer"}])
            schema["maxItems"] = len(items) + 2
        return schema

    def either(self, depth):
        if self.random.randrange(2):
            return {"anyOf": [self.value(depth) for _ in range(self.random.randrange(2, 4))]}
        # The branches exclude each other, as oneOf wants it.
        return {"oneOf": [self.string(), self.integer(), {"type": "null"}, self.object(depth)]}

    def all_of(self, depth):
        first, second = self.properties(depth), {"extra": self.value(depth), "flag": {"type": "boolean"}}
        return {
            "allOf": [
                {"type": "object", "properties": first, "required": list(first)[:1]},
                {"properties": second, "required": ["flag"]},
            ]
        }

    def tree(self):
        node = {
            "type": "object",
            "properties": {
                "value": self.value(1),
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 2},
            },
            "required": ["value", "children"] if self.random.randrange(2) else ["value"],
            "additionalProperties": False,
        }
        return {"$defs": {"node": node}, "$ref": "#/$defs/node"}

    def with_definitions(self):
        schema = self.object(2)
        # Those without declared properties have a maximum, which more declared ones would exceed.
        while "properties" not in schema:
            schema = self.object(2)
        schema["definitions"] = {"part": self.value(2), "a/b c": self.value(1)}
        schema["properties"]["part"] = {"$ref": "#/definitions/part", "description": "A remark beside a reference."}
        schema["properties"]["parts"] = {"type": "array", "items": {"$ref": "#/definitions/a~1b%20c"}, "maxItems": 3}
        schema["required"] = [*schema["required"], "part"]
        return schema
