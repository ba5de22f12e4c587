"""What torch's arguments are, by name: how each is read, and those that are refused or not built.

An argument is read before anything is computed with it, so that ``"d"`` is a symbol, and a word
that is none of its choices is refused by its name.  The sizes, windows and paddings that our own
layers validate are left to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from archcalc.symbolic.dims import as_dim
from archcalc.symbolic.errors import ArchcalcError, InvalidLayerError, quoted
from archcalc.symbolic.shape import as_shape

__all__ = ["NOT_BUILT", "READERS", "REFUSED", "Refused", "is_flag", "read"]

Read: TypeAlias = Callable[[Any], Any]
"""From what is given to what it stands for; raises where it stands for nothing."""


def _size(value: Any) -> Any:
    return as_dim(value)


def _amount(value: Any) -> Any:
    return as_dim(value, minimum=0)


def _optional(reader: Read) -> Read:
    return lambda value: None if value is None else reader(value)


def _flag(value: Any) -> bool:
    """True or false; as torch has it, whatever is true or false but text."""
    if isinstance(value, bool | int | None):
        return bool(value)
    raise InvalidLayerError(f"{quoted(value)} is neither True nor False")


def _number(value: Any) -> float:
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise InvalidLayerError(f"{quoted(value)} is not a number")
    return float(value)


def _rate(value: Any) -> float:
    number = _number(value)
    if not 0 <= number <= 1:
        raise InvalidLayerError(f"{quoted(value)} is not a part, from 0 to 1")
    return number


def _axis(value: Any) -> int:
    if type(value) is not int:
        raise InvalidLayerError(f"{quoted(value)} is not the number of an axis")
    return value


def _sizes(value: Any) -> Any:
    """One size, or several."""
    return as_shape(value) if isinstance(value, list | tuple) else as_dim(value)


def _one_of(*choices: str) -> Read:
    def reader(value: Any) -> str:
        if value not in choices:
            raise InvalidLayerError(
                f"{quoted(value, 60)} is not one of its choices",
                code="unknown-choice",
                hint=f"use {', '.join(map(repr, choices))}",
            )
        return str(value)

    return reader


def _each(reader: Read, names: str) -> dict[str, Read]:
    return dict.fromkeys(names.split(), reader)


READERS: Mapping[str, Read] = {
    **_each(
        _size,
        "in_features in_channels num_features num_channels num_groups input_size hidden_size "
        "embed_dim num_heads num_classes num_parameters num_layers d_model nhead dim_feedforward "
        "in1_features in2_features num_encoder_layers num_decoder_layers num_embeddings "
        "embedding_dim",
    ),
    **_each(_amount, "proj_size"),
    **_each(_optional(_size), "kdim vdim divisor_override"),
    **_each(_sizes, "normalized_shape"),
    **_each(
        _flag,
        "affine elementwise_affine bias bidirectional batch_first track_running_stats inplace "
        "return_indices ceil_mode count_include_pad scale_grad_by_freq sparse _freeze "
        "add_bias_kv add_zero_attn norm_first head_bias keepdim include_last_offset "
        "enable_nested_tensor mask_check",
    ),
    **_each(_number, "negative_slope alpha beta k lambd init norm_type div_value"),
    **_each(_rate, "dropout"),
    **_each(_optional(_number), "eps momentum max_norm"),
    **_each(_optional(_axis), "dim padding_idx"),
    **_each(_one_of("tanh", "relu"), "nonlinearity"),
    **_each(_one_of("zeros", "reflect", "replicate", "circular"), "padding_mode"),
    **_each(lambda value: _flag(value) or None, "recompute_scale_factor"),
}
"""How arguments are read that something is computed with, whichever class has them."""


class Refused:
    """An argument that is taken at some values alone.

    Attributes:
        values: those that say nothing.
        why: why no other is taken.
    """

    def __init__(self, values: Iterable[Any], why: str) -> None:
        self.values = tuple(values)
        self.why = why

    def allows(self, value: Any) -> bool:
        """Whether `value` says nothing."""
        return any(value is known for known in self.values)


_NO_VALUES = "archcalc keeps shapes of tensors, not their values"

REFUSED: Mapping[str, Refused] = {
    "_weight": Refused([None], _NO_VALUES),
    "process_group": Refused([None], "a group of processes is no part of a specification"),
    "include_last_offset": Refused(
        [False], "offsets come with a call; bags here have one length and no offsets"
    ),
}
"""Arguments that are refused, and why."""

_LOSS = "it is of the loss; what is counted and built are the logits"

NOT_BUILT: Mapping[str, str] = {
    "device": "where a module stands changes no count",
    "dtype": "the type of numbers is said of a deployment, and when a module is built",
    "batch_first": "shapes have no batch here; what is built takes the batch first",
    "enable_nested_tensor": "how torch leaves out padded tokens; nothing is masked here",
    "mask_check": "how torch looks at masks; nothing is masked here",
    "_random_samples": "where windows fall, which a framework draws by chance; no size changes",
    "weight": _LOSS,
    "reduction": _LOSS,
    "ignore_index": _LOSS,
    "label_smoothing": _LOSS,
    "options": _LOSS,
}
"""Arguments that are taken and not built again, and why."""


def is_flag(argument: str) -> bool:
    """Whether an argument is true or false, whichever class has it.

    >>> is_flag("bias"), is_flag("stride")
    (True, False)
    """
    return READERS.get(argument) is _flag


def read(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments `given` to torch's class `name`, as what they stand for.

    Raises:
        InvalidLayerError: one is refused, or stands for nothing; the error names it.
    """
    return {argument: _read(name, argument, value) for argument, value in given.items()}


def _read(name: str, argument: str, value: Any) -> Any:
    refused = REFUSED.get(argument)
    if refused is not None and not refused.allows(value):
        raise InvalidLayerError(
            f"{name}: {argument} is not taken: {refused.why}",
            code="argument-refused",
            hint="leave it out",
        )
    reader = READERS.get(argument)
    if reader is None:
        return value
    try:
        return reader(value)
    except ArchcalcError as error:
        raise InvalidLayerError(
            f"{name}: {argument}: {error.message}", code=error.code, hint=error.hint
        ) from None
