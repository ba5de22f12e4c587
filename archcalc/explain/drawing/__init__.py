"""Networks drawn, as SVG and as text for Mermaid and Graphviz; their cost, and what they see."""

from archcalc.explain.drawing.costs import draw_costs
from archcalc.explain.drawing.drawn import Drawing, draw
from archcalc.explain.drawing.fields import draw_field

__all__ = ["Drawing", "draw", "draw_costs", "draw_field"]
