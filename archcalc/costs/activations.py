"""Activations: the elements that flow through a network."""

from __future__ import annotations

from dataclasses import dataclass

from archcalc.costs.base import Cost, Rows, total
from archcalc.costs.loops import called, positions, repeated
from archcalc.formula import Formula
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import product

__all__ = ["Activations"]


@dataclass(frozen=True)
class Activations(Cost[Formula]):
    """The elements of the input and of every layer's output, of one sample.

    Convention: an output that is its input's own memory is not counted again, be it seen
    differently (Flatten, Reshape, Permute), written over (``ReLU(inplace=True)``) or given as it is
    (``Dropout(0)``, ``Activation("linear")``); an activation function given as an argument of a
    layer works in place.
    For VGG-16 on 224×224×3 that is 15,237,608.

    Args:
        inputs: whether the network's inputs count.

    >>> from archcalc.layers import Conv2D, Dense, Flatten
    >>> from archcalc.network import Sequential
    >>> Sequential([Conv2D(32, 3), Flatten(), Dense(10)]).trace((28, 28, 1)).cost(Activations())
    22426
    """

    inputs: bool = True
    unit = "elements"
    source = "Stanford CS231n, convolutional networks, case study VGG"

    def over(self, trace: Rows) -> Formula:
        counted: list[tuple[Dim, Dim]] = []
        if self.inputs:
            counted.extend((1, shape.elements) for shape in trace.inputs)
        stored = [row for row in trace.rows if not row.layer.reuses]
        counted.extend(
            repeated(called(row.loops), product((*positions(row.loops), *shape)))
            for row in stored
            for shape in row.outputs
        )
        return Formula(total(counted), trace.requirements)
