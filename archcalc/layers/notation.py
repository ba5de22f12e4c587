"""A layer in its own notation: the general rule comes from the same code as the number.

Every field with a symbol and every axis of the input is replaced by that symbol, and the layer's
own methods are asked again.  What they then say is the general rule; numbers are shown in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Symbol

from archcalc.layers.applied import Applied
from archcalc.layers.base import AxisWindow, Layer
from archcalc.layers.facts import Weight, Work
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.division import FloorDiv
from archcalc.symbolic.requirement import Relation
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.symbols import symbol

__all__ = ["Notation", "notation_of"]


@dataclass(frozen=True, slots=True)
class Notation:
    """What a layer says of itself in symbols, and what each symbol stands for here.

    Attributes:
        inputs: the input shapes, a letter an axis.
        outputs: the output shapes, by rule.
        weights: the weights, by rule.
        work: the work, by rule; the dimensions that come out are symbols such as ``h_out``.
        windows: the windows, by rule.
        values: what each symbol stands for.
        fields: the symbol and the field it stands for.
    """

    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    weights: tuple[Weight, ...]
    work: tuple[Work, ...]
    windows: tuple[AxisWindow, ...]
    values: Mapping[Symbol, Dim]
    fields: Mapping[Symbol, str]

    @property
    def output(self) -> Shape:
        """The output shape, by rule; the first where there are several."""
        return self.outputs[0]

    @property
    def order(self) -> tuple[Symbol, ...]:
        """The symbols in the order in which terms name them: the input, its padding, the rest."""
        pads = [s for s in self.values if self.fields.get(s) in ("padding", "cropping")]
        inputs = [s for s in self.values if s not in self.fields]
        return tuple(dict.fromkeys([*inputs, *pads, *self.values]))


def notation_of(applied: Applied) -> Notation:
    """The facts of an applied layer in its own notation.

    >>> from archcalc.layers import Conv2D
    >>> from archcalc.symbolic.printing import to_text
    >>> rule = notation_of(Applied(Conv2D(32, 3), (Shape((28, 28, 1)),)))
    >>> print(to_text(rule.output[0], order=rule.order), rule.weights[0].shape)
    ⌊(h − k)/s⌋ + 1 k×k×c_in×f
    """
    values: dict[Symbol, Dim] = {}
    inputs = _inputs(applied, values)
    fields: dict[Symbol, str] = {}
    layer = _fields(applied, values, fields)
    outputs = layer.output_shapes(*inputs)
    exact = _exact_quotients(layer, inputs)
    work = layer.work(*inputs, _named_output(applied, inputs, outputs[0], values))
    return Notation(
        inputs,
        outputs,
        tuple(replace(w, shape=_quotients(w.shape, exact)) for w in layer.weights(*inputs)),
        tuple(
            replace(
                w,
                operand=tuple(_quotients(Shape(w.operand), exact)),
                positions=tuple(_quotients(Shape(w.positions), exact)),
            )
            for w in work
        ),
        layer.windows(*inputs) or (),
        values,
        fields,
    )


def _axis_names(applied: Applied) -> tuple[str, ...]:
    x = applied.inputs[0] if applied.inputs else Shape()
    names = applied.layer.axis_names_for(x)
    if names:
        return names
    generic = {1: ("n",), 2: ("t", "c"), 3: ("h", "w", "c"), 4: ("d", "h", "w", "c")}
    return generic.get(len(x), tuple(f"a{i + 1}" for i in range(len(x))))


def _inputs(applied: Applied, values: dict[Symbol, Dim]) -> tuple[Shape, ...]:
    """Symbols for the axes of each input."""
    names = applied.layer.input_names(*applied.inputs) or _numbered(applied)
    shapes = []
    for named, x in zip(names, applied.inputs, strict=True):
        dims: list[Dim] = []
        for name, dim in zip(named, x, strict=True):
            if dim == 1 and applied.layer.keeps_ones:
                dims.append(1)
                continue
            made = symbol(name)
            values[made] = dim
            dims.append(made)
        shapes.append(Shape(dims))
    return tuple(shapes)


def _numbered(applied: Applied) -> tuple[tuple[str, ...], ...]:
    """The names of the first input's axes; an axis that differs between inputs is numbered."""
    names = _axis_names(applied)
    found = []
    for i, x in enumerate(applied.inputs):
        named = [names[axis] if axis < len(names) else f"a{axis + 1}" for axis in range(len(x))]
        for axis, dim in enumerate(x):
            if not all(len(y) == len(x) and y[axis] == dim for y in applied.inputs):
                named[axis] += str(i + 1)
        found.append(tuple(named))
    return tuple(found)


def _fields(applied: Applied, values: dict[Symbol, Dim], fields: dict[Symbol, str]) -> Layer:
    """The layer of `applied` with its fields replaced by their symbols."""
    spatial = [n for n in _axis_names(applied) if n in ("t", "d", "h", "w")]
    return _symbolic(applied.layer, spatial, values, fields)


def _symbolic(
    layer: Layer, spatial: list[str], values: dict[Symbol, Dim], fields: dict[Symbol, str]
) -> Layer:
    """`layer` with its fields replaced by their symbols, but for those at a neutral value.

    The fields of a layer that it holds are replaced as well.
    """
    kept = dict(layer.__dict__)
    for name, info in type(layer).model_fields.items():
        extra = info.json_schema_extra
        value = kept[name]
        if isinstance(value, Layer):
            kept[name] = _symbolic(value, spatial, values, fields)
        has_symbol = isinstance(extra, dict) and "symbol" in extra
        if not isinstance(extra, dict) or not has_symbol or value is None or isinstance(value, str):
            continue
        base, neutral = str(extra["symbol"]), extra["neutral"]
        if neutral is not None and _all(value, neutral):
            continue
        found: dict[Symbol, Dim] = {}
        kept[name] = _symbols(value, base, spatial, found)
        values.update(found)
        fields.update(dict.fromkeys(found, name))
    return type(layer).model_construct(**{f: kept[f] for f in type(layer).model_fields})


def _all(value: Any, wanted: Any) -> bool:
    if isinstance(value, tuple):
        return all(_all(part, wanted) for part in value)
    return bool(value == wanted)


def _symbols(value: Any, base: str, axes: list[str], found: dict[Symbol, Dim]) -> Any:
    """`value` with symbols for its numbers: one where all are equal, else one an axis or side."""
    if not isinstance(value, tuple):
        return _put(symbol(base), value, found)
    if all(part == value[0] for part in value):
        return (_symbols(value[0], base, ["1", "2"], found),) * len(value)
    names = axes if len(axes) == len(value) else [str(i + 1) for i in range(len(value))]
    parts = zip(value, names, strict=True)
    return tuple(_symbols(part, f"{base}_{name}", ["1", "2"], found) for part, name in parts)


def _put(made: Symbol, value: Dim | None, found: dict[Symbol, Dim]) -> Dim | None:
    if value is None or value == 0:  # nothing stands for an absent amount
        return value
    found[made] = value
    return made


def _named_output(
    applied: Applied, inputs: tuple[Shape, ...], output: Shape, values: dict[Symbol, Dim]
) -> Shape:
    """The output with a symbol such as ``h_out`` for every dimension that a rule works out."""
    same_rank = bool(inputs) and len(output) == len(inputs[0])
    dims: list[Dim] = []
    for axis, dim in enumerate(output):
        incoming = inputs[0][axis] if same_rank else None
        if isinstance(dim, Expr) and not dim.is_Symbol and isinstance(incoming, Symbol):
            name = symbol(f"{incoming}_out")
            values[name] = applied.output[axis]
            dims.append(name)
        else:
            dims.append(dim)
    return Shape(dims)


def _exact_quotients(layer: Layer, inputs: tuple[Shape, ...]) -> dict[Expr, Expr]:
    """Floors that are exact because the layer requires it, as the plain quotients they are."""
    needs = [r for r in layer.requirements(*inputs) if r.relation is Relation.MULTIPLE_OF]
    return {FloorDiv(r.left, r.right): r.left / r.right for r in needs if isinstance(r.left, Expr)}


def _quotients(shape: Shape, exact: Mapping[Expr, Expr]) -> Shape:
    if not exact:
        return shape
    return Shape(d.xreplace(exact) if isinstance(d, Expr) else d for d in shape)
