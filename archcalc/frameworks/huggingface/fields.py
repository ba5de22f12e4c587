"""A configuration that is being read: its fields become the arguments of a family.

Where each argument comes from says a *source*; see `sources`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

from sympy import Expr, Integer

from archcalc.frameworks.huggingface.sources import (
    Choice,
    Const,
    Image,
    Labels,
    Letters,
    Rounded,
    Source,
    Sparse,
    Starts,
    Switched,
    Unlike,
    Windows,
    keys_of,
)
from archcalc.layers.functions import FUNCTIONS
from archcalc.symbolic.errors import SpecificationError, quoted
from archcalc.symbolic.parser import parse
from archcalc.symbolic.symbols import symbol

__all__ = ["Config"]

MOST = 10_000_000_000
"""The largest number that a field may hold: a table of ten billion rows is none."""

MOST_LAYERS = 100_000
"""How many layers there are at most where a list says what each is."""


@dataclass
class Config:
    """A configuration that is being read: its fields, and what became of them.

    Attributes:
        given: the fields as they are given.
        defaults: what a missing field of the type is.
        aliases: other names of fields.
        name: the type.
        used: the keys that were asked for.
        keys: for each argument the key that it came from.
        arguments: the arguments so far.
    """

    given: Mapping[str, Any]
    defaults: Mapping[str, Any]
    aliases: Mapping[str, str]
    name: str
    used: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)

    def raw(self, key: str) -> Any:
        """What a field holds, under any of its names, or its default; ``None`` where it is null."""
        for name in (key, *(other for other, own in self.aliases.items() if own == key)):
            self.used.add(name)
            if name in self.given:
                return self.given[name]
        return self.defaults.get(key)

    def fill(self, sources: Mapping[str, Source]) -> dict[str, Any]:
        """Every argument from its source, in order."""
        for argument, source in sources.items():
            value = self.of(argument, source)
            if value is not None or isinstance(source, Const):
                self.arguments[argument] = value
        return self.arguments

    def of(self, argument: str, source: Source) -> Any:
        """One argument from its source."""
        return _READERS[type(source)](self, argument, source)

    def size(self, key: str, minimum: int = 0) -> int | None:
        """A field that is a whole number, or null.

        Raises:
            SpecificationError: it is something else, and the error names the key.
        """
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise self.refused(key, value, f"give a whole number from {minimum} on")
        if value > MOST:
            raise self.refused(key, value, f"give at most {MOST:,}")
        return value

    def missing(self, key: str) -> SpecificationError:
        """The error that a field is not there and has no default."""
        return SpecificationError(
            f"{self.name}: {key} is {'null' if key in self.given else 'missing'}, "
            "and nothing stands for it",
            code="missing-key", path=key, hint=f"give {key}",
        )  # fmt: skip

    def refused(self, key: str, value: Any, hint: str) -> SpecificationError:
        """The error that a field holds what it cannot."""
        return SpecificationError(
            f"{self.name}: {key} is {quoted(value, 40)}",
            code="invalid-field", path=key, values={key: value}, hint=hint,
        )  # fmt: skip


def _of_text(config: Config, argument: str, source: Any) -> Any:
    key, _, instead = (part.strip() for part in source.partition("??"))
    if source.startswith("="):
        return _formula(config, argument, source[1:])
    value = config.raw(key)
    if value is not None and isinstance(config.defaults.get(key), bool):
        return _truth(config, key)
    if isinstance(value, bool) and argument not in _NEEDED:
        return value
    config.keys[argument] = key
    if argument in _WORDS:
        return _WORDS[argument](config, key, value)
    unasked = argument in _OF_EXPERTS and not any(config.arguments.get("sparse", (True,)))
    number = config.size(key, minimum=0 if unasked or argument in _MAY_BE_NONE else 1)
    if number is None and instead:
        return _formula(config, argument, instead)
    if unasked and not number:
        return None
    if number is None and argument in _NEEDED:
        raise config.missing(key)
    return number


_NEEDED = frozenset(
    ("layers", "width", "ffn", "vocab", "heads", "experts", "active", "expert_ffn", "latent",
     "rotary_dim", "value_dim", "head_dim", "kv_heads", "state", "kernel")
)  # fmt: skip
"""Arguments that cannot be left out, nor be zero."""


_MAY_BE_NONE = frozenset(("shared", "shared_ffn"))
"""Sizes that may be zero: there is none of it."""

_OF_EXPERTS = frozenset(("experts", "active", "expert_ffn"))
"""Arguments that no layer asks for where none has experts."""


def _formula(config: Config, argument: str, text: str) -> Any:
    """A formula of the arguments before it, exactly."""
    if text.strip() == "none":
        return None
    made = parse(text.strip())
    if not isinstance(made, Expr):
        return int(made)
    known = {symbol(name): Integer(size) for name, size in config.arguments.items()
             if isinstance(size, int)}  # fmt: skip
    exact = made.xreplace(known)
    if not exact.is_Integer:
        names = sorted((str(s) for s in made.free_symbols), key=text.index)
        keys = [config.keys.get(name, name) for name in names]
        sizes = {config.keys.get(n, n): config.arguments.get(n) for n in names}
        config.keys.setdefault(argument, keys[0])
        raise SpecificationError(
            f"{config.name}: {argument} is {text.strip()}, and that is no whole number: "
            + ", ".join(f"{key} is {size}" for key, size in sizes.items()),
            code="not-divisible", path=keys[0], values=sizes,
            hint=f"give {config.keys.get(argument) or keys[0]}, or sizes that divide",
        )  # fmt: skip
    return int(exact)


def _truth(config: Config, key: str) -> bool:
    value = config.raw(key)
    if value is None or isinstance(value, bool | int):
        return bool(value)
    raise config.refused(key, value, "it is true or false")


def _of_choice(config: Config, argument: str, source: Any) -> Any:
    value = config.raw(source.key)
    if isinstance(next(iter(source.of)), bool):
        value = _truth(config, source.key)
    try:
        found = source.of[value]
        return config.of(argument, found) if isinstance(found, Choice) else found
    except (KeyError, TypeError):
        choices = ", ".join(map(str, source.of))
        raise config.refused(source.key, value, f"what is known is {choices}") from None


def _of_letters(config: Config, argument: str, source: Any) -> Any:
    return "".join(letters for key, letters in source.of.items() if _truth(config, key))


def _of_const(config: Config, argument: str, source: Any) -> Any:
    return source.value


def _of_switch(config: Config, argument: str, source: Any) -> Any:
    config.used |= keys_of(source)  # also those of the other side: known, and of no account
    return config.of(argument, source.yes if _truth(config, source.key) else source.no)


def _of_rounded(config: Config, argument: str, source: Any) -> Any:
    if config.raw(source.key) == "auto":
        return -(-config.arguments[source.argument] // source.over)
    return _of_text(config, argument, source.key)


def _of_unlike(config: Config, argument: str, source: Any) -> Any:
    size = _of_text(config, argument, source.key)
    return None if size == config.arguments[source.argument] else size


def _of_labels(config: Config, argument: str, source: Any) -> Any:
    count = config.size(source.key, minimum=1)
    table = config.raw(source.table)
    if count is not None:
        return count
    return len(table) if isinstance(table, Mapping) else 2


def _of_image(config: Config, argument: str, source: Any) -> Any:
    size, channels = (config.size(key, minimum=1) for key in (source.size, source.channels))
    if size is None or channels is None:
        raise config.missing(source.size if size is None else source.channels)
    return (size, size, channels)


def _of_start(config: Config, argument: str, source: Any) -> Any:
    value = config.raw(source.key)
    if not isinstance(value, str):
        raise config.refused(source.key, value, f"it is a word, maybe after {source.word!r}")
    return value.startswith(source.word)


def _layers(config: Config) -> int:
    """How many layers there are, as far as a list of them can be written out."""
    layers: int = config.arguments["layers"]
    if layers > MOST_LAYERS:
        raise config.refused(config.keys["layers"], layers, f"at most {MOST_LAYERS} are listed")
    return layers


def _listed(config: Config, key: str, known: Sequence[str]) -> list[Any] | None:
    """A list with a word that is known for each layer, or null."""
    value = config.raw(key) if key else None
    if value is None:
        return None
    layers = config.arguments["layers"]
    if not isinstance(value, list | tuple) or len(value) != layers:
        raise config.refused(key, value, f"it is a list with an entry for each of {layers} layers")
    for word in value:
        if word not in known:
            raise config.refused(key, word, f"layers that are known are {', '.join(known)}")
    return list(value)


_EVERYWHERE = ("full_attention", "global")
"""What layers are called whose attention has no window."""


def _of_windows(config: Config, argument: str, source: Any) -> Any:
    config.used |= keys_of(source)
    if config.arguments.get("window") is None:
        return ()
    layers = _layers(config)
    words = _listed(config, source.types, (*source.words, *_EVERYWHERE))
    if words is not None:
        return tuple(word in source.words for word in words)
    since, until = (config.size(key) if key else None for key in (source.since, source.until))
    period = config.size(source.period_key) if source.period_key else None
    period = source.period if period is None else period
    place = 0 if source.first else period - 1
    range_ = range(since or 0, layers if until is None else until)
    apart = [bool(period) and i % period == place for i in range(layers)]
    return tuple(i in range_ and apart[i] is source.only for i in range(layers))


def _of_sparse(config: Config, argument: str, source: Any) -> Any:
    layers = _layers(config)
    words = _listed(config, source.types, ("sparse", "dense"))
    if words is not None:
        return tuple(word == "sparse" for word in words)

    if source.some and config.size(source.some) == 0:
        return (False,) * layers

    def asked(key: str, otherwise: int) -> int:
        value = config.size(key, minimum=-1) if key else None
        return otherwise if value is None or value < 0 else value

    first, last = asked(source.first, 0), asked(source.last, layers - 1)
    step = asked(source.step, 1)
    if step == 0:
        raise config.refused(source.step, 0, "every so many-th layer: from 1 on")
    never = config.raw(source.never) if source.never else ()
    if not isinstance(never or (), list | tuple) or any(type(i) is not int for i in never or ()):
        raise config.refused(source.never, never, "it is a list of numbers of layers")
    apart = set(never or ())
    return tuple(
        first <= i <= last and i not in apart and (i + 1) % step == 0 for i in range(layers)
    )


_READERS: Mapping[type, Callable[[Config, str, Any], Any]] = {
    str: _of_text, Choice: _of_choice, Letters: _of_letters, Const: _of_const,
    Switched: _of_switch, Rounded: _of_rounded, Starts: _of_start, Windows: _of_windows,
    Sparse: _of_sparse, Labels: _of_labels, Unlike: _of_unlike, Image: _of_image,
}  # fmt: skip

_ALIKE: Mapping[str, str] = {
    **dict.fromkeys(
        ("gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_python", "gelu_accurate", "quick_gelu",
         "gelu_10", "gated-gelu", "gated-gelu_new"), "gelu"
    ),
    "swish": "silu", "gated-silu": "silu", "gated-relu": "relu",
}  # fmt: skip
"""Functions that are a known one but for how it is computed."""


def _function(config: Config, key: str, value: Any) -> Any:
    """The name of a function between dense layers."""
    if value is None:
        return None
    found = _ALIKE.get(value, value) if isinstance(value, str) else None
    if found is None or (found not in FUNCTIONS and found != "relu2"):
        names = ", ".join(sorted({*FUNCTIONS, "relu2"}))
        raise config.refused(key, value, f"functions that are known are {names}")
    return found


def _number(config: Config, key: str, value: Any) -> Any:
    """A number above zero, or null."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < inf:
        raise config.refused(key, value, "it is a number above 0, or null")
    return float(value)


_WORDS: Mapping[str, Callable[[Config, str, Any], Any]] = {
    "activation": _function,
    "soft_cap": _number,
}
