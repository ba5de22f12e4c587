"""Weights that are another layer's: which of a layer's tensors it takes, and from whom.

Source: Press and Wolf, *Using the Output Embedding to Improve Language Models* (2017), section 2: a
head that is the table of the embedding, transposed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from archcalc.symbolic.errors import InvalidLayerError, quoted

__all__ = ["Tie", "Ties"]


@dataclass(frozen=True, slots=True)
class Tie:
    """One weight of a layer that is a weight of another.

    Attributes:
        weight: the name of the layer's own weight, such as ``"kernel"``.
        owner: the layer whose weight it is; it has to be in the same network.
        of: the name of the owner's weight; where it is empty, the owner's weight of that name, or
            else the first with as many axes.  ``"kernel.T"`` is that weight with its last two axes
            exchanged, where both ways fit.

    >>> Tie("value", None, "kernel.T").name, Tie("value", None, "kernel.T").turned
    ('kernel', True)
    """

    weight: str
    owner: Any
    of: str = ""

    @property
    def name(self) -> str:
        """The owner's weight."""
        return self.of.removesuffix(_TURNED)

    @property
    def turned(self) -> bool:
        """Whether its last two axes are exchanged for certain."""
        return self.of.endswith(_TURNED)


_TURNED = ".T"


def _as_ties(value: Any) -> tuple[Tie, ...]:
    """``{"kernel": table}`` or ``{"kernel": (table, "embeddings")}`` as ties."""
    if isinstance(value, tuple | list) and all(isinstance(part, Tie) for part in value):
        return tuple(value)
    if not isinstance(value, Mapping):
        raise _not_ties(value)
    return tuple(_tie(name, owner) for name, owner in value.items())


def _tie(name: Any, given: Any) -> Tie:
    owner, of = given if isinstance(given, tuple | list) and len(given) == 2 else (given, "")
    if not (isinstance(name, str) and isinstance(of, str) and hasattr(owner, "output_shapes")):
        raise _not_ties({name: given})
    return Tie(name, owner, of)


def _not_ties(value: Any) -> InvalidLayerError:
    return InvalidLayerError(
        f"{quoted(value, 60)} does not say whose weights these are",
        code="invalid-ties",
        hint='give the layer that owns the weight: tied={"kernel": table}, or the weight as well: '
        'tied={"kernel": (table, "embeddings")}',
    )


def _names(ties: tuple[Tie, ...]) -> dict[str, str] | list[str]:
    return {tie.weight: tie.of for tie in ties} or []  # none is dumped as the default is


_REFERENCE = {"type": "string", "description": "the name of a layer above"}
_PAIR = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
_SCHEMA = {"type": "object", "additionalProperties": {"anyOf": [_REFERENCE, _PAIR]}}

if TYPE_CHECKING:

    class Ties:
        """The weights that are another layer's, by name; each with the layer that owns it."""

        def __get__(self, owner: object, kind: type | None = None) -> tuple[Tie, ...]: ...
        def __set__(self, owner: object, value: Mapping[str, Any]) -> None: ...

else:
    Ties = Annotated[
        Any, BeforeValidator(_as_ties), PlainSerializer(_names), WithJsonSchema(_SCHEMA)
    ]
