"""Checks of what Azure tells of machines that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from armlint.finding import Label
from armlint.rule import at_value, tight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from armlint.arm.catalogue import Entry
    from armlint.arm.extension import Extension
    from armlint.arm.model import Model
    from armlint.jsontext import Node
    from armlint.rule import Result

_MAX_LABELS: Final = 10


def failed_extension_status(extension: Extension, model: Model) -> Iterator[Result]:
    """EXT127: an extension of a machine that exists, and what the code it failed with means.

    The message of a status may hold what a script printed: of it nothing but numbers is told.
    """
    health = None if model.live is None else model.live.health.get(id(extension.node))
    if health is None:
        return
    who = f"extension '{extension.label}'"
    if isinstance(extension.machine, str):
        who += f" of '{extension.machine}'"
    failed = [status for status in health.statuses if _failed(status)]
    if failed:
        entry = model.entry(extension)
        reasons = (_reason(status, entry) for status in failed)
        reason = next((reason for reason in reasons if reason), _unexplained(failed))
        places = [_place(status) for status in failed]
        labels = [Label(tight(place), "failed too") for place in places[1 : _MAX_LABELS + 1]]
        yield at_value(places[0], f"{who} failed: {reason}", *labels)
    elif health.state is not None and _text(health.state).lower() == "failed":
        yield at_value(
            health.state, f"{who} failed; 'az vm get-instance-view' shows the status that says why"
        )


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _failed(status: Node) -> bool:
    steps = _text(status.get("code")).lower().split("/")
    return _text(status.get("level")).lower() == "error" or steps[:2] == ["provisioningstate", "failed"]


def _unexplained(failed: list[Node]) -> str:
    told = any(_text(status.get("message")) for status in failed)
    return "its status message says why" if told else "its status gives no reason"


def _place(status: Node) -> Node:
    return status.get("code") or status.get("level") or status


# What follows is what the command printed.
_OUTPUT: Final = re.compile(r"\[std(?:out|err)\]|---(?:stdout|errout)---")
_MAX_HEAD: Final = 4096
_EXIT: Final = re.compile(
    r"\bexit(?:ed)?[ _-]?(?:with )?(?:an? )?(?:non-?zero )?(?:error )?(?:status|code)\"?"
    r"(?: of| is| was)?\s{0,3}[:=]?\s{0,3}['\"(]?(-?[0-9]{1,10})(?![0-9]|\.[0-9])",
    re.IGNORECASE,
)
# A run command reports a JSON object, in which the output stands before the exit code.
_RUN_EXIT: Final = re.compile(r'(?<!\\)"exitCode":\s{0,3}"?(-?[0-9]{1,10})(?![0-9]|\.[0-9])', re.IGNORECASE)
_RUN_TIMED_OUT: Final = re.compile(r'(?<!\\)"executionState":\s{0,3}"TimedOut"', re.IGNORECASE)
_TIMED_OUT: Final = re.compile(
    r"\bextension\b[^\n]{0,200}? has timed out|\btak(?:en|ing) too long|provisioning ?timeout", re.IGNORECASE
)
_STOPPED: Final = re.compile(r"\bTimeout\(([0-9]{1,6})\)")


def _reason(status: Node, entry: Entry | None) -> str:
    """Why an extension failed, as far as a status tells; empty where it tells nothing."""
    message, code = _text(status.get("message")), _text(status.get("code"))
    head = _OUTPUT.split(message[:_MAX_HEAD], 1)[0]
    command = False
    if head.lstrip()[:1] == "{":
        exits = _RUN_EXIT.findall(message)
        number = int(exits[-1]) if exits else 0
        command = True
        late = _RUN_TIMED_OUT.search(message) is not None
    else:
        told = _EXIT.search(head)
        number = 0 if told is None else int(told[1])
        command = _runs_commands(entry) and "command" in head.lower() and "/waagent/" not in head
        late = _TIMED_OUT.search(f"{code} {head}") is not None
    if number:
        words = _of_command(number, entry) if command else _of_handler(number, entry)
        return f"exit code {number}" + (f", {words}" if words else "")
    if late:
        return f"it ran out of time; {_limit(entry)}"
    stopped = _STOPPED.search(head)
    if stopped is not None:
        return f"it ran out of time; the agent waited for {stopped[1]} seconds"
    last = code.rpartition("/")[2]
    if re.fullmatch(r"-?[0-9]{1,10}", last) is None or int(last) == 0:
        return ""
    words = _of_handler(int(last), entry, reported=True)
    return f"code {last}" + (f", {words}" if words else "")


def _runs_commands(entry: Entry | None) -> bool:
    """Whether a handler runs commands of its user; of an unknown one one may believe its message."""
    return entry is None or bool(entry.commands)


def _limit(entry: Entry | None) -> str:
    minutes = 20 if entry is None else entry.time_limit_minutes
    if minutes == _USUAL:
        return f"Azure waits {_USUAL} minutes for an extension"
    return f"Azure waits {minutes} minutes for this one, {_USUAL} for most extensions"


_USUAL: Final = 20

# What a shell ends with, or `timeout`, or a program that a signal ended.
_OF_SHELLS: Final = {
    126: "a command was found but cannot be executed: it lacks the permission, or its interpreter is missing",
    127: "a command was not found: its name or path is wrong, it is not installed yet, or the script has"
    " Windows line ends",
    130: "the command was interrupted",
    134: "the command aborted",
    137: "the command was killed, as happens when memory runs out",
    139: "the command crashed (segmentation fault)",
    143: "the command was asked to end, as happens when the machine shuts down",
}
# What Windows, its installer and PowerShell end with.
_OF_WINDOWS: Final = {
    -196608: "PowerShell did not find the script file",
    1603: "an installation failed",
    1618: "another installation was running",
    3010: "done, but a restart is needed",
    9009: "a command was not found: its name or path is wrong, or it is not installed yet",
}
# What Azure asks handlers to end with.
_OF_HANDLERS: Final = {
    51: "the handler does not support this operating system",
    52: "something that the handler depends on is missing, such as a package or the network",
    53: "a setting is missing or wrong",
}
_TIMEOUT: Final = 124
_SIGN: Final = 2**31
# How the catalogue marks a code that the process ends with, where others are only reported.
_AS_EXIT: Final = "as the exit code of the handler itself: "


def _of_command(number: int, entry: Entry | None) -> str:
    """What the exit code of a user's command means."""
    if entry is not None and entry.os == "windows":
        signed = number - 2 * _SIGN if number >= _SIGN else number
        return _OF_WINDOWS.get(signed, "which is the command's own")
    if number == _TIMEOUT:
        return f"a command ran out of time; {_limit(entry)}"
    return _OF_SHELLS.get(number, "which is the command's own")


def _of_handler(number: int, entry: Entry | None, *, reported: bool = False) -> str:
    """What a handler's exit code means, or the code that it reported; empty where nobody says."""
    codes = {} if entry is None else entry.exit_codes
    signed = number - 2 * _SIGN if number >= _SIGN else number
    own = codes.get(str(number)) or codes.get(str(signed)) or ""
    before, mark, after = own.partition(_AS_EXIT)
    if reported:
        own = before
    elif any(_AS_EXIT in text for text in codes.values()):
        own = after if mark else ""
    own = own.rstrip(" ;.")
    if own:
        # A word of capitals stays as it is.
        return own if own[1:2].isupper() else own[:1].lower() + own[1:]
    if number in _OF_HANDLERS:
        return _OF_HANDLERS[number]
    windows = entry is not None and entry.os == "windows"
    if windows:
        return _OF_WINDOWS.get(signed, "")
    return f"it ran out of time; {_limit(entry)}" if number == _TIMEOUT else _OF_SHELLS.get(number, "")
