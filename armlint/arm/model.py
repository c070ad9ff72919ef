"""A file as rules see it: what it is, its templates and extensions, each worked out once."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from armlint.arm import extension, graph, template
from armlint.arm.kind import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from armlint.arm.catalogue import Catalogue, Entry
    from armlint.arm.extension import Extension
    from armlint.arm.graph import Graph
    from armlint.arm.live import Live
    from armlint.arm.template import Linker, Resource, Site, Template
    from armlint.jsontext import Document

_Seen = TypeVar("_Seen")
_Made = TypeVar("_Made")


class Model:
    """A document with Azure's eyes.

    `linker` reads linked templates, `catalogue` knows handlers; None where that is not wanted.
    `today` is the day for which rules with calendar dates speak; on the first day of all days
    nothing is retired yet.
    """

    def __init__(
        self,
        document: Document,
        linker: Linker | None = None,
        catalogue: Catalogue | None = None,
        today: date = date.min,
    ) -> None:
        self.document = document
        self.linker = linker
        self.catalogue = catalogue
        self.today = today
        self.kind = kind_of(document)
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
        return template.read(self.document) if self.kind is Kind.TEMPLATE else None

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

    def linked(self, deployment: Resource) -> Template | None:
        """The template that a deployment links to by `relativePath`, where it may be read."""
        if self.linker is None:
            return None
        key = id(deployment)
        if key not in self._linked:
            self._linked[key] = template.linked(deployment, self.linker)
        return self._linked[key]

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
