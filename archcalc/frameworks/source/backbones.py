"""Models that a source takes from a library: torchvision's and Keras' own, as our families.

Of a family the numbers of weights are those of the library; layers that its code names are where
people change them: the classifier at the end, and all before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from archcalc import families
from archcalc.frameworks.importing.values import NotLoweredError
from archcalc.frameworks.source.keras_inputs import open_shape
from archcalc.frameworks.source.values import Children, Made, Unknown
from archcalc.frameworks.torch_api import TORCH_CLASSES
from archcalc.layers import (
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Identity,
    Normalization,
    Permute,
    ReLU,
    Rescaling,
)
from archcalc.layers.base import Layer
from archcalc.network.repeat import Repeat
from archcalc.network.sequential import Sequential
from archcalc.symbolic.errors import FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["keras_application", "torchvision_model"]

# torchvision

_HEADS: Mapping[str, str] = {
    "resnet|resnext|wide_resnet|inception_v3": "fc",
    "densenet": "=classifier",
    "vgg|alexnet|mobilenet|efficientnet|convnext": "classifier",
    "swin": "head",
    "vit": "heads",
}
"""What torchvision calls the layers at the end; one layer, or with others before it a list."""

_ALONE = ("fc", "head", "=classifier")
_PLAIN = ("weights", "pretrained", "progress", "init_weights", "aux_logits", "transform_input")
"""Arguments that change no weight that is counted."""


def torchvision_model(
    reader: Any, node: Any, name: str, args: list[Any], kwargs: Mapping[str, Any]
) -> Any:
    """A model of torchvision: what comes before the classifier, and the classifier, by their names.

    ``NotImplemented`` where torchvision has no model of such a name.
    """
    head = next((to for kinds, to in _HEADS.items() if re.match(rf"(?:{kinds})", name)), None)
    if head is None or not (name in dir(families) or name in ("mobilenet_v2", "inception_v3")):
        return NotImplemented
    classes = kwargs.get("num_classes", 1000)
    other = [key for key in kwargs if key not in (*_PLAIN, "num_classes")]
    if other or isinstance(classes, Unknown):
        reader.refuse(
            node,
            f"torchvision.models.{name} is read with num_classes alone, not with "
            f"{other[0] if other else 'an unknown number of classes'}",
            code="not-in-source", hint=f"archcalc summary torchvision.models:{name} --input 3,h,w",
        )  # fmt: skip
    network = _family(name, classes)
    body, rest = _parted(network)
    made = Children("Sequential", True)
    made.append(Made(_in_their_layout(body), "features", True), "features")
    wide = Sequential(body, input_shape=network.input_shape).trace().outputs[0]
    if len(wide) > 1:  # the pool, and for VGG the flattening after it, are a part of their own
        pool, rest = rest[: _vectors(rest)], rest[_vectors(rest) :]
        made.append(Made(_from_their_layout(pool), "avgpool", True), "avgpool")
        wide = Sequential(pool).trace(wide).outputs[0]
    parts = _torch_parts(rest, wide)
    if head in _ALONE:
        made.append(parts[-1], head.lstrip("="))
        return made
    held = Children("Sequential", True, name=head)
    for number, part in enumerate(parts):
        held.append(part, "head" if head == "heads" else str(number))
    made.append(held, head)
    return made


def _family(name: str, classes: Any) -> Sequential:
    if name == "mobilenet_v2":
        return families.mobilenet_v2(1, classes)
    if name == "inception_v3":
        return families.inception_v3(1, classes)
    if name == "alexnet":
        return families.alexnet(64, classes=classes, hidden=4096)
    make: Callable[..., Any] = getattr(families, name)
    made: Sequential = make(classes=classes)
    return made


def _parted(network: Sequential) -> tuple[list[Layer], list[Layer]]:
    """What comes before the pool, or what else leaves the maps, and from there on."""
    layers = list(network.layers)
    names = [type(layer).__name__ for layer in layers]
    for number in range(len(layers) - 1, 0, -1):
        if names[number] in _POOLS:
            return layers[:number], layers[number:]
    return layers[:-1], layers[-1:]


_POOLS = ("GlobalAveragePooling2D", "AdaptiveAveragePooling2D")


def _vectors(rest: Sequence[Layer]) -> int:
    """How many layers it takes until there are no maps."""
    return 2 if type(rest[0]).__name__ == "AdaptiveAveragePooling2D" else 1


def _in_their_layout(body: Sequence[Layer]) -> Sequential:
    """Layers on channels that come last, between tensors in which they come first."""
    last = [] if body and type(body[-1]).__name__ == "Select" else [Permute((3, 1, 2))]
    return Sequential([Permute((2, 3, 1)), *body, *last])


def _from_their_layout(pool: Sequence[Layer]) -> Layer:
    return Sequential([Permute((2, 3, 1)), *pool])


def _torch_parts(rest: Sequence[Layer], wide: Shape) -> list[Made]:
    """Layers at the end as torch has them, each with what its class was given."""
    parts: list[Made] = []
    linear = TORCH_CLASSES["Linear"]
    for layer in rest:
        if isinstance(layer, Dense):
            given = {"in_features": wide[0], "out_features": layer.units}
            parts.append(Made(linear(**given), "Linear", True, given))
        else:
            parts.append(Made(layer, type(layer).__name__, True))
        if type(layer).__name__ == "LayerNormalization":
            parts.append(Made(Identity(), "Flatten", True))  # ConvNeXt flattens after it
        wide = layer.output_shape(wide)
    return parts


# Keras


def _scaled(low: int) -> Callable[..., Sequential]:
    def made(classes: Any, alpha: Any = 1, **how: Any) -> Sequential:
        return families.mobilenet(width=int(low * alpha), classes=classes, **how)

    return made


def _second(classes: Any, alpha: Any = 1, **how: Any) -> Sequential:
    return families.mobilenet_v2(alpha, classes, **how)


def _by_name(name: str, **more: Any) -> Callable[..., Sequential]:
    def made(classes: Any, **how: Any) -> Sequential:
        make: Callable[..., Any] = getattr(families, name)
        network: Sequential = make(classes=classes, **more, **how)
        return network

    return made


_OF_KERAS: Mapping[str, Callable[..., Sequential]] = {
    "VGG16": _by_name("vgg16"),
    "VGG19": _by_name("vgg19"),
    "MobileNet": _scaled(32),
    "MobileNetV2": _second,
    **{f"ResNet{n}": _by_name(f"resnet{n}", block="original") for n in (50, 101, 152)},
    **{f"DenseNet{n}": _by_name(f"densenet{n}") for n in (121, 169, 201)},
    **{f"EfficientNetB{n}": _by_name(f"efficientnet_b{n}") for n in range(8)},
    **{
        f"ConvNeXt{size}": _by_name(f"convnext_{size.lower()}")
        for size in ("Tiny", "Small", "Base", "Large", "XLarge")
    },
}
"""The models of Keras that are one of our families, with what makes each of its classes."""

_ORDER = ("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes")
_ALPHA = ("input_shape", "alpha", "depth_multiplier", "dropout")
_UNCOUNTED = ("weights", "classifier_activation", "name", "dropout", "include_preprocessing")


def keras_application(
    reader: Any, node: Any, name: str, args: list[Any], kwargs: Mapping[str, Any]
) -> Any:
    """A model of ``keras.applications`` as a Sequential of Keras.

    ``NotImplemented`` where it is none of our families.
    """
    make = _OF_KERAS.get(name)
    if make is None:
        return NotImplemented
    order = _ALPHA if name.startswith("MobileNet") else _ORDER
    given = dict(zip(order, args, strict=False)) | dict(kwargs)
    given = {key: value for key, value in given.items() if key not in _UNCOUNTED}
    top, pooling = given.pop("include_top", True), given.pop("pooling", None)
    classes, tensor = given.pop("classes", 1000), given.pop("input_tensor", None)
    shape = given.pop("input_shape", None)
    scaled = {key: value for key, value in given.items() if key == "alpha"}
    other = [key for key in given if key not in scaled and given[key] not in (None, 1)]
    if other or tensor is not None or any(isinstance(x, Unknown) for x in (top, classes, pooling)):
        what = other[0] if other else "input_tensor" if tensor is not None else "an unknown choice"
        raise FrameworkError(
            f"keras.applications.{name} is read without {what}", code="not-in-source",
            hint=f"give input_shape; or archcalc summary keras.applications:{name}",
        )  # fmt: skip
    if shape is None:
        shape = tuple(make(1, **scaled).trace().inputs[0]) if top else (None, None, 3)
    dims = open_shape(reader, shape)
    network = make(classes if top else 1, **scaled, input_shape=dims)
    body, rest = _parted(network)
    body = _with_functions(body) if name.startswith("VGG") else body
    layers = [*_before(name), *body, *(_top(name, rest, classes) if top else _pooled(pooling))]
    made = Children("Sequential", False, shape=dims, name=name.lower())
    for layer in layers:
        made.append(Made(layer, type(layer).__name__, False))
    parts = list(made.parts.values())
    made.listed = [Unknown(), *parts] if name.startswith("VGG") else _Uncounted(parts)
    return made


class _Uncounted(list[Any]):
    """Layers that stand for more of Keras: all of them are all of Keras', and none has its number.

    Keras lists every activation and addition of a model by itself.
    """

    def __getitem__(self, place: Any) -> Any:
        raise NotLoweredError(
            "layers of a model of keras.applications have other numbers here than in Keras; all of "
            "them can be frozen together"
        )


def _before(name: str) -> list[Layer]:
    """What Keras does with pixels in the model itself."""
    return [Rescaling(1), Normalization()] if name.startswith("EfficientNet") else []


def _with_functions(body: Sequence[Layer]) -> list[Layer]:
    """The layers of stages, each convolution with the function that follows it."""
    flat: list[Layer] = []
    for stage in body:
        for layer in _flat(stage):
            if isinstance(layer, ReLU) and flat:
                flat[-1] = flat[-1].model_copy(update={"activation": "relu"})
            else:
                flat.append(layer.model_copy())
    return flat


def _flat(layer: Layer) -> list[Layer]:
    if isinstance(layer, Sequential):
        return [part for held in layer.layers for part in _flat(held)]
    if isinstance(layer, Repeat):  # each copy has weights of its own
        copies = [layer.copy_of(number).graph().nodes for number in range(int(layer.times))]
        return [part for nodes in copies for node in nodes for part in _flat(node.layer)]
    return [layer]


def _pooled(pooling: Any) -> list[Layer]:
    found = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}.get(pooling)
    return [found()] if found else []


def _top(name: str, rest: Sequence[Layer], classes: Any) -> list[Layer]:
    """What Keras has at the end, which for VGG knows one size of images only."""
    if not name.startswith("VGG"):
        return list(rest)
    return [Flatten(), Dense(4096, "relu"), Dense(4096, "relu"), Dense(classes, "softmax")]
