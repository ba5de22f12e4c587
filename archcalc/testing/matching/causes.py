"""Why a layer of theirs differs from ours: what would have to be different in ours.

Mistakes that people make in counting are known elsewhere (`archcalc.explain.reconciling`), and
their words are used.  Beyond those, one field after another is given another value, until the layer
would have what theirs has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Literal, get_args, get_origin

from archcalc.explain.reconciling.one_layer import miscounts
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.layers.notation import notation_of
from archcalc.network import Network
from archcalc.network.tracer import Row
from archcalc.symbolic.errors import ArchcalcError
from archcalc.testing.matching.parts import Built, Part, Shapes, Weights

__all__ = ["same_outputs", "why_outputs", "why_weights"]


def why_weights(ours: Part, theirs: Built) -> str:
    """Why the weights differ, in words; empty where nothing known explains it."""
    known = theirs.ours(ours.applied)
    if known is None:
        return _miscount(ours, theirs)
    flipped = _transposed(ours.weights, known)
    if flipped:
        return flipped
    tried = (
        (name, value)
        for name, value, facts in _otherwise(ours, theirs)
        if _weights(facts) == dict(known)
    )
    return (
        _bias(ours, known)
        or _said(ours, tried)
        or _incoming(ours, known)
        or _miscount(ours, theirs)
    )


def _incoming(ours: Part, known: Weights) -> str:
    """Another number of features that comes in: what differs lies before this layer."""
    (x, *others), layer = ours.applied.inputs, ours.applied.layer
    axes = layer.feature_axes(x) or ((len(x) - 1,) if x else ())
    if others or len(axes) != 1:
        return ""
    for dim in dict.fromkeys(chain.from_iterable(known.values())):
        try:
            facts = Applied(layer, (x.replace(axes[0], dim),))
        except ArchcalcError:
            continue
        if _weights(facts) == dict(known):
            return f"made for {dim:,} features, and {x[axes[0]]:,} come in here: see before it"
    return ""


def _bias(ours: Part, known: Weights) -> str:
    """A bias too few or too many, the rest being equal."""
    rest = {name: shape for name, shape in ours.weights.items() if "bias" not in name}
    if rest != {name: shape for name, shape in known.items() if "bias" not in name}:
        return ""
    missing = [name for name in ours.weights if name not in known]
    extra = [name for name in known if name not in ours.weights]
    if missing == ["recurrent_bias"] or extra == ["recurrent_bias"]:
        here, there = ("two", "one") if missing else ("one", "two")
        return f"biases: {here} here, {there} there; recurrent_bias={bool(extra)} would be theirs"
    if missing and not extra:
        return f"{_all(missing)} not there: {_each(ours, missing[0])}"
    if extra and not missing:
        return f"{_all(extra)} there, and not here: use_bias is False, or it is counted elsewhere"
    return ""


def _all(names: list[str]) -> str:
    return f"the {' and the '.join(names)} {'is' if len(names) == 1 else 'are'}"


def _each(ours: Part, name: str) -> str:
    """What there is one number for in a bias: ``one per filter, f = 32``."""
    text = next(
        (
            f.text
            for _, found in miscounts(_row(ours), 1)
            for f in found
            if f.kind == "missing-bias"
        ),
        "",
    )
    return text.partition(": ")[2] or f"{name} {ours.weights[name]}"


def _transposed(ours: Weights, known: Weights) -> str:
    for name, shape in ours.items():
        other = known.get(name, shape)
        swapped = (*shape[:-2], *shape[-2:][::-1])
        if other != shape and other == swapped:
            return f"the {name} is transposed: its last two axes have changed places"
    return ""


def _miscount(ours: Part, theirs: Built) -> str:
    """The mistake that leads to as many parameters as theirs has, as people make it."""
    for count, found in miscounts(_row(ours)):
        if count == theirs.parameters:
            return "as if " + ", and ".join(finding.text for finding in found)
    return ""


def _row(ours: Part) -> Row:
    return Row(ours.path, ours.applied, ())


def why_outputs(ours: Part, theirs: Built) -> str:
    """Why something else comes out, in words; empty where nothing known explains it."""
    tried = (
        (name, value)
        for name, value, facts in _otherwise(ours, theirs)
        if same_outputs(_outputs(facts), theirs.outputs) and _weights(facts) == ours.weights
    )
    return _said(ours, tried)


def same_outputs(ours: Shapes, theirs: Shapes | None) -> bool:
    """Whether the same comes out, channels last or first."""
    if theirs is None:
        return True
    pairs = list(zip(ours, theirs, strict=False))
    return bool(pairs) and all(a == b or a == (*b[1:], b[0]) for a, b in pairs if b or not a)


def _said(ours: Part, tried: Iterator[tuple[str, Any]]) -> str:
    """The first value of a field that explains it."""
    for name, value in tried:
        here = ours.applied.layer.given().get(name, _default(ours.applied.layer, name))
        letter = _letter(ours, name)
        return f"{name}{letter}: {here!r} here; {value!r} would give what is there"
    return ""


def _letter(ours: Part, name: str) -> str:
    """A field's letter in formulas, as a derivation of the layer calls it."""
    fields = {field: symbol for symbol, field in notation_of(ours.applied).fields.items()}
    return f" ({fields[name]})" if name in fields else ""


def _default(layer: Layer, name: str) -> Any:
    value = getattr(layer, name)
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def _weights(facts: Applied) -> dict[str, tuple[int, ...]]:
    return {weight.name: tuple(weight.shape) for weight in facts.weights}


def _outputs(facts: Applied) -> Shapes:
    return tuple(tuple(shape) for shape in facts.outputs)


def _otherwise(ours: Part, theirs: Built) -> Iterator[tuple[str, Any, Applied]]:
    """The layer with another value of each of its fields, one at a time, where that can be."""
    layer = ours.applied.layer
    if isinstance(layer, Network):
        return
    fields = {**{n: getattr(layer, n) for n in type(layer).model_fields}, **layer.kept}
    for name in fields:
        if name in {*Layer.model_fields, *layer.kept}:
            continue
        for value in _values(layer, name, theirs):
            try:
                other = type(layer)(**{**fields, name: value})
                yield name, value, Applied(other, ours.applied.inputs)
            except (ArchcalcError, ArithmeticError, ValueError):
                continue


def _values(layer: Layer, name: str, theirs: Built) -> Iterable[Any]:
    """Values that a field may have had there: small numbers, those of its weights, its choices."""
    value, annotation = getattr(layer, name), type(layer).model_fields[name].annotation
    if isinstance(value, bool) or annotation is bool:
        return (not value,)
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if "padding" in name:
        return ("valid", "same", *range(_MOST))
    if isinstance(value, int) or (isinstance(value, tuple) and all(type(v) is int for v in value)):
        dims = chain.from_iterable(theirs.raw.values())
        return dict.fromkeys([*range(1, _MOST), *dims])
    return ()


_MOST = 12
"""Up to which number small values are tried."""
