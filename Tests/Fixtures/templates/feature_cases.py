"""Small templates, one feature each; `oracle.py features` renders them with jinja2 into features.json."""

CONTEXT = {
    "word": "hello",
    "empty": "",
    "text": "  two words\n",
    "html": "<a href='x'>Tom & \"Jerry\"</a>",
    "unicode": "naïve café 😀 ΣΑΣ ß ﬁ 中文",
    "combining": "e\u0301",
    "number": 7,
    "negative": -7,
    "zero": 0,
    "real": 2.5,
    "big": 1e16,
    "small": 0.00001,
    "yes": True,
    "no": False,
    "nothing": None,
    "items": [3, 1, 2],
    "words": ["b", "A", "c", "a"],
    "nested": [[1, [2, 3]], [4, []]],
    "person": {"name": "Ada", "age": 36, "tags": ["x", "y"], "items": "own"},
    "people": [
        {"name": "Ada", "age": 36, "role": "user", "address": {"city": "London"}},
        {"name": "bob", "age": 25, "role": "admin", "address": {"city": "Paris"}},
        {"name": "Cy", "age": 25, "role": "user", "address": {"city": "Rome"}, "email": None},
    ],
    "tool": {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather “now”",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    },
    "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}, {"v": 5, "c": []}],
}

CASES = []


def group(name, *sources):
    for i, source in enumerate(sources, 1):
        CASES.append((f"{name} {i}", source))


group("output", "{{ word }}", "a{{ number }}b{{ real }}c", "{{ yes }} {{ no }} {{ nothing }}", "{{ items }} {{ person }}",
      "{{ missing }}|{{ person.missing }}|{{ person['missing'] }}", "{{ (1,) }} {{ () }} {{ (1, 'a', none) }} {{ 1, 2 }}",
      "{{ [missing] }}", "{{ {'a': 1, 2: [3.0], none: true, 1.5: 'x'} }}", "{% print word, number %}", "")
group("undefined", "{{ missing.x }}", "{{ missing['x'] }}", "{{ missing() }}", "{{ missing + 1 }}", "{{ 1 + missing }}",
      "{{ -missing }}", "{{ missing < 1 }}", "{{ missing == missing }} {{ missing == 1 }} {{ missing != nothing }}",
      "{% for x in missing %}{{ x }}{% else %}none{% endfor %}", "{{ missing ~ 'x' }}", "{{ missing|length }}",
      "{{ not missing }} {{ missing and 1 }}|{{ missing or 1 }}", "{{ 'a' in missing }}", "{{ missing in 'abc' }}",
      "{{ missing|upper }}|{{ missing|trim }}|{{ missing|list }}|{{ missing|join }}", "{{ missing|tojson }}",
      "{{ missing[1:] }}", "{{ missing|int }}", "{{ missing|items|list }} {{ missing|first is defined }}",
      "{{ person.missing.deeper }}", "{{ word.missing }}|{{ word[99] }}|{{ items[99] }}|{{ items['x'] }}",
      "{{ raise_exception('refused: ' ~ word) }}", "{{ 'x' if false }}|{{ ('x' if false) is undefined }}",
      "{{ ('x' if false).y }}", "{{ missing|default }}|{{ missing|default('d') }}|{{ empty|default('d', true) }}|{{ nothing|default('d') }}",
      "{{ missing is sequence }} {{ missing is iterable }} {{ missing is callable }} {{ missing is mapping }}",
      "{{ unknown_function(1) }}", "{{ missing|abs }}", "{{ missing * 2 }}", "{{ '%s' % missing }}|")
group("arithmetic", "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 6 / 2 }}",
      "{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}", "{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }}",
      "{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 1 - - 1 }} {{ +5 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}",
      "{{ 0.1 + 0.2 }} {{ 1e100 }} {{ 1e16 }} {{ 123456789012345680.0 }} {{ 1e15 }} {{ 1e-4 }} {{ 1e-5 }} {{ 3.0 }}",
      "{{ true + true }} {{ true * 3 }} {{ -true }}", "{{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ 'ab' * -1 }}|{{ [1] * 2 }} {{ (1,) * 2 }}",
      "{{ 'a' + 'b' }} {{ [1] + [2] }} {{ (1,) + (2,) }}", "{{ 'a' + 1 }}", "{{ [1] + (2,) }}", "{{ 1 ~ 2 ~ none ~ true ~ 1.5 }}",
      "{{ 'a' - 'b' }}", "{{ 0xff }} {{ 0b11 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }}", "{{ 5.0 // 0.3 }} {{ 1e300 * 1e10 }}",
      "{{ big }} {{ small }} {{ 1.0e+2 }} {{ 12345.678e-2 }}", "{{ 1 + 2 ~ 3 + 4 }}", "{{ 2 * 3 ~ 4 }}", "{{ 10 - 2 - 3 }}")
group("comparison", "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 3 > 2 >= 2 != 1 }}", "{{ 1 == 1.0 == true }} {{ '1' == 1 }}",
      "{{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) <= (1, 2) }}", "{{ 1 < 'a' }}", "{{ none < 1 }}",
      "{{ [1, [2]] == [1, [2]] }} {{ {'a': 1} == {'a': 1.0} }} {{ [1] == (1,) }}", "{{ 2 in items }} {{ 9 not in items }}",
      "{{ 'name' in person }} {{ 'Ada' in person }} {{ 'ell' in word }} {{ '' in word }}", "{{ 1 in 'abc' }}", "{{ 1 in 5 }}",
      "{{ not 1 == 2 }} {{ not 1 in [2] }} {{ not not 1 }}", "{{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ 1 or 2 and 0 }}",
      "{{ none == none }} {{ none is none }} {{ 0 == false }} {{ '' == none }}", "{{ {} < {} }}", "{{ 3 in range(5) }} {{ 2.0 in range(5) }} {{ 7 in range(5) }}",
      "{{ combining == 'é' }} {{ combining|length }}", "{{ 1 if 2 > 1 else 3 }} {{ 'a' if no else 'b' if no else 'c' }}")
group("subscript", "{{ items[0] }} {{ items[-1] }} {{ items.0 }} {{ word[1] }} {{ word[-1] }}", "{{ items[::-1] }} {{ items[1:] }} {{ items[:-1] }} {{ items[-2:] }}",
      "{{ word[1:3] }} {{ word[::2] }} {{ word[::-1] }} {{ word[10:] }}|{{ word[-100:2] }}", "{{ unicode[2:8] }} {{ unicode[11] }} {{ unicode[-2:] }}",
      "{{ items[::0] }}", "{{ (1, 2, 3)[1:] }} {{ range(10)[2:8:3] }} {{ range(10)[::-3] }} {{ range(5)[1] }}", "{{ person[0:1] }}", "{{ 5[0] }}|{{ none['x'] }}|{{ 5.real_missing }}",
      "{{ person.name }} {{ person['name'] }} {{ person.tags.1 }}", "{{ person['na' ~ 'me'] }}", "{{ {1: 'a', '1': 'b'}[1] }} {{ {1: 'a'}[1.0] }} {{ {true: 'x'}[1] }}",
      "{{ items[true] }} {{ items['0'] }}|{{ items[1.0] }}|{{ word[none:2] }}", "{{ person.items }}" if False else "{{ person['items'] }}", "{{ person[[1]] }}|", "{{ items['a':] }}",
      "{{ {'keys': 1}['keys'] }} {{ {'a': 1}['keys'] is callable }} {{ {'a': 1}['get']('a') }}", "{{ {[1]: 2} }}")
group("literals", r"{{ 'a\tb\n\\ \' \" \x41 \u00e9 \U0001F600 \101 \q' }}", '{{ "it\'s" }} {{ \'say "hi"\' }} {{ "a" \'b\' "c" }}',
      "{{ [1, 2,] }} {{ {'a': 1,} }} {{ [] }} {{ {} }}", "{{ True }} {{ False }} {{ None }} {{ true }} {{ none }}", "{{ ['it\\'s', \"q\\\"\", 'both\\'\"', 'tab\\t', '\\x00\\x7f\\u200b é'] }}",
      "{{ 'unclosed }}", "{{ 1.2.3 }}", "{{ 'line\nbreak' }}", "{{ '\\u12' }}", "{{ {'a': {'b': {}}} }}", "{{ 'é😀'|length }} {{ 'é😀'[1] }}")
group("conditions", "{% if yes %}a{% elif word %}b{% else %}c{% endif %}", "{% if no %}a{% elif word %}b{% else %}c{% endif %}", "{% if '' or [] or {} or 0 or none %}a{% else %}c{% endif %}",
      "{% if nothing is none and number > 3 or missing.x %}a{% endif %}", "{% if no %}{{ missing.x }}{% endif %}ok", "{% if items|select('gt', 5) %}lazy is true{% endif %}", "{% if yes: %}colon{% endif %}",
      "{% if no %}{{ 1|no_such_filter }}{% endif %}ok", "{% if yes %}{{ 1|no_such_filter }}{% endif %}", "{{ 1|no_such_filter }}", "{{ 1 is no_such_test }}", "{{ 'a' if yes else (1|no_such_filter) }}",
      "{% if no %}{% for x in [1] %}{{ x|no_such_filter }}{% endfor %}{% endif %}", "{% if no %}{% set x = 1|no_such_filter %}{% endif %}ok", "{% if 1, %}tuple{% endif %}")
group("loops", "{% for x in items %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {{ x }};{% endfor %}",
      "{% for x in [] %}{{ x }}{% else %}empty{% endfor %}", "{% for x in items if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}", "{% for k, v in person.items() %}{{ k }}={{ v }};{% endfor %}",
      "{% for k in person %}{{ k }} {% endfor %}", "{% for c in 'aé😀' %}[{{ c }}]{% endfor %}", "{% for x in 5 %}{% endfor %}", "{% for x in none %}{% endfor %}", "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
      "{% for a, b in [(1, 2, 3)] %}{% endfor %}", "{% for x in range(5) %}{% if x == 1 %}{% continue %}{% endif %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}",
      "{% for x in items %}{{ loop.previtem|default('-') }}<{{ x }}>{{ loop.nextitem|default('-') }} {% endfor %}", "{% for x in items %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }} {% endfor %}",
      "{% for n in tree recursive %}{{ loop.depth }}{{ loop.depth0 }}:{{ n.v }}[{{ loop(n.c) }}]{% endfor %}", "{% for x in items %}{{ loop(x) }}{% endfor %}", "{% for x in items|select('odd') %}{{ x }}{{ ',' if not loop.last }}{{ loop.length }}{% endfor %}",
      "{% for x in [1, 2] %}{% for y in [3, 4] %}{{ loop.index }}{{ x }}{{ y }} {% endfor %}{{ loop.index }};{% endfor %}", "{% for x in [1] %}{% break %}{% else %}else runs{% endfor %}", "{% for x in [1, 2] %}{% continue %}{% else %}else runs{% endfor %}",
      "{% for loop in [1] %}{% endfor %}", "{% for x in [1] %}{% set loop = 1 %}{% endfor %}", "{% break %}", "{% for x in range(3) %}{{ x }}{% endfor %}{{ x }}", "{% for x in {'a': 1}.values() %}{{ x }}{% endfor %}",
      "{% for x, in [(1,), (2,)] %}{{ x }}{% endfor %}", "{% for m in people if m.role == 'user' and m.age > 30 %}{{ m.name }}{% endfor %}", "{% for x in 1, 2, 3 %}{{ x }}{% endfor %}",
      "{% for x in [[1, 2], [3]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}", "{% for x in [1, 2, 3] %}{% if loop.first %}{% set a = x %}{% endif %}{{ a }},{% endfor %}",
      "{{ range(3) }} {{ range(2, 8, 2)|list }} {{ range(5, 0, -2)|list }} {{ range(0) }}", "{{ range(200000) }}", "{{ range(1, 2, 0) }}", "{{ range('a') }}")
group("set", "{% set x = 1 %}{{ x }}{% set x = x + 1 %}{{ x }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set x %}body {{ word }}{% endset %}[{{ x }}]", "{% set x | upper | trim %} body {% endset %}[{{ x }}]",
      "{% set x = 1 %}{% for i in items %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}", "{% if yes %}{% set x = 5 %}{% endif %}{{ x }}", "{% set ns = namespace(n=0, s='a') %}{% for i in items %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}{{ ns.s }}",
      "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns['b'] }}{{ ns.c is defined }}", "{% set person.x = 1 %}", "{% set missing.x = 1 %}", "{% set ns = namespace(_x=1) %}", "{% set ns = namespace() %}{% set ns._x = 1 %}",
      "{% set x = 1, 2 %}{{ x }}", "{% set (a, b) = [1, 2] %}{{ a + b }}", "{% set true = 1 %}", "{% set word = word ~ '!' %}{{ word }}", "{% set x %}{% set inner = 1 %}{% endset %}{{ inner is defined }}",
      "{% set ns = namespace(items=[]) %}{% set ns.items = ns.items + ['a'] %}{{ ns.items }}", "{% set x = namespace(a=1) %}{% set y = x %}{% set y.a = 2 %}{{ x.a }}", "{{ namespace(a=1, b='x') }}", "{% with a = 1, b = word %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}",
      "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{{ a }}", "{% for m in people %}{% if loop.index0 == 0 %}{% set number = 99 %}{% endif %}{{ number }} {% endfor %}")
group("macros", "{% macro f(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, 3) }} {{ f(b=5, a=4) }}", "{% macro f(a) %}{{ a }}{% endmacro %}[{{ f() }}]", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1, 2) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f(c=2) }}",
      "{% macro f() %}{{ varargs }} {{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro box() %}<{{ caller() }}>{% endmacro %}{% call box() %}inside {{ word }}{% endcall %}",
      "{% macro each(xs) %}{% for x in xs %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(v, i) each(items) %}{{ i }}={{ v }};{% endcall %}", "{% macro f() %}{{ caller() }}{% endmacro %}{{ f() }}", "{% set x = 1 %}{% macro f() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ f() }}",
      "{% macro f() %}{% set x = 9 %}{{ x }}{% endmacro %}{{ f() }}{{ x is defined }}", "{{ f() }}{% macro f() %}late{% endmacro %}", "{% macro f(a, b=a) %}{{ b }}{% endmacro %}{{ f(3) }}", "{% macro f(a) %}{{ a }}{% endmacro %}{{ f.name }} {{ f.arguments }} {{ f is callable }} {{ f(1)|upper }}",
      "{% macro f(x) %}{{ loop is defined }}{% endmacro %}{% for i in [1] %}{{ f(i) }}{% endfor %}", "{% macro f(a=1, b) %}{% endmacro %}", "{% macro f() %} a {%- if yes %} b {% endif -%} c {% endmacro %}[{{ f() }}]", "{{ f(*[1, 2], **{'c': 3}) }}{% macro f(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}",
      "{% macro f(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(*[1, 2], **{'c': 3}) }}", "{% macro outer() %}{% macro inner() %}in{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}{{ inner is defined }}", "{% call missing() %}{% endcall %}", "{% macro f(x) %}{% break %}{% endmacro %}", "{% macro f(l) %}{% for x in l %}{% if x is iterable %}{{ f(x) }}{% else %}{{ x }}{% endif %}{% endfor %}{% endmacro %}{{ f(nested) }}")
group("whitespace", "a\n{% if yes %}\nb\n{% endif %}\nc\n", "a\n  {% if yes %}  \n  b\n  {% endif %}\nc", "a {%- if yes -%} b {%- endif -%} c", "a\n  {{- word -}}  \n b", "  {%+ if yes %}x{% endif +%}\n y", "a\n {# comment #}\nb", "a\n {#- comment -#} \n b", "{% raw %}\n{{ x }} {% if %}{% endraw %}\nend", "x {%- raw -%} {{ a }} {%- endraw -%} y", "a\r\nb\rc\n\n",
      "{{ word }}\n\n", "{%- set x = 1 %}\n\n  {%- set y = 2 -%}\n\n{{ x }}{{ y }}", "\t {% if yes %}\t{{ word }}\t{% endif %}\n\t.", "{% for x in items %}\n  - {{ x }}\n{% endfor %}\n", "{{ word }} {# {{ x }} {% y %} #}z", "{#", "{{ 'a' -}}\n {{- 'b' }}", "  {# a #}  {# b #}\nx", "{% if yes %}  {% if yes %}\n  x{% endif %}{% endif %}", "{% if yes -%}\n\n x\n\n{%- endif +%}\n\ny",
      "{% raw %}{% endraw", "x\n  {% raw %} a {% endraw %}\n y", "{{+ 1 }} {{-1 }}", "\u00a0{%- if yes %}x{% endif -%}\u2003y", "{% generation %}a {{ word }}{% endgeneration %}\n.", "{% generation %}{% set x = 1 %}{% endgeneration %}{{ x is defined }}")
group("filter blocks", "{% filter upper %}a {{ word }}{% endfilter %}", "{% filter replace('l', 'L')|trim %} {{ word }} {% endfilter %}|", "{% filter indent(2) %}a\nb{% endfilter %}")
group("string filters", "{{ word|upper }} {{ 'ABC'|lower }} {{ 'hELLO wORLD'|capitalize }} {{ \"o'neil (jim) x-y z_a\"|title }}", "[{{ text|trim }}] [{{ 'xxaxx'|trim('x') }}]", "{{ 'aaa'|replace('a', 'b', 2) }} {{ 12|replace(1, 'x') }} {{ 'abc'|replace('', '-') }}", "{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent('> ', blank=true) }}",
      "{{ html|e }} {{ html|escape|e }} {{ html|safe }} {{ html|e|safe }}", "{{ '<'|safe + '<' }} {{ '<' + '<'|safe }} {{ ('<'|safe) ~ '<' }} {{ ['<'|safe] }}", "{{ 'x'|safe is string }} {{ ('<%s>'|safe) % '<' }} {{ ('<'|safe).join(['<', 1]) }} {{ ('<'|safe).replace('<', '>') }}", "{{ 'a b  c_d é-f'|wordcount }} {{ 'x'|center(5) }}|{{ 'xy'|center(5) }}|",
      "{{ 5|string + 'x' }} {{ none|string }} {{ [1]|string }}", "{{ 'foo bar baz'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true, leeway=0) }} {{ 'foo bar baz qux'|truncate(9, leeway=0) }}", "{{ '%s is %d and %.2f%%'|format('x', 3, 2.5) }} {{ '%(a)s'|format(a=1) }}", "{{ unicode|upper }} {{ unicode|lower }} {{ unicode|capitalize }} {{ unicode.title() }}",
      "{{ 'abc'|first }} {{ 'abc'|last }} {{ 'abc'|list }} {{ 'abc'|reverse }} {{ 'abc'|length }} {{ 'abc'|join('-') }}", "{{ 5|upper }} {{ none|trim }} {{ 5|length }}", "{{ 'a' | upper | lower | upper }}", "{{ word|attr('upper') is callable }} {{ person|attr('name') is defined }}", "{{ 'x'|trim(5) }}", "{{ 1|e }} {{ '&'|forceescape }}")
group("number filters", "{{ -5|abs }} {{ (-5)|abs }} {{ -2.5|abs }}", "{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 1234.5678|round(-2) }} {{ 7|round }} {{ 2.1|round(0, 'ceil') }} {{ 2.19|round(1, 'floor') }} {{ 1250|round(-2) }}", "{{ '42'|int }} {{ '4.7'|int }} {{ 'x'|int }} {{ 'x'|int(9) }} {{ 4.9|int }} {{ -4.9|int }} {{ 'ff'|int(0, 16) }} {{ '0x1f'|int(0, 16) }} {{ none|int }} {{ ' 7 '|int }} {{ '1_000'|int }}",
      "{{ '1.5'|float }} {{ 'x'|float }} {{ '1e3'|float }} {{ 3|float }} {{ none|float(2.0) }} {{ 'inf'|float }} {{ '.5'|float }} {{ '5.'|float }}", "{{ items|sum }} {{ items|min }} {{ items|max }} {{ []|sum }} {{ [0.1, 0.2]|sum }} {{ people|sum('age') }} {{ people|sum(attribute='age', start=1000) }}", "{{ ['a']|sum }}", "{{ 'x'|abs }}", "{{ 2.5|round(method='x') }}", "{{ []|min is undefined }} {{ words|min }} {{ words|max }} {{ people|max(attribute='age') }}")
group("sequence filters", "{{ items|sort }} {{ items|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }}", "{{ people|sort(attribute='name')|map(attribute='name')|list }} {{ people|sort(attribute='age,name', reverse=true)|map(attribute='name')|join(',') }}", "{{ [1, 'a']|sort }}", "{{ words|unique|list }} {{ [1, 1.0, 2, 1]|unique|list }} {{ ['a', 'A']|unique(true)|list }} {{ people|unique(attribute='role')|map(attribute='name')|list }}",
      "{{ items|join }} {{ items|join(', ') }} {{ people|join(', ', attribute='name') }} {{ [1, none, missing, 'x']|join('|') }}", "{{ items|first }} {{ items|last }} {{ []|first is defined }} {{ {'a': 1}|first }} {{ {'a': 1, 'b': 2}|last }}", "{{ items|reverse|list }} {{ items|select|reverse }} {{ {'a': 1, 'b': 2}|reverse|list }}", "{{ items|map('string')|list }} {{ words|map('upper')|join }} {{ people|map(attribute='address.city')|list }} {{ people|map(attribute='email', default='?')|list }} {{ [[1, 2]]|map('first')|list }}",
      "{{ people|map(attribute='email')|list }}", "{{ items|select('odd')|list }} {{ items|reject('odd')|list }} {{ [0, 1, '', 'a']|select|list }} {{ [0, 1]|reject|list }} {{ items|select('>', 1)|list }} {{ items|select('in', [1, 2])|list }}", "{{ people|selectattr('role', 'equalto', 'user')|map(attribute='name')|list }} {{ people|rejectattr('role', '==', 'user')|map(attribute='name')|list }} {{ people|selectattr('email', 'defined')|list|length }} {{ people|selectattr('age')|list|length }}",
      "{{ person|dictsort }} {{ {'b': 1, 'A': 2, 'a': 3}|dictsort }}" if False else "{{ {'b': 1, 'A': 2, 'c': 0}|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(true) }} {{ {'b': 2, 'a': 1}|dictsort(by='value', reverse=true) }}", "{{ {'a': 1, 2: 3}|dictsort }}", "{{ {'a': 1}|items|list }} {% for k, v in person|items %}{{ k }}:{{ v }} {% endfor %}", "{{ 5|items|list }}", "{{ [1, 2, 3, 4, 5]|batch(2)|list }} {{ [1, 2, 3]|batch(2, 'x')|list }} {{ [1, 2, 3, 4, 5]|slice(3)|list }} {{ [1, 2, 3]|slice(2, 0)|list }}",
      "{% for g in people|groupby('role') %}{{ g.grouper }}:{{ g.list|map(attribute='name')|join(',') }};{% endfor %}{% for k, v in people|groupby('age') %}{{ k }}={{ v|length }} {% endfor %}", "{{ (items|select('odd'))|length }}", "{{ items|select('nope')|list }}", "{{ items|map('nope')|list }}", "{{ items|map|list }}", "{{ (items|map('string'))[0] }}|", "{% set g = items|select('odd') %}{{ g|list }}{{ g|list }}", "{{ range(3)|list }} {{ (1, 2)|list }} {{ person|list }} {{ 5|list }}", "{{ person|length }} {{ person.items()|length }} {{ items|count }}", "{{ [[1]]|unique|list }}", "{{ items|select('odd') is iterable }} {{ items|select('odd') is sequence }}", "{{ nested|sum(start=[]) }}")
group("json", "{{ tool|tojson }}", "{{ tool|tojson(indent=2) }}", "{{ tool|tojson(ensure_ascii=true) }}", "{{ [1, 2.0, 1e20, true, none, 'a\"\\\\\\n\\t\\x01é😀/<>&']|tojson }}", "{{ [] | tojson }} {{ {}|tojson(indent=4) }} {{ [[], {}]|tojson(indent=1) }} {{ (1, 2)|tojson }}", "{{ {'b': 1, 'a': {'d': 2, 'c': 3}}|tojson(sort_keys=true) }}", "{{ {'b': 1, 'a': [1, 2]}|tojson(separators=(',', ':')) }} {{ [1]|tojson(indent='\t') }}", "{{ {1: 'a', none: 'b', true: 'c', 1.5: 'd'}|tojson }}", "{{ {(1, 2): 3}|tojson }}", "{{ person.items()|tojson }}", "{{ word|tojson + 'x' }} {{ unicode|tojson }} {{ unicode|tojson(true) }}", "{{ ['<'|safe]|tojson }}", "{{ items|tojson(false, 1) }}", "{{ 1e400|tojson }} {{ (1e400 - 1e400)|tojson }}", "{{ items|map('string')|tojson }}")
group("tests", "{{ 1 is odd }} {{ 2 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }}", "{{ missing is defined }} {{ word is defined }} {{ missing is undefined }} {{ missing is not defined }}", "{{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ 1 is number }} {{ true is number }} {{ true is boolean }} {{ 1 is boolean }}", "{{ 'a' is string }} {{ [] is string }} {{ {} is mapping }} {{ [] is mapping }} {{ [] is sequence }} {{ {} is sequence }} {{ 'a' is sequence }} {{ 5 is sequence }}", "{{ [] is iterable }} {{ 'a' is iterable }} {{ 5 is iterable }} {{ none is iterable }} {{ range(3) is sequence }} {{ (1, 2) is sequence }} {{ person.items() is sequence }} {{ person.keys() is iterable }}",
      "{{ none is none }} {{ 0 is none }} {{ true is true }} {{ 1 is true }} {{ false is false }}", "{{ 1 is sameas 1 }} {{ none is sameas none }} {{ [] is sameas [] }} {{ true is sameas 1 }}", "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'Abc' is lower }} {{ '1' is lower }}", "{{ 1 is in [1, 2] }} {{ 'a' is in 'abc' }} {{ 3 is not in [1] }}", "{{ 3 is eq 3 }} {{ 3 is ne 4 }} {{ 3 is gt 2 }} {{ 3 is le(3) }} {{ 3 is lessthan 4 }}", "{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }}", "{{ 'a' is string is string }}", "{{ 1 is odd and 2 is even or missing }}", "{{ not 1 is odd }} {{ 1 is not odd }}", "{{ 'x' is odd }}", "{{ word.upper is callable }} {{ word is callable }} {{ ('<'|e) is escaped }}", "{{ 'y' if word is string else 'n' }}", "{{ missing.x is defined }}", "{{ person.missing.x is defined }}", "{{ person['x'] is defined }} {{ person.update is defined }}")
group("string methods", "[{{ text.strip() }}] [{{ text.lstrip() }}] [{{ text.rstrip() }}] [{{ 'xyx'.strip('x') }}] [{{ '<think>'.lstrip('<tk') }}]", "{{ 'a,b,,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a b c d'.split(None, 2) }} {{ ''.split(',') }} {{ ''.split() }}", "{{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b  c '.rsplit(None, 1) }} {{ 'a b'.rsplit() }}", "{{ 'abc'.split('') }}", "{{ ' a  b  c '.split(None, 1) }} {{ ' a  b '.rsplit(None, 1) }} {{ '  '.split(None, 0) }} {{ ' a '.rsplit(None, 0) }}", "{{ range(9)[-3:] }} {{ range(9)[:-3:-1] }} {{ items[-5:5] }} {{ word[-3:-1] }} {{ items[5:] }} {{ items[-1:-5:-1] }}", "{{ word.startswith('he') }} {{ word.endswith('lo') }} {{ word.startswith(('x', 'h')) }} {{ word.startswith('l', 2) }} {{ word.endswith('l', 0, 4) }}", "{{ word.upper() }} {{ 'AbC'.swapcase() }} {{ 'a b'.title() }} {{ 'ABC'.casefold() }} {{ 'hELLO'.capitalize() }}",
      "{{ word.replace('l', 'L') }} {{ word.replace('l', 'L', 1) }} {{ word.replace('', '.') }} {{ word.replace('zz', 'y') }}", "{{ word.find('l') }} {{ word.rfind('l') }} {{ word.find('z') }} {{ word.count('l') }} {{ word.index('l') }} {{ word.find('l', 3) }} {{ unicode.find('😀') }} {{ word.count('') }}", "{{ word.index('z') }}", "{{ ', '.join(['a', 'b']) }} {{ ''.join(words) }}", "{{ ','.join([1]) }}", "{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb'.splitlines(true) }}", "{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('=') }}", "{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.py'.removesuffix('.py') }}", "{{ '42'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ' '.isspace() }} {{ 'Ab Cd'.istitle() }} {{ 'x_1'.isidentifier() }} {{ '²'.isdigit() }} {{ '½'.isnumeric() }} {{ ''.isdigit() }} {{ 'AB'.isupper() }}",
      "{{ '{} {}'.format(1, 'a') }} {{ '{0}{1}{0}'.format('x', 'y') }} {{ '{a}-{b[0]}-{c.name}'.format(a=1, b=[2], c=person) }} {{ '{{}}'.format() }}", "{{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}|{:x}|{!r}|{:*^7}'.format('a', 'b', 'c', 42, 3.14159, 1234567, 255, 'q', 'm') }}", "{{ '{}'.format() }}", "{{ '{x}'.format(1) }}", "{{ '{0.__class__}'.format(1) }}", "{{ 'x'.center(5, '*') }} {{ 'x'.ljust(3) }}| {{ 'x'.rjust(3) }} {{ '-5'.zfill(4) }} {{ 'a\tb'.expandtabs(4) }}", "{{ word.nope() }}", "{{ word.strip(1) }}", "{{ '%s %r %d %05.1f %x %c %%' % ('a', 'b', 3, 2.25, 255, 'z') }} {{ '%s' % 5 }} {{ '%-5s|%5s|' % ('a', 'b') }} {{ '%(name)s' % person }}", "{{ '%d' % 'x' }}", "{{ '%s %s' % 'x' }}", "{{ '%s' % (1, 2) }}", "{{ 'ΑΣ'.lower() }} {{ 'ß'.upper() }}", "{{ '%s' % [1, 'a'] }} {{ '%s' % none }} {{ '%+d' % 5 }} {{ '%e' % 12345.678 }} {{ '%g' % 0.0001 }} {{ '%i' % 3.9 }}", "{{ 'a-b_c'.split('-')[0].split('_')|last }}", "{{ word.encode is defined }}", "{{ 'abcabc'.rindex('b') }} {{ 'aXbX'.split('X')[-1]|length }}")
group("collection methods", "{{ person.get('name') }} {{ person.get('x') }} {{ person.get('x', 'd') }} {{ person.keys()|list }} {{ person.values()|list|length }} {{ person.items()|list|first }}", "{{ {'a': 1}.keys() }} {{ {'a': 1}.values() }} {{ {'a': 1}.items() }}", "{{ {'items': 5}.items() }} {{ {'keys': 1}.keys }}" if False else "{{ {'items': 5}['items'] }} {{ {'items': 5}.items()|list }}", "{{ items.append(4) }}", "{{ items.pop() }}", "{{ person.update({'a': 1}) }}", "{{ person.pop('name') }}", "{{ items.index(1) }} {{ items.count(2) }} {{ (1, 2, 1).count(1) }} {{ items.copy() }}", "{{ items.index(99) }}", "{{ person.setdefault('a', 1) }}", "{{ items.sort() }}", "{{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'y': 2}, z=3) }} {{ dict() }} {{ dict.fromkeys(['a', 'b'], 0) }}", "{{ (2.0).is_integer() }} {{ 5 .bit_length() }}", "{{ items.clear is defined }} {{ items.nope is defined }}", "{{ person.get('tags')[0] }} {{ (person.get('x') or {}).get('y', 'z') }}", "{{ {'a': 1, 'b': 2}.items()|map('first')|join }} {{ 'a' in {'a': 1}.keys() }} {{ 1 in {'a': 1}.values() }} {{ ('a', 1) in {'a': 1}.items() }}", "{{ {'a': 1}.get([1]) }}", "{{ {'a':1}.copy() }} {{ {'a':1}.fromkeys('xy') }}")
group("sandbox", "{{ word.__class__ }}|", "{{ word.__class__.__mro__ }}", "{{ ''['__class__']['__base__'] }}", "{{ raise_exception.__globals__ }}|{{ raise_exception.__globals__['x'] }}", "{{ ().__class__.__base__.__subclasses__() }}", "{{ word|attr('__class__') }}|", "{{ (word|attr('__class__')).x }}", "{{ [].append is defined }}", "{{ self }}|" if False else "{{ items.__len__() }}", "{{ person.__init__.__globals__ }}", "{{ namespace.__init__ is defined }}", "{{ missing.__class__ }}|", "{{ range.__self__ }}|", "{{ ''.format.__self__ }}|", "{{ {'__class__': 1}['__class__'] }} {{ {'_private': 2}._private }}", "{{ items|map(attribute='__class__')|list }}", "{{ cycler.__init__.__globals__ is defined }}" if False else "{{ word.format.__func__ is defined }}", "{% import 'x' as y %}", "{% include 'x' %}", "{% extends 'x' %}")
group("dates", "{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%B %d, %Y') }}", "{{ strftime_now('%A %a %H:%M:%S %I %p %j %y %U %W %w %u %%') }}", "{{ strftime_now('%-d/%-m %e') }} {{ strftime_now is defined }}", "{{ strftime_now() }}", "{{ strftime_now('%F %T %D %R') }}")
group("syntax errors", "{{ }}", "{{ 1 + }}", "{% if %}{% endif %}", "{% if yes %}", "{% endif %}", "{% for x items %}{% endfor %}", "{{ a b }}", "{{ (1 }}", "{{ 1) }}", "{{ [1, 2 }}", "{% unknown %}", "{% set x %}", "{{ 'a'.1b }}", "{{ x|}}", "{{ x is }}", "{{ ? }}", "{% for x in y %}{% endif %}", "{{ f(a=1, 2) }}", "{{ {'a' 1} }}", "{{", "{%", "{% macro f( %}{% endmacro %}", "{{ 1 if }}", "{{ a.b. }}", "{{ not }}|", "{{ a == not b }}", "{% set 1 = 2 %}", "{% if yes %}{% else %}{% else %}{% endif %}", "{{ x[ }}", "{{ @ }}", "{% do 1 %}", "{{ 08 }}", "{{ if }}|{{ in }}|", "{% call word %}{% endcall %}", "}} %} #}", "{ { % }", "{{ '}}' }}", "{% set x = '%}' %}{{ x }}", "{{ {'a':{'b':1}}}}", "{{ f(a=1, a=2) }}")
