"""How torch writes a layer of ours: its name, its arguments in order, and what they say here."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from inspect import Parameter, Signature
from typing import Any

from archcalc.frameworks.lookup import fields_of
from archcalc.frameworks.record import Entry, Given, Name, Record
from archcalc.frameworks.records import records
from archcalc.frameworks.torch_api.arguments import read
from archcalc.layers.arguments import IN_KERAS
from archcalc.layers.base import Layer
from archcalc.layers.choices import word_refused
from archcalc.network.base import Network
from archcalc.symbolic.errors import InvalidLayerError, shorten
from archcalc.symbolic.shape import Shape

__all__ = ["ANYWHERE", "TORCH_CLASSES", "TorchClass", "signature"]

ANYWHERE = ("device", "dtype")
"""Arguments of most modules that say nothing of arithmetic."""

_PLACES = ("cpu", "cuda", "meta", "mps", "xpu", *(f"cuda:{n}" for n in range(16)))
"""Devices by name."""

_COMMON = ("name", "trainable", "frozen")
"""Fields of every layer of ours, for which torch's modules have no argument."""

_EXPECTED = (
    *("in_features", "in_channels", "num_features", "num_channels", "input_size"),
    *("in1_features", "embed_dim", "d_model"),
)
"""How torch's modules are told which features come in."""


def signature(text: str) -> Signature:
    """A signature from the text between its brackets.

    >>> str(signature("num_features, eps=1e-05, *, bias=True"))
    '(num_features, eps=1e-05, *, bias=True)'
    """
    arguments = ast.parse(f"lambda {text}: 0", mode="eval").body.args  # type: ignore[attr-defined]
    values = [ast.literal_eval(node) for node in arguments.defaults]
    names = [a.arg for a in arguments.args]
    defaults = [Parameter.empty] * (len(names) - len(values)) + values
    pairs: list[Any] = [
        (n, d, Parameter.POSITIONAL_OR_KEYWORD) for n, d in zip(names, defaults, strict=True)
    ]
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    pairs += [(a.arg, ast.literal_eval(d), Parameter.KEYWORD_ONLY) for a, d in named]
    made = [Parameter(name, kind, default=d) for name, d, kind in pairs]
    rest = ((arguments.vararg, Parameter.VAR_POSITIONAL), (arguments.kwarg, Parameter.VAR_KEYWORD))
    return Signature([*made, *(Parameter(a.arg, kind) for a, kind in rest if a is not None)])


def _parts(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else ()


def _is_place(value: Any) -> bool:
    """Whether a value may be a device or a type of numbers: a name, an object, or nothing."""
    home = type(value).__module__.partition(".")[0]
    return value is None or home == "torch" or (isinstance(value, str) and value in _PLACES)


@dataclass(frozen=True)
class TorchClass:
    """A class of torch as a layer of ours; calling it makes the layer.

    Attributes:
        named: torch's class and its arguments.
        record: what the layer is in torch.

    >>> from archcalc.torch import nn
    >>> nn.Conv2d(3, 64, 7, stride=2, padding=3)
    Conv2D(filters=64, kernel_size=7, strides=2, padding=3, data_format='channels_first', expects=3)
    """

    named: Name
    record: Record

    @property
    def name(self) -> str:
        """torch's class."""
        return self.named.name

    @property
    def layer(self) -> str:
        """Our class, by name."""
        return self.record.layer.__name__

    @cached_property
    def signature(self) -> Signature:
        """torch's arguments, in torch's order."""
        return signature(self.named.arguments)

    def __call__(self, *args: Any, **kwargs: Any) -> Layer:
        """The layer.

        Raises:
            InvalidLayerError: an argument is missing, unknown or not valid.
        """
        common: dict[str, Any] = {k: kwargs.pop(k) for k in _COMMON if k in kwargs}
        kwargs = {k: v for k, v in kwargs.items() if k not in ANYWHERE}
        given = read(self.name, self._bound(args, kwargs))
        try:
            return self._made(given, common)
        except InvalidLayerError as error:
            raise self._as_given(error, given) from None

    def _made(self, given: dict[str, Any], common: dict[str, Any]) -> Layer:
        self.named.check(given)
        if self.named.make is not None:
            made = self.named.make(given)
            return made.model_copy(update=common) if common else made
        return self.record.layer(**{**self._fields(given), **common})

    def _as_given(self, error: InvalidLayerError, given: Given) -> InvalidLayerError:
        """A word in the place of a dimension, as said of torch's argument."""
        if error.code != "word-for-symbol":
            if error.message.startswith(self.name):
                return error
            return InvalidLayerError(
                f"{self.name}: {error.message}", code=error.code, hint=error.hint
            )
        (word,) = error.values.values()
        named = (
            name
            for name, value in given.items()
            if word in map(str, (value, *_parts(value)))  # a word may have been read as a symbol
        )
        argument = next(named, next(iter(error.values)))
        return word_refused(self.name, argument, word, self.signature.parameters)

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        args = self._without_place(args)
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidLayerError(
                f"{self.name}: {shorten(str(error), 100)}",
                code="wrong-arguments",
                hint=f"{self._keras_hint(kwargs)}it takes {self.signature}",
            ) from None
        bound.apply_defaults()
        return dict(bound.arguments)

    def _keras_hint(self, given: Iterable[str]) -> str:
        """What Keras' arguments are called in torch, where some of those given are Keras'."""
        takes = self.signature.parameters
        said = []
        for name in (name for name in given if name not in takes):
            known = [word for word, there in IN_KERAS.items() if name in there and word in takes]
            if known:
                said.append(f"{name} is called {known[0]} in torch; ")
            elif name == "activation":
                said.append("in torch an activation is a module of its own; ")
            elif name == "return_sequences":
                said.append("in torch every step comes out; ")
        return "".join(said)

    def _without_place(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments without a device and a type of numbers, which torch takes after them.

        Only modules that make tensors take them: those with weights.
        """
        kinds = [parameter.kind for parameter in self.signature.parameters.values()]
        many = kinds.count(Parameter.POSITIONAL_OR_KEYWORD)
        entry = self.record.torch
        made = self.named.make is not None or issubclass(self.record.layer, Network)
        weighs = made or (isinstance(entry, Entry) and bool(entry.tensors))
        placed = weighs and all(map(_is_place, args[many : many + len(ANYWHERE)]))
        anything = Parameter.VAR_POSITIONAL in kinds
        return args if anything or not placed or len(args) > many + len(ANYWHERE) else args[:many]

    def _fields(self, given: dict[str, Any]) -> dict[str, Any]:
        entry, ours = self.record.torch, self.record.layer.model_fields
        if not isinstance(entry, Entry):  # torch's own, under torch's names
            return {name: value for name, value in given.items() if name in ours}
        told = next((given[name] for name in _EXPECTED if name in given), None)
        said = fields_of(entry, given, Shape())
        own = {only.field: given[only.field] for only in entry.only if only.field in given}
        first = {"data_format": "channels_first"} if "data_format" in ours else {}
        named = {**first, **self.named.fixed, **self.named.more(given)}
        return {**said, **own, "expects": told, **named}

    @cached_property
    def __signature__(self) -> Signature:
        """For `help` and `inspect`."""
        return self.signature

    def __repr__(self) -> str:
        return f"<torch.nn.{self.name}{self.signature}>"


class _TorchClasses(Mapping[str, TorchClass]):
    """Every class of ``torch.nn`` that is a layer of ours, by torch's name; read when asked for."""

    def __getitem__(self, name: str) -> TorchClass:
        return _known()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_known())

    def __len__(self) -> int:
        return len(_known())


@lru_cache(maxsize=1)  # it holds no lock, as a cached property does, while records are loaded
def _known() -> dict[str, TorchClass]:
    return {n.name: TorchClass(n, record) for record in records() for n in record.names}


TORCH_CLASSES = _TorchClasses()
"""Every class of ``torch.nn`` that is a layer of ours, by torch's name."""
