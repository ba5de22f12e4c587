"""What people see: names that cannot break out, widths, colours, signs, and notebooks."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any
from unicodedata import category
from xml.dom import minidom

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import archcalc as ac
from archcalc.costs import Parameters
from archcalc.explain import memory
from archcalc.explain.document import Document
from archcalc.explain.text import Look, render
from archcalc.explain.wrapping import wrapped
from archcalc.symbolic.errors import ArchcalcError
from archcalc.symbolic.printing.plain import spelled, visible

HOSTILE = st.text(
    st.characters(exclude_characters="/")
    | st.sampled_from("|`*_<>&\n\r\x00\x1b\x7f\x9b\u202e$\\{}"),
    min_size=1,
    max_size=12,
).filter(str.strip)


def net(name: str) -> ac.Sequential:
    layers = [ac.Conv2D(4, 3, name=name), ac.Dense(2, name="head")]
    return ac.Sequential(layers, input_shape=(8, 8, 1))


def answers(name: str) -> list[Any]:
    """Every kind of answer about a network with a layer of this name."""
    made = net(name)
    first = made.trace().rows[0].path
    return [
        ac.summarize(made),
        ac.summarize(made, columns=["kernel", "share"], depth=1),
        ac.derive(made),
        ac.compare(made, net("other")),
        ac.reconcile(made, layers={first: 36}),
        ac.account(made),
        ac.conventions(made),
    ]


def unseen(words: str) -> list[str]:
    return [c for c in words if c != "\n" and category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co")]


@settings(max_examples=30, deadline=None)
@given(HOSTILE)
@example("a|b\nc\x1b[2J\x00`*<b>&amp;$x$")
@example("`")
@example("\u202etxt.exe")
def test_no_name_breaks_out_of_any_format(name: str) -> None:
    try:
        hostile, plain = answers(name), answers("x")
    except ArchcalcError:
        return  # the name is refused, with a reason
    for answer, benign in zip(hostile, plain, strict=True):
        for how in ("text", "markdown", "latex", "html", "json"):
            said, other = (getattr(a, f"to_{how}")() for a in (answer, benign))
            assert unseen(said) == [], how
            assert said.count("\n") == other.count("\n"), how
            if how == "markdown":
                assert shape_of(said) == shape_of(other)
            if how == "latex":
                assert breaks(said) == breaks(other)
            if how == "html":
                tags, wanted = (re.findall(r"<[/a-z][^>]*>", page) for page in (said, other))
                assert tags == wanted
                minidom.parseString(said)
        assert unseen(repr(answer)) == []


def shape_of(markdown: str) -> list[str]:
    """The kinds of what a reader of Markdown sees, one after the other."""
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True})
    tokens = reader.enable("table").parse(markdown)
    inner = (child for token in tokens for child in token.children or [])
    kinds = [token.type for token in tokens]
    return kinds + [child.type for child in inner if child.type != "text"]


def breaks(latex: str) -> tuple[int, int, int]:
    """The cells and the lines of LaTeX, and whether a formula is left open."""
    bare = re.sub(r"\\[&%$#_{}]", "", latex)
    return bare.count("&"), bare.count(r"\\"), bare.count("$") % 2


def test_names_come_back_from_data() -> None:
    name = "a|b\n\x1b\x9b`"
    assert json.loads(ac.summarize(net(name)).to_json())["layers"][0]["path"] == name


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("build", [lambda: net("conv"), ac.families.resnet])
def test_lines_keep_to_the_width(width: int, build: Any) -> None:
    made = build()
    document = ac.derive(made).document()
    lines = render(document, Look(width)).splitlines()
    assert max(map(len, lines)) <= width
    words = render(document, Look(width)).split()
    assert "".join(words) == "".join(render(document).split())


def test_a_table_is_broken_in_its_cells() -> None:
    shown = net("a_rather_long_name_of_a_layer_that_is_broken").summary(width=60)
    assert max(map(len, shown.splitlines()[:-1])) <= 60
    assert "a_rather_long_" in shown


@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("build", [lambda: net("conv"), lambda: ac.families.resnet(width="c")])
def test_a_table_that_is_too_wide_is_shown_in_parts(width: int, build: Any) -> None:
    made = build()
    every = ["kernel", "share", "depth", "trainable"]
    shown = made.summary(width=width, columns=every, depth=2)
    assert max(map(len, shown.splitlines())) <= width
    whole = made.summary(columns=every, depth=2)
    for heading in whole.splitlines()[0].split():
        assert heading in shown
    heads = [line for line in shown.splitlines() if line.startswith("layer ")]
    assert len(heads) == shown.count("\n\n") + 1
    assert (len(heads) > 1) == (width == 60 or whole.count("c²") > 0)


@given(st.text(max_size=60), st.integers(1, 80), st.integers(0, 4))
def test_nothing_is_lost_where_a_line_is_broken(words: str, width: int, indent: int) -> None:
    assert "".join("".join(wrapped(words, width, indent)).split()) == "".join(words.split())


def test_colours_are_there_when_asked_for_and_change_no_words() -> None:
    document: Document = ac.summarize(net("conv")).document()
    coloured = render(document, Look(colour=True))
    assert "\x1b[36mconv\x1b[0m" in coloured
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == render(document).splitlines()


def test_signs_that_an_encoding_has_not_got_are_spelled() -> None:
    trace = ac.Sequential([ac.Conv2D("f", "k", strides=2)], input_shape=("h", "w", 3)).trace()
    document = ac.derive(trace).document()
    plain = render(document, Look(encoding="ascii"))
    assert plain.isascii()
    assert "floor((h - k)/s) + 1 = floor((h - k)/2) + 1" in plain
    assert render(document, Look(encoding="utf-8")) == render(document)
    assert spelled("naïve ½", "ascii") == "na\\xefve 1/2"
    assert visible("a\u2028b") == "a\\u2028b"


def test_columns_on_request_are_those_of_other_tools() -> None:
    frozen = ac.Dense(10, trainable=False)
    made = ac.Sequential([ac.Conv2D(4, 3), ac.Flatten(), frozen], input_shape=(8, 8, 1))
    shown = made.summary(columns=["input", "kernel", "share", "depth", "trainable", "flops"])
    rows = {line.split()[0]: line.split() for line in shown.splitlines()[2:-1]}
    # by hand: 9·4 + 4 = 40 of 40 + 144·10 + 10 = 1,490; 36·9·4 = 1,296 MACs
    assert rows["conv2d"] == [
        *("conv2d", "Conv2D", "6×6×4", "40", "1,296"),
        *("8×8×1", "3×3", "2.68%", "1", "yes", "2,592"),
    ]
    assert rows["dense"][-4:] == ["97.32%", "1", "no", "2,880"]


def test_a_folded_block_has_the_totals_of_its_layers() -> None:
    made = ac.families.resnet50()
    folded = made.summary(depth=1).splitlines()
    counts = [int(line.split()[3].replace(",", "")) for line in folded[3:-1]]
    assert sum(counts) == 25_557_032
    assert folded[3].split()[:2] == ["stem", "Sequential"]
    assert len(folded) == 2 + 1 + 7 + 1
    assert made.summary(depth=99) == made.summary()


def test_a_summary_folds_by_nesting_and_not_by_names() -> None:
    body = ac.Sequential([ac.Conv2D(4, 3, name="x/y"), ac.ReLU()], name="body/one")
    flat = [ac.Conv2D(4, 3, name="conv1/conv"), ac.BatchNormalization(name="conv1/bn")]
    made = ac.Sequential([*flat, body], input_shape=(9, 9, 3)).trace()
    folded = [line.split()[0] for line in made.summary(depth=1).splitlines()[3:-1]]
    assert folded == ["conv1/conv", "conv1/bn", "body/one"]
    depths = [line.split()[-1] for line in made.summary(columns="depth").splitlines()[3:-1]]
    assert depths == ["1", "1", "2", "2"]


def test_a_summary_folds_modules_of_torch() -> None:
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = torch.nn.Linear(4, 8), torch.nn.Linear(8, 4)

        def forward(self, x: Any) -> Any:
            return self.two(torch.relu(self.one(x))) + x

    inner = torch.nn.Sequential(Block(), Block())
    net = ac.from_torch(torch.nn.Sequential(torch.nn.Linear(3, 4), inner), input_shape=(3,))
    trace = net.trace()
    sizes = [
        sum(p.numel() for p in m.parameters()) for m in (inner, *inner)
    ]  # of the whole, and of each block
    first, second = (trace.summary(depth=depth).splitlines()[3:-1] for depth in (1, 2))
    assert [line.split()[3] for line in first] == ["16", str(sizes[0])]
    assert [line.split()[3] for line in second] == ["16", *map(str, sizes[1:])]


@pytest.mark.parametrize(
    ("given", "code"), [({"columns": "size"}, "unknown-column"), ({"depth": 0}, "bad-depth")]
)
def test_what_a_summary_has_not_got_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueError, match=code):
        net("conv").summary(**given)


def shown_things() -> dict[str, Any]:
    """One of everything that people meet at the prompt."""
    k, f = ac.symbols("k f")
    made = ac.Sequential([ac.Conv2D(f, k), ac.Flatten(), ac.Dense(10)], input_shape=(8, 8, 1))
    trace, numbers = made.trace(), net("conv")
    size = trace.parameters
    claims = ac.reconcile(numbers, layers={"conv": 36})
    table = ac.sweep(made, k=[3, 5], f=[8, 16])
    best = ac.search(minimize=size, subject_to=[size >= 100], k=[1, 3], f=range(1, 20))
    compared = ac.compare(made, numbers)
    counted = numbers.trace().conventions[0]
    return {
        "network": made, "layer": ac.Dense(3), "trace": trace, "row": trace.rows[0],
        "applied": trace.rows[0].applied, "requirement": trace.requirements[0],
        "tensor": ac.Input((8, 8, 1)), "summary": ac.summarize(made), "derivation": ac.derive(made),
        "step": ac.derive(made).steps[0], "term": ac.derive(made).steps[0].params,
        "account": ac.account(numbers), "figure": ac.account(numbers).figures[0],
        "conventions": ac.conventions(), "convention": counted.convention, "counted": counted,
        "choice": counted.choice, "other": counted.others[0], "comparison": compared,
        "change": compared.changes[0], "verdict": compared.verdict, "reconciliation": claims,
        "claim": claims.claims[0], "finding": claims.findings[0], "table": table,
        "line": table[0],
        "sensitivity": size.sensitivity(k=3, f=8), "effect": size.sensitivity(k=3, f=8)["k"],
        "crossover": ac.crossover("2*s", "s + 7", "s"), "constraint": size <= 100,
        "optimum": best, "certificate": best.certificate, "met": best.constraints[0],
        "weight": trace.rows[0].weights[0], "work": trace.rows[0].work[0],
        "notice": ac.Sequential([ac.Dense(3)], input_shape=(4, 4, 3)).trace().notices[0],
        "cost": Parameters(), **things_of_costs(numbers),
    }  # fmt: skip


def things_of_costs(numbers: ac.Network) -> dict[str, Any]:
    """What costs, memory and formulas give beside numbers."""
    trace, costs = numbers.trace(), ac.costs
    peak = costs.PeakBytes().peak(trace)
    (field, *_) = trace.cost(costs.ReceptiveField())
    return {
        "peak": peak, "moment": peak.moments[0], "alive": peak.moments[0].alive[0], "field": field,
        "saved": costs.SavedBytes().tensors(trace)[0], "kernels": costs.Kernels(),
        "part": costs.TrainingBytes().parts(trace)[0], "formats": costs.Formats(),
        "memory": memory(trace),
        "loop": costs.Loop.copies(3), "tally": next(iter(costs.TALLIES.values())),
        "solutions": ac.Formula("n%3").solutions("n", equals=1),
        "compiled": ac.Formula("n**2").compile(),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "thing"), shown_things().items())
def test_everything_shows_itself_at_the_prompt_and_in_a_notebook(name: str, thing: Any) -> None:
    shown = repr(thing)
    assert " at 0x" not in shown
    assert len(shown.splitlines()) <= 61, name
    html = thing._repr_html_()
    minidom.parseString(html)
    assert html.startswith('<div class="archcalc">\n<style>')


def test_a_formula_shows_itself_typeset() -> None:
    assert ac.Formula("k**2")._repr_latex_() == r"$\displaystyle k^{2}$"


def test_a_long_answer_is_shown_by_its_ends() -> None:
    shown = repr(ac.derive(ac.families.resnet50()))
    assert len(shown.splitlines()) == 61
    assert "more lines, which print() shows" in shown
    assert shown.splitlines()[-1].strip()


def test_a_page_stands_by_itself() -> None:
    page = ac.summarize(net("conv")).to_html(page=True)
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    for part in ('charset="utf-8"', "<title>Summary</title>", 'name="viewport"', "<style>"):
        assert part in page
    assert "prefers-color-scheme: dark" in page
    assert "http" not in re.sub(r"http://www.w3.org/1998/Math/MathML", "", page)
    assert ac.sweep("n", n=[1, 2]).to_html(page=True).startswith("<!DOCTYPE html>")


def test_explanations_pickle() -> None:
    for answer in answers("conv"):
        assert str(pickle.loads(pickle.dumps(answer))) == str(answer)
