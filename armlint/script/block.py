"""From a file to the scripts in it: a script itself, the steps of a pipeline, the fences of a document."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from armlint.secrets.pattern import compiled
from armlint.secrets.shells import Text
from armlint.secrets.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Language(StrEnum):
    """What a text is written in."""

    SH = "sh"
    POWERSHELL = "powershell"
    CMD = "cmd"
    YAML = "yaml"
    MARKDOWN = "markdown"


class Block(NamedTuple):
    """A script, in one of the three languages that run, with its place in the file."""

    language: Language
    text: Text


_CALL: Final = r"(?i)\baz(?:\.cmd|\.exe)?[ \t\"'`^\\]+[a-z]|-Az(?:ure)?(?:RM)?[A-Z]"


def blocks(text: str, language: Language) -> Iterator[Block]:
    """The scripts in a text that may call Azure's tools, in order."""
    yield from _of(Text(text), language)


def _of(source: Text, language: Language) -> Iterator[Block]:
    if not compiled(_CALL).search(source.text):
        return
    if language is Language.MARKDOWN:
        yield from _fences(source)
    elif language is Language.YAML:
        for key, part in _scalars(source):
            if compiled(_CALL).search(part.text):
                yield Block(_step_language(key, part.text), _masked(part))
    else:
        yield Block(language, source)


# ------------------------------------------------------------------------------------------- guessing

_POWERSHELL: Final = (
    r"(?m)[ \t]`[ \t]*+\r?$|^[ \t]*+(?:\[[\w.]{1,40}\][ \t]*+)?\$[A-Za-z_][\w:.]*+[ \t]*+\+?="
    r"|@\{|\$env:\w|@[\"'][ \t]*+\r?$"
    r"|(?:^|[=(|{;])[ \t]*+(?:Add|Connect|ConvertTo|Get|Import|Install|Invoke|New|Out|Publish|Register|Remove"
    r"|Restart|Select|Set|Start|Stop|Update|Write)-[A-Z][A-Za-z]"
)
_CMD: Final = (
    r"(?mi)[ \t]\^[ \t]*+\r?$|^[ \t]*+@?(?:set[ \t]+\"?[A-Z_]\w*+=|rem[ \t]|echo[ \t]+off|call[ \t])"
    r"|%[A-Z_]\w{1,40}%"
)
_CONTINUED: Final = r"(?m)\\\r?$"


def guessed(text: str) -> Language:
    """The language that a script is most likely written in."""
    if compiled(_POWERSHELL).search(text):
        return Language.POWERSHELL
    if compiled(_CMD).search(text) and not compiled(_CONTINUED).search(text):
        return Language.CMD
    return Language.SH


# ------------------------------------------------------------------------------------------- documents

_FENCE: Final = r"(?P<indent>(?:[ \t]|>[ ]?)*+)(?P<ticks>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^`\r\n]*+)"
_PROMPT: Final = (
    r"[ \t]*+(?:\$|>|PS(?:[ ][A-Za-z]:[^>\n]{0,80})?>|[A-Za-z]:\\[^>\n]{0,80}>|[\w.@~-]{1,40}:[^\s$]{0,80}\$)"
    r"[ \t]*+(?=[^ \t])"
)
_FENCED: Final = {
    **dict.fromkeys(("bash", "sh", "shell", "zsh", "azurecli", "azurecli-interactive", "azcli"), Language.SH),
    **dict.fromkeys(
        ("powershell", "powershell-interactive", "pwsh", "ps1", "posh", "ps"), Language.POWERSHELL
    ),
    **dict.fromkeys(("azurepowershell", "azurepowershell-interactive"), Language.POWERSHELL),
    **dict.fromkeys(("cmd", "bat", "batch", "dos"), Language.CMD),
    **dict.fromkeys(("yaml", "yml", "azurepipelines"), Language.YAML),
}
_UNTOLD: Final = frozenset(
    {"", "console", "text", "txt", "terminal", "output", "shell-session", "shellsession"}
)


def _lines(text: str) -> list[tuple[int, int]]:
    """The lines of a text, without what ends them."""
    return [match.span(1) for match in compiled(r"([^\r\n]*+)(?:\r\n|\n|\r|\Z)").finditer(text)]


def _fences(source: Text) -> Iterator[Block]:
    ticks = info = ""
    indent = 0
    body: list[tuple[int, int]] = []
    for start, end in _lines(source.text):
        match = compiled(_FENCE).match(source.text, start, end)
        if not ticks:
            if match is not None:
                ticks, info, indent = match["ticks"], match["info"], len(match["indent"])
                body = []
        elif match is not None and match["ticks"].startswith(ticks) and not match["info"].strip():
            yield from _fence(source, info, body)
            ticks = ""
        else:
            lead = compiled(r"(?:[ \t]|>[ ]?)*+").match(source.text, start, min(end, start + indent))
            body.append((start if lead is None else lead.end(), end))
    if ticks:
        yield from _fence(source, info, body)


def _fence(source: Text, info: str, body: list[tuple[int, int]]) -> Iterator[Block]:
    name = (compiled(r"[\w-]*+").match(info.lstrip("{. ").lower()) or [""])[0]
    language = _FENCED.get(name)
    if language is None and name not in _UNTOLD:
        return
    shown = _stretched(source, body, "\n")
    if not compiled(_CALL).search(shown.text):
        return
    if language is None:
        prompts = [compiled(_PROMPT).match(source.text, start, end) for start, end in body]
        if any(prompts):
            kept = [
                (start if prompt is None else prompt.end(), end)
                for (start, end), prompt in zip(body, prompts, strict=True)
            ]
            shown = _stretched(source, kept, "\n")
        language = guessed(shown.text)
    elif language is Language.SH:
        # Many a document calls all of its fences the same.
        found = guessed(shown.text)
        language = found if found is Language.POWERSHELL else language
    if language is Language.YAML:
        yield from _of(shown, language)
    else:
        yield Block(language, _masked(shown))


def _stretched(source: Text, parts: Sequence[tuple[int, int]], between: str) -> Text:
    """Stretches of a text with `between` after each; it counts as standing where a stretch ends."""
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    length = 0
    for start, end in parts:
        starts += (length, length + end - start)
        origins += (start, end)
        pieces += (source.text[start:end], between)
        length += end - start + len(between)
    return Text("".join(pieces), starts or (0,), origins or (0,), source)


# What a pipeline puts in before the script runs: of GitHub, of Azure Pipelines, and of release tools.
_EXPRESSION: Final = (
    r"\$\{\{[^{}\n]{0,200}+\}\}|#\{[^{}\n]{0,100}+\}#"
    r"|\$\((?!pwd\)|whoami\)|hostname\)|date\))[A-Za-z_][\w.-]{0,100}+\)"
)


def _masked(part: Text) -> Text:
    """A script of a pipeline, with a mark for each character of what is put in before it runs."""
    if "{{" not in part.text and "$(" not in part.text and "#{" not in part.text:
        return part
    masked = compiled(_EXPRESSION).sub(lambda match: UNKNOWN * len(match[0]), part.text)
    return Text(masked, part.starts, part.origins, part.outer)


# ------------------------------------------------------------------------------------------- pipelines

_KEY: Final = (
    r"(?P<lead>(?:[ ]*+-[ ]+)*+[ ]*+)"
    r"(?:(?P<q>[\"']?)(?P<key>[A-Za-z_][\w.-]{0,100}+)(?P=q)[ ]*+:(?=[ \t\r\n]|\Z))?[ \t]*+"
)
_HEADER: Final = r"(?:[!&][^\s]{0,100}+[ \t]+){0,3}+(?P<style>[|>])[-+0-9]{0,3}+[ \t]*+(?:\#.*+)?$"
_LANGUAGES: Final = {
    "pwsh": Language.POWERSHELL,
    "powershell": Language.POWERSHELL,
    "win_shell": Language.POWERSHELL,
    "bash": Language.SH,
}


def _step_language(key: str, text: str) -> Language:
    return _LANGUAGES.get(key) or guessed(text)


def _scalars(source: Text) -> Iterator[tuple[str, Text]]:
    """The texts of a YAML file with the names before them, as far as they may be scripts.

    Aliases, anchors and tags are not followed, so that no text is longer than the file. A file that is no
    YAML is read as far as it looks like it.
    """
    text = source.text
    lines = _lines(text)
    at = 0
    while at < len(lines):
        start, end = lines[at]
        at += 1
        match = compiled(_KEY).match(text, start, end)
        if match is None or match.end() == end or text[match.end()] == "#":
            continue
        indent = len(match["lead"])
        key = (match["key"] or "").lower()
        if match["key"] is None and "-" not in match["lead"]:
            continue
        header = compiled(_HEADER).match(text, match.end(), end)
        # What goes on further to the right belongs to it; an item's text needs to stand right of its dash.
        least = indent if match["key"] is not None else match["lead"].rfind("-") + 1
        first = at
        while at < len(lines) and _belongs(text, lines[at], least, deeper=match["key"] is not None):
            at += 1
        if header is not None:
            yield key, _block(source, lines[first:at], folded=header["style"] == ">")
        elif at == first or text[match.end()] in "'\"" or _is_plain(text, lines[first:at]):
            yield key, _flow(source, [(match.end(), end), *lines[first:at]])
        else:
            at = first


def _belongs(text: str, line: tuple[int, int], least: int, *, deeper: bool) -> bool:
    """Whether a line is blank or further to the right than the name before it."""
    start, end = line
    blank = compiled(r"[ \t]*+").match(text, start, end)
    if blank is None or blank.end() == end:
        return True
    spaces = compiled(r"[ ]*+").match(text, start, end)
    return spaces is not None and spaces.end() - start >= least + deeper


def _is_plain(text: str, lines: list[tuple[int, int]]) -> bool:
    """Whether lines go on with a text without quotes, and are no mapping or list."""
    return not any(
        compiled(r"[ \t]*+(?:-[ ]|[\w.\"'-]{1,100}+[ ]*+:(?:[ \t]|$))").match(text, *line)
        for line in lines[:1]
    )


def _block(source: Text, lines: list[tuple[int, int]], *, folded: bool) -> Text:
    """A block scalar: the lines without what they are indented by."""
    text = source.text
    indent = None
    parts: list[tuple[int, int]] = []
    for start, end in lines:
        spaces = compiled(r"[ ]*+").match(text, start, end)
        width = 0 if spaces is None else spaces.end() - start
        if start + width == end:
            parts.append((end, end))
            continue
        if indent is None:
            indent = width
        parts.append((start + min(indent, width), end))
    return _stretched(source, parts, " " if folded else "\n")


def _flow(source: Text, lines: list[tuple[int, int]]) -> Text:
    """A text in quotes or without, over one line or several, its quotes and escapes taken off."""
    text = source.text
    parts = []
    for number, (start, end) in enumerate(lines):
        lead = compiled(r"[ \t]*+").match(text, start, end)
        parts.append((lead.end() if lead and number else start, end))
    shown = _stretched(source, parts, " ")
    quote = shown.text[:1]
    if quote not in {"'", '"'}:
        plain = compiled(r"(?:[^#]++|(?<![ \t])#)*+").match(shown.text)
        return shown.part(0, plain.end() if plain else len(shown.text))
    pattern = r"'(?:[^']++|'')*+'" if quote == "'" else r'"(?:[^"\\]++|\\[\s\S])*+"'
    found = compiled(pattern).match(shown.text)
    last_ = len(shown.text) if found is None else found.end() - 1
    starts: list[int] = []
    origins: list[int] = []
    pieces: list[str] = []
    length, last = 0, 1
    for escape in compiled(r"''" if quote == "'" else r"\\[\s\S]").finditer(shown.text, 1, last_):
        kept = escape.end() - 1
        put = shown.text[kept]
        put = {"n": "\n", "t": "\t"}.get(put, put) if quote == '"' else put
        for piece, origin in ((shown.text[last : escape.start()], last), (put, kept)):
            if piece:
                pieces.append(piece)
                starts.append(length)
                origins.append(origin)
                length += len(piece)
        last = escape.end()
    pieces.append(shown.text[last:last_])
    return Text("".join(pieces), [*starts, length], [*origins, last], shown)
