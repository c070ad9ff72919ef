"""Conditions written as data: a rule fence's `when`, `deny`, `require` and `at` made into a check.

Conditions are JMESPath with three outcomes. What depends on a value that only deployment can
tell is neither true nor false, and the rule abstains. Names and strings compare ignoring case,
as ARM does; `<` and its kin compare strings too.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, Final

from jmespath import parser
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from armlint.arm.extension import Extension
from armlint.arm.template import Resource, shown
from armlint.arm.value import Array, Failure, Object, Term, Text
from armlint.rule import Result, at_value, tight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from armlint.arm.model import Model
    from armlint.arm.value import Value
    from armlint.jsontext import Node
    from armlint.rule import Check


class _Unknown:
    """What only deployment can tell."""

    def __repr__(self) -> str:
        return "unknown"


_UNKNOWN: Final = _Unknown()


class _UnknownText(_Unknown):
    """A string that only deployment can tell: surely a string, so surely not null."""


_UNKNOWN_TEXT: Final = _UnknownText()

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "lte": operator.le,
    "gte": operator.ge,
}


class ConditionError(Exception):
    """A condition that is no JMESPath."""


def condition(text: str) -> Callable[[object], bool | None]:
    """Compile a condition to a function of a subject: true, false, or None for unknown.

    The subject is plain data whose dict keys are lower-cased (`plain_subject`). Raises
    `ConditionError` where `text` is no JMESPath.
    """
    try:
        tree = parser.Parser().parse(text).parsed
    except JMESPathError as error:
        raise ConditionError(str(error).split("\n", 1)[0]) from None
    interpreter = _Interpreter()

    def holds(subject: object) -> bool | None:
        try:
            value = interpreter.visit(tree, subject)
        except JMESPathError:
            # A function on a value of the wrong type: nothing is known of this subject.
            return None
        if isinstance(value, _Unknown):
            return None
        return not interpreter._is_false(value)  # noqa: SLF001 - JMESPath's own notion of truth

    return holds


class _Interpreter(TreeInterpreter):  # type: ignore[misc]
    """JMESPath's interpreter with a third truth value (Kleene's)."""

    def visit(self, node: Any, value: Any) -> Any:
        # Whatever is looked for inside an unknown value is unknown too.
        if isinstance(value, _Unknown) and node["type"] not in {"literal", "current", "identity"}:
            return _UNKNOWN
        return super().visit(node, value)

    def visit_field(self, node: Any, value: Any) -> Any:
        return value.get(node["value"].lower()) if isinstance(value, dict) else None

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        kind = node["value"]
        if kind in {"eq", "ne"}:
            same = _same(left, right)
            return same if isinstance(same, _Unknown) else same is (kind == "eq")
        if isinstance(left, _Unknown) or isinstance(right, _Unknown):
            return _UNKNOWN
        if isinstance(left, str) and isinstance(right, str):
            return _ORDER[kind](left.lower(), right.lower())
        if _is_number(left) and _is_number(right):
            return _ORDER[kind](left, right)
        return None

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        left = self.visit(node["children"][0], value)
        if not isinstance(left, _Unknown) and self._is_false(left):
            return left
        right = self.visit(node["children"][1], value)
        if isinstance(left, _Unknown):
            return right if not isinstance(right, _Unknown) and self._is_false(right) else _UNKNOWN
        return right

    def visit_or_expression(self, node: Any, value: Any) -> Any:
        left = self.visit(node["children"][0], value)
        if not isinstance(left, _Unknown) and not self._is_false(left):
            return left
        right = self.visit(node["children"][1], value)
        if isinstance(left, _Unknown):
            return right if not isinstance(right, _Unknown) and not self._is_false(right) else _UNKNOWN
        return right

    def visit_not_expression(self, node: Any, value: Any) -> Any:
        result = self.visit(node["children"][0], value)
        return _UNKNOWN if isinstance(result, _Unknown) else self._is_false(result)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        arguments = [self.visit(child, value) for child in node["children"]]
        if any(map(_has_unknown, arguments)):
            return _UNKNOWN
        return self._functions.call_function(node["value"], arguments)

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if isinstance(base, _Unknown):
            return base
        if not isinstance(base, list):
            return None
        kept = []
        for element in base:
            verdict = self.visit(node["children"][2], element)
            if isinstance(verdict, _Unknown):
                return _UNKNOWN
            if not self._is_false(verdict):
                kept.append(self.visit(node["children"][1], element))
        return [element for element in kept if element is not None]

    def visit_projection(self, node: Any, value: Any) -> Any:
        return self._projected(node, self.visit(node["children"][0], value), list, lambda base: base)

    def visit_value_projection(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        return self._projected(node, base, dict, lambda found: list(found.values()))

    def visit_flatten(self, node: Any, value: Any) -> Any:
        base = self.visit(node["children"][0], value)
        if isinstance(base, list) and any(isinstance(item, _Unknown) for item in base):
            return _UNKNOWN
        return super().visit_flatten({"children": [{"type": "literal", "value": base}]}, value)

    def _projected(self, node: Any, base: Any, kind: type, items: Callable[[Any], list[Any]]) -> Any:
        if isinstance(base, _Unknown):
            return base
        if not isinstance(base, kind):
            return None
        found = [self.visit(node["children"][1], element) for element in items(base)]
        return [element for element in found if element is not None]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_unknown(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    return isinstance(value, _Unknown)


def _same(left: Any, right: Any) -> bool | _Unknown:
    if isinstance(left, _UnknownText) and not isinstance(right, _Unknown | str):
        return False
    if isinstance(right, _UnknownText) and not isinstance(left, _Unknown | str):
        return False
    if isinstance(left, dict | list) != isinstance(right, dict | list) and not (
        isinstance(left, _Unknown) or isinstance(right, _Unknown)
    ):
        return False
    if _has_unknown(left) or _has_unknown(right):
        return _UNKNOWN
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def plain_subject(value: Value) -> object:
    """A value as conditions see it: dict keys lower-cased, unknown parts marked."""
    if isinstance(value, Object):
        return {key: plain_subject(field) for key, (_, field) in value.fields.items()}
    if isinstance(value, Array):
        return [plain_subject(item) for item in value.items]
    if isinstance(value, Text):
        return _UNKNOWN_TEXT
    if isinstance(value, Term | Failure):
        return _UNKNOWN
    return value


_EXTENSION_FIELDS: Final = (
    "publisher",
    "type",
    "typeHandlerVersion",
    "autoUpgradeMinorVersion",
    "enableAutomaticUpgrade",
    "settings",
    "protectedSettings",
    "protectedSettingsFromKeyVault",
    "provisionAfterExtensions",
    "forceUpdateTag",
    "suppressFailures",
)


def extension_subject(extension: Extension) -> dict[str, object]:
    """What conditions of a rule on extensions see; what is absent is null."""
    subject = {name.lower(): plain_subject(extension.field(name)) for name in _EXTENSION_FIELDS}
    subject["name"] = plain_subject(extension.name)
    subject["machine"] = plain_subject(extension.machine)
    subject["place"] = str(extension.shape)
    subject["apiversion"] = plain_subject(extension.api_version)
    subject["supportsautomaticupgrade"] = plain_subject(extension.supports_automatic_upgrade)
    return subject


def check_of_extension(table: Mapping[str, str]) -> Check:
    """The check that a rule fence on extensions declares. Raises `ConditionError`."""
    fires = _verdict(table)
    path = tuple(table.get("at", "").split(".")) if table.get("at") else ()

    def check(extension: Extension, model: Model) -> Iterator[Result]:
        if extension.holder is None or not fires(model.subject(extension, extension_subject)):
            return
        message = table["message"].format_map(_words(extension))
        yield _at(extension.holder, path, message)

    return check


def check_of_resource(table: Mapping[str, str]) -> Check:
    """The check that a rule fence on resources declares. Raises `ConditionError`."""
    fires = _verdict(table)
    path = tuple(table.get("at", "").split(".")) if table.get("at") else ()
    wanted = table.get("resource", "*").lower()

    def check(resource: Resource, model: Model) -> Iterator[Result]:
        if wanted not in ("*", resource.key) or resource.existing:
            return
        if fires(model.subject(resource, _resource_subject)):
            words = {"name": resource.label(), "type": resource.type or "?"}
            yield _at(resource.node, path, table["message"].format_map(words))

    return check


def _resource_subject(resource: Resource) -> dict[str, object]:
    value = plain_subject(resource.value(resource.node))
    subject = dict(value) if isinstance(value, dict) else {}
    subject["name"] = plain_subject(resource.name)
    subject["type"] = resource.type
    return subject


def _verdict(table: Mapping[str, str]) -> Callable[[object], bool]:
    when = condition(table["when"]) if "when" in table else None
    forbidden = "deny" in table
    verdict = condition(table["deny" if forbidden else "require"])

    def fires(subject: object) -> bool:
        if when is not None and when(subject) is not True:
            return False
        return verdict(subject) is forbidden

    return fires


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
