"""Conditions written as data: a rule fence's `when`, `deny`, `require` and `at` made into a check.

Conditions are JMESPath with three outcomes. What depends on a value that only deployment can
tell is neither true nor false, and the rule abstains. Names and strings compare ignoring case,
as ARM does; `<` and its kin compare strings too.
"""

from __future__ import annotations

import operator
import re
import warnings
from typing import TYPE_CHECKING, Any, Final

from jmespath import parser
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

from armlint.arm.template import Resource, shown
from armlint.arm.value import Array, Failure, Object, Term, Text
from armlint.rule import Result, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.arm.value import Value
    from armlint.jsontext import Node
    from armlint.rule import Check

    Truth = bool | None
    """True, false, or None where only deployment can tell."""


class _Unknown:
    """What only deployment can tell, with what is certain of it all the same.

    `kind` is `str` or `list` where it surely is one; `truth` whether it surely counts as true or
    as false. `parts` are the lower-cased parts of a string, None for each that is not known; of a
    list, items that are surely in it.
    """

    __slots__ = ("kind", "parts", "truth")

    def __init__(self, kind: type | None = None, *, truth: Truth = None, parts: Sequence[Any] = ()) -> None:
        self.kind = kind
        self.truth = truth
        self.parts = parts

    def __repr__(self) -> str:
        """What is known of it; for people who debug a condition."""
        kind = "anything" if self.kind is None else self.kind.__name__
        return f"<unknown {kind}, {self.truth}>"


_UNKNOWN: Final = _Unknown()
_CALLS: Final = Functions()

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "lte": operator.le,
    "gte": operator.ge,
}
# Functions that look at the length or the names of a collection, not at what is in it.
_STRUCTURAL: Final = frozenset({"keys", "length", "merge", "reverse", "to_array", "type", "values"})


class ConditionError(Exception):
    """A condition that is no JMESPath. `key` is where in the fence it stands."""

    def __init__(self, message: str, key: str = "") -> None:
        super().__init__(message)
        self.key = key


def condition(text: str) -> Callable[[object], Truth]:
    """Compile a condition to a function of a subject: true, false, or None for unknown.

    The subject is plain data whose names are lower-cased (`plain_subject`). Raises
    `ConditionError` where `text` is no JMESPath; the function itself never raises.
    """
    try:
        with warnings.catch_warnings():
            # JMESPath takes a literal that is no JSON for a string, and says so to nobody.
            warnings.simplefilter("error", PendingDeprecationWarning)
            tree = _prepared(parser.Parser().parse(text).parsed)
    except (JMESPathError, PendingDeprecationWarning, ValueError) as error:
        raise ConditionError(f"no JMESPath: {str(error).partition(chr(10))[0]}") from None
    except RecursionError:
        raise ConditionError("no JMESPath that anybody can read: it is nested too deeply") from None
    interpreter = _Interpreter()

    def holds(subject: object) -> Truth:
        try:
            return _truth(interpreter.visit(tree, subject))
        except RecursionError:
            return None

    return holds


def _prepared(node: Any) -> Any:
    """The tree with the names in it lower-cased, and its calls checked: JMESPath would do so when it runs."""
    if node["type"] == "literal":
        return {**node, "value": _folded(node["value"])}
    prepared = dict(node)
    if node["type"] == "field":
        prepared["value"] = node["value"].lower()
    elif node["type"] == "function_expression":
        name, count = node["value"], len(node["children"])
        known = Functions.FUNCTION_TABLE.get(name)
        if known is None:
            raise ConditionError(f"no JMESPath: there is no function '{name}'")
        signature = known["signature"]
        least, more = len(signature), bool(signature and signature[-1].get("variadic"))
        if count < least or (count > least and not more):
            raise ConditionError(f"no JMESPath: '{name}' takes {least} arguments, not {count}")
    if node["type"] != "slice":
        prepared["children"] = [_prepared(child) for child in node.get("children", ())]
    return prepared


def _folded(value: Any) -> Any:
    """A value with the names in it lower-cased."""
    if isinstance(value, dict):
        return {name.lower(): _folded(field) for name, field in value.items()}
    return list(map(_folded, value)) if isinstance(value, list) else value


class _Interpreter(TreeInterpreter):
    """JMESPath's interpreter with a third truth value (Kleene's)."""

    def visit_current(self, node: Any, value: Any) -> Any:  # noqa: ARG002 - as JMESPath calls it
        return _whole(value)

    def visit_identity(self, node: Any, value: Any) -> Any:  # noqa: ARG002
        return _whole(value)

    def visit_field(self, node: Any, value: Any) -> Any:
        if isinstance(value, dict | _Members):
            return value.get(node["value"])
        return _inside(value, None)

    def visit_index(self, node: Any, value: Any) -> Any:
        return _inside(value, list) if isinstance(value, _Unknown) else super().visit_index(node, value)

    def visit_slice(self, node: Any, value: Any) -> Any:
        return _inside(value, list) if isinstance(value, _Unknown) else super().visit_slice(node, value)

    def visit_multi_select_list(self, node: Any, value: Any) -> Any:
        return _UNKNOWN if _may_be_null(value) else super().visit_multi_select_list(node, value)

    def visit_multi_select_dict(self, node: Any, value: Any) -> Any:
        return _UNKNOWN if _may_be_null(value) else super().visit_multi_select_dict(node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        kind = node["value"]
        if kind in {"eq", "ne"}:
            same = _same(left, right)
            return _UNKNOWN if same is None else same is (kind == "eq")
        if _is_text(left) and _is_text(right):
            if isinstance(left, _Unknown) or isinstance(right, _Unknown):
                return _UNKNOWN
            return _ORDER[kind](left.lower(), right.lower())
        if _is_number(left) and _is_number(right):
            return _ORDER[kind](left, right)
        orderly = [_is_text(side) or _is_number(side) or _is_open(side) for side in (left, right)]
        return _UNKNOWN if all(orderly) and (_is_open(left) or _is_open(right)) else None

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        left = self.visit(node["children"][0], value)
        first = _truth(left)
        if first is False:
            return left
        right = self.visit(node["children"][1], value)
        if first is True:
            return right
        return _Unknown(truth=False if _truth(right) is False else None)

    def visit_or_expression(self, node: Any, value: Any) -> Any:
        left = self.visit(node["children"][0], value)
        first = _truth(left)
        if first is True:
            return left
        right = self.visit(node["children"][1], value)
        if first is False:
            return right
        return _Unknown(truth=True if _truth(right) is True else None)

    def visit_not_expression(self, node: Any, value: Any) -> Any:
        truth = _truth(self.visit(node["children"][0], value))
        return _UNKNOWN if truth is None else not truth

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        name = node["value"]
        arguments = [self.visit(child, value) for child in node["children"]]
        own = _FUNCTIONS.get(name)
        if own is not None:
            return own(*arguments)
        shallow = name in _STRUCTURAL and not any(isinstance(found, _Unknown) for found in arguments)
        if not shallow and any(map(_has_unknown, arguments)):
            return _UNKNOWN
        try:
            return _CALLS.call_function(name, arguments)
        except (JMESPathError, ArithmeticError, TypeError, ValueError):
            # A value of a type that the function does not take: nothing follows from it.
            return _UNKNOWN

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        return _projected(base, lambda item: self._filtered(node, item))

    def _filtered(self, node: Any, item: Any) -> tuple[object, Truth]:
        taken = _truth(self.visit(node["children"][2], item))
        return (None if taken is False else self.visit(node["children"][1], item)), taken

    def visit_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        return _projected(base, lambda item: (self.visit(node["children"][1], item), True))

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if not isinstance(base, dict):
            return _inside(base, None)
        return _projected(list(base.values()), lambda item: (self.visit(node["children"][1], item), True))

    def visit_flatten(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return _inside(base, list)
        # Anything unknown may be a list, which would be merged.
        sure = [item for item in base if not _is_open(item) and getattr(item, "kind", None) is not list]
        merged = [part for item in sure for part in (item if isinstance(item, list) else [item])]
        return merged if len(sure) == len(base) else _some(merged)


def _projected(base: object, take: Callable[[Any], tuple[object, Truth]]) -> object:
    """The list that a projection makes: what `take` makes of each item, and whether it is taken; no nulls."""
    if not isinstance(base, list | _Unknown) or (isinstance(base, _Unknown) and base.kind is not list):
        return _inside(base, list)
    items: Sequence[Any] = base if isinstance(base, list) else base.parts
    found = [(value, taken) for value, taken in map(take, items) if value is not None]
    sure = [value for value, taken in found if taken is True and not _may_be_null(value)]
    return sure if isinstance(base, list) and len(sure) == len(found) else _some(sure)


def _some(items: Sequence[object]) -> _Unknown:
    """A list that has these items, and perhaps others."""
    return _Unknown(list, truth=True if items else None, parts=items)


def _inside(value: object, kind: type | None) -> object:
    """What is found in a value that is no collection: null, or unknown where it may be one."""
    if not isinstance(value, _Unknown):
        return None
    return _UNKNOWN if value.kind is None or value.kind is kind else None


def _truth(value: object) -> Truth:
    if isinstance(value, _Unknown):
        return value.truth
    value = _whole(value)
    return bool(value) if isinstance(value, str | list | dict) else value is not None and value is not False


def _may_be_null(value: object) -> bool:
    """Whether a value may turn out to be null, though it is not."""
    return isinstance(value, _Unknown) and value.kind is None and value.truth is not True


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, _Unknown) and value.kind is str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_open(value: object) -> bool:
    """Whether a value may be of any type."""
    return isinstance(value, _Unknown) and value.kind is None


def _has_unknown(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return isinstance(value, _Unknown)


def _same(left: Any, right: Any) -> Truth:
    """Whether two values are equal, strings and names compared ignoring case."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, _Unknown):
            return False if _differs(one, other) else None
    if isinstance(left, list) and isinstance(right, list):
        return _all_same(left, right) if len(left) == len(right) else False
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        return _all_same(left.values(), (right[name] for name in left))
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return left == right if _is_number(left) and _is_number(right) else left is right


def _all_same(left: Iterable[object], right: Iterable[object]) -> Truth:
    verdicts = {_same(one, other) for one, other in zip(left, right, strict=True)}
    return False if False in verdicts else None if None in verdicts else True


def _differs(unknown: _Unknown, other: object) -> bool:
    """Whether an unknown value is surely another than a second one."""
    truth = _truth(other)
    if unknown.truth is not None and truth is not None and unknown.truth is not truth:
        return True
    if unknown.kind is None:
        return False
    if isinstance(other, _Unknown):
        return other.kind is not None and other.kind is not unknown.kind
    if not isinstance(other, unknown.kind):
        return True
    if isinstance(other, list):
        # One that lacks an item which the unknown list has.
        return any(all(_same(item, found) is False for found in other) for item in unknown.parts)
    return isinstance(other, str) and (_starts(unknown, other) is False or _ends(unknown, other) is False)


def _starts(text: _Unknown, whole: str) -> Truth:
    """Whether a text can be this whole string, as far as its start tells."""
    first = text.parts[0]
    return None if first is None or whole.lower().startswith(first) else False


def _ends(text: _Unknown, whole: str) -> Truth:
    last = text.parts[-1]
    return None if last is None or whole.lower().endswith(last) else False


def _starts_with(subject: object, prefix: object) -> object:
    if isinstance(subject, str) and isinstance(prefix, str):
        return subject.lower().startswith(prefix.lower())
    if isinstance(subject, _Unknown) and isinstance(prefix, str) and subject.kind is str:
        known, wanted = subject.parts[0] or "", prefix.lower()
        if known.startswith(wanted):
            return True
        return _UNKNOWN if wanted.startswith(known) else False
    return _UNKNOWN


def _ends_with(subject: object, suffix: object) -> object:
    if isinstance(subject, str) and isinstance(suffix, str):
        return subject.lower().endswith(suffix.lower())
    if isinstance(subject, _Unknown) and isinstance(suffix, str) and subject.kind is str:
        known, wanted = subject.parts[-1] or "", suffix.lower()
        if known.endswith(wanted):
            return True
        return _UNKNOWN if wanted.endswith(known) else False
    return _UNKNOWN


def _contains(subject: object, search: object) -> object:
    if isinstance(subject, str) and isinstance(search, str):
        return search.lower() in subject.lower()
    if isinstance(subject, str) and not isinstance(search, _Unknown):
        return False
    if isinstance(subject, list):
        verdicts = {_same(item, search) for item in subject}
        return True if True in verdicts else _UNKNOWN if None in verdicts else False
    if isinstance(subject, _Unknown) and subject.kind is list:
        return True if any(_same(item, search) for item in subject.parts) else _UNKNOWN
    if isinstance(subject, _Unknown) and isinstance(search, str):
        found = any(part is not None and search.lower() in part for part in subject.parts)
        return True if found else _UNKNOWN
    return _UNKNOWN


def _not_null(*values: object) -> object:
    for value in values:
        if _may_be_null(value):
            return _UNKNOWN
        if value is not None:
            return value
    return None


# Functions whose answer is known of some unknown values, or that have to ignore case.
_FUNCTIONS: Final[Mapping[str, Callable[..., object]]] = {
    "starts_with": _starts_with,
    "ends_with": _ends_with,
    "contains": _contains,
    "not_null": _not_null,
}


def plain_subject(value: Value) -> object:
    """A value as conditions see it: names lower-cased, unknown parts marked."""
    if isinstance(value, Object):
        return {key: plain_subject(field) for key, (_, field) in value.fields.items()}
    if isinstance(value, Array):
        return [plain_subject(item) for item in value.items]
    if isinstance(value, Text):
        parts = tuple(part.lower() if isinstance(part, str) else None for part in value.parts)
        return _Unknown(str, truth=True if any(parts) else None, parts=parts)
    if isinstance(value, Term | Failure):
        return _UNKNOWN
    return value


class _Members:
    """What a rule looks at, its members worked out when a condition first asks for them."""

    __slots__ = ("_known", "_make", "_names")

    def __init__(self, names: Iterable[str], make: Callable[[str], object]) -> None:
        self._names = names
        self._make = make
        self._known: dict[str, object] = {}

    def get(self, name: str) -> object:
        """A member by its lower-cased name; null where there is none."""
        if name not in self._known:
            self._known[name] = self._make(name)
        return self._known[name]

    def whole(self) -> dict[str, object]:
        """All members."""
        return {name: self.get(name) for name in self._names}


def _whole(value: object) -> object:
    return value.whole() if isinstance(value, _Members) else value


_PLAIN_FIELDS: Final = (
    "publisher",
    "type",
    "typehandlerversion",
    "autoupgrademinorversion",
    "enableautomaticupgrade",
    "settings",
    "protectedsettings",
    "protectedsettingsfromkeyvault",
    "provisionafterextensions",
    "forceupdatetag",
    "suppressfailures",
)
_FURTHER_FIELDS: Final[Mapping[str, Callable[[Extension], Value]]] = {
    "name": lambda extension: extension.name,
    "machine": lambda extension: extension.machine,
    "place": lambda extension: str(extension.shape),
    "apiversion": lambda extension: extension.api_version,
    "mayomit": lambda extension: extension.may_omit,
}
_UPGRADE: Final = "supportsautomaticupgrade"


def extension_subject(extension: Extension, model: Model) -> object:
    """What conditions of a rule on extensions see; what is absent is null."""

    def member(name: str) -> object:
        further = _FURTHER_FIELDS.get(name)
        if further is not None:
            return plain_subject(further(extension))
        if name == _UPGRADE:
            return plain_subject(model.supports_automatic_upgrade(extension))
        return plain_subject(extension.field(name)) if name in _PLAIN_FIELDS else None

    return _Members((*_PLAIN_FIELDS, *_FURTHER_FIELDS, _UPGRADE), member)


def resource_subject(resource: Resource) -> object:
    """What conditions of a rule on resources see: its members, with its full type and name."""
    nodes = {member.name.lower(): member.value for member in resource.node.members}

    def member(name: str) -> object:
        if name == "type":
            return resource.type
        if name == "name":
            return plain_subject(resource.name)
        node = nodes.get(name)
        if name != "properties" or node is None or resource.nested is None:
            return plain_subject(resource.value(node))
        # A nested template sees other names than its deployment, and may be most of the file.
        return {
            inner.name.lower(): _UNKNOWN
            if inner.name.lower() == "template"
            else plain_subject(resource.value(inner.value))
            for inner in node.members
        }

    return _Members(dict.fromkeys(("type", "name", *nodes)), member)


def check_of_extension(table: Mapping[str, str], fix: Mapping[str, Any] | None = None) -> Check:
    """The check that a rule fence on extensions declares, with its fix. Raises `ConditionError`."""
    fires = _verdict(table)
    path = _path(table)

    def check(extension: Extension, model: Model) -> Iterator[Result]:
        if extension.holder is None:
            return
        if fires(model.subject(extension, lambda subject: extension_subject(subject, model))):
            result = _at(extension.holder, path, _filled(table["message"], _words(extension)))
            yield result if fix is None else _mended(result, fix, extension.holder, model, extension)

    return check


def check_of_resource(table: Mapping[str, str], fix: Mapping[str, Any] | None = None) -> Check:
    """The check that a rule fence on resources declares, with its fix. Raises `ConditionError`."""
    fires = _verdict(table)
    path = _path(table)
    wanted = table.get("resource", "*").lower()
    pattern = ".*" if wanted == "*" else "[^/]*".join(map(re.escape, wanted.split("*")))
    fits = re.compile(pattern, re.DOTALL).fullmatch

    def check(resource: Resource, model: Model) -> Iterator[Result]:
        if resource.existing or not fits(resource.key):
            return
        if fires(model.subject(resource, resource_subject)):
            words = {"name": resource.label(), "type": resource.type or "?"}
            result = _at(resource.node, path, _filled(table["message"], words))
            yield result if fix is None else _mended(result, fix, resource.node, model)

    return check


def _mended(
    result: Result, fix: Mapping[str, Any], top: Node, model: Model, extension: Extension | None = None
) -> Result:
    from armlint.checks import mending

    return result._replace(fix=mending.declared(fix, top, model, extension))


def _verdict(table: Mapping[str, str]) -> Callable[[object], bool]:
    forbidden = "deny" in table
    when, verdict = _compiled(table, "when"), _compiled(table, "deny" if forbidden else "require")

    def fires(subject: object) -> bool:
        return when(subject) is True and verdict(subject) is forbidden

    return fires


def _compiled(table: Mapping[str, str], key: str) -> Callable[[object], Truth]:
    if key not in table:
        return lambda _: True
    try:
        return condition(table[key])
    except ConditionError as error:
        raise ConditionError(str(error), key) from None


def _path(table: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in table.get("at", "").split(".") if name)


def _filled(message: str, words: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: words[match[1]], message)


def _words(extension: Extension) -> dict[str, str]:
    return {
        "name": extension.label,
        "machine": extension.machine_label,
        "publisher": shown(extension.publisher),
        "type": shown(extension.type),
        "version": shown(extension.field("typeHandlerVersion")),
    }


def _at(node: Node, path: tuple[str, ...], message: str) -> Result:
    """A result at the member that `path` names, or at the deepest object on the way that lacks it."""
    current = node
    for name in path:
        found = current.get(name)
        if found is None:
            return Result(tight(current), current.pointer, message)
        current = found
    return at_value(current, message)
