"""The catalogue of layers, written from the layers themselves when the documentation is built.

Nothing here knows a layer or a rule.  `FAMILIES` says which layers there are, the first example in
a layer's docstring says on which input to show it, and the layer's own notation says the rules.
"""

from __future__ import annotations

import doctest
import sys
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from archcalc.explain import html
from archcalc.explain.derivation import Step, derive
from archcalc.explain.document import Amount, Code, Document, Inlines, Math, Table, equation
from archcalc.explain.text import line
from archcalc.layers import FAMILIES, Applied, Layer
from archcalc.layers.notation import Notation, notation_of
from archcalc.layers.window import TransposedWindow, Window
from archcalc.network import Input, Model, Sequential
from archcalc.symbolic.shape import Shape

FOLDER = "catalogue"
"""Where the pages are written, beside the page that lists them."""


def layers_of(family: ModuleType) -> list[type[Layer]]:
    """The layers of one family, in the order in which its module defines them.

    >>> from archcalc.layers import core
    >>> [layer.__name__ for layer in layers_of(core)]
    ['Dense', 'Embedding', 'Identity']
    """
    public = (thing for name, thing in vars(family).items() if name in family.__all__)
    return [thing for thing in public if isinstance(thing, type) and issubclass(thing, Layer)]


def example(kind: type[Layer]) -> Applied:
    """The layer of the first example in its docstring, on the input it is asked about there.

    Raises:
        LookupError: no example in the docstring asks the layer for a fact.

    >>> from archcalc.layers import Dense
    >>> example(Dense).layer, example(Dense).inputs
    (Dense(units=100), ((5408,),))
    """
    asked: list[Applied] = []

    class Shown(kind, abstract=True):  # type: ignore[misc, valid-type]
        def output_shape(self, *inputs: Shape) -> Any:
            asked.append(Applied(kind(**self.given()), inputs))
            return super().output_shape(*inputs)

        def weights(self, *inputs: Shape) -> Any:
            asked.append(Applied(kind(**self.given()), inputs))
            return super().weights(*inputs)

    names = {**vars(sys.modules[kind.__module__]), kind.__name__: Shown}
    for shown in doctest.DocTestParser().get_examples(kind.__doc__ or ""):
        with redirect_stdout(StringIO()):
            exec(compile(shown.source, kind.__name__, "single"), names)
        if asked:
            return asked[0]
    raise LookupError(f"{kind.__name__}: no example in its docstring shows it on an input")


def page(family: ModuleType) -> str:
    """The page of one family, as MyST Markdown."""
    title = family.__name__.rpartition(".")[2].capitalize()
    parts = [f"# {title}", f"```{{eval-rst}}\n{family.__doc__}\n```"]
    parts.extend(entry(kind) for kind in layers_of(family))
    return "\n\n".join(parts) + "\n"


def entry(kind: type[Layer]) -> str:
    """One layer: what its docstring says, and its facts in its own notation."""
    directive = f".. autoclass:: archcalc.layers.{kind.__name__}"
    return f"## {kind.__name__}\n\n```{{eval-rst}}\n{directive}\n```\n\n{facts(example(kind))}"


def facts(applied: Applied) -> str:
    """The table of facts: the rule, and what comes of it in the example."""
    rows = [((name,), rule, shown) for name, rule, shown in _rows(applied)]
    inputs = ", ".join(str(x) for x in applied.inputs)
    head = ("", "rule", f"{applied.layer!r} on {inputs}")
    table = html.render(Document("", (Table(head, "lll", tuple(rows)),)))
    return f"{table}\n\n{_source(applied.layer.source)}"


def _step(applied: Applied) -> Step:
    """The layer as the only step of a derivation."""
    inputs = [Input(x) for x in applied.inputs]
    if len(inputs) == 1:
        trace = Sequential([applied.layer]).trace(*applied.inputs)
    else:
        trace = Model(inputs, applied.layer(inputs)).trace()
    return derive(trace).steps[0]


def _rows(applied: Applied) -> Iterator[tuple[str, Inlines, Inlines]]:
    notation, step = notation_of(applied), _step(applied)
    order, values = notation.order, notation.values
    yield "notation", _meanings(applied, notation), _values(notation)
    yield "output", _shape(notation.output, notation), (applied.output,)
    for rule, real in zip(notation.weights, applied.weights, strict=True):
        kept = "" if real.learned else " (not learned)"
        size: Inlines = (" = ", Amount(real.size)) if len(real.shape) > 1 else ()
        yield f"{real.name}{kept}", _shape(rule.shape, notation), (real.shape, *size)
    for name, term in (("parameters", step.params), ("statistics", step.statistics)):
        if term is not None:
            numbers = equation(Math(term.rule, values, order), Amount(term.result))
            yield name, (Math(term.rule, {}, order),), numbers
    for term in step.macs:
        numbers = equation(Math(term.rule, values, order), Amount(term.result))
        yield "MACs", (Math(term.rule, {}, order),), numbers
    yield from _windows(applied, notation)


def _meanings(applied: Applied, notation: Notation) -> Inlines:
    """Which symbol is which axis or argument."""
    rank = sum(map(len, applied.inputs))
    axes = [s for s in notation.values if s not in notation.fields][:rank]
    parts: list[Any] = ["input ", *_listed(axes)]
    for symbol, field in notation.fields.items():
        parts.extend(["; ", Math(symbol), " is ", Code(field)])
    return tuple(parts)


def _values(notation: Notation) -> Inlines:
    parts: list[Any] = []
    for symbol, value in notation.values.items():
        parts.extend([", " if parts else "", Math(symbol), " = ", Amount(value)])
    return tuple(parts)


def _shape(shape: Shape, notation: Notation) -> Inlines:
    return tuple(_listed(shape, notation.order))


def _listed(dims: Sequence[Any], order: Sequence[Any] = ()) -> list[Any]:
    """Dimensions as a tuple."""
    parts: list[Any] = ["("]
    for place, dim in enumerate(dims):
        parts.extend([", " if place else "", Math(dim, {}, order)])
    return [*parts, ")"]


def _windows(applied: Applied, notation: Notation) -> Iterator[tuple[str, Inlines, Inlines]]:
    """The window, once where it is the same along every axis."""
    real = applied.windows
    if real is None:
        yield "window", (), ("no one window says what an output position sees",)
        return
    general = dict(notation.windows)
    said: dict[str, tuple[Inlines, Inlines, list[str]]] = {}
    for axis, window in real:
        word = applied.layer.axis_word(applied.inputs[0], axis)
        rule = _spelled(general[axis], notation) if axis in general else ("where it divides",)
        forms = rule, _spelled(window, notation)
        said.setdefault(" = ".join(map(line, forms)), (*forms, []))[2].append(word)
    for rule, shown, words in said.values():
        yield f"window along {', '.join(words)}", rule, shown


def _spelled(window: Window | TransposedWindow, notation: Notation) -> Inlines:
    def math(dim: Any) -> Math | Amount:
        return Amount(dim) if isinstance(dim, int) else Math(dim, {}, notation.order)

    parts: list[Any] = ["kernel ", math(window.kernel), ", stride ", math(window.stride)]
    if window.dilation != 1:
        parts.extend([", dilation ", math(window.dilation)])
    if isinstance(window.padding, str):
        parts.append(f", padding {window.padding}")
    else:
        before, after = window.padding
        parts.extend([", padding ", math(before), " before, ", math(after), " after"])
    return tuple(parts)


def _source(source: str) -> str:
    """Where the formulas come from, as a link where it is an address."""
    address, _, rest = source.partition(" ")
    if not address.startswith("https://"):
        return f"Source: {source}" if source else ""
    return f"Source: <{address}>{f' {rest}' if rest else ''}"


def write(app: Any, _: Any = None) -> None:
    """Write the pages, each only where it has changed."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    pages = {f"{family.__name__.rpartition('.')[2]}.md": page(family) for family in FAMILIES}
    for stale in set(folder.glob("*.md")) - {folder / name for name in pages}:
        stale.unlink()
    for name, text in pages.items():
        file = folder / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _once_in_contents(app: Any, _: str, __: str, content: Any) -> None:
    """A layer's heading stands in the list of contents already, so that its class need not."""
    if app.env.current_document.docname.startswith(f"{FOLDER}/"):
        content.parent[0]["_toc_name"] = ""


def setup(app: Any) -> dict[str, bool]:
    """Write the catalogue before the documents are looked for."""
    app.connect("config-inited", write)
    app.connect("object-description-transform", _once_in_contents)
    return {"parallel_read_safe": True}
