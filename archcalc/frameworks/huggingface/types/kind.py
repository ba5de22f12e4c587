"""What is said of a type of model: a family, and where each of its arguments comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archcalc.frameworks.huggingface.sources import Source, keys_of

__all__ = ["Head", "Note", "Type"]

Head: TypeAlias = Literal["words", "masked", "both", "classes", "each", "span", "image", "none"]
"""What a class has after its last layer: scores of the next word; of words that were masked; what
it was trained with first; scores of classes of a text, of each word, of where a span begins and
ends, or of an image; or nothing."""


@dataclass(frozen=True)
class Note:
    """What is said where a field is there and is true, or false: where others count otherwise."""

    key: str
    when: bool
    text: str

    def meant(self, given: Mapping[str, Any]) -> bool:
        """Whether it is to be said of these fields.

        >>> Note("num_mtp_modules", True, "not counted").meant({"num_mtp_modules": 3})
        True
        """
        return self.key in given and bool(given[self.key]) is self.when


@dataclass(frozen=True)
class Type:
    """One type of model.

    Attributes:
        family: the name of the family in `archcalc.families`.
        sources: where each argument of it comes from, in order.
        refuses: keys whose truth makes another model that is not known here, and why.
        heads: the arguments that a class has by its head; one that is not here is left out, which
            is said.
        default_head: what a class has where none is named.
        beside: arguments that other arguments follow from, and that the family has not got.
        sequence: the argument for how many words a sequence has; empty for none.
        aliases: other names of keys, which its class of transformers knows besides its own table.
        ignores: keys that released files have and that no count follows from.
        notes: what is said of a field that is there.
    """

    family: str
    sources: Mapping[str, Source]
    refuses: Mapping[str, str] = field(default_factory=dict)
    heads: Mapping[Head, Mapping[str, Any]] = field(
        default_factory=lambda: {"words": {"head": True}, "none": {"head": False}}
    )
    default_head: Head = "words"
    beside: tuple[str, ...] = ()
    sequence: str = "length"
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignores: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def keys(self) -> set[str]:
        """Every key that is asked for."""
        return set(self.refuses).union(*map(keys_of, self.sources.values()))
