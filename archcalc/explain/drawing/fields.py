"""What one position of a layer sees, drawn on the input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from archcalc.costs import Field, ReceptiveField
from archcalc.explain.svg import FIRST, SECOND, Svg, SvgCanvas
from archcalc.network import Network, Row, Trace, traced
from archcalc.symbolic.errors import PictureError, quoted

__all__ = ["draw_field"]

_LONGEST, _FLAT = 280.0, 28.0
"""How long the longer side of the input is, and how high one of a single axis."""


def draw_field(
    network: Network | Trace | str | os.PathLike[str],
    layer: str,
    position: Sequence[int] | None = None,
    **values: Any,
) -> Svg:
    """What one output position of a layer sees of the input, and what its neighbour sees.

    Args:
        network: a network, a trace, or a file.
        layer: the path of the layer.
        position: which of its positions, counted from 0 along each axis; the middle by default.
        values: numbers for symbols.

    Raises:
        LookupFailedError: there is no such layer.
        ReceptiveFieldError: the field is not defined there.
        PictureError: its positions see no window of one or two axes, there is no such position, or
            symbols are left.

    >>> from archcalc.layers import Conv2D, MaxPooling2D
    >>> from archcalc.network import Sequential
    >>> net = Sequential([Conv2D(32, 3), MaxPooling2D(2)], input_shape=(28, 28, 1))
    >>> drawn = draw_field(net, "max_pooling2d", (0, 6))
    >>> "position 0, 6 of 13×13 sees 4×4 of 28×28: rows 0 to 3, columns 12 to 15" in drawn
    True
    """
    trace = traced(network, **values)
    row = trace.row(layer)
    fields = ReceptiveField().by_row(trace)[trace.rows.index(row)]
    seen = [field for field in fields.values() if field.input == 0 and field.reach == "window"
            and field.along is not None]  # fmt: skip
    sizes = [trace.inputs[0][field.axis] for field in seen]
    many = [row.output[field.along or 0] for field in seen]
    if not 1 <= len(seen) <= 2 or not all(isinstance(size, int) for size in (*sizes, *many)):
        raise PictureError(
            f"the positions of {quoted(layer, 60)} see no window of one or two axes in numbers",
            code="nothing-to-show", hint="take a layer before the first Flatten, and give numbers",
        )  # fmt: skip
    lengths, counts = [int(size) for size in sizes], [int(n) for n in many]
    at = [count // 2 for count in counts] if position is None else list(position)
    if len(at) != len(counts) or not all(0 <= p < n for p, n in zip(at, counts, strict=True)):
        raise PictureError(
            f"{layer} has no position {', '.join(map(str, at))}", code="nothing-to-show",
            hint=f"it has {'×'.join(map(str, counts))}, counted from 0",
        )  # fmt: skip
    return _drawn(row, seen, lengths, counts, at)


def _drawn(
    row: Row, seen: Sequence[Field], lengths: list[int], counts: list[int], at: list[int]
) -> Svg:
    canvas = SvgCanvas()
    scale = _LONGEST / max(lengths)
    across = lengths[-1] * scale
    down = lengths[0] * scale if len(seen) == 2 else _FLAT
    canvas.card((0, 0), across, down, "currentColor", "input", strong=False)
    beyond = [min(p + 1, n - 1) for p, n in zip(at, counts, strict=True)]
    for places, ink, kind in ((beyond, SECOND, "neighbour"), (at, FIRST, "field")):
        spans = [_span(field, place) for field, place in zip(seen, places, strict=True)]
        (x, wide), (y, high) = spans[-1], spans[0] if len(seen) == 2 else (0, down / scale)
        corner = (x * scale, y * scale)
        if kind == "field":
            canvas.fill(corner, wide * scale, high * scale, ink, kind)
        canvas.frame(corner, wide * scale, high * scale, ink, kind)
    said = _said(seen, lengths, counts, at)
    canvas.words((0, max(down, canvas.bottom) + 20), said, "start")
    return canvas.svg(f"What {row.path} sees", said)


def _span(field: Field, position: int) -> tuple[int, int]:
    """The first position that is seen, and how many are."""
    there = field.at(position)
    return int(there.offset), int(there.size)


def _said(seen: Sequence[Field], lengths: list[int], counts: list[int], at: list[int]) -> str:
    spans = [_span(field, place) for field, place in zip(seen, at, strict=True)]
    whole, many = ("×".join(map(str, each)) for each in (lengths, counts))
    size = "×".join(str(n) for _, n in spans)
    names = ("rows", "columns") if len(spans) == 2 else ("positions",)
    ends = ", ".join(f"{name} {start} to {start + n - 1}"
                     for name, (start, n) in zip(names, spans, strict=True))  # fmt: skip
    padding = any(start < 0 or start + n > length
                  for (start, n), length in zip(spans, lengths, strict=True))  # fmt: skip
    more = "; what lies outside is padding" if padding else ""
    said = f"position {', '.join(map(str, at))} of {many} sees {size} of {whole}: {ends}{more}"
    return said.replace("-", "\N{MINUS SIGN}")
