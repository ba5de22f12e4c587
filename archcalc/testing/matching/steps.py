"""What a model does between the layers that own weights: activations, pools, dropout, resizing.

A framework has each of them as a layer, as an argument of another (``activation="relu"``), or as a
function that a module calls in its ``forward``; here they are one thing, a layer of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from archcalc.frameworks.record import Entry
from archcalc.frameworks.records import TORCH
from archcalc.frameworks.records.activations import ACTIVATIONS
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers.applied import Applied
from archcalc.layers.base import Layer
from archcalc.network.sequential import Sequential
from archcalc.network.unroll import unroll
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.errors import ArchcalcError
from archcalc.testing.matching.arguments import Row, arguments_differ

__all__ = [
    "HARMLESS",
    "Between",
    "Step",
    "group_of",
    "named_function",
    "plain",
    "quiet",
    "steps_of",
]

_ACTIVATIONS = (
    *("Activation", "ReLU", "LeakyReLU", "ELU", "CELU", "GELU", "GLU", "Hardshrink", "Softshrink"),
    *("Hardtanh", "Threshold", "RReLU", "Softplus", "Softmax", "LogSoftmax", "Softmin"),
)
_DROPPING = ("Dropout", "AlphaDropout", "FeatureAlphaDropout", "GaussianDropout", "GaussianNoise")
_SCALING: tuple[str, ...] = (
    "LayerNormalization",
    "RMSNormalization",
    "BatchNormalization",
    "GroupNormalization",
)
_SCALING += ("InstanceNormalization", "LocalResponseNormalization", "UnitNormalization")


def group_of(layer: Layer) -> str:
    """What kind of step a layer without weights is; empty where it only moves or joins numbers.

    >>> from archcalc.layers import Flatten, MaxPooling2D
    >>> group_of(MaxPooling2D(2)), group_of(Flatten())
    ('pool', '')
    """
    kind = type(layer).__name__
    if kind in _ACTIVATIONS:
        return "activation"
    if "Pooling" in kind:
        return "pool"
    if kind in _DROPPING or kind.startswith("SpatialDropout"):
        return "dropout"
    if kind in _SCALING:
        return "normalization"
    return "resizing" if kind.lower().startswith("upsampl") else ""


_MOVING = (
    *(
        "Identity",
        "StopGradient",
        "Flatten",
        "Reshape",
        "Permute",
        "Unflatten",
        "RepeatVector",
        "Transpose",
    ),
    *("Add", "Concatenate", "Multiply", "Subtract", "Average", "Slice", "Select", "Split"),
    *("Unbind", "Stack", "ExpandDims", "Squeeze", "Expand", "Flip", "Roll", "PixelShuffle"),
    *("PixelUnshuffle", "ChannelShuffle", "Fold", "Unfold", "Masking", "ActivityRegularization"),
)


def quiet(layer: Layer) -> bool:
    """Whether all that a layer without weights computes is seen, as a step or as moved numbers."""
    kind = type(layer).__name__
    if isinstance(layer, TimeDistributed | Sequential):
        return all(quiet(node.layer) for node in layer.graph().nodes)
    return bool(group_of(layer)) or kind in _MOVING or "Padding" in kind or "Cropping" in kind


@dataclass(frozen=True)
class Step:
    """Something done to numbers without weights.

    Attributes:
        name: our path, or what the model calls the module, or the name of the function.
        layer: the layer of ours that it is.
        inputs: what goes in, for ours.
        output: the shape that comes out, its axes in order of length; empty where it is not known.
        known: whether its arguments were read; of a function often the name alone is.
        called: whether a function did it, which may be part of something written out by hand.
    """

    name: str
    layer: Layer
    inputs: tuple[Any, ...] = ()
    output: tuple[int, ...] = ()
    known: bool = True
    called: bool = False

    @property
    def group(self) -> str:
        """What kind of step it is."""
        return group_of(self.layer)


@dataclass
class Between:
    """The steps after a layer with weights, and before the next.

    Attributes:
        steps: in order.
        opaque: whether something else was computed there as well.
        pads: whether something was padded there.
    """

    steps: list[Step] = field(default_factory=list)
    opaque: bool = False
    pads: bool = False


def _function(name: str) -> Layer | None:
    """An activation by Keras' name, as the layer that torch's class of it is."""
    cls, arguments = ACTIVATIONS[name]
    if name == "linear":
        return None
    if cls.startswith("."):
        return TORCH_CLASSES["Tanh"]().model_copy(update={"activation": name})
    return TORCH_CLASSES[cls](**arguments)


def plain(layer: Layer) -> Layer | None:
    """A step in the one way in which it is written here; ``None`` where it does nothing.

    >>> from archcalc.layers import Activation, ReLU
    >>> plain(Activation("relu")), plain(ReLU(max_value=6)), plain(Activation("linear"))
    (ReLU(), Activation(activation='relu6'), None)
    """
    kind, it = type(layer).__name__, layer
    if kind == "Activation":
        return _function(layer.activation)  # type: ignore[attr-defined]
    if kind == "ReLU" and layer.threshold == 0:  # type: ignore[attr-defined]
        top, slope = layer.max_value, layer.negative_slope  # type: ignore[attr-defined]
        if (top, slope) == (6, 0):
            return _function("relu6")
        if top is None and slope:
            return TORCH_CLASSES["LeakyReLU"](slope)
    if kind == "Hardtanh" and (layer.min_val, layer.max_val) == (0, 6):  # type: ignore[attr-defined]
        return _function("relu6")
    if group_of(layer) == "dropout" and getattr(layer, "rate", None) == 0:
        return None
    return it


def steps_of(name: str, applied: Applied, *, weighs: bool) -> Iterator[Step]:
    """The steps of a layer: itself if it has no weights, and the activation that it ends with.

    A wrapper without weights does the steps of what it holds.
    """
    layer = applied.layer
    if isinstance(layer, TimeDistributed) and not weighs:
        inside = layer.inside(*applied.inputs)
        if isinstance(layer.layer, TimeDistributed):  # as Keras has it along several axes
            yield from steps_of(name, Applied(layer.layer, inside), weighs=False)
            return
        for call in unroll(layer.layer, list(inside)).calls:
            yield from steps_of(f"{name}.{call.path}", call.applied, weighs=False)
        return
    entry = TORCH.get(type(layer))
    function = getattr(layer, "activation", None)
    made = layer if not weighs and group_of(layer) else None
    if made is None and isinstance(function, str) and isinstance(entry, Entry):
        made = _function(function) if "activation" in entry.applied_outside else None
    elif made is not None:
        made = plain(made)
    if made is not None:
        inputs = applied.inputs if not weighs else applied.outputs
        yield Step(name, made, inputs, _sorted(applied.outputs))


def _sorted(shapes: Iterable[Iterable[int]]) -> tuple[int, ...]:
    first = next(iter(shapes), ())
    return tuple(sorted(int(dim) for dim in first if dim != 1))


def named_function(name: str, arguments: Mapping[str, Any]) -> Step | None:
    """A function of torch as the step that the module of its name is, if there is one.

    >>> named_function("max_pool2d", {"kernel_size": 3}).layer
    MaxPooling2D(pool_size=3, padding=0, data_format='channels_first')
    >>> named_function("matmul", {})
    """
    spelling = _BY_FUNCTION.get(name.strip("_").replace("_", ""))
    if spelling is None:
        return None
    names = spelling.signature.parameters
    given = {k: v for k, v in arguments.items() if k in names}
    for how, known in (
        (given, True),
        ({k: 1 for k in names if names[k].default is names[k].empty}, False),
    ):
        try:
            layer = plain(spelling(**how))
        except (ArchcalcError, TypeError):
            continue
        told = known and (bool(given) or not names)
        return (
            None
            if layer is None or not group_of(layer)
            else Step(name, layer, known=told, called=True)
        )
    return None


_BY_FUNCTION = MappingProxyType(
    {spelt.name.lower(): spelt for spelt in TORCH_CLASSES.values() if spelt.named.make is None}
    | {"interpolate": TORCH_CLASSES["Upsample"], "featuredropout": TORCH_CLASSES["Dropout2d"]}
)

HARMLESS = frozenset(
    (
        *("__add__", "__get__", "__getitem__", "__iadd__", "__len__", "__matmul__", "__mul__"),
        *("__neg__", "__radd__", "__rmul__", "__rsub__", "__set__", "__sub__"),
        *("_set_grad_enabled", "add", "add_", "addmm", "arange", "batch_norm", "bilinear", "bmm"),
        *("cat", "chunk", "clone", "concat", "contiguous", "conv1d", "conv2d", "conv3d"),
        *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "detach", "dim", "einsum"),
        *("embedding", "embedding_bag", "empty", "expand", "expand_as", "flatten", "flip"),
        *("float", "fold", "full", "gather", "group_norm", "gru", "half", "iadd", "index_select"),
        *("instance_norm", "is_complex", "is_contiguous", "is_floating_point", "item"),
        *("layer_norm", "linear", "lstm", "masked_fill", "matmul", "mm", "movedim", "mul"),
        *("mul_", "multi_head_attention_forward", "narrow", "new_empty", "new_ones", "new_zeros"),
        *("numel", "ones", "ones_like", "pad", "permute", "pixel_shuffle", "prelu", "repeat"),
        *("reshape", "reshape_as", "rms_norm", "rnn_relu", "rnn_tanh", "roll", "select"),
        *("set_grad_enabled", "size", "split", "squeeze", "stack", "stride", "sub", "sub_"),
        *("swapaxes", "t", "to", "transpose", "tril", "triu", "type", "type_as", "unbind"),
        *("unflatten", "unfold", "unsqueeze", "view", "view_as", "zeros", "zeros_like"),
    )
)
"""Functions that multiply by weights, or move and join numbers."""

_WRITTEN_OUT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "silu": ("sigmoid",),
        "hard_silu": ("relu6", "hardtanh", "hardsigmoid"),
        "mish": ("tanh", "softplus"),
        "GELU": ("tanh",),
        "GLU": ("sigmoid",),
        "hard_sigmoid": ("relu6", "hardtanh"),
        "tanh_shrink": ("tanh",),
        "log_sigmoid": ("sigmoid", "softplus"),
        "LogSoftmax": ("softmax",),
        "Softmin": ("softmax",),
    }
)
"""By what functions an activation may be written out by hand."""


# What differs


def _known_as(layer: Layer) -> str:
    return str(getattr(layer, "activation", type(layer).__name__))


def _differ(ours: Step, theirs: Step, padded: bool) -> list[Row]:
    """Where two steps of one group differ; empty where they do not."""
    if not theirs.known and _kind(ours.layer) == _kind(theirs.layer):
        return []
    if ours.group == "pool":
        return _pools(ours, theirs, padded)
    if ours.group == "resizing":
        rows = [("mode", _mode(ours.layer), _mode(theirs.layer))]
        return rows if rows[0][1] != rows[0][2] else []
    if type(ours.layer) is not type(theirs.layer) or _known_as(ours.layer) != _known_as(
        theirs.layer
    ):
        if ours.group == "dropout" and {_kind(ours.layer), _kind(theirs.layer)} <= {"Dropout"}:
            return []
        return [(ours.group, _text(ours.layer), _text(theirs.layer))]
    return arguments_differ(Applied(ours.layer, ours.inputs), theirs.layer)


def _kind(layer: Layer) -> str:
    name = _known_as(layer)
    return (
        "Dropout" if "Dropout" in name and "Alpha" not in name and "Gaussian" not in name else name
    )


def _mode(layer: Any) -> str:
    mode = str(getattr(layer, "mode", getattr(layer, "interpolation", "nearest")))
    return "bilinear" if mode in ("linear", "trilinear") else mode


def _pools(ours: Step, theirs: Step, padded: bool) -> list[Row]:
    here, there = _taking(ours.layer), _taking(theirs.layer)
    if here != there:
        return [("pool", _text(ours.layer), _text(theirs.layer))]
    sliding = all(hasattr(step.layer, "strides") for step in (ours, theirs))
    if not sliding or type(ours.layer) is not type(theirs.layer):
        return []  # a pool of a whole axis may slide or adapt; what comes out is compared
    return arguments_differ(Applied(ours.layer, ours.inputs), theirs.layer, padded=padded)


def _taking(layer: Layer) -> str:
    kind = type(layer).__name__
    return next(
        (word for word in ("Average", "Unpool", "Fractional", "LP", "Max") if word in kind), kind
    )


def _text(layer: Layer) -> str:
    """A step as it is read: ``relu``, or ``AveragePooling2D``."""
    names = {type(known): name for name in ("relu", "gelu") if (known := _function(name))}
    unsaid = ("data_format", "inplace", "name")
    given = {k: v for k, v in layer.given().items() if k not in unsaid}
    if type(layer) in names and not given:
        return names[type(layer)]
    if set(given) == {"activation"}:
        return str(given["activation"])
    rest = ", ".join(f"{k}={v!r}" for k, v in given.items())
    return f"{type(layer).__name__}({rest})" if rest else type(layer).__name__


class Place:
    """The steps after a pair of layers, ours and theirs, without those that are alike.

    Args:
        opaque: whether theirs computes something there that is not seen, which may be ours.
        done: whether theirs was run beyond.
        padded: whether something is padded there as well, so that paddings cannot be compared.
    """

    def __init__(
        self,
        ours: list[Step],
        theirs: list[Step],
        *,
        opaque: bool = False,
        done: bool = True,
        padded: bool = False,
    ) -> None:
        self.ours, self.theirs = list(ours), list(theirs)
        self._opaque, self._done, self.padded = opaque, done, padded
        for step in ours:
            same = next((other for other in self.theirs if alike(step, other, padded)), None)
            if same is not None:
                self.ours.remove(step)
                self.theirs.remove(same)

    def differences(self) -> Iterator[tuple[Step, Step, list[Row], str]]:
        """Steps of one group that differ, taken off; what they differ in, and why."""
        for step in list(self.ours):
            other = next((other for other in self.theirs if other.group == step.group), None)
            if other is None:
                continue
            self.ours.remove(step)
            self.theirs.remove(other)
            if not (self._opaque or _may_be(step, other)):
                yield step, other, _differ(step, other, self.padded), ""

    def alone(self, extras: bool) -> Iterator[tuple[Step | None, Step | None, list[Row], str]]:
        """Steps that only one of the two has, but for dropout, which an inference leaves out.

        Args:
            extras: whether what theirs does beyond ours is named.
        """
        named = [step for step in self.ours if step.group != "dropout"]
        for step in named if self._done and not self._opaque else ():
            rows = [(step.group, _text(step.layer), "—")]
            yield step, None, rows, f"the model has no such {step.group}"
        more = [step for step in self.theirs if step.group != "dropout"]
        for step in more if extras else ():
            rows = [(step.group, "—", _text(step.layer))]
            yield None, step, rows, f"the network has no such {step.group}"


def alike(ours: Step, theirs: Step, padded: bool = False) -> bool:
    """Whether two steps are one and the same; paddings are not compared where one is `padded`."""
    return ours.group == theirs.group and not _differ(ours, theirs, padded)


def _may_be(ours: Step, theirs: Step) -> bool:
    """Whether a function of theirs may be part of what ours is, written out by hand."""
    written = _WRITTEN_OUT.get(_known_as(ours.layer), ())
    return theirs.called and theirs.name.strip("_") in written
