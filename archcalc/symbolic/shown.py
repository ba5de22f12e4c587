"""What notebooks show: the document that explanations make of a thing."""

from __future__ import annotations

from archcalc._hooks import SHOWN_AS_HTML

__all__ = ["Shown"]


class Shown:
    """What a notebook shows as HTML: its document, or else what the prompt shows."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return SHOWN_AS_HTML[0](self)
