r"""The expression language of templates: text to tree, with the place of every part.

A string of a template is an expression when it starts with `[` and ends with `]`, but not with `[[`:

    expression  = literal | integer | call
    call        = identifier [ "." identifier ] "(" [ expression { "," expression } ] ")" { accessor }
    accessor    = "." identifier | "[" expression "]"
    literal     = "'" { any character but "'" | "''" } "'"          (a backslash is only a backslash)
    integer     = [ "+" | "-" ] digit { digit }                     (of 32 bits; there are no fractions)
    identifier  = letter, digit, "_" or "$", of any script, not starting with one of 0 to 9

White space of any kind may stand between two tokens. There are no operators, no parentheses for
grouping and no words such as `true`. All offsets count from the start of the whole string, its outer
bracket included, and are half-open: `text[node.start:node.end]`.

Nothing here raises on any text, and the time is linear in its length.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_NESTING = 100
"""How many brackets and accessors may stand inside or upon each other.

No template comes near it. It keeps every tree low enough for Python to compare, copy and print it,
which it does by recursion.
"""


class Literal(NamedTuple):
    """A string or an integer; `value` has its doubled apostrophes undone."""

    value: str | int
    start: int
    end: int


class Call(NamedTuple):
    """A function with its arguments.

    `name` is as written (`ns.func` for users' functions), `function` the same in lower case; the name
    stands at `start` to `name_end`.
    """

    name: str
    function: str
    args: tuple[Expression, ...]
    start: int
    end: int
    name_end: int


class Property(NamedTuple):
    """`base.name`; the name stands at `name_start` to `end`."""

    base: Expression
    name: str
    start: int
    end: int
    name_start: int


class Index(NamedTuple):
    """`base[index]`."""

    base: Expression
    index: Expression  # type: ignore[assignment]  # hides the method `index` of tuples, which nobody needs
    start: int
    end: int


Expression: TypeAlias = Literal | Call | Property | Index
"""A node, and with it the tree below."""


class Invalid(NamedTuple):
    """Why a text that has the brackets of an expression is none; `message` has no full stop.

    A message holds punctuation and the names of called functions, never the contents of strings or
    stray words: either may be a secret.
    """

    message: str
    start: int
    end: int


# Python's own \s also takes U+001C to U+001F, which the service does not.
_SPACE = r"[^\S\x1c-\x1f]*+"
_NAME = r"(?![0-9])[\w$]++"
# Possessive throughout: nothing is ever tried twice, so that no text takes more than linear time.
_TOKEN = re.compile(
    rf"{_SPACE}(?:"
    r"'((?:[^']++|'')*+)'"
    rf"|(({_NAME})(?:{_SPACE}\.{_SPACE}({_NAME}))?+){_SPACE}\(({_SPACE}\))?+"
    r"|([)\],\[])"
    rf"|\.{_SPACE}({_NAME})"
    r"|([+-]?+[0-9]++)(?![\w$.])"
    r")"
)
# The groups of _TOKEN; lastindex tells which alternative it was.
_STRING, _OPEN, _FIRST, _SECOND, _EMPTY, _MARK, _PROPERTY, _NUMBER = range(1, 9)

_LONGEST_NUMBER = len("-2147483648")

# Longer ones are rarely repeated, and would make the bounded memory large.
_MEMORISED = 1024


def is_expression(text: str) -> bool:
    """Tell whether the service evaluates this string (which may still turn out to be invalid)."""
    return text[:1] == "[" and text[-1:] == "]" and text[1] != "["


def literal(text: str) -> str:
    """Return what a string that is no expression means: `[[…]` loses one bracket, all else is itself."""
    return text[1:] if text[:2] == "[[" and text[-1] == "]" else text


def read(text: str) -> Expression | Invalid | None:
    """Return the tree of an expression, or why there is none; None for a string that is plain text."""
    if text[:1] != "[" or text[-1:] != "]" or text[1] == "[":
        return None
    return _remembered(text) if len(text) <= _MEMORISED else _parse(text)


def show(expression: Expression) -> str:
    """Print the expression as text without the outer brackets; reading it gives the same tree."""
    out: list[str] = []
    todo: list[Expression | str] = [expression]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            out.append(node)
        elif isinstance(node, Literal):
            value = node.value
            out.append("'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value))
        elif isinstance(node, Call):
            out.append(node.name + "(")
            todo.append(")")
            for place in range(len(node.args) - 1, -1, -1):
                todo.append(node.args[place])
                if place:
                    todo.append(", ")
        elif isinstance(node, Property):
            todo += ("." + node.name, node.base)
        else:
            todo += ("]", node.index, "[", node.base)
    return "".join(out)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield the node and everything below it, in the order of the text, each node before its parts."""
    todo: list[Expression] = [expression]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, Call):
            todo += node.args[::-1]
        elif isinstance(node, Property):
            todo.append(node.base)
        elif isinstance(node, Index):
            todo += (node.index, node.base)


def calls(text: str) -> tuple[Call, ...]:
    """Return the calls in an expression, in the order of the text; none for any other string."""
    if text[:1] != "[":
        return ()
    return _remembered_calls(text) if len(text) <= _MEMORISED else _calls(text)


def _calls(text: str) -> tuple[Call, ...]:
    tree = read(text)
    if tree is None or isinstance(tree, Invalid):
        return ()
    return tuple([part for part in walk(tree) if isinstance(part, Call)])


_remembered_calls = lru_cache(maxsize=8192)(_calls)


def same(a: Expression, b: Expression) -> bool:
    """Tell whether two trees are equal but for their places and the letter case of their names.

    Strings keep their case: what they mean is known only where they are used.
    """
    todo: list[tuple[Expression, Expression]] = [(a, b)]
    while todo:
        a, b = todo.pop()
        if isinstance(a, Literal):
            if not isinstance(b, Literal) or a.value != b.value:
                return False
        elif isinstance(a, Call):
            if not isinstance(b, Call) or a.function != b.function or len(a.args) != len(b.args):
                return False
            todo += zip(a.args, b.args, strict=True)
        elif isinstance(a, Property):
            if not isinstance(b, Property) or a.name.lower() != b.name.lower():
                return False
            todo.append((a.base, b.base))
        else:
            if not isinstance(b, Index):
                return False
            todo += ((a.base, b.base), (a.index, b.index))
    return True


# A bracket that is open: its token, what has been read inside (of an index, first its base), and how
# high that is.
_Frame: TypeAlias = tuple[re.Match[str] | None, list[Expression], int]


# One loop over the tokens: it runs for every distinct string of a template, and calls are what costs.
def _parse(text: str) -> Expression | Invalid:  # noqa: C901, PLR0912, PLR0915
    match = _TOKEN.match
    end = len(text) - 1
    pos = 1
    plain = text.isascii()
    stack: list[_Frame] = []
    # The innermost bracket; apart from the stack, because every step asks for it.
    opener: re.Match[str] | None = None
    args: list[Expression] = []
    height = 0
    while True:
        token = match(text, pos, end)
        kind = token.lastindex if token else None
        value: Expression
        tall = 0
        if token is None:
            return _fault(text, pos, None, (opener, args, height), stack)
        if kind == _STRING:
            pos = token.end()
            string = token[_STRING]
            value = Literal(
                string.replace("''", "'") if "'" in string else string, token.start(_STRING) - 1, pos
            )
        elif kind in (_OPEN, _EMPTY):
            if not plain and (odd := _odd(token)):
                return odd
            if len(stack) >= MAX_NESTING:
                return _too_deep(token.start(_OPEN), token.end())
            if kind == _OPEN:
                stack.append((opener, args, height))
                opener, args, height = token, [], 0
                pos = token.end()
                continue
            pos = token.end()
            value = _call(token, (), pos)
        elif kind == _NUMBER and (number := _int32(token[_NUMBER])) is not None:
            pos = token.end()
            value = Literal(number, token.start(_NUMBER), pos)
        else:
            return _fault(text, pos, None, (opener, args, height), stack)

        while True:
            if pos == end and opener is None:
                return value
            token = match(text, pos, end)
            kind = token.lastindex if token else None
            if token is None:
                if opener is None and _spaces(text, pos) == end:
                    return value
            elif kind == _MARK:
                mark = token[_MARK]
                if mark == "[":
                    if type(value) is not Literal:
                        if len(stack) >= MAX_NESTING:
                            return _too_deep(token.end() - 1, token.end())
                        stack.append((opener, args, height))
                        opener, args, height = token, [value], tall
                        pos = token.end()
                        break
                elif opener is not None and (opener.lastindex == _MARK) == (mark == "]"):
                    args.append(value)
                    height = max(height, tall)
                    pos = token.end()
                    if mark == ",":
                        break
                    if mark == ")":
                        value = _call(opener, tuple(args), pos)
                    else:
                        value = Index(args[0], value, args[0].start, pos)
                    tall = height + 1
                    opener, args, height = stack.pop()
                    if tall > MAX_NESTING:
                        return _too_deep(pos - 1, pos)
                    continue
            elif kind == _PROPERTY and type(value) is not Literal:
                if not plain and (odd := _odd(token)):
                    return odd
                pos = token.end()
                value = Property(value, token[_PROPERTY], value.start, pos, token.start(_PROPERTY))
                tall += 1
                if tall > MAX_NESTING:
                    return _too_deep(value.name_start, pos)
                continue
            return _fault(text, pos, value, (opener, args, height), stack)


_remembered = lru_cache(maxsize=8192)(_parse)


def _call(token: re.Match[str], args: tuple[Expression, ...], end: int) -> Call:
    name = token[_OPEN] if token[_SECOND] is None else token[_FIRST] + "." + token[_SECOND]
    return Call(name, name.lower(), args, token.start(_OPEN), end, token.end(_OPEN))


def _int32(digits: str) -> int | None:
    if len(digits) > _LONGEST_NUMBER:
        # int() refuses thousands of digits, leading zeros included.
        sign = "-" if digits[0] == "-" else ""
        digits = sign + (digits.lstrip("+-").lstrip("0") or "0")
        if len(digits) > _LONGEST_NUMBER:
            return None
    number = int(digits)
    return number if -(2**31) <= number < 2**31 else None


# From here on only texts that are no expressions matter, and time does not.

_NAMES = rf"({_NAME})(?:{_SPACE}\.{_SPACE}({_NAME}))?+({_SPACE}\.)?"
_COMPLETE_STRING = r"'(?:[^']++|'')*+'"
_DIGITS = r"[+-]?+[0-9]++(?:\.[0-9]*+)?+(?:[eE][+-]?+[0-9]++)?+"
_OPERATOR = r"==|!=|=~|<=|>=|=>|&&|\|\||\?\?|[-+*/%<>=!&|?]"
_INSTEAD = {
    "+": "add() or concat()",
    "-": "sub()",
    "*": "mul()",
    "/": "div()",
    "%": "mod()",
    "=": "equals()",
    "==": "equals()",
    "=~": "equals()",
    "!=": "not(equals())",
    "!": "not()",
    "<": "less()",
    "<=": "lessOrEquals()",
    ">": "greater()",
    ">=": "greaterOrEquals()",
    "&": "and()",
    "&&": "and()",
    "|": "or()",
    "||": "or()",
    "??": "coalesce()",
    "?": "if()",
    "=>": "lambda()",
    "and": "and()",
    "or": "or()",
}
_WORDS = frozenset({"true", "false", "null"})
_TEXT_HINT = '; for plain text that begins with "[" write "[["'
_PLACEHOLDER = "; a placeholder seems to be left in" + _TEXT_HINT
_OBJECT = "; objects are made with createObject()" + _TEXT_HINT
_HINTS = {
    "@{": "; @{…} belongs to Logic Apps" + _TEXT_HINT,
    "{{": _PLACEHOLDER,
    "#{": _PLACEHOLDER,
    "<": _PLACEHOLDER,
    "{": _OBJECT,
    "//": "; there are no comments in expressions",
    "/*": "; there are no comments in expressions",
}
_LONGEST_SHOWN = 80
_SAFE_ACCESS = "there is no safe access in templates; write tryGet()"


def _at(pattern: str, text: str, pos: int) -> re.Match[str] | None:
    """Match what stands at `pos`, the outer bracket excluded. Compiled when needed, which is rarely."""
    return re.compile(pattern).match(text, pos, len(text) - 1)


def _spaces(text: str, pos: int) -> int:
    """Return where the white space at `pos` ends."""
    found = _at(_SPACE, text, pos)
    return found.end() if found else pos


def _too_deep(start: int, end: int) -> Invalid:
    return Invalid(f"the expression is nested too deep, more than {MAX_NESTING} levels", start, end)


def _odd(token: re.Match[str]) -> Invalid | None:
    """Complain about a character that Python takes for part of a word and the service does not."""
    for group in (_FIRST, _SECOND, _PROPERTY):
        for offset, char in enumerate(token[group] or "", token.start(group)):
            if not (char.isalpha() or char.isdecimal() or char in "_$"):
                return _unexpected(char, offset)
    return None


def _unexpected(char: str, start: int, hint: str = "") -> Invalid:
    # A character that cannot be seen, or not be written at all, helps nobody in a message.
    shown = f'"{char}"' if char.isprintable() else f"U+{ord(char):04X}"
    return Invalid(f"the character {shown} is not expected here{hint}", start, start + 1)


def _unclosed(opener: re.Match[str], found: str) -> Invalid:
    """Complain about a bracket that is still open where `found` stands."""
    if opener.lastindex == _MARK:
        last = '; the last "]" closes the expression itself' if found == _END else ""
        return Invalid(f'this "[" is not closed: expected "]", found {found}{last}', *opener.span(_MARK))
    name = _call(opener, (), 0).name
    shown = f"{name}()" if len(name) <= _LONGEST_SHOWN else "this call"
    start, end = opener.start(_OPEN), opener.end()
    return Invalid(f'{shown} is not closed: expected ")", found {found}', start, end)


_END = "the end of the expression"


def _fault(text: str, pos: int, value: Expression | None, inner: _Frame, stack: list[_Frame]) -> Invalid:
    """Say why the token at `pos` cannot stand there.

    `value` is the operand before it, None where an operand has to stand; `inner` is the innermost open
    bracket, `stack` those around it.
    """
    opener, args, _ = inner
    end = len(text) - 1
    pos = _spaces(text, pos)
    if pos == end:
        if opener is not None:
            return _unclosed(opener, _END)
        return Invalid(f"the expression is empty{_TEXT_HINT}", 0, end + 1)
    if fault := _lexical(text, pos, value):
        return fault
    if value is None:
        return _no_operand(text, pos, opener, args)
    return _no_end(text, pos, value, opener, stack)


def _lexical(text: str, pos: int, value: Expression | None) -> Invalid | None:
    """Complain about the characters at `pos`, wherever they stand; None if they are a token."""
    end = len(text) - 1
    char = text[pos]
    if char == "'" and not _at(_COMPLETE_STRING, text, pos):
        return Invalid("this string is not terminated: a closing ' is missing", pos, end)
    if char in '"`\u2018\u2019\u201c\u201d\u00b4':
        return _unexpected(char, pos, "; strings stand in single quotes, 'like this'")
    if text.startswith(".?", pos):
        return Invalid(_SAFE_ACCESS, pos, pos + 2)
    if char == "?" and value is None and text[pos - 1] == "[" and pos > 1:
        return Invalid(_SAFE_ACCESS, pos - 1, pos + 1)
    if value is None and (number := _at(_DIGITS, text, pos)):
        return _bad_number(text, number)
    operator = _at(_OPERATOR, text, pos)
    if operator and (value is not None or char == "!"):
        return Invalid(
            f"expressions have no operators; use {_INSTEAD[operator[0]]}", operator.start(), operator.end()
        )
    if operator and char in "+-":
        return Invalid(f'expected digits after "{char}"', pos, pos + 1)
    if _at(_NAMES, text, pos) or char in "'()[],.0123456789":
        return None
    return _unexpected(char, pos, _HINTS.get(text[pos : pos + 2]) or _HINTS.get(char, ""))


def _bad_number(text: str, number: re.Match[str]) -> Invalid:
    start, end = number.span()
    if not number[0].lstrip("+-").isdecimal():
        return Invalid("numbers are whole; write a fraction as json('…') with the number inside", start, end)
    if _int32(number[0]) is None:
        what = "this number does not fit into 32 bits; write json('…') with the number inside"
        return Invalid(what, start, end)
    return _unexpected(text[end], end, "; it directly follows a number")


def _no_operand(text: str, pos: int, opener: re.Match[str] | None, args: list[Expression]) -> Invalid:
    """Say why no operand starts at `pos`."""
    char = text[pos]
    one = (pos, pos + 1)
    in_call = opener is not None and opener.lastindex == _OPEN
    if char == "(":
        return Invalid("parentheses do not group; they only follow the name of a function", *one)
    if char == "[":
        return Invalid('an operand cannot start with "["; arrays are made with createArray()', *one)
    if char in ".,)" or (char == "]" and in_call):
        argument = "another argument after the comma" if args else "an argument"
        return Invalid(f'expected {argument if in_call else "a value"}, found "{char}"', *one)
    if char == "]":
        if opener is not None:
            return Invalid('expected a number or a name in the brackets, found "]"', *one)
        return Invalid(f'expected a value, found "]"{_TEXT_HINT}', *one)
    names = _at(_NAMES, text, pos)
    return _bare_word(text, names, outermost=opener is None) if names else _unexpected(char, pos)


def _bare_word(text: str, names: re.Match[str], *, outermost: bool) -> Invalid:
    """Say why a name that is not called cannot stand where an operand is expected."""
    start, end = names.start(), names.end()
    hint = _TEXT_HINT if outermost else ""
    if names[2] is None and names[3] is None:
        word = names[1].lower()
        if word in _WORDS:
            return Invalid(f"{word} is a function here; write {word}()", start, end)
        if text[_spaces(text, end)] not in ",)]":
            what = 'expected "(" after the name of a function'
        else:
            what = "a word by itself means nothing: functions end in (), strings stand in single quotes"
        return Invalid(what + hint, start, end)
    if names[2] is None:
        return Invalid(f'expected the name of a function and "(" after the dot{hint}', start, end)
    if names[3] is not None:
        what = "the name of a function has one dot at most, after its namespace"
        return Invalid(what + hint, start, end)
    return Invalid(f'expected "(" after the name of a function{hint}', start, end)


def _no_end(  # noqa: C901, PLR0912 (a list of cases)
    text: str,
    pos: int,
    value: Expression,
    opener: re.Match[str] | None,
    stack: list[_Frame],
) -> Invalid:
    """Say why the token at `pos` cannot follow the operand `value`."""
    char = text[pos]
    one = (pos, pos + 1)
    in_call = opener is not None and opener.lastindex == _OPEN
    if char in ".[" and isinstance(value, Literal):
        what = "a property" if char == "." else "an index"
        return Invalid(f"{what} is read from the result of a function only, not from a literal", *one)
    if char == ".":
        return _no_property(text, pos)
    if char == "(":
        return Invalid('"(" is not expected here: it only follows the name of a function', *one)
    # With an index open further out, or nothing but brackets to come, the parenthesis is what lacks.
    indexed = any(outer and outer.lastindex == _MARK for outer, _, _ in stack)
    if char == "]" and opener is not None and in_call and (indexed or not text[pos:].strip("] ")):
        return _unclosed(opener, '"]"')
    if char in ")]" and opener is None:
        return Invalid(f'this "{char}" is one too many: no bracket is open here', *one)
    if char == "," and opener is None:
        what = "the expression is complete before the comma"
        return Invalid(f"{what}; an array in a template needs no quotes{_TEXT_HINT}", *one)
    expected = _END if opener is None else '"," or ")"' if in_call else '"]"'
    if char in ",)]":
        return Invalid(f'expected {expected}, found "{char}"', *one)
    if char == "'":
        found = _at(_COMPLETE_STRING, text, pos)
        what = "a string"
    else:
        found = _at(_NAMES, text, pos) or _at(_DIGITS, text, pos)
        what = "a number" if "0" <= char <= "9" else "a name"
    start, end = found.span() if found else one
    if (word := text[start:end].lower()) in _INSTEAD:
        return Invalid(f"expressions have no operators; use {_INSTEAD[word]}", start, end)
    hint = ""
    if isinstance(value, Literal) and isinstance(value.value, str) and value.end == pos:
        hint = "; an apostrophe inside a string is doubled, ''"
    elif in_call:
        hint = "; is a comma missing?"
    elif what == "a name" and value.end == pos:
        hint = "; is a dot missing?"
    return Invalid(f"expected {expected}, found {what}{hint}", start, end)


def _no_property(text: str, pos: int) -> Invalid:
    """Say why no property name follows the dot at `pos`."""
    after = _spaces(text, pos + 1)
    char = text[after]
    what = "expected the name of a property after the dot"
    if char == "'":
        return Invalid(what + "; write ['…'] without the dot", pos, after + 1)
    if char.isdecimal():
        return Invalid(what + "; write [0] for an index", pos, after + 1)
    return Invalid(what, pos, pos + 1)
