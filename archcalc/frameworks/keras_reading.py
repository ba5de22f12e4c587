"""A network from a Keras model, or from what Keras saves of one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.keras.archives import (
    config_in_file,
    config_in_text,
    looks_like_config,
)
from archcalc.frameworks.importing.keras.configs import plan_of
from archcalc.frameworks.importing.keras.inputs import numbers_of, shapes_of
from archcalc.frameworks.importing.keras.lowering import Reading, network_of
from archcalc.frameworks.importing.keras.plan import Plan
from archcalc.layers.opaque import UNREACHED, Opaque
from archcalc.network.base import Network
from archcalc.network.code import everything
from archcalc.network.generalizing.folding import folded
from archcalc.network.model import Model
from archcalc.symbolic.errors import FrameworkError, SpecificationError, quoted
from archcalc.symbolic.shape import Shape, ShapeLike, as_shape

__all__ = ["from_keras"]


def from_keras(
    source: Any,
    input_shape: ShapeLike | Sequence[ShapeLike] | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    fold: bool = False,
) -> Network:
    """The network that a Keras model is: its layers by name, its operations as operations.

    Layers are read from their configs, whether the model is live or saved.  A layer of one's own
    becomes an `Opaque` row with the real numbers of the live model and a warning, or, where it
    holds other layers, a network of these.

    A size that Keras leaves open, ``None``, becomes a symbol: ``t`` in an input of one axis, ``t``
    and ``c`` in one of two, ``h``, ``w`` and ``c`` in one of three, ``t``, ``h``, ``w`` and ``c``
    in one of four, each without the batch.  Where the first axis alone is known it is the channels,
    ``(3, h, w)``.  The symbols of a second input end in 2, ``t2``; that two are as long where they
    meet is a requirement, or they are one symbol where an operation says no more.

    Args:
        source: a model of Keras; or the path of a ``.keras`` archive, of a JSON config or of an
            HDF5 file, or the text of `model.to_json()`, for which Keras need not be installed.
        input_shape: what goes in, without the batch, numbers or symbols, in place of what the model
            says; a list of shapes where several go in.
        sizes: what symbols are where shapes are compared with those that Keras gives; 224, 256, …
            otherwise.
        fold: whether equal blocks in a row become one `Repeat`, with the same totals.

    Raises:
        FrameworkError: a layer is not known and the config does not say its weights, the model does
            not say what goes in, or an HDF5 file is given and h5py is not installed.
        SpecificationError: a file or a text is not a model of Keras, or is broken.
        CycleError: the layers of a config feed one another in a circle.

    >>> text = '''{"class_name": "Sequential", "config": {"name": "mlp", "layers": [
    ...     {"class_name": "InputLayer", "config": {"batch_shape": [null, 784]}},
    ...     {"class_name": "Dense", "config": {"name": "head", "units": 10, "use_bias": true}}]}}'''
    >>> net = from_keras(text)
    >>> net.trace().parameters, [row.path for row in net.trace().rows]
    (7850, ['head'])
    """
    if isinstance(source, str | os.PathLike):
        plan = plan_of(_config(source))
        weights: Any = ()
    else:
        plan, weights = _plan_of_live(source, input_shape)
    try:
        net = _read(plan, input_shape, sizes or {}, weights)
    except RecursionError:
        raise SpecificationError(
            "its models are nested too deep", code="too-deep", hint="no model of Keras is"
        ) from None
    return folded(net) if fold else net


def _config(source: str | os.PathLike[str]) -> Any:
    if isinstance(source, str) and looks_like_config(source):
        return config_in_text(source)
    return config_in_file(source)


def _plan_of_live(model: Any, input_shape: Any) -> tuple[Plan, Any]:
    layer = any(
        cls.__name__ == "Layer" and cls.__module__.startswith("keras.")
        for cls in type(model).__mro__
    )
    if not layer:
        raise FrameworkError(
            f"{quoted(model, 60)} is no model of Keras", code="not-read",
            hint="from_keras takes a model, the path of what Keras saved, or the text of its JSON",
        )  # fmt: skip
    from archcalc.frameworks.importing.keras.live import plan_of_model

    shapes = None if input_shape is None else [
        (None, *(dim if isinstance(dim, int) else None for dim in shape))
        for shape in _given(input_shape)
    ]  # fmt: skip
    return plan_of_model(model, shapes), model


def _given(input_shape: Any) -> list[Shape]:
    several = isinstance(input_shape, list) and bool(input_shape)
    several = several and isinstance(input_shape[0], list | tuple)
    return [as_shape(shape) for shape in (input_shape if several else [input_shape])]


def _read(plan: Plan, input_shape: Any, sizes: Mapping[str, int], model: Any) -> Network:
    """The network, with symbols of their own for each input, or else the same for all."""
    if input_shape is not None:
        return _with(plan, _given(input_shape), sizes, model)
    apart, together = shapes_of(plan.inputs, apart=True), shapes_of(plan.inputs, apart=False)
    if apart == together:
        return _with(plan, together, sizes, model)
    try:
        made = _with(plan, apart, sizes, model)
    except FrameworkError:
        return _with(plan, together, sizes, model)
    opaque = any(isinstance(layer, Opaque) for layer in everything(made))
    return _with(plan, together, sizes, model) if opaque else made


def _with(plan: Plan, shapes: list[Shape], sizes: Mapping[str, int], model: Any) -> Network:
    reading = Reading(numbers_of(shapes, sizes))
    said = [shape and shape[1:] for shape in plan.inputs.values()]
    as_saved = all(
        one is not None
        and len(one) == len(shape)
        and all(dim is None or dim == ours for dim, ours in zip(one, shape, strict=True))
        for one, shape in zip(said, shapes, strict=False)
    )
    made = network_of(plan, shapes, reading, as_saved)
    called = {id(layer) for layer in everything(made)}
    rest = reading.owners.rest(getattr(model, "weights", ()), called)
    if not rest:
        return made
    end: Any = made.output_shapes(*shapes)[0]
    what: Any = Opaque(UNREACHED, (end,), rest, name="unused")
    return _ended(made, what)


def _ended(made: Network, what: Any) -> Network:
    """A network with a row at its end."""
    if isinstance(made, Model):
        ends = (what(made.outputs[0]), *made.outputs[1:])
        return Model(made.inputs, ends, name=made.name)
    return made.model_copy(update={"layers": (*made.layers, what)})  # type: ignore[attr-defined]
