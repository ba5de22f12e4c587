"""Layers and modules of the source: called on tensors, named, nested, and asked for their parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archcalc.frameworks.importing.graph import Ref
from archcalc.frameworks.importing.values import NotLoweredError, Value
from archcalc.frameworks.importing.weights import our_names, ties_of
from archcalc.frameworks.source.freezing import set_trained
from archcalc.frameworks.source.keras_inputs import said_to_go_in
from archcalc.frameworks.source.listing import modules_in, named, not_defined, of_list
from archcalc.frameworks.source.reader import Reader
from archcalc.frameworks.source.recurrent import is_recurrent, recurrent
from archcalc.frameworks.source.tensors import reached, replaced, tensors_in
from archcalc.frameworks.source.values import (
    Bound,
    Children,
    Function,
    Imported,
    Instance,
    Joined,
    Made,
    Module,
    Record,
    Unknown,
    WeightOf,
)
from archcalc.layers.base import Layer
from archcalc.network.model import Model
from archcalc.network.naming import snake_case
from archcalc.network.sequential import Sequential
from archcalc.network.tensor import called

__all__ = ["Modules"]

_TAKES = {
    "TransformerEncoder": 1, "TransformerEncoderLayer": 1, "TransformerDecoder": 2,
    "TransformerDecoderLayer": 2, "Transformer": 2, "MultiheadAttention": 3, "EmbeddingBag": 1,
}  # fmt: skip
"""How many tensors go into modules of torch whose other arguments are masks and offsets."""

_ITSELF = frozenset(
    ["to", "cuda", "cpu", "half", "float", "double", "bfloat16", "eval", "train", "apply",
     "requires_grad_", "compile", "share_memory", "to_empty", "type"]
)  # fmt: skip
"""Methods of a module that give the module itself."""

_LAYERS = ("torch.nn.", "keras.layers.")
_NO_LAYERS = ("torch.nn.Module", "keras.layers.Layer")
"""Of what a class may be made that is a layer already."""

_LISTS = frozenset(["append", "extend", "insert", "add", "add_module", "pop"])
_NOTHING = frozenset(
    [
        "parameters",
        "named_parameters",
        "modules",
        "named_modules",
        "buffers",
        "named_buffers",
        "state_dict",
    ]
)
"""What goes through a model to begin, freeze or save its weights: it is passed over."""


class Modules(Reader):
    """What is called on tensors and has layers."""

    module_methods = frozenset(
        {*_ITSELF, *_LISTS, *_NOTHING, "children", "named_children", "register_buffer"}
        | {"register_parameter", "add_weight", "items", "keys", "values", "get_layer", "forward"}
        | {"summary", "build", "__call__", "call", "zero_grad", "load_state_dict", "fit"}
        | {"evaluate", "predict", "save", "load_weights", "save_weights", "train_on_batch", "count"}
        | {"fit_generator", "get_weights", "set_weights", "register_forward_hook", "add_loss"}
        | {"count_params", "compute_output_shape", "get_config", "add_metric", "_init_weights"}
    )

    call: Any
    call_function: Any
    forced_deep: Any
    wanted_by: Any

    # Calls on tensors

    def apply(self, node: Any, module: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Call a layer or module on tensors."""
        given = tensors_in((args, kwargs))
        if not any(not self.bench.is_constant(x) for x in given) and not self.inside:
            shapes = [x.shape[1:] for x in given if isinstance(x, Value)]
            if isinstance(module, Instance | Children) and shapes and not module.called_on:
                module.called_on = tuple(shapes)
            return Unknown()
        if isinstance(module, Made):
            return self._made(node, module, args, kwargs)
        if isinstance(module, Joined):
            return self._joined(module, args)
        if isinstance(module, Children):
            return self._children(node, module, args, kwargs)
        return self.run_instance(node, module, args, kwargs)

    def run_instance(
        self,
        node: Any,
        module: Instance,
        args: list[Any],
        kwargs: dict[str, Any],
        root: bool = False,
    ) -> Any:
        """Run ``forward`` or ``call`` of a class of the source."""
        method = "call" if module.framework == "keras" else "forward"
        forward = module.cls.find(method) or module.cls.find("__call__")
        if not isinstance(forward, Function):
            if isinstance(module.parts, Children | Made):
                module.parts.name = module.parts.name or module.name
                return self.apply(node, module.parts, args, kwargs)
            self.refuse(node, f"{module.cls.name} has no {method}", code="not-read")
        if module.framework == "keras":
            kwargs = _without(kwargs, forward, ("training", "mask"))
            self._build(node, module, args)

        def run(args: list[Any], kwargs: dict[str, Any]) -> Any:
            return self.call_function(node, forward, [module, *args], kwargs)

        name = module.name or snake_case(module.cls.name)
        return run(args, kwargs) if root else self.nested(name, args, kwargs, run)

    def _build(self, node: Any, module: Instance, args: list[Any]) -> None:
        """``build`` of a layer of Keras, at its first call."""
        build = module.cls.find("build")
        if module.built or not isinstance(build, Function):
            return
        module.built = True
        given = [(None, *x.shape[1:]) for x in tensors_in(args) if isinstance(x, Value)]
        self.call_function(node, build, [module, given[0] if len(given) == 1 else given], {})

    def _made(self, node: Any, made: Made, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if made.body is not None:
            return self.call(node, made.body, args[:1], {})
        if made.torch:
            values = [self.bench.tensor_of(x) for x in tensors_in((args, kwargs))]
            values = values[: _TAKES.get(made.cls, len(values))]
            if is_recurrent(made):
                return recurrent(self, node, made, values)
            out = self.bench.layer(self.ready(made), values)
            if made.cls in ("MultiheadAttention", "LSTMCell"):
                return (out[0], Unknown())
            return out[0] if len(out) == 1 else tuple(out)
        from archcalc.frameworks.source.keras_names import handed

        values = handed(self, made, args, kwargs)
        out = self.bench.layer(self.ready(made), values)
        return out[0] if len(out) == 1 else list(out)

    def ready(self, made: Made) -> Layer:
        """The layer itself, named at its first call."""
        if not made.called:
            made.called = True
            made.layer = self.borrowed.owed(made)
            if made.name:
                made.layer = made.layer.model_copy(update={"name": self.fresh(made.name)})
        return made.layer

    def _children(
        self, node: Any, module: Children, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if module.kind != "Sequential":
            self.refuse(node, f"a {module.kind} is not called; its modules are, one by one")
        if self.is_chain(module):
            (value,) = tensors_in(args)[:1]
            layer = self.chain(module)
            return self.bench.layer(layer, [self.bench.tensor_of(value)])[0]

        def run(args: list[Any], kwargs: dict[str, Any]) -> Any:
            value = args[0] if len(args) == 1 else tuple(args)
            for key, part in module.parts.items():
                if isinstance(part, Value):
                    continue  # keras.Input, which is the first
                if module.torch and not getattr(part, "called", False):
                    named(part, key, always=True)
                value = self.call(node, part, [value], {})
            return value

        return self.nested(module.name or "sequential", args, kwargs, run)

    def _joined(self, module: Joined, args: list[Any]) -> Any:
        values = [self.bench.tensor_of(x) for x in tensors_in(args)]
        out = self.bench.layer(_trained(module.network, module.trainable), values)
        return out[0] if module.single else list(out)

    def is_chain(self, module: Children) -> bool:
        """Whether it is a Sequential of Keras of nothing but layers and models that are known; one
        that holds layers of the source's own runs part by part."""
        return not module.torch and not any(
            isinstance(part, Instance) or (isinstance(part, Made) and part.body is not None)
            or (isinstance(part, Children) and not self.is_chain(part))
            for part in module.parts.values()
        )  # fmt: skip

    def chain(self, module: Children) -> Sequential:
        """A Sequential of Keras as a network, the same as long as nothing is added."""
        if module.network is None:
            layers = [self.as_part(part) for part in module.parts.values()]
            first = layers[0] if layers and module.shape is None else None
            shape = first.input_shape if isinstance(first, Sequential) else module.shape
            module.network = Sequential(layers, shape, name=module.name or None)
        return _trained(module.network, module.trainable)  # type: ignore[no-any-return]

    def as_part(self, part: Any) -> Any:
        """What stands in a Sequential of Keras as the layer or input that it is."""
        if isinstance(part, Value):
            return part.tensor
        if isinstance(part, Made) and part.body is None:
            return self.ready(part)
        if isinstance(part, Children) and not part.torch:
            return self.chain(part)
        if isinstance(part, Joined):
            return _trained(part.network, part.trainable)
        if isinstance(part, Unknown):
            raise not_defined(part.call or part.name or "this")
        raise NotLoweredError(
            "in a Sequential of Keras stand Keras' layers and models; this one is called on "
            "tensors: write it as x = layer(x)"
        )

    def nested(
        self,
        name: str,
        args: list[Any],
        kwargs: dict[str, Any],
        run: Callable[[list[Any], dict[str, Any]], Any],
    ) -> Any:
        """What a module gives, as a network of its own where its inside takes nothing else."""
        outer = {id(v.tensor): v for v in tensors_in((args, kwargs)) if isinstance(v, Value)}
        starts = {key: self.bench.again(value) for key, value in outer.items()}
        inner = {key: starts[key] for key in outer}
        env, taken = self.bench._env, self.taken
        self.bench._env, self.taken = {}, set()
        self.inside += 1
        try:
            result = self.forced_deep(run(replaced(args, inner), replaced(kwargs, inner)))
            ends = {id(v.tensor): v for v in map(self.bench.tensor_of, tensors_in(result))}
        finally:
            self.bench._env, self.taken = env, taken
            self.inside -= 1
        back = {id(starts[key].tensor): outer[key] for key in outer}
        computed = [value for key, value in ends.items() if key not in back]
        used = reached([value.tensor for value in computed])
        if not computed or not used <= back.keys():
            if not computed:
                return replaced(result, back)
            return run(args, kwargs)
        inputs = [value for value in starts.values() if id(value.tensor) in used]
        if not inputs:
            return run(args, kwargs)
        model = Model(
            [v.tensor for v in inputs], [v.tensor for v in computed], name=self.fresh(name)
        )
        tensors = called(model, tuple(back[id(v.tensor)].tensor for v in inputs))
        for value, tensor in zip(computed, tensors, strict=True):
            back[id(value.tensor)] = Value(tensor, value.shape, value.at, value.batch)
        return replaced(result, back)

    # How modules come to be

    def start(
        self, instance: Instance, bases: Sequence[str], args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        """``__init__`` of a class of a framework, for an object of a class made from it."""
        if bases and bases[0] not in _NO_LAYERS and bases[0].startswith(_LAYERS):
            made = self.call(None, Imported(bases[0]), args, kwargs)
            if not isinstance(made, Made | Children):
                raise NotLoweredError(f"a class made from {bases[0]} is not read")
            instance.names["parts"] = made
        if isinstance(kwargs.get("name"), str) and instance.framework == "keras":
            instance.name = kwargs["name"]

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """Give a value to an attribute."""
        if isinstance(owner, Instance):
            if name == "trainable":
                return
            named(value, name)
            if isinstance(value, Ref):
                self.bench.rename(value, name)
            owner.names[name] = value
            if isinstance(owner.parts, Children) and isinstance(value, Module):
                owner.parts.append(value, name)
        elif isinstance(owner, Record):
            owner.names[name] = value
        elif isinstance(owner, Made) and isinstance(value, WeightOf):
            self._tied(owner, name, value)
        elif isinstance(owner, Made) and name == "trainable":
            if not owner.called:
                owner.layer = owner.layer.model_copy(update={"trainable": bool(value)})
        elif isinstance(owner, Children | Joined) and name == "trainable":
            owner.trainable = bool(value)
        elif isinstance(owner, Children):
            owner.parts[name] = value
            named(value, name)
        elif isinstance(owner, Made) and name in _told(owner):
            raise NotLoweredError(f"{name} of a layer is changed after it was made")

    def _tied(self, owner: Made, name: str, value: WeightOf) -> None:
        """A weight that is another layer's."""
        ours, theirs = our_names(owner.layer), our_names(value.made.layer)
        if name not in ours or value.name not in theirs:
            raise NotLoweredError(f"{name} of {owner.cls} is no weight that can be another's")
        lender = value.made
        self.ready(lender)
        ties = ties_of(owner.layer, {ours[name]: (lender.layer, theirs[value.name])})
        owner.layer = owner.layer.model_copy(update={"tied": ties})

    # What modules have

    def module_attribute(self, owner: Made | Children | Joined, name: str) -> Any:
        """What belongs to a layer by name."""
        if isinstance(owner, Made):
            return self._of_made(owner, name)
        if isinstance(owner, Joined) and name in ("input", "inputs", "output", "outputs"):
            held = owner.inputs if name.startswith("in") else owner.outputs
            return held[0] if len(held) == 1 and not name.endswith("s") else list(held)
        if name in ("output", "outputs", "input", "inputs") and isinstance(owner, Children):
            return self._ends(owner, name)
        if name == "layers" and isinstance(owner, Children):
            return list(owner.parts.values()) if owner.listed is None else owner.listed
        if isinstance(owner, Children) and name in owner.parts:
            return owner.parts[name]
        if name in ("name", "trainable"):
            return getattr(owner, name)
        return Bound(owner, name)

    def _ends(self, owner: Children, name: str) -> Any:
        """A Sequential of Keras as tensors: what goes in, and what comes out."""
        key = id(self.chain(owner) if self.is_chain(owner) else owner)
        if key not in self.opened:
            shapes = said_to_go_in(owner)
            if not shapes:
                raise NotLoweredError("no input shape is known")
            start = self.bench.input(shapes[0])
            self.opened[key] = start, self._children(None, owner, [start], {})
        made = self.opened[key][name.startswith("out")]
        return [made] if name.endswith("s") else made

    def _of_made(self, owner: Made, name: str) -> Any:
        if name in ("weight", "bias", "in_proj_weight", "weight_ih_l0", "weight_hh_l0"):
            if name == "bias" and owner.arguments.get("bias") is False:
                return None
            return WeightOf(owner, name)
        if name in owner.arguments:
            value = owner.arguments[name]
            if name == "normalized_shape" and isinstance(value, int):
                return (value,)
            if name in ("kernel_size", "stride", "padding", "dilation") and isinstance(value, int):
                rank = owner.cls[-2:-1]
                return (value,) * int(rank) if rank.isdigit() else value
            return value
        fields = type(owner.layer).model_fields
        if name in fields and name not in ("tied", "expects"):
            value = getattr(owner.layer, name)
            return self.bench.sized(value) if hasattr(value, "free_symbols") else value
        return Bound(owner, name)

    def method(
        self, node: Any, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """A method of a module; what trains, saves or shows it is passed over."""
        if name == "requires_grad_" and args and isinstance(args[0], bool):
            set_trained(owner, args[0])
        if name in _ITSELF:
            return owner
        if name in _NOTHING:
            return []
        if name in ("__call__", "forward", "call"):
            return self.apply(node, owner, args, kwargs)
        if name == "_conv_forward":
            return self.apply(node, owner, args[:1], {})
        if name in ("children", "named_children"):
            parts = owner.parts if isinstance(owner, Children) else modules_in(owner.names)
            return list(parts.items() if name.startswith("named") else parts.values())
        if isinstance(owner, Children) and name in (*_LISTS, "items", "keys", "values"):
            return of_list(owner, name, args)
        if isinstance(owner, Instance):
            return self._of_module(owner, name, args, kwargs)
        if name == "get_layer":
            return self._layer_called(owner, args, kwargs)
        if name == "build" and isinstance(owner, Children) and args and owner.shape is None:
            owner.shape = tuple(args[0])[1:] if isinstance(args[0], list | tuple) else None
        return Unknown()

    def _layer_called(self, owner: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        raise NotLoweredError("get_layer takes a layer out of a model, which is not read")

    def _of_module(
        self, owner: Instance, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if name in (*_LISTS, "items", "keys", "values") and isinstance(owner.parts, Children):
            return of_list(owner.parts, name, args)
        if name == "add_module":
            self.set_attribute(owner, args[0], args[1])
        elif name in ("register_buffer", "register_parameter"):
            value = args[1] if len(args) > 1 else kwargs.get("tensor", kwargs.get("param"))
            if isinstance(value, Value):
                value = self.bench.weight(args[0], value.shape, name == "register_parameter")
            owner.names[args[0]] = value
        elif name == "add_weight":
            shape = kwargs.get("shape", next((a for a in args if isinstance(a, tuple | list)), ()))
            label = kwargs.get("name", next((a for a in args if isinstance(a, str)), "weight"))
            sizes = (shape,) if isinstance(shape, int) else tuple(shape)
            return self.bench.weight(label, sizes, kwargs.get("trainable", True) is not False)
        elif name == "build" and args and isinstance(args[0], tuple | list):
            owner.called_on = owner.called_on or (tuple(args[0])[1:],)
        return Unknown()


def _told(made: Made) -> set[str]:
    """What a layer computes with, by the names of its framework and of ours."""
    fields = type(made.layer).model_fields
    return {*fields, *made.arguments, *our_names(made.layer), "weight", "bias"}


def _trained(layer: Any, trainable: bool) -> Any:
    return layer if trainable else layer.model_copy(update={"trainable": False})


def _without(kwargs: Mapping[str, Any], function: Function, names: Sequence[str]) -> dict[str, Any]:
    """The arguments without those that Keras alone reads."""
    spec = function.node.args
    known = {a.arg for a in (*spec.args, *spec.kwonlyargs)}
    return {k: v for k, v in kwargs.items() if k in known or k not in names or spec.kwarg}
