"""Networks drawn: as SVG, and as text for Mermaid and Graphviz."""

from archcalc.explain.drawing.drawn import Drawing, draw

__all__ = ["Drawing", "draw"]
