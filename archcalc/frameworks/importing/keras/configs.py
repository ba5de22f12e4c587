"""A plan from the config that Keras saves: that of Keras 3, and that of Keras 2 before it.

Nothing in a config is run and no class in it is looked up anywhere but in the records.  A config
may come from anywhere, so that whatever is wrong with it is one error that says where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archcalc.frameworks.importing.keras.operations import LAYERS_AS_OPERATIONS, OPERATIONS
from archcalc.frameworks.importing.keras.plan import Array, At, Call, Dims, Part, Plan
from archcalc.frameworks.reading import keras_entry
from archcalc.symbolic.errors import SpecificationError, quoted, shorten
from archcalc.symbolic.limits import LIMITS

__all__ = ["INPUT", "at_most_deep", "broken", "dims", "is_model_config", "plan_of"]

INPUT = "InputLayer"
_TENSOR, _SLICE, _TUPLE = "__keras_tensor__", "__slice__", "__tuple__"
_ARRAYS = ("__numpy__", "__tensor__")
_MOST_DEEP = 100
"""Models inside one another, and lists in a config: far more than there are in any model."""


def is_model_config(value: Any) -> bool:
    """Whether a value is a model as Keras writes it.

    >>> is_model_config({"class_name": "Sequential", "config": {"layers": []}})
    True
    """
    if not isinstance(value, Mapping) or not isinstance(value.get("class_name"), str):
        return False
    return isinstance(_config_of(value).get("layers"), list)


def _config_of(written: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands under "config"; the first of Keras 2 wrote the layers of a Sequential there."""
    config = written.get("config")
    if isinstance(config, list):
        return {"layers": config}
    return config if isinstance(config, Mapping) else {}


def plan_of(config: Any) -> Plan:
    """The plan of a model's config.

    Raises:
        SpecificationError: it is not the config of a model, or it is broken.
    """
    if not is_model_config(config):
        raise _no_model(config)
    at_most_deep(config)
    return _model(config, True, "")


def at_most_deep(value: Any) -> None:
    """Refuse what is nested deeper than any model.

    Raises:
        SpecificationError: it is.
    """
    level = [value]
    for _ in range(_MOST_DEEP):
        level = [
            held
            for one in level
            for held in (one.values() if isinstance(one, Mapping) else one)
            if isinstance(held, Mapping | list)
        ]
        if not level:
            return
    raise SpecificationError(
        f"the config is nested more than {_MOST_DEEP} deep", code="too-deep",
        hint="no model of Keras is",
    )  # fmt: skip


def _no_model(config: Any) -> SpecificationError:
    kind = config.get("class_name") if isinstance(config, Mapping) else None
    if isinstance(kind, str) and kind not in ("Functional", "Sequential", "Model"):
        return SpecificationError(
            f"the config of {quoted(kind, 60)} does not say which layers it has",
            code="not-read",
            hint="Keras saves the layers of Sequential and functional models only; give the model "
            "itself to from_keras",
        )
    return SpecificationError(
        "this is not the config of a Keras model", code="not-a-keras-model",
        hint='it has "class_name" and "config" with "layers"; make one by model.to_json()',
    )  # fmt: skip


def broken(path: str, why: str) -> SpecificationError:
    """A config that is not as Keras writes it."""
    return SpecificationError(
        f"the config is broken: {why}", code="broken-config", path=shorten(path, 200),
        hint="save the model again, with model.to_json() or model.save()",
    )  # fmt: skip


def dims(value: Any, path: str) -> Dims:
    """A shape, the batch first.

    Raises:
        SpecificationError: it is none.

    >>> dims([None, 28, 28, 1], "x")
    (None, 28, 28, 1)
    """
    good = isinstance(value, list | tuple) and 0 < len(value) <= LIMITS.axes
    if not good or not all(dim is None or _is_size(dim) for dim in value):
        raise broken(path, f"{quoted(value, 60)} is not a shape")
    return tuple(value)


def _is_size(value: Any) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and value >= 0 and value.bit_length() <= LIMITS.dimension_bits


# Models


def _model(written: Mapping[str, Any], trained: bool, path: str) -> Plan:
    config = _config_of(written)
    name = config.get("name", written.get("name"))
    title = name if isinstance(name, str) else ""
    trained = trained and config.get("trainable", True) is not False
    if "input_layers" not in config and "output_layers" not in config:
        return _chain(config, title, trained, path)
    parts: dict[str, Part] = {}
    nodes: dict[str, list[Any]] = {}
    for entry in config["layers"]:
        part = _part(entry, trained, path)
        if part.name in parts:
            raise broken(path, f"two layers are called {quoted(part.name, 60)}")
        parts[part.name] = part
        found = entry.get("inbound_nodes", [])
        if not isinstance(found, list):
            raise broken(part.name, "inbound_nodes is not a list")
        nodes[part.name] = found
    return _wired(config, title, parts, nodes, path)


def _wired(
    config: Mapping[str, Any], name: str, parts: dict[str, Part], nodes: dict[str, Any], path: str
) -> Plan:
    """The calls between the layers, and what goes in and comes out."""
    for part in parts.values():
        part.calls = [_node(node, part.name) for node in nodes[part.name]]
        if part.kind == INPUT and not part.calls:
            part.calls = [Call((), {})]
    outputs = tuple(_refs(config.get("output_layers"), f"{path}output_layers"))
    inputs = [at.layer for at in _refs(config.get("input_layers"), f"{path}input_layers")]
    if not inputs or not outputs:
        raise broken(path, "the model has no inputs, or no outputs")
    for layer in inputs:
        if layer not in parts or parts[layer].kind != INPUT:
            raise broken(path, f"there is no input called {quoted(layer, 60)}")
    found = {layer: _input_shape(parts[layer]) for layer in inputs}
    old = any(isinstance(node, list) for held in nodes.values() for node in held)
    outputs = _counted_from_0(parts, outputs, old)
    return Plan(name, parts, found, outputs)


def _counted_from_0(
    parts: Mapping[str, Part], outputs: tuple[At, ...], old: bool
) -> tuple[At, ...]:
    """The outputs, and in `parts` every call, with the calls of models inside counted from 0.

    Keras counts a functional model's own making as its first call: Keras 3 only where outputs are
    named, Keras 2 throughout.  Every call that is saved is used.
    """
    models = {name: part for name, part in parts.items() if part.inner is not None}
    first: dict[str, int] = {}
    if old:
        refs = [at for part in parts.values() for call in part.calls for at in call.inputs()]
        for at in (*refs, *outputs):
            if at.layer in models:
                first[at.layer] = min(at.call, first.get(at.layer, at.call))

        def moved(at: At) -> At:
            return At(at.layer, at.call - first.get(at.layer, 0), at.output, at.shape)

        for part in parts.values():
            part.calls = [
                Call(_mapped(c.args, moved), _mapped(c.kwargs, moved), c.outputs)
                for c in part.calls
            ]
        return tuple(map(moved, outputs))
    return tuple(
        At(at.layer, at.call - 1, at.output)
        if at.layer in models and not models[at.layer].inner.is_chain  # type: ignore[union-attr]
        else at
        for at in outputs
    )


def _mapped(value: Any, change: Callable[[At], At]) -> Any:
    if isinstance(value, At):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(held, change) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_mapped(held, change) for held in value)
    return value


def _chain(config: Mapping[str, Any], name: str, trained: bool, path: str) -> Plan:
    parts: dict[str, Part] = {}
    shape: Dims | None = None
    if config.get("build_input_shape") is not None:
        shape = dims(config["build_input_shape"], f"{path}build_input_shape")
    for number, entry in enumerate(config["layers"]):
        part = _part(entry, trained, path)
        if part.kind == INPUT and number == 0:
            shape = _input_shape(part)
            continue
        if not parts:
            shape = _told(part) or shape
        if part.name in parts:
            raise broken(path, f"two layers are called {quoted(part.name, 60)}")
        parts[part.name] = part
    return chained(name, parts, shape, path)


def chained(name: str, parts: dict[str, Part], shape: Dims | None, path: str = "") -> Plan:
    """A Sequential: layers called one after the other.

    Raises:
        SpecificationError: there are none.
    """
    if not parts:
        raise broken(path, "a Sequential without layers")
    start = "input"
    while start in parts:
        start += "_"
    end = At(start, 0, 0)
    for part in parts.values():
        part.calls = [Call((end,), {})]
        end = At(part.name, 0, 0)
    opening = Part(start, INPUT, {}, [Call((), {})])
    return Plan(name, {start: opening, **parts}, {start: shape}, (end,), is_chain=True)


# Layers


def _part(entry: Any, trained: bool, path: str) -> Part:
    kind = entry.get("class_name") if isinstance(entry, Mapping) else None
    if not isinstance(kind, str) or not isinstance(entry.get("config"), Mapping | list):
        raise broken(path, f"{quoted(entry, 60)} is not a layer")
    config = _config_of(entry)
    name = entry.get("name", config.get("name"))
    if not isinstance(name, str):
        name = kind.lower()
    trained = trained and config.get("trainable", True) is not False
    inner = _model(entry, trained, f"{path}{name}/") if is_model_config(entry) else None
    return Part(name, kind, config, [], _is_layer(entry, config), trained, inner)


def _is_layer(entry: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether it is a layer and no operation, which Keras writes alike."""
    if entry["class_name"] in LAYERS_AS_OPERATIONS:
        return False
    module = entry.get("module")
    if isinstance(module, str):
        return not module.startswith(("keras.src.ops", "keras.ops"))
    kind = str(entry["class_name"])
    told = "trainable" in config or "dtype" in config or "layers" in config
    return told or (kind not in OPERATIONS and keras_entry(kind) is not None)


def _input_shape(part: Part) -> Dims | None:
    return _told(part) or None


def _told(part: Part) -> Dims | None:
    """The shape that a layer's config says goes in, in Keras 3 or in Keras 2."""
    for key in ("batch_shape", "batch_input_shape"):
        value = part.config.get(key)
        if value is not None:
            return dims(value, part.name)
    if part.inner is not None:
        return next(iter(part.inner.inputs.values()))
    return None


# Calls


def _node(node: Any, path: str) -> Call:
    if isinstance(node, Mapping):
        args, kwargs = node.get("args", []), node.get("kwargs", {})
        if not isinstance(args, list) or not isinstance(kwargs, Mapping):
            raise broken(path, "a call without args or kwargs")
        return Call(tuple(_revived(one, path) for one in args), _revived(kwargs, path))
    if not isinstance(node, list):
        raise broken(path, f"{quoted(node, 60)} is not a call")
    return _old_node(node, path)


def _revived(value: Any, path: str) -> Any:
    """An argument of a call: tensors and slices from what Keras writes for them."""
    if isinstance(value, list):
        return [_revived(one, path) for one in value]
    if not isinstance(value, Mapping):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == _TENSOR and isinstance(config, Mapping):
        at = _ref(config.get("keras_history"), path)
        shape = config.get("shape")
        return At(at.layer, at.call, at.output, None if shape is None else _shape(shape, path))
    if kind == _SLICE and isinstance(config, Mapping):
        ends = (config.get(key) for key in ("start", "stop", "step"))
        return slice(*(_revived(end, path) for end in ends))
    if kind == _TUPLE and isinstance(config, Mapping):
        return tuple(_revived(one, path) for one in config.get("value", ()))
    if kind == "__ellipsis__":
        return Ellipsis
    if kind in _ARRAYS and isinstance(config, Mapping):
        return Array(_lengths(config.get("value")))
    return {key: _revived(held, path) for key, held in value.items()}


def _lengths(value: Any) -> tuple[int, ...]:
    """The shape of numbers in lists.

    >>> _lengths([[1, 2, 3], [4, 5, 6]])
    (2, 3)
    """
    shape: tuple[int, ...] = ()
    while isinstance(value, list):
        shape = (*shape, len(value))
        value = value[0] if value else None
    return shape


def _shape(value: Any, path: str) -> Dims:
    return () if value in ([], ()) else dims(value, path)


def _old_node(node: list[Any], path: str) -> Call:
    """A call in Keras 2: its tensors one by one, each with the arguments of the call."""
    single = bool(node) and isinstance(node[0], str)
    tensors: list[Any] = []
    kwargs: dict[str, Any] = {}
    for one in [node] if single else node:
        if not isinstance(one, list) or len(one) not in (3, 4):
            raise broken(path, f"{quoted(one, 60)} is not a tensor")
        tensors.append(one[2] if one[0] == "_CONSTANT_VALUE" else _ref(one[:3], path))
        if len(one) == 4:
            if not isinstance(one[3], Mapping):
                raise broken(path, f"{quoted(one[3], 60)} are not arguments")
            kwargs |= {key: _old_argument(held) for key, held in one[3].items()}
    return Call((tensors[0],) if len(tensors) == 1 else (tensors,), kwargs)


def _old_argument(value: Any) -> Any:
    if isinstance(value, list):
        return At(*value) if _is_ref(value) else [_old_argument(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _old_argument(one) for key, one in value.items()}
    return value


def _is_ref(value: Any) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 3 or not isinstance(value[0], str):
        return False
    return all(_is_size(part) for part in value[1:])


def _ref(value: Any, path: str) -> At:
    if not _is_ref(value):
        raise broken(path, f"{quoted(value, 60)} is not a tensor")
    return At(*value)


def _refs(value: Any, path: str) -> list[At]:
    """Tensors in lists and mappings, in Keras' order."""
    if _is_ref(value):
        return [At(*value)]
    if isinstance(value, Mapping):
        return [at for key in sorted(value) for at in _refs(value[key], path)]
    if isinstance(value, list):
        return [at for one in value for at in _refs(one, path)]
    raise broken(path, f"{quoted(value, 60)} is not a tensor")
