"""Keeps secrets out of the shown lines of scripts and documents.

In a script, unlike in JSON, nothing says what a word is but the word itself. So only what is surely no
secret is shown: the names of tools, cmdlets, flags and settings, short words of Azure's vocabulary, signs.
Everything else keeps three characters, or fewer of what is short, and its length.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from armlint.report.redact import Mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from armlint.source import Source, Span

_SHOWN: Final = 3
_SHARE: Final = 4
_HARMLESS: Final = re.compile(
    r"""
    --[a-z]+(?:-[a-z]+){0,5}                                     # a flag of az
  | -[A-Z][A-Za-z]{1,40}                                         # … of a cmdlet
  | -[a-z]
  | (?:Add|Connect|Convert(?:To|From)|Enable|Get|Import|Install|Invoke|New|Publish|Remove|Restart|Set|Start
      |Stop|Update|Write)-[A-Z][A-Za-z]{1,60}
  | az|vm|vmss|extension|connectedmachine|run-command|set|create|update|invoke|deployment|group|login
  | acr
  | sql|server|keyvault|secret|storage|account|container|webapp|config|appsettings|postgres|mysql
  | run|script|inlineScript|bash|pwsh|powershell|name|steps|settings|protectedSettings|publisher|version
  | commandToExecute|fileUris|script|timestamp|storageAccountName|storageAccountKey|managedIdentity
  | workspaceId|workspaceKey|Password|User|Options|Restart|UserName|sh|sudo|export|true|false
  | Microsoft(?:\.[A-Z][A-Za-z]{1,30}){1,4}|CustomScript(?:Extension)?(?:ForLinux)?|JsonADDomainExtension
  | RunShellScript|RunPowerShellScript
    """,
    re.VERBOSE,
)
# Words, and the signs between them.
_WORD: Final = re.compile(r"[^\s\"'`{}\[\]()=:,;|<>@$&\\]++")


# The groups and commands of az. Elsewhere than behind `az` each may be anything.
_COMMANDS: Final = frozenset(
    """
    account acr ad add aks apim app appconfig appservice appsettings arcappliance assignment attach
    automation backup batch bicep blob cdn cluster config connect connectedk8s connectedmachine
    connection-string container containerapp copy cosmosdb create credential credentials database
    datafactory db delete delete-instances deploy deployment detach devops disable disk dns download
    enable encryption eventgrid eventhubs extension extensions file firewall-rule functionapp generate-sas
    get-access-token get-credentials get-instance-view group hdinsight identity image import invoke iot
    job k8s-extension key keys keyvault lb list list-keys lock logic logicapp login maintenance managedapp
    mariadb mg monitor mysql network nic nodepool nsg open-port pipelines policy postgres private-endpoint
    provider public-ip purge rdbms reapply redeploy redis regenerate relay renew reset reset-ssh resource
    rest restart role rollback rule run run-command scale search secret security server servicebus set
    setting show show-connection-string sig signalr snapshot sp sql sshkey start staticwebapp stop storage
    sub subnet subscription synapse tag ts update update-instances upgrade upload user validate vault
    version vm vmss vnet webapp what-if workload-identity workspace zone
    """.split()  # noqa: SIM905 - a column of quoted words would be four times as long
)
_AZ: Final = re.compile(r"(?<![^\s`\"'(;|&])az(?:[ \t]++[a-z][a-z0-9-]{1,30}+(?=[\s`\"']|\Z)){1,6}+")


class ScriptRedactor:
    """Finds what to mask in the text of a script; at the places `told`, a rule says, a secret stands."""

    def __init__(self, source: Source, told: Iterable[Span] = ()) -> None:
        self._text = source.text
        self._told = sorted(told)
        self._ends = list(accumulate((span.end for span in self._told), max))

    def masks(self, start: int, end: int) -> list[Mask]:
        """What to mask between two offsets, in order and without overlaps."""
        found: list[Mask] = []
        last = start
        first = bisect_left(self._ends, start)
        for span in self._told[first:]:
            if span.start >= end:
                break
            if span.end > last:
                found.extend(self._words(last, max(span.start, last)))
                found.append(_mask(self._text, max(span.start, last), span.end))
                last = span.end
        found.extend(self._words(last, end))
        return found

    def _words(self, start: int, end: int) -> Iterator[Mask]:
        calls = self._calls(start, end)
        for word in _WORD.finditer(self._text, start, max(start, end)):
            if word.start() not in calls and not _HARMLESS.fullmatch(word[0]):
                yield _mask(self._text, *word.span())

    def _calls(self, start: int, end: int) -> set[int]:
        """Where the words stand that say what `az` is to do: its groups and commands, in a row behind it."""
        found: set[int] = set()
        for call in _AZ.finditer(self._text, start, max(start, end)):
            for word in _WORD.finditer(self._text, call.start() + 2, call.end()):
                if word[0] not in _COMMANDS:
                    break
                found.add(word.start())
        return found


def _mask(text: str, start: int, end: int) -> Mask:
    shown = min(_SHOWN, (end - start) // _SHARE)
    kept = text[start : start + shown].partition("\n")[0].partition("\r")[0]
    return Mask(start, end, f"{kept}…({end - start})")
