"""Exact integer arithmetic with symbols: dimensions, floor division, parser, printers, errors."""

from typing import TYPE_CHECKING

from archcalc._loading import names_from
from archcalc.symbolic.compare import at_least, bounds, equal
from archcalc.symbolic.dims import Dim, DimLike, as_dim, as_expr
from archcalc.symbolic.division import CeilDiv, FloorDiv, ceil_div, floor_div
from archcalc.symbolic.errors import (
    ArchcalcError,
    ArchcalcWarning,
    ArithmeticRuleError,
    CycleError,
    DimensionError,
    EvaluationError,
    ExpressionError,
    FrameworkError,
    InvalidLayerError,
    LookupFailedError,
    MovedNameError,
    NoSolutionError,
    PictureError,
    ReceptiveFieldError,
    RequirementError,
    ShapeError,
    SpecificationError,
    UnknownLayerError,
    UnknownSymbolError,
)
from archcalc.symbolic.evaluate import evaluate
from archcalc.symbolic.ordered import (
    OrderedAdd,
    OrderedMul,
    plain,
    product_of,
    sum_of_products,
)
from archcalc.symbolic.parser import parse
from archcalc.symbolic.requirement import Relation, Requirement
from archcalc.symbolic.shape import Shape, as_shape, product
from archcalc.symbolic.sums import Index, Sum, summed
from archcalc.symbolic.symbols import symbol, symbols

if TYPE_CHECKING:
    from archcalc.symbolic.printing import (
        javascript_helpers,
        to_javascript,
        to_latex,
        to_mathml,
        to_numpy,
        to_python,
        to_text,
    )

__all__ = [
    "ArchcalcError",
    "ArchcalcWarning",
    "ArithmeticRuleError",
    "CeilDiv",
    "CycleError",
    "Dim",
    "DimLike",
    "DimensionError",
    "EvaluationError",
    "ExpressionError",
    "FloorDiv",
    "FrameworkError",
    "Index",
    "InvalidLayerError",
    "LookupFailedError",
    "MovedNameError",
    "NoSolutionError",
    "OrderedAdd",
    "OrderedMul",
    "PictureError",
    "ReceptiveFieldError",
    "Relation",
    "Requirement",
    "RequirementError",
    "Shape",
    "ShapeError",
    "SpecificationError",
    "Sum",
    "UnknownLayerError",
    "UnknownSymbolError",
    "as_dim",
    "as_expr",
    "as_shape",
    "at_least",
    "bounds",
    "ceil_div",
    "equal",
    "evaluate",
    "floor_div",
    "javascript_helpers",
    "parse",
    "plain",
    "product",
    "product_of",
    "sum_of_products",
    "summed",
    "symbol",
    "symbols",
    "to_javascript",
    "to_latex",
    "to_mathml",
    "to_numpy",
    "to_python",
    "to_text",
]

_HOMES = {
    "printing": "javascript_helpers to_javascript to_latex to_mathml to_numpy to_python to_text"
}
"""Where names stand whose modules are loaded when one of them is first used."""

if not TYPE_CHECKING:  # a type checker would take every name for one of ours
    __getattr__, __dir__ = names_from(__name__, _HOMES)
