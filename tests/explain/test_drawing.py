"""Drawings: every layer and every line is there, lines do not cross, and names stay text."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc import families
from archcalc.errors import PictureError, SpecificationError
from archcalc.explain import draw, draw_costs, draw_field
from archcalc.explain.drawing.clear_places import curves_of
from archcalc.explain.drawing.costs import treemap
from archcalc.explain.drawing.parts import Block, block_of, fed
from archcalc.explain.drawing.placing import LETTER, SMALL, plain_words
from archcalc.testing import networks
from tests.sampling import examples

WELL_KNOWN = {
    "MNIST": lambda: ac.load("docs/examples/mnist_cnn.yaml"),
    "ResNet-50": lambda: families.resnet(depths=(3, 4, 6, 3), width=64, classes=1000),
    "U-Net": families.unet,
    "Inception v3": families.inception_v3,
    "GPT-2": lambda: ac.load("docs/examples/gpt2_small.yaml"),
    "ViT": families.vit,
}


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", WELL_KNOWN)
def test_lines_of_well_known_networks_do_not_cross(name: str, direction: str) -> None:
    drawing = draw(WELL_KNOWN[name]().trace(), direction=direction)
    assert drawing.placed.crossings == 0
    assert len(drawing.placed.standing) <= 60


def boxes_of(drawing):
    """The cards, and what a route runs through."""
    return [s for s in drawing.placed.standing if not s.opened]


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", WELL_KNOWN)
def test_cards_do_not_overlap_and_blocks_hold_what_is_in_them(name: str, direction: str) -> None:
    drawing = draw(WELL_KNOWN[name]().trace(), direction=direction)
    cards = boxes_of(drawing)
    for i, a in enumerate(cards):
        for b in cards[i + 1 :]:
            beside = a.x + a.wide <= b.x or b.x + b.wide <= a.x
            assert beside or a.y + a.high <= b.y or b.y + b.high <= a.y, (a.label, b.label)
    around = [s for s in drawing.placed.standing if s.opened]
    for block in around:
        for one in drawing.placed.standing:
            if set(one.part.rows) < set(block.part.rows) and one is not block:
                assert block.x <= one.x
                assert one.x + one.wide <= block.x + block.wide + 1e-6
                assert block.y <= one.y
                assert one.y + one.high <= block.y + block.high + 1e-6


@pytest.mark.parametrize("name", WELL_KNOWN)
def test_lines_go_on_and_touch_no_card_but_their_own(name: str) -> None:
    drawing = draw(WELL_KNOWN[name]().trace())
    for route in drawing.placed.routes:
        for (x1, y1), (x2, y2) in pairwise(route.points):
            assert y2 >= y1 or name == "U-Net"
            for card in boxes_of(drawing):
                middle = ((x1 + x2) / 2, (y1 + y2) / 2)
                in_x = card.x < middle[0] < card.x + card.wide
                assert not (in_x and card.y < middle[1] < card.y + card.high)


def test_a_u_net_is_drawn_as_a_u() -> None:
    placed = draw(WELL_KNOWN["U-Net"](depth=4).trace()).placed
    cards = {card.part.key: card for card in placed.standing}
    left, right = (
        [key for key in cards if re.search(rf"/{side}_\d@", key)] for side in ("left", "right")
    )
    assert len(left) == len(right) == 4
    assert len({cards[key].x + cards[key].wide / 2 for key in right}) == 1
    tops = [cards[key].y for key in left]
    assert tops == sorted(tops)
    assert [cards[key].y for key in right] == sorted(cards[key].y for key in right)[::-1]
    level = [r for r in placed.routes if len(r.points) == 2 and r.points[0][1] == r.points[1][1]]
    assert len(level) == len(left)  # what is joined stands at the same height
    assert all(a < b for (a, _), (b, _) in (route.points for route in level))


def drawn_rows(block: Block) -> list[int]:
    """Every row that a part stands for, also of blocks that are drawn once for all."""
    return sorted(row for part in block.parts for row in part.rows)


@given(networks(max_layers=6))
@examples(0.5, nightly=600)
def test_every_layer_and_line_of_any_network_is_drawn(net) -> None:
    trace = net.trace()
    assert drawn_rows(block_of(trace)) == list(range(len(trace.rows)))
    for direction in ("down", "right"):
        ElementTree.fromstring(draw(trace, direction=direction, depth=9).to_svg())
    starts = {line.split()[0] for line in draw(trace).to_mermaid().splitlines() if "-->" in line}
    read = {value[0] for row in trace.rows for value in fed(row)} | {*trace.ends}
    assert {f"in{-1 - source}" for source in read if source < 0} <= starts


def test_the_words_on_a_line_to_the_right_end_before_its_card() -> None:
    placed = draw("docs/examples/mnist_cnn.yaml", direction="right").placed
    said = [plain_words(route.words) for route in placed.routes]
    assert said[:2] == ["input 28×28×1", "26×26×32"]
    for route, words in zip(placed.routes, said, strict=True):
        (start, _), (end, _) = route.points[0], route.points[-1]
        assert end - start >= len(words) * SMALL * LETTER


def words_on_lines(drawing) -> list[str]:
    """The shapes that a line runs through."""
    text = re.compile(r'<text class="shape" x="(.*?)" y="(.*?)"(.*?)>(.*?)</text>')
    lines = [
        tuple((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
              for a, b, c, d in zip(*curve, strict=True))
        for route in drawing.placed.routes
        for curve in curves_of(route.points, drawing.placed.down)
        for t in (i / 100 for i in range(101))
    ]  # fmt: skip
    found = []
    for x, y, more, words in text.findall(drawing.to_svg()):
        wide = len(words) * SMALL * LETTER
        left, base = float(x) - (wide if 'anchor="end"' in more else 0), float(y)
        if any(left < u < left + wide and base - SMALL * 0.7 < v < base for u, v in lines):
            found.append(words)
    return found


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", WELL_KNOWN)
def test_no_line_runs_through_words(name: str, direction: str) -> None:
    drawing = draw(WELL_KNOWN[name]().trace(), direction=direction)
    crowded = ["a×197×d/a"] if (name, direction) == ("ViT", "right") else []  # between two lines
    assert words_on_lines(drawing) == crowded


def test_equal_blocks_are_drawn_once_with_their_number() -> None:
    def block() -> ac.Residual:
        return ac.Residual([ac.Dense(8), ac.ReLU(), ac.Dense(8)])

    net = ac.Sequential([ac.Dense(8), block(), block(), block(), ac.Dense(1)], input_shape=8)
    (run,) = [p for p in block_of(net.trace()).parts if isinstance(p, Block)]
    assert run.times == 3
    assert len(run.rows) == 12
    other = ac.Sequential([block(), ac.Residual([ac.Dense(9), ac.Dense(8)])], input_shape=8)
    assert [p.times for p in block_of(other.trace()).parts] == [1, 1]
    counted = ac.Sequential([ac.Dense("d"), ac.Repeat(block(), "L")], input_shape=8)
    text = draw(ac.substitute(counted, {"d": 8}).trace()).to_svg()
    assert "×\N{NO-BREAK SPACE}L" in text


def test_what_another_block_reads_too_is_not_drawn_as_one_run() -> None:
    x = ac.Input(8)
    first = ac.Sequential([ac.Dense(8), ac.ReLU()], name="a")(x)
    second = ac.Sequential([ac.Dense(8), ac.ReLU()], name="b")(first)
    net = ac.Model(x, ac.Add()([first, second]))
    assert [p.times for p in block_of(net.trace()).parts] == [1, 1, 1]


def test_names_stay_text_in_every_notation() -> None:
    evil = '<script>alert("1")</script>'
    net = ac.Sequential([ac.Sequential([ac.Dense(3), ac.Dense(4)], name=evil)], input_shape=2)
    wrapped = ac.Sequential([net, ac.Dense(2)], name=evil)
    drawing = draw(wrapped.trace(2), depth=0)
    svg = drawing.to_svg()
    assert "<script" not in svg
    assert "&lt;script&gt;" in svg
    ElementTree.fromstring(svg)
    assert "<script" not in drawing.to_mermaid()
    assert '"1"' not in drawing.to_mermaid()
    assert '\\"1\\"' in drawing.to_dot()


def test_widths_by_cost_and_what_cannot_be_drawn(tmp_path) -> None:
    net = ac.load("docs/examples/mnist_cnn.yaml")
    cards = {s.part.path: s.wide for s in draw(net.trace(), width="parameters").placed.standing}
    assert cards["dense"] == max(cards.values()) > cards["conv2d"] + 150
    with pytest.raises(PictureError, match="f, k, n are no number yet"):
        draw("docs/examples/mnist_symbols.yaml", width="macs")
    for wrong in ({"direction": "up"}, {"depth": -1}, {"width": "size"}):
        with pytest.raises(SpecificationError, match="is no"):
            draw(net, **wrong)
    net.draw().save(tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text("utf-8").startswith("<svg")
    with pytest.raises(PictureError, match="no ending of a drawing"):
        net.draw().save(tmp_path / "net.png")
    with pytest.raises(PictureError, match="cannot be written"):
        net.draw().save(tmp_path / "no" / "net.svg")


def test_dot_has_blocks_and_lines() -> None:
    text = draw("docs/examples/gpt2_small.yaml").to_dot()
    assert text.startswith("digraph network {")
    assert text.endswith("}")
    assert "subgraph cluster_" in text
    assert text.count("{") == text.count("}")
    assert text.count("->") == 15


@pytest.mark.parametrize(
    "network",
    [
        ac.Sequential([], input_shape=3),
        ac.Sequential([ac.Sequential([])], input_shape=3),
    ],
)
def test_a_network_of_no_layers_is_drawn(network) -> None:
    drawing = network.draw()
    assert 'in0 -->|"3"| out0' in drawing.to_mermaid()
    assert "<svg" in drawing.to_svg()
    assert "archcalc-live" in ac.report(network).to_html()


# Where the cost is, and what a position sees


@pytest.mark.parametrize("name", ["MNIST", "ResNet-50", "GPT-2"])
@pytest.mark.parametrize("of", ["parameters", "macs"])
def test_shares_of_the_cost_make_up_the_whole(name: str, of: str) -> None:
    trace = WELL_KNOWN[name]().trace()
    whole = {"parameters": trace.parameters, "macs": trace.macs}[of]()
    drawn = draw_costs(trace, of)
    amounts = [
        int(found.replace(",", "")) for found in re.findall(r">([\d,]+) \([\d.]+%\)<", drawn)
    ]
    assert sum(amounts) == whole
    assert 2 <= len(amounts) <= 40
    assert draw_costs(trace, of, shape="treemap").count('class="area"') == len(amounts)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
@examples(0.3)
def test_areas_are_as_the_shares_and_fill_the_map(sizes: list[int]) -> None:
    sizes.sort(reverse=True)
    boxes = treemap(sizes, 640, 400)
    for size, (x, y, wide, high) in zip(sizes, boxes, strict=True):
        assert wide * high == pytest.approx(640 * 400 * size / sum(sizes))
        assert -1e-6 <= x <= x + wide <= 640 + 1e-6
        assert -1e-6 <= y <= y + high <= 400 + 1e-6


def test_costs_of_symbols_and_of_nothing_are_refused() -> None:
    with pytest.raises(PictureError, match="n is no number yet"):
        draw_costs(ac.Sequential([ac.Dense("n")], input_shape=8))
    with pytest.raises(PictureError, match="nothing here costs anything"):
        draw_costs(ac.Sequential([ac.Flatten()], input_shape=(8, 8)))
    with pytest.raises(SpecificationError, match="'pie' is no shape"):
        draw_costs("docs/examples/mnist_cnn.yaml", shape="pie")


def test_a_field_is_drawn_where_it_is() -> None:
    net = "docs/examples/mnist_cnn.yaml"
    drawn = draw_field(net, "max_pooling2d", (0, 6))
    assert "position 0, 6 of 13×13 sees 4×4 of 28×28: rows 0 to 3, columns 12 to 15<" in drawn
    (box,) = re.findall(r'<rect class="field" [^>]*fill-opacity="0.45"/>', drawn)
    x, y, wide, high = (float(re.search(rf' {side}="([^"]*)"', box)[1])
                        for side in ("x", "y", "width", "height"))  # fmt: skip
    assert (x, y, wide, high) == (120, 0, 40, 40)  # 10 for each of the 28
    line = ac.Sequential([ac.Conv1D(8, 5, padding="same")], input_shape=(40, 3))
    assert "position 0 of 40 sees 5 of 40: positions −2 to 2; what lies outside" in draw_field(
        line, "conv1d", [0]
    )
    with pytest.raises(PictureError, match="has no position 13, 0"):
        draw_field(net, "max_pooling2d", (13, 0))
    with pytest.raises(PictureError, match="see no window"):
        draw_field(net, "dense")
