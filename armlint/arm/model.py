"""A file as rules see it: what it is, its templates and extensions, each worked out once."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from armlint.arm import extension, graph, template
from armlint.arm.kind import Kind, kind_of
from armlint.arm.value import Term, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from armlint.arm.catalogue import Catalogue, Entry
    from armlint.arm.extension import Extension
    from armlint.arm.graph import Graph
    from armlint.arm.live import Live
    from armlint.arm.parameters import Deployed
    from armlint.arm.template import Linker, Resource, Site, Template
    from armlint.arm.value import Value
    from armlint.arm.versions import ApiVersions
    from armlint.jsontext import Document

_Seen = TypeVar("_Seen")
_Made = TypeVar("_Made")


class Model:
    """A document with Azure's eyes.

    `linker` reads linked templates, `catalogue` knows handlers; None where that is not wanted.
    `today` is the day for which rules with calendar dates speak; on the first day of all days
    nothing is retired yet. `given` are the values that the template is deployed with, by name in lower
    case, where that is known; `deployed` says what a parameter file is deployed with, where that is.
    `versions` reads the table of API versions. `beside` gives the names of the files in the folder of a
    file. `torn` tells that mistakes in the JSON hide what its author meant.
    """

    def __init__(  # noqa: PLR0913 - what may be known besides the document
        self,
        document: Document,
        linker: Linker | None = None,
        catalogue: Catalogue | None = None,
        today: date = date.min,
        *,
        given: Mapping[str, object] | None = None,
        deployed: Deployed | None = None,
        versions: Callable[[], ApiVersions] | None = None,
        beside: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self.document = document
        self.given = given
        self.deployed = deployed
        self.beside = beside
        self.torn = False
        self._read_versions = versions
        self.linker = linker
        self.catalogue = catalogue
        self.today = today
        self.kind = kind_of(document)
        self.options: Mapping[str, Mapping[str, object]] = {}
        self._graphs: dict[int, Graph] = {}
        self._sites: dict[int, tuple[Site, ...]] = {}
        self._subjects: dict[int, object] = {}
        self._remembered: dict[str, Any] = {}
        self._linked: dict[int, Template | None] = {}

    @cached_property
    def root(self) -> Template | None:
        """The template that the file is, or the first of those made of machines that Azure told of."""
        if self.live is not None:
            return next(iter(self.live.templates), None)
        if self.kind is Kind.DEPLOYMENT:
            node = None if self.document.root is None else self.document.root.at("properties", "template")
            return None if node is None else template.read(self.document, node, self.given)
        return template.read(self.document, None, self.given) if self.kind is Kind.TEMPLATE else None

    @cached_property
    def folded(self) -> str:
        """The text in lower case, to look for a word in before anything is looked at more closely."""
        return self.document.source.text.lower()

    def mentions(self, words: Iterable[str]) -> bool:
        """Whether one of these words, in lower case, may stand in the text; so where letters are escaped."""
        return "\\u" in self.document.source.text or any(word in self.folded for word in words)

    def places(self, words: Iterable[str]) -> Sequence[int] | None:
        """Where these words, in lower case, stand in the text, in order; None where that cannot be told.

        That is where letters are escaped, and where the nodes of the templates are not those of the text.
        """
        text, folded = self.document.source.text, self.folded
        if "\\u" in text or len(text) != len(folded) or self.live is not None:
            return None
        found = []
        for word in words:
            place = folded.find(word)
            while place >= 0:
                found.append(place)
                place = folded.find(word, place + 1)
        return sorted(found)

    @cached_property
    def versions(self) -> ApiVersions | None:
        """The API versions that Azure has, read when first asked for; None where that is not known."""
        return None if self._read_versions is None else self._read_versions()

    @cached_property
    def live(self) -> Live | None:
        """The machines that Azure told of, where the file is such an answer."""
        if self.kind is not Kind.LIVE:
            return None
        # Hardly any file is one.
        from armlint.arm import live

        return live.read(self.document, None if self.catalogue is None else self.catalogue.lookup)

    @cached_property
    def templates(self) -> tuple[Template, ...]:
        """The file's template and all that are nested in it, in document order.

        Machines that Azure told of stand in templates too, so that the same rules see them.
        """
        if self.live is not None:
            return self.live.templates
        return () if self.root is None else tuple(self.root.templates())

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """All resources of all templates."""
        return tuple(found for each in self.templates for found in each.all_resources())

    @cached_property
    def extensions(self) -> tuple[Extension, ...]:
        """All extensions of all templates, or the one that the file is."""
        if self.kind is Kind.BODY:
            body = extension.of_body(self.document)
            return () if body is None else (body,)
        return tuple(found for each in self.templates for found in extension.in_template(each))

    def entry(self, of: Extension) -> Entry | None:
        """What the catalogue says of an extension's handler; None for one it does not know."""
        handler = of.handler
        if self.catalogue is None or handler is None:
            return None
        return self.catalogue.lookup(*handler)

    def supports_automatic_upgrade(self, of: Extension) -> Value:
        """Whether Azure is known to upgrade an extension's handler by itself; unknown with its name."""
        if of.handler is None and any(isinstance(name, (Term, Text)) for name in (of.publisher, of.type)):
            return of.pool.unique("handler")
        entry = self.entry(of)
        return entry is not None and entry.automatic_upgrade is True

    def linked(self, deployment: Resource) -> Template | None:
        """The template that a deployment links to by `relativePath`, where it may be read."""
        if self.linker is None:
            return None
        key = id(deployment)
        if key not in self._linked:
            self._linked[key] = template.linked(deployment, self.linker)
        return self._linked[key]

    def option(self, rule: str, name: str) -> Any:
        """What holds for an option that a rule's page declares, by the id of the rule."""
        return self.options[rule][name]

    def remember(self, key: str, make: Callable[[], _Made]) -> _Made:
        """What `make` makes for this file, made once; for checks that share their work."""
        if key not in self._remembered:
            self._remembered[key] = make()
        made: _Made = self._remembered[key]
        return made

    def graph(self, of: Template) -> Graph:
        """The deployment order of one of the templates."""
        made = self._graphs.get(id(of))
        if made is None:
            made = self._graphs[id(of)] = graph.deployment(of)
        return made

    def sites(self, of: Template) -> tuple[Site, ...]:
        """The strings of one of the templates that Azure evaluates."""
        made = self._sites.get(id(of))
        if made is None:
            made = self._sites[id(of)] = tuple(template.sites(of))
        return made

    def subject(self, of: _Seen, make: Callable[[_Seen], object]) -> object:
        """What `make` makes of a subject, made once."""
        made = self._subjects.get(id(of))
        if made is None:
            made = self._subjects[id(of)] = make(of)
        return made
