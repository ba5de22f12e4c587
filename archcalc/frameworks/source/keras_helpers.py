"""What Keras' own sources ask of Keras: the order of axes, and how an input is padded or shaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archcalc.frameworks.source.tensors import tensors_in
from archcalc.frameworks.source.values import Unknown

__all__ = ["helped"]

_HOMES = (
    "keras.backend.", "keras.applications.imagenet_utils.", "keras_applications.imagenet_utils.",
    "keras.applications.resnet.imagenet_utils.",
)  # fmt: skip


def helped(reader: Any, path: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a helper of Keras' gives; ``NotImplemented`` where it is none that is read."""
    home, _, name = path.rpartition(".")
    helper = _HELPERS.get(name.lstrip("_")) if f"{home}.".startswith(_HOMES) else None
    return NotImplemented if helper is None else helper(reader, *args, **kwargs)


def _input_shape(
    reader: Any, input_shape: Any, default_size: Any = None, min_size: Any = None,
    data_format: Any = None, require_flatten: Any = True, weights: Any = None, **more: Any,
) -> Any:  # fmt: skip
    """The shape that is given; that of a model's own size where a head asks for one."""
    first = data_format == "channels_first"
    if isinstance(input_shape, Unknown) or input_shape is None:
        size = default_size if more.get("include_top", require_flatten) else None
        return (3, size, size) if first else (size, size, 3)
    return input_shape


def _correct_pad(reader: Any, *given: Any) -> Any:
    """The zeros before and after an image so that a stride of 2 begins where Keras' does."""
    (inputs,), kernel = tensors_in(given), given[-1]
    rows, columns = reader.bench.shape_of(inputs)[1:3]
    tall, wide = (kernel, kernel) if isinstance(kernel, int) else kernel
    return tuple(
        (size // 2 - (1 - n % 2), size // 2) for size, n in ((tall, rows), (wide, columns))
    )


def _always(value: Any) -> Callable[..., Any]:
    return lambda reader, *args, **kwargs: value


_HELPERS: Mapping[str, Callable[..., Any]] = {
    "obtain_input_shape": _input_shape,
    "correct_pad": _correct_pad,
    "validate_activation": _always(None),
    "image_data_format": _always("channels_last"),
    "image_dim_ordering": _always("tf"),
    "backend": _always("tensorflow"),
    "is_keras_tensor": lambda reader, x: bool(tensors_in(x)),
}
"""By their names; those of older versions begin with an underscore."""
