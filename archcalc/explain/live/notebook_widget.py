"""A report as a widget of a notebook: the same formulas, the same look."""

from __future__ import annotations

import os
from typing import Any

from archcalc.explain.live.live_page import Report, report, style_of
from archcalc.explain.live.program import as_script
from archcalc.formula.optional import optional
from archcalc.network import Network, Trace

__all__ = ["widget"]


def widget(*networks: Network | Trace | str | os.PathLike[str], **values: int) -> Any:
    """A report as a widget of a notebook, with the values of its symbols as a trait ``values``.

    Moving a slider moves every number and sets ``values``; setting ``values`` moves the sliders.

    Args:
        networks: one or two: networks, traces, or files.
        values: the numbers that symbols have first; usual ones by default.

    Returns:
        An ``anywidget.AnyWidget``.

    Raises:
        FrameworkError: anywidget is not installed.
        ArchcalcError: as `report`.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> shown = widget(Sequential([Dense("n")], input_shape=784), n=10)
    >>> shown.values
    {'n': 10}
    """
    anywidget = optional("anywidget", "archcalc[notebook]")
    traitlets = optional("traitlets", "archcalc[notebook]")
    page = report(*networks, values=values)
    first = {s.name: str(n) for s, n in page.values.items()}

    class ReportWidget(anywidget.AnyWidget):  # type: ignore[misc, name-defined]
        """A page about networks whose numbers move."""

        _esm = module_of(page)
        _css = style_of()
        exact = traitlets.Dict(first).tag(sync=True)
        """The values as text, since a browser's numbers are exact below 2**53 only."""

        @property
        def values(self) -> dict[str, int]:
            """The numbers that the symbols have."""
            return {name: int(text) for name, text in self.exact.items()}

        @values.setter
        def values(self, values: dict[str, int]) -> None:
            self.exact = {**self.exact, **{name: str(n) for name, n in values.items()}}

        def __repr__(self) -> str:
            return f"<Widget of {page.title}: a notebook shows it>"

    made: Any = ReportWidget()
    return made


def module_of(page: Report) -> str:
    """The code of a widget: the same as that of the page, around what the notebook shares.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> module_of(report(Sequential([Dense("n")], input_shape=784))).endswith("};")
    True
    """
    return (
        f"{page.code()}\nconst BODY = {as_script(page.body())};\n"
        "export default {\n"
        "  render({ model, el }) {\n"
        "    const root = document.createElement('div');\n"
        "    root.className = 'archcalc-live in-notebook';\n"
        "    root.innerHTML = BODY;\n"
        "    el.append(root);\n"
        "    live(root, MODEL, model);\n"
        "  },\n"
        "};"
    )
