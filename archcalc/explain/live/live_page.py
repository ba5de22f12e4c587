"""A page about a network, or about two side by side, whose numbers move with sliders.

The page is one file that loads nothing: a policy in its head allows its own style and its own
script, by their hashes, and nothing else.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import Any

from sympy import Symbol

from archcalc._version import __version__
from archcalc.explain.comparison import compare
from archcalc.explain.live.body import NetworkPart
from archcalc.explain.live.markup import Markup, escaped, grouped, mathml
from archcalc.explain.live.program import Program, as_script, value_of
from archcalc.explain.live.quantities import Total
from archcalc.explain.live.settings import beginning
from archcalc.network import Network, Trace, traced
from archcalc.network.opening import hyperparameters
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import SpecificationError, shorten
from archcalc.symbolic.printing import to_mathml
from archcalc.symbolic.printing.plain import visible

__all__ = ["Report", "report", "style_of", "title_of"]

_MOST = 2
"""More networks than this are not shown side by side."""


@dataclass(frozen=True, repr=False)
class Report:
    """A page about networks; `save` writes it.

    Attributes:
        traces: the networks, followed, with symbols for what can be moved.
        titles: what they are called.
        values: the number that each symbol has first.
        meanings: what symbols stand for, where that is known.
    """

    traces: tuple[Trace, ...]
    titles: tuple[str, ...]
    values: Mapping[Symbol, int]
    meanings: Mapping[Symbol, str]

    def to_html(self) -> str:
        """The page."""
        style, script = style_of(), self.script()
        policy = (
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "base-uri 'none'; form-action 'none'"
        )
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{escaped(self.title)}</title>\n<style>{style}</style>\n</head>\n"
            f'<body><div class="archcalc-live">{self.body()}</div>\n'
            f"<script>{script}</script>\n</body>\n</html>\n"
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file.

        Raises:
            SpecificationError: it cannot be written, or the name is of no page.
        """
        if not isinstance(path, str | os.PathLike):
            raise SpecificationError(
                f"{type(path).__name__} is no path of a file", code="not-a-path",
                hint="give a name such as 'report.html'",
            )  # fmt: skip
        ending = os.path.splitext(os.fspath(path))[1].lower()
        if ending not in ("", ".html", ".htm"):
            raise SpecificationError(
                f"a report is a page of HTML, and {ending} is none", code="unknown-format",
                path=shorten(os.fspath(path), 200), hint="give a name such as 'report.html'",
            )  # fmt: skip
        try:
            with open(path, "w", encoding="utf-8", newline="\n") as file:
                file.write(self.to_html())
        except OSError as error:
            raise SpecificationError(
                f"it cannot be written: {(error.strerror or str(error)).lower()}",
                code="not-written", path=shorten(os.fspath(path), 200),
            ) from None  # fmt: skip

    @property
    def title(self) -> str:
        """What the page is about."""
        return visible(" and ".join(self.titles))

    def body(self) -> str:
        """What stands in the page, without its head."""
        return self._made[0]

    def script(self) -> str:
        """What moves the page: its formulas, what must hold, and the code of every page."""
        return f"{self.code()}\nlive(document.querySelector('.archcalc-live'), MODEL);"

    def code(self) -> str:
        """The formulas, what must hold, the data, and the code that is the same on every page."""
        return f"{self._made[1]}\n{_text('page.js')}"

    @cached_property
    def _made(self) -> tuple[str, str]:
        program = Program(self.values)
        markup = Markup(program)
        parts = [
            NetworkPart(trace, title, markup, i)
            for i, (trace, title) in enumerate(zip(self.traces, self.titles, strict=True))
        ]
        body = _Body(self, parts, markup).html()
        model = {
            "symbols": [
                {"name": s.name, "value": str(n), "shown": _bare(s)} for s, n in self.values.items()
            ],
            "totals": _plottable(parts, program),
            "parts": [part.parts_data() for part in parts],
            "fields": [part.fields for part in parts],
            "shared": list(markup.shared),
            "titles": list(map(visible, self.titles)),
        }
        needs = ",\n".join(program.needs(part.trace) for part in parts)
        code = (
            f"{program.helpers()}{program.javascript()}\nconst NEEDS = [\n{needs}\n];\n"
            f"const MODEL = {as_script(model)};"
        )
        return body, code

    def _repr_html_(self) -> str:
        return f"<p>{escaped(repr(self))}</p>"

    def __repr__(self) -> str:
        return f"<Report of {self.title}: save('report.html') writes it>"


def report(
    *networks: Network | Trace | str | os.PathLike[str],
    titles: Sequence[str] = (),
    values: Mapping[str, int | str] | None = None,
    **more: int,
) -> Report:
    """A page about a network, or about two side by side: one file that loads nothing.

    It has the network drawn, its table, every derivation, and a slider and a field for every symbol
    that recompute every number, exactly; what does not hold any more turns red.  A network
    without symbols has sliders for its hyperparameters.

    Args:
        networks: one or two: networks, traces, or files.
        titles: what they are called; by default their names.
        values: the numbers that symbols have first; usual ones by default.
        more: the same, for symbols that are called as an argument is.

    Raises:
        SpecificationError: there is no network, or more than two.
        ShapeError: a network was given no input shape.
        UnknownSymbolError: no network has a symbol of such a name.
        RequirementError: a network does not exist at the numbers that are given.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> page = report(Sequential([Dense("n"), Dense(10)], input_shape=784), n=100)
    >>> page, page.values
    (<Report of Sequential: save('report.html') writes it>, {n: 100})
    >>> "79,510" in page.to_html()
    True
    """
    if not 1 <= len(networks) <= _MOST:
        raise SpecificationError(
            f"a page is about one or two networks, not {len(networks)}", code="bad-option",
            hint="give two at most",
        )  # fmt: skip
    given: dict[str, int | str] = {**(values or {}), **more}
    followed = [traced(network) for network in networks]
    names = tuple(titles) or tuple(title_of(n, t) for n, t in zip(networks, followed, strict=True))
    if len(networks) == 1 and not followed[0].symbols:
        opened = hyperparameters(followed[0])
        return _report((opened.trace,), names, given, opened.values, opened.meanings)
    return _report(tuple(followed), names, given, {}, {})


def _report(
    traces: tuple[Trace, ...],
    titles: tuple[str, ...],
    given: Mapping[str, Any],
    had: Mapping[Symbol, int],
    meanings: Mapping[Symbol, str],
) -> Report:
    symbols = {s: None for trace in traces for s in (*had, *trace.symbols)}
    start = {**{s.name: n for s, n in had.items()}, **given}
    values = beginning(traces, symbols, start)
    order = list(had) if had else list(values)
    rest = [s for s in values if s not in had]
    return Report(traces, titles, {s: values[s] for s in dict.fromkeys([*order, *rest])}, meanings)


def title_of(network: object, trace: Trace) -> str:
    """What a network is called: by its file, its name, or its class."""
    if network == "-":
        return "standard input"
    if isinstance(network, str | os.PathLike):
        return os.path.splitext(os.path.basename(os.fspath(network)))[0]
    return trace.network.name or type(trace.network).__name__


def style_of() -> str:
    """How pages and widgets look."""
    return _text("page.css")


def _text(name: str) -> str:
    return files("archcalc.explain.live").joinpath(name).read_text("utf-8").strip()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _bare(s: Symbol) -> str:
    """The element that a symbol is in MathML, by which numbers are put in its place."""
    return to_mathml(s).partition(">")[2].removesuffix("</math>")


def _plottable(parts: Sequence[NetworkPart], program: Program) -> list[dict[str, object]]:
    """What can be plotted: each total of each network."""
    return [
        {"words": total.quantity.words, "name": total.quantity.name, "of": part.place,
         "formula": program.number(value_of(total.formula))}
        for part in parts
        for total in part.totals
    ]  # fmt: skip


@dataclass
class _Body:
    """The sections of a page."""

    report: Report
    parts: Sequence[NetworkPart]
    markup: Markup

    def html(self) -> str:
        """All of them."""
        sections = [
            ("totals", "Totals", self._totals()),
            ("drawing", "The network", self._drawings()),
            ("layers", "Layers", self._tables()),
            ("map", "Where the cost is", self._map()),
            ("plot", "Plot", self._plot()),
            ("seen", "What one position sees", self._seen()),
            ("derivation", "Derivation", self._derivations()),
            ("needs", "What must hold", self._needs()),
            ("warnings", "Warnings", "".join(part.warnings() for part in self.parts)),
        ]
        shown = [(name, title, inside) for name, title, inside in sections if inside]
        links = "".join(f'<a href="#{name}">{title}</a>' for name, title, _ in shown)
        made = "".join(
            f'<section id="{name}" aria-labelledby="{name}-title">'
            f'<h2 id="{name}-title">{title}</h2>{inside}</section>'
            for name, title, inside in shown
        )
        return (
            f"{self._header(links)}<div class=page>{self._symbols()}<main id=main>"
            f'<div class="broken" role=alert hidden></div>{made}'
            f"<footer>Made by archcalc {escaped(__version__)}. Every number is exact.</footer>"
            f"</main></div>"
        )

    def _header(self, links: str) -> str:
        title = " <i>and</i> ".join(escaped(part.title) for part in self.parts)
        buttons = "".join(
            f'<button type=button data-do="{name}">{words}</button>'
            for name, words in (
                ("link", "Copy link"),
                ("theme", "Dark or light"),
                ("print", "Print"),
            )
        )
        return (
            f'<a class=skip href="#main">To the content</a><header><h1>{title}</h1>'
            f"<div class=tools>{buttons}</div><nav aria-label=Sections>{links}</nav></header>"
        )

    def _symbols(self) -> str:
        rows = "".join(self._symbol(i, s, n) for i, (s, n) in enumerate(self.report.values.items()))
        if not rows:
            return (
                "<aside class=symbols><h2>Symbols</h2><p>This network has none, and nothing in it "
                "can be another number.</p></aside>"
            )
        return (
            f'<aside class=symbols aria-label="Symbols"><h2>Symbols</h2><form>{rows}'
            "<p class=do><button type=reset>As it was</button> <label><input type=checkbox "
            'data-do="symbols"> formulas with symbols</label></p></form>'
            "<p class=glance aria-live=polite></p></aside>"
        )

    def _symbol(self, i: int, s: Symbol, value: int) -> str:
        meaning = escaped(self.report.meanings.get(s, ""))
        words = f" <small id=m{i}>{meaning}</small>" if meaning else ""
        name = escaped(s.name)
        described = f" aria-describedby=m{i}" if meaning else ""
        return (
            f"<div class=symbol><label for=s{i}>{mathml(s)}<span class=hidden> {name}</span>{words}"
            f'</label><input type=range max=1000 value=0 aria-label="{name}, slider" data-s={i}>'
            f"<input type=text inputmode=numeric autocomplete=off id=s{i} value={value} "
            f"data-n={i} spellcheck=false maxlength=400{described}></div>"
        )

    # The sections

    def _totals(self) -> str:
        names = list(dict.fromkeys(t.quantity.name for part in self.parts for t in part.totals))
        two = len(self.parts) > 1
        heads = [escaped(part.title) for part in self.parts] if two else ["number"]
        head = "".join(f"<th scope=col class=r>{title}" for title in heads)
        head += "<th scope=col class=r>difference" if two else ""
        rows = "".join(self._total(name) for name in names)
        change = f"<p class=lead>{self._headline()}</p>" if two else ""
        return (
            f"{change}<div class=wide tabindex=0 role=region aria-label='table of totals'>"
            f'<table class="totals of{len(self.parts)}"><thead><tr><th scope=col>quantity{head}'
            f"<th scope=col>formula</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _headline(self) -> str:
        return self.markup.line(compare(*(part.trace for part in self.parts)).headline())

    def _total(self, name: str) -> str:
        found = [next((t for t in part.totals if t.quantity.name == name), None)
                 for part in self.parts]  # fmt: skip
        first = next(t for t in found if t is not None)
        cells = "".join(self._value(total) for total in found)
        if len(found) > 1:
            cells += "<td class=r data-difference></td>"
        formulas = "".join(self._formula(value_of(t.formula)) for t in found if t is not None)
        return (
            f'<tr data-total="{name}"><th scope=row>{escaped(first.quantity.words)}'
            f"{self._choices(first)}</th>{cells}<td>{formulas}</td></tr>"
        )

    def _value(self, total: Total | None) -> str:
        if total is None:
            return "<td class=r>–</td>"
        formulas = [total.formula, *(other.formula for other in total.others)]
        numbers = [self.markup.program.number(value_of(f)) for f in formulas]
        start = self.markup.program.start(value_of(total.formula))
        unit = f' data-unit="{total.quantity.unit}"' if total.quantity.unit else ""
        return (
            f'<td class=r><b data-x="{numbers[0]}" data-ways="{" ".join(map(str, numbers))}">'
            f"{grouped(start)}</b><small data-about{unit}></small></td>"
        )

    def _formula(self, dim: Dim) -> str:
        return f"<div>{mathml(dim, apart=True)}</div>" if self.markup.program.moves(dim) else ""

    def _choices(self, total: Total) -> str:
        if not total.others:
            return ""
        usual = f"as {total.convention} count" if total.convention else "as usual"
        words = [usual, *(f"{o.words} ({o.used_by})" for o in total.others)]
        options = "".join(f"<option value={i}>{escaped(w)}</option>" for i, w in enumerate(words))
        label = f"how {escaped(total.quantity.words)} are counted"
        name = total.quantity.name
        return f'<br><select data-count="{name}" aria-label="{label}">{options}</select>'

    def _each(self, made: Sequence[str]) -> str:
        """The same of each network, side by side where there are two."""
        if len(made) == 1:
            return made[0]
        columns = "".join(
            f"<div><h3>{escaped(part.title)}</h3>{inside}</div>"
            for part, inside in zip(self.parts, made, strict=True)
        )
        return f"<div class=two>{columns}</div>"

    def _drawings(self) -> str:
        return self._each([part.drawing() for part in self.parts])

    def _tables(self) -> str:
        return "".join(
            (f"<h3>{escaped(part.title)}</h3>" if len(self.parts) > 1 else "") + part.table()
            for part in self.parts
        )

    def _map(self) -> str:
        return (
            '<p><label>area is <select data-do="map"><option value=1>parameters</option>'
            "<option value=2>MACs</option></select></label></p>"
            + self._each(['<div class="map" role=img></div>' for _ in self.parts])
        )

    def _plot(self) -> str:
        if not self.report.values:
            return ""
        names = [escaped(s.name) for s in self.report.values]
        totals = list(dict.fromkeys(t.quantity.words for part in self.parts for t in part.totals))
        whole = "".join(f"<option>{escaped(words)}</option>" for words in totals)
        symbols = "".join(f"<option>{name}</option>" for name in names)
        return (
            f'<p class=choose><label>up: <select data-plot="y">{whole}</select></label> '
            '<label>across: <select data-plot="x"><option>the symbol</option>'
            f"{whole}</select></label> "
            f'<label>along: <select data-plot="s">{symbols}</select></label> '
            '<label>from <input data-plot="from" size=6 inputmode=numeric></label> '
            '<label>to <input data-plot="to" size=8 inputmode=numeric></label></p>'
            '<div class="plot" role=img></div>'
        )

    def _seen(self) -> str:
        made = []
        for part in self.parts:
            layers = part.fields
            options = "".join(
                f"<option value={i}>{escaped(f['path'])}</option>" for i, f in enumerate(layers)
            )
            made.append(
                '<div class="seen"><p class=choose><label>after <select data-seen="layer">'
                f"{options}</select></label> <label>position <input type=range max=1000 value=500 "
                'data-seen="0"></label> <label data-second>and <input type=range min=0 max=1000 '
                'value=500 data-seen="1" aria-label="position along the second axis"></label></p>'
                '<div class="field" role=img></div><p class=said></p></div>'
                if layers
                else "<p>There is no position to look from.</p>"
            )
        return self._each(made) if any('class="seen"' in each for each in made) else ""

    def _derivations(self) -> str:
        return self._each([part.derivation() for part in self.parts])

    def _needs(self) -> str:
        return self._each([part.requirements() for part in self.parts])
