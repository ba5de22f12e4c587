"""What a block of a document may say of a network, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, cast

from archcalc.costs import (
    ActiveParameters,
    Additive,
    Flops,
    Macs,
    Parameters,
    Statistics,
    TotalParameters,
    TrainableParameters,
    WeightBytes,
)
from archcalc.costs.base import total
from archcalc.costs.deployment import Deployment
from archcalc.explain.comparison import compare
from archcalc.explain.deployed import deploy, formats_of, title_of
from archcalc.explain.derivation import derive
from archcalc.explain.doc_blocks.blocks import Answer, Block, Say
from archcalc.explain.document import Document, Inlines, Picture, joined
from archcalc.explain.drawing import draw
from archcalc.explain.drawing.placing import Direction
from archcalc.explain.summary import amount, binary_bytes, summarize
from archcalc.formula import Formula
from archcalc.network import Network, Row, Trace, traced
from archcalc.network.spec.files import Source
from archcalc.symbolic.errors import LookupFailedError, SpecificationError, quoted

__all__ = ["VIEWS", "Open", "View", "say_with"]

Open: TypeAlias = Callable[[str], Network]
"""The network that a document names."""


@dataclass(frozen=True)
class View:
    """Something to say of a network.

    Attributes:
        meaning: what it says, in words.
        takes: what it is of, besides the network: ``"layer"``, ``"network"`` or nothing.
        needed: whether it has to be told that.
        paragraphs: the answer on lines of its own.
        within: the answer within a sentence.
    """

    meaning: str
    takes: str = ""
    needed: bool = False
    paragraphs: Callable[[Trace, str], Document] | None = None
    within: Callable[[Trace, str], Inlines] | None = None


def _derivation(trace: Trace, path: str) -> Document:
    whole = derive(trace)
    return whole.of(path).document() if path else whole.document()


def _summary(trace: Trace, _: str) -> Document:
    return summarize(trace).document()


def _drawing(trace: Trace, direction: str) -> Document:
    drawing = draw(trace, direction=cast("Direction", direction or "down"))
    picture = Picture(drawing.to_svg(), drawing.to_mermaid())
    return Document(drawing.title, (picture,))


def _sheet(network: Network, name: str, line: str, values: Mapping[str, str]) -> Document:
    """One sheet on a language model, or one of its lines."""
    given = dict(values)
    run: dict[str, Any] = {name: given.pop(name) for name in ("batch", "length") if name in given}
    formats = formats_of(given.pop("dtype", "bf16"))
    memory, machine = given.pop("memory", None), given.pop("device", None)
    where = Deployment(**run, formats=formats)
    sheet = deploy(network, where, memory=memory, machine=machine, name=name, **given)
    return sheet.derive(line).document() if line else sheet.document()


def _rule(trace: Trace, path: str) -> Inlines:
    trace.row(path)
    step = next(step for step in derive(trace).steps if step.row.path == path)
    term = step.params or next(iter(step.macs), None) or next(iter(step.size), None)
    if term is None:
        raise SpecificationError(
            f"{path} has no rule: it has no weights and does no products",
            code="nothing-to-say", path=path,
        )  # fmt: skip
    return term.forms()


def _of_cost(cost: Additive, trace: Trace, path: str) -> Inlines:
    rows = _rows(trace, path) if path else trace.rows
    return (amount(Formula(total(cost.by_row(rows)))),)


def _output(trace: Trace, path: str) -> Inlines:
    return joined(_rows(trace, path)[-1].outputs if path else trace.outputs)


def _input(trace: Trace, path: str) -> Inlines:
    return joined(_rows(trace, path)[0].inputs if path else trace.inputs)


def _activations(trace: Trace, _: str) -> Inlines:
    return (amount(trace.activations),)


def _bytes(trace: Trace, _: str) -> Inlines:
    size = trace.cost(WeightBytes())
    return (binary_bytes(int(size)),) if size.is_number else (amount(size), " bytes")


def _rows(trace: Trace, path: str) -> list[Row]:
    """The rows of a layer, or of all layers of a block."""
    found = [r for r in trace.rows if r.path == path or r.path.startswith(f"{path}/")]
    return found or [trace.row(path)]


_COSTS: Mapping[str, tuple[str, Additive]] = {
    "parameters": ("what is learned", Parameters()),
    "trainable_parameters": ("what training changes", TrainableParameters()),
    "active_parameters": ("what one sample meets", ActiveParameters()),
    "statistics": ("running statistics", Statistics()),
    "total_params": ("parameters and statistics", TotalParameters()),
    "macs": ("multiply-accumulates", Macs()),
    "flops": ("FLOPs of the products", Flops()),
}

VIEWS: Mapping[str, View] = {
    "derivation": View("every rule and number", "layer", paragraphs=_derivation),
    "summary": View("the table of layers", paragraphs=_summary),
    "rule": View(
        "how one layer is counted", "layer", needed=True, paragraphs=_derivation, within=_rule
    ),
    "comparison": View("what differs from another network", "network", needed=True),
    "drawing": View("the network drawn, down or to the right", "direction", paragraphs=_drawing),
    "sheet": View("whether a language model fits, or one line of that", "line"),
    **{
        name: View(f"{meaning}, of all or of a layer", "layer", within=partial(_of_cost, cost))
        for name, (meaning, cost) in _COSTS.items()
    },
    "activations": View("elements that layers give", within=_activations),
    "bytes": View("the weights' bytes as float32", within=_bytes),
    "input": View("the shape that goes in", "layer", within=_input),
    "output": View("the shape that comes out", "layer", within=_output),
}
"""What a block may say."""


def say_with(opening: Open) -> Say:
    """What blocks should say, where `opening` gives the networks that they name.

    Args:
        opening: from the name in a block to its network; it is not asked for what the document
            describes itself.
    """

    traces: dict[tuple[object, ...], Trace] = {}  # a page says many numbers of one network

    def say(block: Block) -> Answer:
        view = VIEWS.get(block.view)
        if view is None:
            raise LookupFailedError(
                f"{quoted(block.view, 40)} is not a view of a network", code="bad-block",
                hint=f"there are {', '.join(VIEWS)}",
            )  # fmt: skip
        argument = _argument(block, view)
        if block.view == "comparison":
            both = (_opened(name, block, opening) for name in (block.source, argument))
            return compare(*both, **dict(block.values)).document()
        if block.view == "sheet":
            network, name = _opened(block.source, block, opening), title_of(block.source)
            return _sheet(network, name, argument, dict(block.values))
        key = block.source, block.values, block.networks
        if key not in traces:
            traces[key] = traced(_opened(block.source, block, opening), **dict(block.values))
        trace = traces[key]
        alone = block.whole and not block.name
        answer = (view.paragraphs if alone else None) or view.within or view.paragraphs
        assert answer, f"{block.view} has an answer of one kind at least"
        return answer(trace, argument)

    return say


def _argument(block: Block, view: View) -> str:
    given = block.arguments
    if len(given) > bool(view.takes) or (view.needed and not given):
        takes = f"takes one {view.takes}" if view.needed else "takes no more"
        raise SpecificationError(
            f"{block.view} {takes}: {quoted(' '.join(given), 60)}", code="bad-block",
            hint=f"write {block.source} {block.view} {'dense' if view.takes == 'layer' else ''}",
        )  # fmt: skip
    return given[0] if given else ""


def _opened(source: str, block: Block, opening: Open) -> Network:
    """The network called `source`, in the document or elsewhere."""
    if source.startswith("#"):
        networks = dict(block.networks)
        if source[1:] not in networks:
            known = ", ".join(f"#{name}" for name in networks) or "none"
            raise LookupFailedError(
                f"the document describes no network {quoted(source, 40)}", code="bad-block",
                hint=f"it describes {known}; write archcalc-network: NAME before its YAML",
            )  # fmt: skip
        return Source(source, networks[source[1:]], "yaml").read()
    return opening(source)
