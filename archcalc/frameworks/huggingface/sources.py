"""Where an argument of a family comes from in a ``config.json``: the words of the data.

A source that is text is a key, ``"num_key_value_heads ?? heads"`` with what stands for null, or a
formula of arguments before it, ``"= width/heads"``; the others are the classes here.  `fields`
reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = [
    "Choice",
    "Const",
    "Image",
    "Labels",
    "Letters",
    "Rounded",
    "Source",
    "Sparse",
    "Starts",
    "Switched",
    "Unlike",
    "Windows",
    "keys_of",
]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a field chooses: of ``True`` and ``False``, or of words; maybe a choice again."""

    key: str
    of: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Letters:
    """Letters of every field that is true, one after the other."""

    of: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Const:
    """What this type always has."""

    value: Any


@dataclass(frozen=True, slots=True)
class Switched:
    """One source or another, by whether a field is true."""

    key: str
    yes: Source
    no: Source


@dataclass(frozen=True, slots=True)
class Windows:
    """Which layers have a window: as `types` lists them, or else by a rule.

    Attributes:
        types: the key of a list of words; a layer has a window where its word is one of `words`.
        period: one of so many layers has none, the last of them; 0 where all have one.
        period_key: the key that says so instead, where it is there.
        first: whether it is the first of them.
        only: whether it alone has one.
        since, until: the keys of the number of layers before the first that has one, and before
            the first that has none any more.
        words: what layers with a window are called.
    """

    types: str = "layer_types"
    period: int = 0
    period_key: str = ""
    first: bool = False
    only: bool = False
    since: str = ""
    until: str = ""
    words: tuple[str, ...] = ("sliding_attention", "local", "chunked_attention")


@dataclass(frozen=True, slots=True)
class Sparse:
    """Which layers have experts: as `types` lists them, or else by a rule.

    Attributes:
        types: the key of a list of words, ``"sparse"`` and others.
        first: the key of the number of layers before the first that has some.
        last: the key of the number of the last layer that has.
        step: the key of every how many-th layer has.
        never: the key of a list of the layers that have none.
        some: the key of how many experts there are, where none may be: then no layer has any.
    """

    types: str = ""
    first: str = ""
    last: str = ""
    step: str = ""
    never: str = ""
    some: str = ""


@dataclass(frozen=True, slots=True)
class Unlike:
    """A field, or none where it is as large as an argument."""

    key: str
    argument: str


@dataclass(frozen=True, slots=True)
class Rounded:
    """A field, or where it is ``"auto"`` an argument over a number, rounded up."""

    key: str
    argument: str
    over: int


@dataclass(frozen=True, slots=True)
class Starts:
    """Whether a field of text starts with a word."""

    key: str
    word: str


@dataclass(frozen=True, slots=True)
class Labels:
    """How many classes there are: a number, or as many as a table has."""

    key: str
    table: str


@dataclass(frozen=True, slots=True)
class Image:
    """Height, width and channels of a square image."""

    size: str
    channels: str


Source: TypeAlias = (
    "str | Choice | Const | Image | Labels | Letters | Rounded | Sparse | Starts | Switched"
    " | Unlike | Windows"
)


def keys_of(source: Source) -> set[str]:
    """The keys that a source asks for.

    >>> sorted(keys_of(Switched("multi_query", Const(1), "num_kv_heads ?? heads")))
    ['multi_query', 'num_kv_heads']
    """
    match source:
        case str():
            return set() if source.startswith("=") else {source.partition("??")[0].strip()}
        case Const():
            return set()
        case Choice(key, of):
            return {key}.union(
                *(keys_of(inner) for inner in of.values() if isinstance(inner, Choice))
            )
        case Rounded(key) | Starts(key) | Unlike(key):
            return {key}
        case Switched(key, yes, no):
            return {key} | keys_of(yes) | keys_of(no)
        case Letters(of):
            return set(of)
        case Labels(key, table):
            return {key, table}
        case Image(size, channels):
            return {size, channels}
        case Windows():
            return {source.types, source.period_key, source.since, source.until} - {""}
        case Sparse():
            return {
                source.types, source.first, source.last, source.step, source.never, source.some,
            } - {""}  # fmt: skip
