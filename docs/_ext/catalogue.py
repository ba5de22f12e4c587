"""The catalogue of layers, written from the layers themselves when the documentation is built.

Nothing here knows a layer or a rule.  `FAMILIES` says which layers there are, the first example in
a layer's docstring says on which input to show it, the layer's own notation says the rules, its
facts are drawn, and the frameworks' tables say what it is there.  A layer that is a network of
others is shown as the rows that it is made of.
"""

from __future__ import annotations

import doctest
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from html import escape
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from archcalc.explain import html, picture
from archcalc.explain.derivation import Step, derive
from archcalc.explain.document import Amount, Code, Document, Inlines, Math, Table, equation
from archcalc.explain.text import line
from archcalc.frameworks.coverage import names_there
from archcalc.frameworks.record import Absent
from archcalc.frameworks.record import Table as FrameworkTable
from archcalc.frameworks.records import KERAS, TORCH
from archcalc.layers import FAMILIES, Applied, Layer
from archcalc.layers.notation import Notation, notation_of
from archcalc.layers.window import TransposedWindow, Window
from archcalc.network import FAMILIES as NETWORKS
from archcalc.network import Input, Model, Network, Sequential
from archcalc.symbolic.errors import InvalidLayerError, PictureError, ShapeError
from archcalc.symbolic.shape import Shape, as_shape

FOLDER = "catalogue"
"""Where the pages are written, beside the page that lists them."""


PAGES = (*FAMILIES, *NETWORKS)
"""The modules that have a page each."""

TABLES: Mapping[str, FrameworkTable] = {"Keras": KERAS, "torch": TORCH}


def layers_of(family: ModuleType) -> list[type[Layer]]:
    """The layers of one family, in the order in which its module defines them.

    >>> from archcalc.layers import transposed
    >>> [layer.__name__ for layer in layers_of(transposed)]
    ['Conv1DTranspose', 'Conv2DTranspose', 'Conv3DTranspose']
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
        def _asked(self, inputs: Sequence[Any]) -> None:
            own = kind.model_construct(**dict(self))
            given = inputs or (own.own_inputs() if issubclass(kind, Network) else ())
            asked.append(Applied(own, tuple(map(as_shape, given))))

        def output_shape(self, *inputs: Any) -> Any:
            self._asked(inputs)
            return super().output_shape(*inputs)

        def output_shapes(self, *inputs: Any) -> Any:
            self._asked(inputs)
            return super().output_shapes(*inputs)

        def weights(self, *inputs: Any) -> Any:
            self._asked(inputs)
            return super().weights(*inputs)

        def trace(self, *inputs: Any) -> Any:
            self._asked(inputs)
            return super().trace(*inputs)

    names = {**vars(sys.modules[kind.__module__]), kind.__name__: Shown}
    for shown in doctest.DocTestParser().get_examples(kind.__doc__ or ""):
        with redirect_stdout(StringIO()):
            exec(compile(shown.source, kind.__name__, "single"), names)
        if asked:
            return asked[0]
    raise LookupError(f"{kind.__name__}: no example in its docstring shows it on an input")


def page(family: ModuleType) -> str:
    """The page of one family, as MyST Markdown."""
    parts = [
        f"# {short(family).replace('_', ' ').capitalize()}",
        f"```{{eval-rst}}\n{family.__doc__}\n```",
    ]
    parts.extend(entry(kind) for kind in layers_of(family))
    return "\n\n".join(parts) + "\n"


def short(family: ModuleType) -> str:
    """The name of a family, and of its page."""
    return family.__name__.rpartition(".")[2]


def summary(kind: type[Layer]) -> str:
    """The first sentence of a docstring."""
    first = (kind.__doc__ or "").strip().partition("\n\n")[0]
    return " ".join(first.split()).replace("``", "`")


def by_name() -> str:
    """Every layer in one table, in the order of the alphabet."""
    rows = sorted((kind.__name__, kind, family) for family in PAGES for kind in layers_of(family))
    lines = ["# By name", "", "| layer | | in Keras | in torch |", "|---|---|---|---|"]
    for name, kind, family in rows:
        link = f"[{name}]({short(family)}.md#{name.lower()})"
        lines.append(f"| {link} | {_cell(summary(kind))} | {' | '.join(map(_few, _names(name)))} |")
    return "\n".join(lines) + "\n"


def _names(kind: str) -> list[tuple[str, ...]]:
    return [names_there(kind, "keras"), names_there(kind, "torch")]


def _few(names: Sequence[str]) -> str:
    """The first of some names."""
    more = ", …" if len(names) > 3 else ""
    return ", ".join(map(_code, names[:3])) + more


def _code(name: str) -> str:
    return f"`{name}`"


def _cell(text: str) -> str:
    """Text in a table of Markdown, where a bar would end the cell."""
    return text.replace("|", "\\|")


def entry(kind: type[Layer]) -> str:
    """One layer: what its docstring says, its facts in its own notation, and its pictures."""
    directive = f".. autoclass:: {kind.__module__.rpartition('.')[0]}.{kind.__name__}"
    applied = example(kind)
    parts = (
        f"## {kind.__name__}",
        f"```{{eval-rst}}\n{directive}\n```",
        facts(applied),
        pictures(applied),
        "\\\n".join(part for part in (*there(kind), _source(kind.source)) if part),
    )
    return "\n\n".join(part for part in parts if part)


def there(kind: type[Layer]) -> Iterator[str]:
    """What the layer is in each framework."""
    for framework, table in TABLES.items():
        found = table.get(kind)
        if isinstance(found, Absent):
            yield f"In {framework}: none; {found.why}{f' ({found.hint})' if found.hint else ''}."
        elif found:
            names = names_there(kind.__name__, framework.lower())
            yield f"In {framework}: {', '.join(map(_code, names)) or 'made of its functions'}."


# Pictures

TELLING: Sequence[Mapping[str, Any]] = (
    {},
    {"strides": 2},
    {"padding": "same"},
    {"padding": "causal"},
    {"dilation_rate": 2},
    {"filters": 4, "groups": 2},
    {"mode": "constant"},
    {"mode": "reflect"},
    {"mode": "replicate"},
    {"mode": "circular"},
)
"""Fields at which more is to be seen than in the example, where a layer has them."""


def pictures(applied: Applied) -> str:
    """The example drawn, and the same layer with other fields, each where it looks different."""
    shown: dict[str, str] = {}
    for layer in _variants(applied.layer):
        try:
            svg = picture(layer, *(_open(layer, x) for x in applied.inputs))
        except (PictureError, ShapeError):
            continue
        drawn = svg.partition("</title>")[2]
        caption = f"<figcaption><code>{escape(repr(layer))}</code></figcaption>"
        shown.setdefault(drawn, f"<figure>{svg}{caption}</figure>")
    figures = "\n".join(shown.values())
    return f'<div class="archcalc-pictures">\n{figures}\n</div>' if shown else ""


def _open(layer: Layer, x: Shape) -> list[Any]:
    """`x` with a letter for every long axis, so that a small one is drawn."""
    channels = layer.feature_axes(x)
    few = 4 if getattr(layer, "groups", 1) != 1 else None
    return [
        (few or n) if place in channels else n if n in range(_LONG) else f"n{place}"
        for place, n in enumerate(x)
    ]


_LONG = 10
"""From this length on an axis is drawn shorter."""


def _variants(layer: Layer) -> Iterator[Layer]:
    """The layer, and others that differ from it in one thing that a picture shows."""
    for telling in TELLING:
        if set(telling) <= type(layer).model_fields.keys():
            with suppress(InvalidLayerError):
                given = {name: getattr(layer, name) for name in layer.given()}
                yield type(layer)(**{**given, **telling})


# Facts


def facts(applied: Applied) -> str:
    """The table of facts: the rule, and what comes of it in the example."""
    if isinstance(applied.layer, Network):
        return applied.layer.trace(*applied.inputs).derivation().to_html()
    rows = [((name,), rule, shown) for name, rule, shown in _rows(applied)]
    inputs = ", ".join(str(x) for x in applied.inputs)
    where = f" on {inputs}" if inputs else ""
    head = ("", "rule", f"{applied.layer!r}{where}")
    return html.render(Document("", (Table(head, "lll", tuple(rows)),)))


def _step(applied: Applied) -> Step:
    """The layer as the only step of a derivation."""
    inputs = [Input(x) for x in applied.inputs]
    if len(inputs) == 1:
        trace = Sequential([applied.layer]).trace(*applied.inputs)
    else:
        made = applied.layer(*inputs)  # what takes nothing stands beside some input
        trace = Model(inputs or Input((1,)), made).trace()
    return derive(trace).steps[0]


def _rows(applied: Applied) -> Iterator[tuple[str, Inlines, Inlines]]:
    notation, step = notation_of(applied), _step(applied)
    order, values = notation.order, notation.values
    yield "notation", _meanings(notation), _values(notation)
    for i, (general, output) in enumerate(zip(notation.outputs, applied.outputs, strict=True)):
        number = f" {i + 1}" if len(applied.outputs) > 1 else ""
        yield f"output{number}", _shape(general, notation), (output,)
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


def _meanings(notation: Notation) -> Inlines:
    """Which symbol is which axis or argument."""
    parts: list[Any] = []
    for x in notation.inputs:
        parts.extend([", " if parts else "input ", *_shape(x, notation)])
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


def pages() -> dict[str, str]:
    """Every page by the name of its file: one a family, and the table by name."""
    return {f"{short(family)}.md": page(family) for family in PAGES} | {"index.md": by_name()}


def write(app: Any, _: Any = None) -> None:
    """Write the pages, each only where it has changed."""
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    made = pages()
    for stale in set(folder.glob("*.md")) - {folder / name for name in made}:
        stale.unlink()
    for name, text in made.items():
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
