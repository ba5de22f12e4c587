"""What notebooks show: the document that explanations make of a thing."""

from __future__ import annotations

from archcalc.symbolic.late import late

__all__ = ["Shown"]


class Shown:
    """What a notebook shows as HTML: its document, or else what the prompt shows."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        shown: str = late("archcalc.explain.notebook:html")(self)
        return shown
