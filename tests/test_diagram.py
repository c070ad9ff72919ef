"""`armlint graph`: what is drawn, that it lies well, and that each language can be read by its own tools."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from armlint.arm.model import Model
from armlint.cli import main
from armlint.jsontext import read
from armlint.report import dot, mermaid, svg
from armlint.report.diagram import AFTER, DEPENDS, READS, Arrow, Box, Diagram, Panel, draw
from armlint.report.layout import place
from armlint.source import Source

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
VM = "Microsoft.Compute/virtualMachines"


def template(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", **more, "resources": list(resources)}


def resource(kind: str, name: str, *after: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "apiVersion": "2024-07-01", "name": name, "dependsOn": list(after), **more}


def extension(name: str, *after: str, **more: Any) -> dict[str, Any]:
    properties = {"publisher": "Contoso", "type": name.partition("/")[2].upper(), "typeHandlerVersion": "1.0"}
    return resource(f"{VM}/extensions", name, *after, properties=properties | more)


def diagram(value: Any) -> Diagram:
    return draw(Model(read(Source(json.dumps(value, indent=1), "t.json"))))


def told(panel: Panel) -> set[tuple[str, str, str]]:
    return {(panel.boxes[a.first].name, panel.boxes[a.then].name, a.why) for a in panel.arrows}


class TestWhatIsDrawn:
    def test_resources_come_after_what_they_depend_on(self) -> None:
        (panel,) = diagram(
            template(
                resource("Microsoft.Network/networkInterfaces", "nic"),
                resource(VM, "vm", "nic"),
                extension("vm/a", "vm"),
            )
        ).panels
        assert panel.title == "Deployment order"
        assert told(panel) == {("nic", "vm", DEPENDS), ("vm", "vm/a", DEPENDS)}
        assert not panel.rings

    def test_what_is_read_comes_first(self) -> None:
        (panel,) = diagram(
            template(
                resource("Microsoft.Storage/storageAccounts", "st"),
                resource(VM, "vm", properties={"a": "[reference('st').primaryEndpoints.blob]"}),
            )
        ).panels
        assert told(panel) == {("st", "vm", READS)}

    def test_the_extensions_of_a_machine_have_a_panel_of_their_own(self) -> None:
        _, panel = diagram(
            template(
                resource(VM, "vm"),
                extension("vm/a", "vm"),
                extension("vm/b", provisionAfterExtensions=["a"]),
                extension("vm/c", "[resourceId('Microsoft.Compute/virtualMachines/extensions', 'vm', 'b')]"),
            )
        ).panels
        assert panel.title == "Provisioning order on 'vm'"
        assert [box.name for box in panel.boxes] == ["a", "b", "c"]
        assert panel.boxes[0].kind == "Contoso/A 1.0"
        assert told(panel) == {("a", "b", AFTER), ("b", "c", DEPENDS)}

    def test_extensions_of_a_scale_set_profile(self) -> None:
        items = [
            {
                "name": name,
                "properties": {"publisher": "Contoso", "type": name, "provisionAfterExtensions": after},
            }
            for name, after in (("a", []), ("b", ["a"]))
        ]
        profile = {"virtualMachineProfile": {"extensionProfile": {"extensions": items}}}
        _, panel = diagram(
            template(resource("Microsoft.Compute/virtualMachineScaleSets", "set", properties=profile))
        ).panels
        assert told(panel) == {("a", "b", AFTER)}

    def test_a_cycle_is_marked_and_nothing_else_is(self) -> None:
        (panel,) = diagram(
            template(
                resource(VM, "a", "b"), resource(VM, "b", "a"), resource(VM, "c", "a"), resource(VM, "d", "d")
            )
        ).panels
        marked = {(panel.boxes[a.first].name, panel.boxes[a.then].name) for a in panel.arrows if a.ring}
        assert marked == {("a", "b"), ("b", "a"), ("d", "d")}
        assert panel.rings

    def test_order_of_both_kinds_makes_a_cycle_on_a_machine(self) -> None:
        deployment, machine = diagram(
            template(
                extension("vm/a", provisionAfterExtensions=["b"]),
                extension("vm/b", "[resourceId('Microsoft.Compute/virtualMachines/extensions', 'vm', 'a')]"),
            )
        ).panels
        assert not deployment.rings
        assert machine.rings

    def test_nested_templates_have_panels(self) -> None:
        inner = {"mode": "Incremental", "template": template(resource(VM, "deep"))}
        outer, nested = diagram(
            template(resource("Microsoft.Resources/deployments", "inner", properties=inner))
        ).panels
        assert [box.name for box in outer.boxes] == ["inner"]
        assert nested.title == "Deployment order in 'inner'"
        assert [box.name for box in nested.boxes] == ["deep"]

    def test_what_is_special_is_said(self) -> None:
        (panel,) = diagram(
            template(
                resource(VM, "a", condition="[parameters('on')]"),
                resource(VM, "b", copy={"name": "loop", "count": 3}),
                resource(VM, "c", condition=False),
                parameters={"on": {"type": "bool"}},
            )
        ).panels
        assert [box.remarks for box in panel.boxes] == [("conditional",), ("copy",), ("never deployed",)]

    def test_names_show_no_secret(self) -> None:
        key = "AccountKey=" + "A1b2" * 21 + "AA=="
        (panel,) = diagram(
            template(resource(VM, f"DefaultEndpointsProtocol=https;AccountName=a;{key}"))
        ).panels
        assert "A1b2" * 5 not in str(panel)


def boxes(count: int) -> tuple[Box, ...]:
    return tuple(Box(f"box {number}", "kind", number + 1, ()) for number in range(count))


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    names = draw(st.lists(st.text(max_size=12), min_size=1, max_size=12))
    end = st.integers(0, len(names) - 1)
    pairs = draw(st.lists(st.tuples(end, end), max_size=25, unique=True))
    why = st.sampled_from([DEPENDS, READS, AFTER])
    arrows = tuple(Arrow(a, b, draw(why), draw(st.booleans()), ring=False) for a, b in pairs)
    return Panel(
        draw(st.text(max_size=8)),
        tuple(Box(n, n[::-1], i + 1, ("copy",) * (i % 2)) for i, n in enumerate(names)),
        arrows,
    )


class TestLayout:
    @given(panels())
    def test_boxes_never_overlap_and_all_lies_inside(self, panel: Panel) -> None:
        widths = [40.0 + 17 * (number % 5) for number in range(len(panel.boxes))]
        made = place(widths, 20, [(a.first, a.then) for a in panel.arrows], gap=5, rise=10)
        spans = [(x - w / 2, x + w / 2, y) for (x, y), w in zip(made.centers, widths, strict=True)]
        for number, (left, right, y) in enumerate(spans):
            assert left >= -1e-6
            assert right <= made.width + 1e-6
            assert y - 10 >= 0
            assert y + 10 <= made.height + 1e-6
            for other_left, other_right, other_y in spans[number + 1 :]:
                assert abs(y - other_y) >= 20 or right + 4.99 <= other_left or other_right + 4.99 <= left

    @given(panels())
    def test_without_cycles_arrows_run_downwards(self, panel: Panel) -> None:
        arrows = [(a.first, a.then) for a in panel.arrows if a.first < a.then]
        made = place([40.0] * len(panel.boxes), 20, arrows, gap=5, rise=10)
        for (first, then), bends in zip(arrows, made.bends, strict=True):
            heights = [made.centers[first][1], *(y for _, y in bends), made.centers[then][1]]
            assert all(above < below for above, below in pairwise(heights))

    def test_nothing_to_place(self) -> None:
        assert place([], 20, [], gap=5, rise=10).height == 0

    def test_a_box_hangs_below_the_middle_of_what_it_waits_for(self) -> None:
        made = place([50.0, 50.0, 50.0], 20, [(0, 2), (1, 2)], gap=10, rise=10)
        assert made.centers[2][0] == pytest.approx((made.centers[0][0] + made.centers[1][0]) / 2)

    @pytest.mark.parametrize("shape", ["chain with long arrows", "wide", "dense"])
    def test_large_graphs_do_not_take_long(self, shape: str) -> None:
        count = 800
        arrows = {
            "chain with long arrows": [(i, i + 1) for i in range(count - 1)]
            + [(0, i) for i in range(2, count)],
            "wide": [(0, i) for i in range(1, count)],
            "dense": [(i, j) for i in range(200) for j in range(i + 1, 200)],
        }[shape]
        start = time.process_time()
        place([100.0] * count, 20, arrows, gap=5, rise=10)
        assert time.process_time() - start < 5


HOSTILE = Diagram(
    'a "title" \\',
    (
        Panel(
            '</title><script>"&\\',
            (Box('<b>"&\\]', "k`#;", 1, ()), Box("end", "", 2, ("copy",)), Box("", "", 3, ())),
            (
                Arrow(0, 1, DEPENDS, True, True),
                Arrow(1, 0, AFTER, True, True),
                Arrow(2, 2, READS, False, False),
            ),
        ),
    ),
)


class TestLanguages:
    @given(panels())
    def test_svg_is_well_formed(self, panel: Panel) -> None:
        printable = panel._replace(title="t", boxes=boxes(len(panel.boxes)))
        root = ET.fromstring(svg.render(Diagram("x", (printable,))))  # noqa: S314 - our own
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert sum(1 for each in root.iter() if each.get("class", "").startswith("box")) == len(panel.boxes)

    def test_svg_escapes(self) -> None:
        root = ET.fromstring(svg.render(HOSTILE))  # noqa: S314 - our own
        texts = [each.text for each in root.iter() if each.tag.endswith("}text")]
        assert '<b>"&\\]' in texts
        assert not [each for each in root.iter() if each.tag.endswith("}script")]

    def test_svg_needs_nothing_from_elsewhere(self) -> None:
        drawn = svg.render(HOSTILE)
        assert "href" not in drawn
        assert drawn.count("http") == 1  # the namespace

    def test_mermaid(self) -> None:
        drawn = mermaid.render(HOSTILE)
        assert drawn.startswith("flowchart TB\n")
        labels = [line.partition("[")[2] for line in drawn.splitlines() if "[" in line]
        assert all(label.count('"') == 2 and "<b>" not in label and "\\" not in label for label in labels)
        assert "linkStyle 0,1 " in drawn
        assert "p0b1 -->|then| p0b0" in drawn
        assert "p0b2 -.->|perhaps| p0b2" in drawn

    def test_dot(self) -> None:
        drawn = dot.render(HOSTILE)
        assert drawn.startswith('digraph "a \\"title\\" \\\\" {\n')
        assert "p0b0 -> p0b1 [color=red, penwidth=2]" in drawn
        assert 'label="<b>\\"&\\\\]\\nk`#;"' in drawn

    @pytest.mark.external
    def test_graphviz_reads_dot(self) -> None:
        program = shutil.which("dot")
        if program is None:
            pytest.skip("Graphviz is not installed")
        made = subprocess.run(
            [program, "-Tsvg"], input=dot.render(HOSTILE), capture_output=True, text=True, check=True
        )
        assert made.stdout.rstrip().endswith("</svg>")
        assert not made.stderr


class TestCommand:
    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr("sys.argv", ["armlint", "graph", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    @pytest.fixture
    def file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.chdir(tmp_path)
        path = tmp_path / "t.json"
        path.write_text(json.dumps(template(resource(VM, "vm"), extension("vm/a", "vm"))))
        return path

    def test_mermaid_on_standard_output(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "t.json") == 0
        out = capsys.readouterr().out
        assert out.startswith("flowchart TB\n")
        assert "p0b0 --> p0b1" in out

    @pytest.mark.parametrize(
        ("name", "start"),
        [
            ("o.svg", "<svg "),
            ("o.SVG", "<svg "),
            ("o.dot", "digraph "),
            ("o.gv", "digraph "),
            ("o.md", "flowchart"),
        ],
    )
    def test_the_name_of_the_file_says_what_to_draw_with(
        self, file: Path, monkeypatch: pytest.MonkeyPatch, name: str, start: str
    ) -> None:
        assert self.run(monkeypatch, "t.json", "-o", name) == 0
        assert (file.parent / name).read_text("utf-8").startswith(start)

    def test_the_format_is_obeyed_whatever_the_name(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert self.run(monkeypatch, "t.json", "-o", "o.svg", "--format", "dot") == 0
        assert (file.parent / "o.svg").read_text("utf-8").startswith("digraph ")

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ('{"a": 1}', "no deployment template"),
            (json.dumps(template(resource(VM, "vm")))[:-2], "does not parse"),
            (None, "missing.json"),
        ],
    )
    def test_what_cannot_be_drawn_is_told(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        content: str | None,
        words: str,
    ) -> None:
        path = tmp_path / "missing.json"
        if content is not None:
            path.write_text(content)
        assert self.run(monkeypatch, str(path)) == 2
        read = capsys.readouterr()
        assert words in read.err
        assert not read.out
