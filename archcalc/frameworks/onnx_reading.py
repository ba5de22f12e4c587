"""A network from an ONNX model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.batch import Batch
from archcalc.frameworks.importing.values import Value
from archcalc.layers import Identity
from archcalc.network.base import Network
from archcalc.network.generalizing.folding import folded
from archcalc.network.model import Model
from archcalc.symbolic.errors import ShapeError, SpecificationError
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["from_onnx"]


def from_onnx(
    source: str | os.PathLike[str] | Any,
    input_shape: ShapeLike | Sequence[ShapeLike] | None = None,
    *,
    batch_axis: int | Mapping[str, int | None] | str | None = "first",
    sizes: Mapping[str, int] | None = None,
    fold: bool = False,
) -> Network:
    """The network that an ONNX model is: its operators as layers and operations.

    Weights are read by shape: numbers of large tensors are not kept, and files of external data are
    never opened.  Initialisers of numbers with a point are weights, those of one element and those
    of whole numbers are constants; an initialiser that several operators use is one weight.
    Constants are computed, also where they come from shapes.  Modules are read from the names of
    nodes, ``/layer1/0/conv1/Conv``, or from what torch's exporter writes beside them.  What no
    layer says becomes an `Opaque` row, with shapes by ONNX's own inference, and a warning.

    The batch is the first axis of every input where that is open, has a name or is 1.  Every other
    axis that has a name is a symbol of that name.

    Args:
        source: the path of a file, or an ``onnx.ModelProto``.
        input_shape: what goes in, without the batch, numbers or symbols, in place of what the model
            says; a list of shapes where several go in.
        batch_axis: which axis is the batch in every input, ``None`` for none, or which by the names
            of inputs.
        sizes: what symbols are while the graph is followed; 224, 256, … otherwise.
        fold: whether equal blocks in a row become one `Repeat`, with the same totals.

    Raises:
        FrameworkError: onnx is not installed, or something else is given.
        SpecificationError: it is no ONNX model, is broken or is too large.
        CycleError: nodes or functions feed one another in a circle.

    >>> from onnx import TensorProto, helper
    >>> graph = helper.make_graph(
    ...     [helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)], "mlp",
    ...     [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 784])],
    ...     [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 10])],
    ...     [helper.make_tensor("w", TensorProto.FLOAT, [10, 784], [0] * 7840),
    ...      helper.make_tensor("b", TensorProto.FLOAT, [10], [0] * 10)])
    >>> net = from_onnx(helper.make_model(graph))
    >>> net.trace().parameters, net.trace().outputs
    (7850, ((10,),))
    """
    from archcalc.frameworks.importing.onnx.files import import_onnx, model_of
    from archcalc.frameworks.importing.onnx.inputs import inputs_of

    shapes = None if input_shape is None else _shapes(input_shape)
    onnx = import_onnx()
    model = model_of(source)
    given = inputs_of(model.graph, batch_axis, shapes)
    try:
        net = _followed(onnx, model, given, sizes or {}, modules=True)
    except ShapeError as error:
        if error.code != "tied-to-nothing":
            raise
        net = _followed(onnx, model, given, sizes or {}, modules=False)
    return folded(net) if fold else net


def _followed(
    onnx: Any, model: Any, given: Sequence[Any], sizes: Mapping[str, int], *, modules: bool
) -> Network:
    """The network; without modules where one takes a weight that another module has."""
    from archcalc.frameworks.importing.onnx.bench import OnnxBench
    from archcalc.frameworks.importing.onnx.inference import declared_by
    from archcalc.frameworks.importing.onnx.inputs import fixed_batch
    from archcalc.frameworks.importing.onnx.reader import Reader

    bench = OnnxBench(sizes, fixed_batch(given))
    reader = Reader(onnx, model, declared_by(model), bench)
    starts = [_start(bench, one) for one in given]
    reader.env.update((one.name, start) for one, start in zip(given, starts, strict=True))
    try:
        reader.whole(model.graph, modules)
    except RecursionError:
        raise SpecificationError(
            "its graphs are nested too deep", code="too-deep", hint="no exporter writes such"
        ) from None
    names = [one.name for one in model.graph.output]
    ends = [reader.end(name) for name in names]
    inputs = [start.tensor for start in starts]
    made = Model(inputs, [_not_bare(end.tensor, inputs) for end in ends])
    return reader.with_unused(made)


def _start(bench: Any, given: Any) -> Value:
    """What goes in, with its batch where that is."""
    value: Value = bench.input(given.shape, None)
    own = value.shape[1:]
    if given.batch is None:
        return Value(value.tensor, own, None, value.batch)
    axis = given.batch
    return Value(value.tensor, (*own[:axis], value.batch, *own[axis:]), Batch(axis), value.batch)


def _not_bare(tensor: Any, inputs: Sequence[Any]) -> Any:
    """An output that is an input has a layer between."""
    return Identity()(tensor) if any(tensor is start for start in inputs) else tensor


def _shapes(given: Any) -> list[Shape]:
    several = isinstance(given, list) and bool(given) and isinstance(given[0], list | tuple)
    return [as_shape(shape) for shape in (given if several else [given])]
