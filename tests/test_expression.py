"""The expression language: what is one, what it says, and where each part of it stands."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import re
import string
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from armlint.arm.expression import (
    MAX_NESTING,
    Call,
    Expression,
    Index,
    Invalid,
    Literal,
    Property,
    is_expression,
    literal,
    read,
    same,
    show,
    walk,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHARED = Path(__file__).parents[2] / "shared"
CORPUS = Path(os.environ.get("ARMLINT_CORPUS", SHARED / "corpus"))
CASES = SHARED / "knowledge" / "arm-expression-cases.json"


def tree(text: str) -> Expression:
    """The tree of a text that must be a valid expression."""
    found = read(text)
    assert found is not None, f"plain text: {text!r}"
    assert not isinstance(found, Invalid), f"{text!r}: {found}"
    return found


def fault(text: str) -> Invalid:
    """The complaint about a text that must be an invalid expression."""
    found = read(text)
    assert isinstance(found, Invalid), f"{text!r}: {found}"
    return found


# What is an expression at all


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "]",
        "a",
        "[abc",
        "[a]b",
        " [a]",
        "[a] ",
        "[concat('a')",
        "abc]",
        "[[",
        "[[abc",
        "[[one]two",
        "[[a].",
    ],
)
def test_text_without_both_brackets_is_plain_and_keeps_its_brackets(text: str) -> None:
    assert not is_expression(text)
    assert read(text) is None
    assert literal(text) == text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [("[[]", "[]"), ("[[x]", "[x]"), ("[[one]two]", "[one]two]"), ("[[[one]two]", "[[one]two]")],
)
def test_a_doubled_bracket_escapes(text: str, meaning: str) -> None:
    assert not is_expression(text)
    assert read(text) is None
    assert literal(text) == meaning


@given(st.text("[]a' ", max_size=5) | st.text())
def test_every_text_is_an_expression_or_plain(text: str) -> None:
    rule = len(text) > 1 and text[0] == "[" and text[-1] == "]" and text[1] != "["
    assert is_expression(text) == rule
    assert (read(text) is not None) == rule


# Trees


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("['abc']", "'abc'"),
        ("[1]", "1"),
        ("[-1]", "-1"),
        ("[+7]", "7"),
        ("[0007]", "7"),
        ("[-0]", "0"),
        ("[2147483647]", "2147483647"),
        ("[-2147483648]", "-2147483648"),
        (f"[{'0' * 5000}12]", "12"),
        (f"[-{'0' * 5000}12]", "-12"),
        (f"[{'0' * 5000}]", "0"),
        (f"[-{'0' * 5000}]", "0"),
        (f"[+{'0' * 5000}]", "0"),
        ("[f()]", "f()"),
        ("[ f ( ) ]", "f()"),
        ("[f(1,'a',g())]", "f(1, 'a', g())"),
        ("[ns.f(1)]", "ns.f(1)"),
        ("[ns . f\n(1)]", "ns.f(1)"),
        ("[f().a.b]", "f().a.b"),
        ("[f() . a [ 0 ] . b]", "f().a[0].b"),
        ("[a.b().c]", "a.b().c"),
        ("[f()[g()[1]][2].a['b c']]", "f()[g()[1]][2].a['b c']"),
        ("['That''s it!']", "'That''s it!'"),
        ("['''']", "''''"),
        ("['']", "''"),
        (r"['C:\dir']", r"'C:\dir'"),
        ("""[json('{"a": 1}')]""", """json('{"a": 1}')"""),
        ("[concat('[', 'x', ']')]", "concat('[', 'x', ']')"),
        ("[concat(\n  'a',\r\n\t'b')]", "concat('a', 'b')"),
        ("[\u00a0f(\u2003\u3000\u2028)\x85]", "f()"),
        ("[$a_1()]", "$a_1()"),
        ("[_()]", "_()"),
        ("[ᠠᠪ()]", "ᠠᠪ()"),
        ("[größe().straße]", "größe().straße"),
        ("[PARAMETERS('x')]", "PARAMETERS('x')"),
    ],
)
def test_valid_expressions(text: str, shown: str) -> None:
    assert show(tree(text)) == shown
    assert same(tree(text), tree(f"[{shown}]"))


@given(st.from_regex(r"[+-]?0{0,12}[0-9]{1,14}", fullmatch=True, alphabet="+-0123456789"))
@example("100000000000")
@example("500000000001")
@example("-000000000000")
def test_numbers(digits: str) -> None:
    found = read(f"[{digits}]")
    if abs(int(digits) + 0.5) < 2**31:
        assert found == Literal(int(digits), 1, 1 + len(digits))
    else:
        assert isinstance(found, Invalid)


def test_a_call_knows_its_places() -> None:
    text = "[ Contoso . Name( 'it''s' , -3 ).Tags [ 'a' ] ]"
    index = tree(text)
    assert isinstance(index, Index)
    assert text[index.start : index.end] == text[2:-2]
    assert index.index == Literal("a", 40, 43)
    tags = index.base
    assert isinstance(tags, Property)
    assert tags.name == "Tags"
    assert text[tags.start : tags.end] == "Contoso . Name( 'it''s' , -3 ).Tags"
    assert text[tags.name_start : tags.end] == "Tags"
    call = tags.base
    assert isinstance(call, Call)
    assert (call.name, call.function) == ("Contoso.Name", "contoso.name")
    assert text[call.start : call.end] == "Contoso . Name( 'it''s' , -3 )"
    assert text[call.start : call.name_end] == "Contoso . Name"
    first, second = call.args
    assert isinstance(first, Literal)
    assert isinstance(second, Literal)
    assert (first.value, text[first.start : first.end]) == ("it's", "'it''s'")
    assert (second.value, text[second.start : second.end]) == (-3, "-3")


def test_walk_is_in_the_order_of_the_text() -> None:
    nodes = [show(node) for node in walk(tree("[f(a(), b('x').c[d()])]"))]
    assert nodes == ["f(a(), b('x').c[d()])", "a()", "b('x').c[d()]", "b('x').c", "b('x')", "'x'", "d()"]


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("[f(1)]", "[ F( 1 ) ]", True),
        ("[ns.f()]", "[NS.F()]", True),
        ("[f().Tags]", "[f().tags]", True),
        ("[f()['A']]", "[f()['a']]", False),
        ("['A']", "['a']", False),
        ("['1']", "[1]", False),
        ("[f()]", "[g()]", False),
        ("[f()]", "[f(1)]", False),
        ("[f()]", "[f().a]", False),
        ("[f().a]", "[f()]", False),
        ("[f().a]", "[f().b]", False),
        ("[f().a]", "[f()['a']]", False),
        ("[f()['a']]", "[f().a]", False),
        ("[f()[0]]", "[f()[1]]", False),
        ("[f()[0]]", "[g()[0]]", False),
        ("['f']", "[f()]", False),
        ("[f()]", "['f']", False),
    ],
)
def test_same(a: str, b: str, equal: bool) -> None:
    assert same(tree(a), tree(b)) is equal


# What is wrong, and where. «…» marks what the complaint has to point at.

FAULTS = [
    # nothing there
    ("«[]»", "is empty; for plain text"),
    ("«[ \n ]»", "is empty"),
    ("[«]»]", 'expected a value, found "]"'),
    ("[«)»]", 'expected a value, found ")"'),
    ("[«,»]", 'expected a value, found ","'),
    ("[«.»f()]", 'expected a value, found "."'),
    # parentheses and brackets
    ("[«concat(»]", 'concat() is not closed: expected ")", found the end'),
    ("[«concat(»'a', ]", "concat() is not closed"),
    ("[«concat(»'a']", "concat() is not closed"),
    ("[f(«ns . g (»f(1), 2]", "ns.g() is not closed"),
    ("[«f(»g(h())]", "f() is not closed"),
    ("[«concat(»'a']]", 'concat() is not closed: expected ")", found "]"'),
    ("[f()[«g(»1]]", 'g() is not closed: expected ")", found "]"'),
    ("[f()[«g(»1], 2]", "g() is not closed"),
    ("[f(«g(»f(1)]]", 'g() is not closed: expected ")", found "]"'),
    ("[concat('a'«]», 'b')]", 'expected "," or ")", found "]"'),
    ("[f()«[»]", 'this "[" is not closed: expected "]", found the end'),
    ("[f()[1]«[»1]", 'the last "]" closes the expression itself'),
    ("[f()[0«)»]]", 'expected "]", found ")"'),
    ("[f()[0«,» 1]]", 'expected "]", found ","'),
    ("[f()[«]»]]", "expected a number or a name in the brackets"),
    ("[concat('a')«)»]", 'this ")" is one too many'),
    ("[concat('a')«]»]", 'this "]" is one too many'),
    ("[concat(f(), '/x')«]», )]", 'this "]" is one too many'),
    ("[f(«]»)]", 'expected an argument, found "]"'),
    ("[«(»f())]", "parentheses do not group"),
    ("[f(«(»1))]", "parentheses do not group"),
    ("[f()«(»)]", "it only follows the name of a function"),
    ("[f(«[»1, 2])]", "arrays are made with createArray()"),
    ("[ «[»'a']]", "arrays are made with createArray()"),
    # arguments
    ("[f(«,»1)]", 'expected an argument, found ","'),
    ("[f(1,«,»2)]", 'expected another argument after the comma, found ","'),
    ("[f(1, «)»]", 'expected another argument after the comma, found ")"'),
    ("[f('a' «'b'»)]", "found a string; is a comma missing?"),
    ("[f(g() «2»)]", "found a number; is a comma missing?"),
    ("[f(g() «b.c»())]", "found a name; is a comma missing?"),
    ("[ 'a'«,» 'b' ]", "complete before the comma; an array in a template needs no quotes"),
    # words
    ("[«true»]", "true is a function here; write true()"),
    ("[f(«NULL»)]", "null is a function here; write null()"),
    ("[«max»]", "a word by itself means nothing"),
    ("[f(«word»)]", "a word by itself means nothing"),
    ("[«some» words in brackets]", 'expected "(" after the name of a function; for plain text that begins'),
    ("[«concat»'abc')]", 'expected "(" after the name of a function'),
    ("[«ns.name»]", 'expected "(" after the name of a function'),
    ("[«ns.»]", "expected the name of a function"),
    ("[«ns.»'f'()]", "expected the name of a function"),
    ("[«a.b.»c()]", "one dot at most, after its namespace"),
    ("[«my»-func()]", 'expected "(" after the name of a function'),
    ("[f()«name»]", "expected the end of the expression, found a name; is a dot missing?"),
    ("[f() «name»]", "expected the end of the expression, found a name"),
    ("[f()«'world'»]", "expected the end of the expression, found a string"),
    ("[f()«1»a]", "found a number"),
    # strings
    ("[«'abc»]", "this string is not terminated"),
    ("[f(«'abc)»]", "this string is not terminated"),
    ("['Bad apostrophe'«s»']", "an apostrophe inside a string is doubled"),
    ('[f(«"»a")]', 'the character """ is not expected here; strings stand in single quotes'),
    ("[f(«“»a”)]", "strings stand in single quotes"),
    ("[f(«\u2018»a\u2019)]", "strings stand in single quotes"),
    # numbers
    ("[«1.5»]", "numbers are whole"),
    ("[f(«-7.8»)]", "numbers are whole"),
    ("[«1E-2»]", "numbers are whole"),
    ("[«1.»]", "numbers are whole"),
    ("[«1.»name]", "numbers are whole"),
    ("[«2147483648»]", "does not fit into 32 bits"),
    ("[«-2147483649»]", "does not fit into 32 bits"),
    ("[«" + "9" * 5000 + "»]", "does not fit into 32 bits"),
    ("[1«a»()]", 'the character "a" is not expected here; it directly follows a number'),
    ("[1«_»]", "directly follows a number"),
    ("[«+»]", 'expected digits after "+"'),
    ("[f(«-» 1)]", 'expected digits after "-"'),
    # accessors
    ("['abc'«.»length]", "a property is read from the result of a function only"),
    ("['abc'«[»0]]", "an index is read from the result of a function only"),
    ("[1 «.»a]", "a property is read"),
    ("[f()«.»]", "expected the name of a property after the dot"),
    ("[f()«.»[0]]", "expected the name of a property after the dot"),
    ("[f()«.'»a']", "write ['…'] without the dot"),
    ("[f()«.0»]", "write [0] for an index"),
    ("[f()«.».a]", "expected the name of a property after the dot"),
    ("[f()«.?»a]", "there is no safe access in templates; write tryGet()"),
    ("[f()«[?»0]]", "there is no safe access in templates; write tryGet()"),
    # operators
    ("[f() «+» 1]", "expressions have no operators; use add() or concat()"),
    ("[f()«+»1]", "use add() or concat()"),
    ("[f('a' «+» 'b')]", "use add() or concat()"),
    ("[1 «-» 1]", "use sub()"),
    ("[f() «==» 1]", "use equals()"),
    ("[f() «!=» 1]", "use not(equals())"),
    ("[f() «>=» 1]", "use greaterOrEquals()"),
    ("[f() «&&» g()]", "use and()"),
    ("[f() «||» g()]", "use or()"),
    ("[f() «and» g()]", "use and()"),
    ("[f() «?» 1 : 2]", "use if()"),
    ("[f() «??» 1]", "use coalesce()"),
    ("[«!»f()]", "use not()"),
    ("[f(«!»g())]", "use not()"),
    # other languages, and characters
    ("[«{»'a': 1}]", "objects are made with createObject(); for plain text"),
    ("[«{»{name}}]", "a placeholder seems to be left in"),
    ("[«#»{name}#]", "a placeholder seems to be left in"),
    ("[«<»your name>]", "a placeholder seems to be left in"),
    ("[«@»{variables('x')}]", "belongs to Logic Apps"),
    ("[f(«/»* why *)]", "there are no comments"),
    ("[f(1) «;»]", 'the character ";" is not expected here'),
    ("['a'«:» 1]", 'the character ":" is not expected here'),
    ("[f(«\u200b»)]", "the character U+200B is not expected here"),
    ("[f(«\x1f»)]", "the character U+001F is not expected here"),
    ("[f(«\ud800»)]", "the character U+D800 is not expected here"),
    ("[a«²»()]", 'the character "²" is not expected here'),
    ("[f().a«½»]", 'the character "½" is not expected here'),
]


@pytest.mark.parametrize(("marked", "message"), FAULTS, ids=[ascii(f[0])[:40] for f in FAULTS])
def test_faults(marked: str, message: str) -> None:
    assert marked.count("«") == marked.count("»") == 1
    text = marked.replace("«", "").replace("»", "")
    found = fault(text)
    start, end = marked.index("«"), marked.index("»") - 1
    assert message in found.message
    assert (found.start, found.end) == (start, end), text[found.start : found.end]
    assert not found.message.endswith(".")


def test_a_function_with_an_endless_name_is_not_repeated() -> None:
    assert fault("[" + "f" * 1000 + "(]").message.startswith("this call is not closed")


# Laws

NAMES = st.text(string.ascii_letters + string.digits + "_$éß中", min_size=1, max_size=8).filter(
    lambda name: name[0] not in string.digits
)
LITERALS = st.builds(
    Literal,
    st.text(max_size=8) | st.text("'[]()., ", max_size=5) | st.integers(-(2**31), 2**31 - 1),
    st.just(0),
    st.just(0),
)


def call(name: str, args: list[Expression]) -> Call:
    return Call(name, name.lower(), tuple(args), 0, 0, 0)


def access(base: Expression, keys: list[str | Expression]) -> Expression:
    for key in keys:
        base = Property(base, key, 0, 0, 0) if isinstance(key, str) else Index(base, key, 0, 0)
    return base


def calls(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    name = NAMES | st.builds("{}.{}".format, NAMES, NAMES)
    plain = st.builds(call, name, st.lists(parts, max_size=3))
    return plain | st.builds(access, plain, st.lists(NAMES | parts, max_size=3))


EXPRESSIONS: st.SearchStrategy[Expression] = st.recursive(LITERALS, calls, max_leaves=12)
TOKEN = re.compile(r"'(?:[^']|'')*'|[+-]?[0-9]+(?![\w$])|[\w$]+|\S")


@given(EXPRESSIONS)
def test_what_is_shown_reads_as_the_same(expression: Expression) -> None:
    again = tree(f"[{show(expression)}]")
    assert same(again, expression)
    assert show(again) == show(expression)


@given(EXPRESSIONS, st.data())
def test_every_span_reads_as_its_node(expression: Expression, data: st.DataObject) -> None:
    spaces = st.text(" \t\r\n\u00a0\u2003", max_size=2)
    tokens = TOKEN.findall(show(expression))
    text = "[" + "".join(data.draw(spaces) + token for token in tokens) + data.draw(spaces) + "]"
    whole = tree(text)
    assert same(whole, expression)
    for node in walk(whole):
        part = text[node.start : node.end]
        assert same(tree(f"[{part}]"), node)
        if isinstance(node, Call):
            assert "".join(text[node.start : node.name_end].split()) == node.name
            assert text[node.end - 1] == ")"
        elif isinstance(node, Property):
            assert text[node.name_start : node.end] == node.name
            assert node.start == node.base.start
        elif isinstance(node, Index):
            assert text[node.end - 1] == "]"
            assert node.start == node.base.start


class Reference:
    """The grammar once more, letter by letter and slow, to compare with."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def accepts(self) -> bool:
        try:
            self.expression()
        except (ValueError, IndexError):
            return False
        return self.pos == len(self.text)

    def space(self) -> None:
        while self.text[self.pos : self.pos + 1] in tuple(" \t\r\n\u2003"):
            self.pos += 1

    def peek(self) -> str:
        self.space()
        return self.text[self.pos : self.pos + 1]

    def take(self, char: str) -> None:
        if self.peek() != char:
            raise ValueError(char)
        self.pos += 1
        self.space()

    def name(self) -> None:
        start = self.pos
        while (char := self.text[self.pos : self.pos + 1]) and (
            char.isalpha() or char.isdecimal() or char in "_$"
        ):
            self.pos += 1
        if start == self.pos or self.text[start] in string.digits:
            raise ValueError(start)
        self.space()

    def expression(self) -> None:
        char = self.peek()
        if char == "'":
            self.pos += 1
            while self.text[self.pos] != "'" or self.text[self.pos : self.pos + 2] == "''":
                self.pos += 1 + (self.text[self.pos] == "'")
            self.pos += 1
        elif char and char in "+-0123456789":
            start = self.pos
            self.pos += 1
            while (char := self.text[self.pos : self.pos + 1]) and char in string.digits:
                self.pos += 1
            if char and (char.isalpha() or char.isdecimal() or char in "_$."):
                raise ValueError(char)
            if abs(int(self.text[start : self.pos]) + 0.5) > 2**31:
                raise ValueError(start)
        else:
            self.call()
        self.space()

    def call(self) -> None:
        self.name()
        if self.peek() == ".":
            self.take(".")
            self.name()
        self.take("(")
        if self.peek() != ")":
            self.expression()
            while self.peek() == ",":
                self.take(",")
                self.expression()
        self.take(")")
        while (char := self.peek()) and char in ".[":
            self.take(char)
            if char == ".":
                self.name()
            else:
                self.expression()
                self.take("]")


HIDDEN = "S3cr3t"
SOUP = st.lists(
    st.sampled_from(
        [
            *"()[],.'+-1? \n=!{<\"²\u2003\x1c",
            *(
                "f(",
                "f()",
                "g(1)",
                "ns.",
                "name",
                f"'{HIDDEN}'",
                "''",
                "true",
                "1.5",
                "2147483647",
                "2147483648",
            ),
            *("==", "é", "@{", "{{", "[0]", ".a", "('x')", "\ud800", ")]"),
        ]
    ),
    max_size=12,
).map("".join)


def check_invalid(text: str, found: Invalid) -> None:
    assert 0 <= found.start < found.end <= len(text)
    assert found.message
    assert not found.message.endswith(".")
    assert found.message.isprintable()
    assert HIDDEN not in found.message


@settings(max_examples=1000)
@given(SOUP)
@example("1.a")
@example("f()[0")
@example("f(1 'a'")
@example("''''(")
def test_the_grammar_is_kept_on_token_soup(inner: str) -> None:
    text = f"[{inner}]"
    found = read(text)
    if inner.startswith("["):
        assert found is None
        return
    assert isinstance(found, Invalid) != Reference(inner).accepts()
    if isinstance(found, Invalid):
        check_invalid(text, found)


@settings(max_examples=300)
@given(st.text() | SOUP)
def test_nothing_raises_on_any_text(text: str) -> None:
    for whole in (text, f"[{text}]", f"[f({text})]"):
        found = read(whole)
        literal(whole)
        if isinstance(found, Invalid):
            check_invalid(whole, found)


@given(EXPRESSIONS, st.data())
def test_nothing_raises_on_a_slip_of_the_pen(expression: Expression, data: st.DataObject) -> None:
    shown = show(expression)
    at = data.draw(st.integers(0, len(shown)))
    slip = data.draw(st.sampled_from(["", *"()[],.'+ a1"]))
    text = f"[{shown[:at]}{slip}{shown[at + 1 :]}]"
    found = read(text)
    if isinstance(found, Invalid):
        assert 0 <= found.start < found.end <= len(text)
    elif found is not None:
        assert same(tree(f"[{show(found)}]"), found)


# Hostile texts


def nested(depth: int) -> str:
    return "[" + "f(" * depth + "1" + ")" * depth + "]"


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_NESTING),
        "[f()" + ".a" * MAX_NESTING + "]",
        "[f()" + "[0]" * MAX_NESTING + "]",
        "[" + "f()[" * MAX_NESTING + "1" + "]" * MAX_NESTING + "]",
    ],
)
def test_the_tallest_trees_can_be_handled_by_recursion(text: str) -> None:
    whole = tree(text)
    assert whole == pickle.loads(pickle.dumps(whole))  # noqa: S301
    assert hash(whole)
    assert repr(whole)
    assert same(tree(f"[{show(whole)}]"), whole)


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_NESTING + 1),
        "[" + "f(" * MAX_NESTING + "f()" + ")" * MAX_NESTING + "]",
        "[f()" + ".a" * (MAX_NESTING + 1) + "]",
        "[f()" + "[0]" * (MAX_NESTING + 1) + "]",
        "[f(g()" + ".a" * MAX_NESTING + ")]",
        "[g()[f()" + ".a" * MAX_NESTING + "]]",
        "[" + "f(" * 60 + "g()" + ".a" * 60 + ")" * 60 + "]",
    ],
)
def test_taller_trees_are_refused(text: str) -> None:
    assert "nested too deep" in fault(text).message


@pytest.mark.parametrize(
    "text",
    [
        "[" + "(" * 100_000 + "]",
        "[" + "f(" * 100_000 + "]",
        "[" + "f()[" * 100_000 + "]",
        "[f(" + "g()," * 50_000 + "1)]",
        "[f(" + "1," * 100_000 + "1)]",
        "[f()" + ".a" * 500_000 + "]",
        "[f()" + "[0]" * 300_000 + "]",
        "[f()" + ".a.?" * 200_000 + "]",
        "[" * 1_000_000,
        "[" * 1_000_000 + "]",
        "[]" + "[]" * 500_000,
        "['" + "a" * 1_000_000 + "']",
        "['" + "a" * 1_000_000 + "]",
        "['" + "'" * 1_000_001 + "]",
        "['" + "'" * 1_000_000 + "]",
        "[" + "a" * 1_000_000 + "]",
        "[" + "é" * 1_000_000 + "()]",
        "[" + "a." * 500_000 + "]",
        "[" + "1" * 1_000_000 + "]",
        "[" + "0" * 1_000_000 + "]",
        "[" + "-" * 1_000_000 + "]",
        "[" + " " * 1_000_000 + "]",
        "[f" + " " * 1_000_000 + "]",
        "[f." + " " * 1_000_000 + "]",
        "[f(" + " " * 1_000_000 + "]",
        "[f()" + " " * 1_000_000 + ".]",
        "[f()" + " " * 1_000_000 + "]",
        "[f(" + "'a' " * 250_000 + ")]",
        "[" + "?" * 1_000_000 + "]",
        "[f(1" + "]" * 1_000_000,
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_time_is_linear_and_nothing_overflows(text: str) -> None:
    started = time.process_time()
    found = read(text)
    if isinstance(found, Invalid):
        assert 0 <= found.start < found.end <= len(text)
        assert len(found.message) < 300
    elif found is not None:
        assert same(tree(f"[{show(found)}]"), found)
        assert sum(1 for _ in walk(found))
    # Anything quadratic takes minutes here.
    assert time.process_time() - started < 5


# Others' texts


@pytest.mark.skipif(not CASES.exists(), reason="the collected cases are not here")
def test_collected_cases() -> None:
    cases = json.loads(CASES.read_text("utf-8"))
    wrong = []
    for case in cases:
        text = case["value"]
        found = read(text)
        kind = (
            "expression" if found is not None else "literal" if literal(text) == text else "escaped-literal"
        )
        outcome = "error" if isinstance(found, Invalid) else "ok"
        if (kind, outcome) != (case["class"], case["engine"]):
            wrong.append(text)
        if found is None and literal(text) != case["detail"]:
            wrong.append(text)
    assert cases
    assert not wrong


def strings(value: object) -> Iterator[str]:
    """Every string of a JSON value, names included."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            todo += itertools.chain(item, item.values())
        elif isinstance(item, list):
            todo += item


@pytest.mark.skipif(not (CORPUS / "bicep-modules").is_dir(), reason="the corpus is not here")
def test_corpus(record_property: Callable[[str, object], None]) -> None:
    files = sorted((CORPUS / "bicep-modules").rglob("*.json"))
    texts = [text for file in files for text in strings(json.loads(file.read_text("utf-8-sig")))]
    started = time.process_time()
    found = [(text, read(text)) for text in texts]
    seconds = time.process_time() - started
    trees = [(text, node) for text, node in found if node is not None]
    assert len(trees) > 1000
    for text, node in trees:
        assert not isinstance(node, Invalid), f"{text}: {node}"
    for text, node in dict(trees).items():
        assert not isinstance(node, Invalid)
        assert same(tree(f"[{show(node)}]"), node), text
        assert text[1:-1].strip() == text[node.start : node.end]
    record_property("expressions_per_second", round(len(trees) / max(seconds, 1e-9)))
