"""The layer: a frozen specification that states its facts and nothing else.

A layer class is one page of the catalogue.  It declares its hyperparameters in Keras' order, and
states facts about its input shapes, each once and symbolically: the output shape, the weights, the
work, the windows (or, where axes move, the sights), what it keeps for the next step, what must
hold; where its output is stored, what it computes beside its products, and what it keeps for the
backward pass.  Everything else (counts, memory, derivations, documentation, framework comparisons)
is folded from these.
"""

# Annotations are no texts here: Pydantic would evaluate those of this class for every subclass.

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Protocol,
    Self,
    TypeVar,
)

from pydantic import ConfigDict, Field, PlainSerializer, SerializationInfo, ValidationError
from pydantic_core.core_schema import (
    no_info_before_validator_function,
    plain_serializer_function_ser_schema,
)

from archcalc._hooks import ON_NEW_LAYER
from archcalc._loading import ONE_AT_A_TIME
from archcalc.layers.arguments import (
    accepted,
    by_name,
    explained,
    refuse_call_arguments,
    unknown_argument,
)
from archcalc.layers.axis import WeightAxes
from archcalc.layers.choices import refuse_words
from archcalc.layers.fields import OptionalSize, option
from archcalc.layers.frozen import FrozenWeights
from archcalc.layers.kept import EVERY
from archcalc.layers.model import COMMON, LayerMeta, Model
from archcalc.layers.registry import homes, is_layer_class, known_layers, layer_class
from archcalc.layers.stated import AxisWindow, StatedFacts
from archcalc.layers.ties import Tie, Ties
from archcalc.layers.values import as_data, listed
from archcalc.symbolic.errors import InvalidLayerError, ShapeError, quoted
from archcalc.symbolic.shown import Shown

__all__ = ["FIELDS", "AxisWindow", "Layer", "leading_axes"]


class _Taker(Protocol):
    """What a layer can be called on: a tensor of the functional API, which knows how."""

    def take(self, layer: "Layer", others: tuple[Any, ...]) -> Any: ...


FIELDS = "fields"
"""The context in which a layer is dumped field by field, whatever it holds."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})

_APART = ("name", "tied")
"""The fields on which no fact depends."""

L = TypeVar("L", bound="Layer")


class Layer(Model, StatedFacts, Shown, metaclass=LayerMeta):
    """One operation: its hyperparameters, and the facts that follow from an input shape.

    Subclasses declare fields in Keras' order and override the facts they have.  A subclass
    registers itself under its name, unless it says ``abstract=True``, and can then be written in
    a file.

    Attributes:
        name: a name in the network; one is made up where it is ``None``.
        trainable: whether the weights it learns are trained.
        frozen: the names of those that are not trained, where the others are: ``"kernel"``, or
            several.
        expects: how many features must come in, as torch's layers are told (``in_features``,
            ``in_channels``); any number where it is ``None``.
        tied: the weights that are another layer's, by name: ``{"kernel": table}``.  The other layer
            has to be in the same network; its weight is taken as it is, or with the last two axes
            exchanged.  It is counted once, at its owner; its work and its gradient count here too.
        weight_axes: what the axes of weights are, by the name of the weight, where the layer does
            not know: ``{"kernel": ("width", "ffn")}``, or with how many parts lie along one that
            are not cut: ``{"kernel": ("width", ("heads", a))}``.  A mesh of devices splits them by
            these names; no count depends on them.

    Raises:
        InvalidLayerError: a hyperparameter is missing, unknown or not valid.

    A layer of one's own:

    >>> from archcalc.layers import Weight
    >>> from archcalc.symbolic.shape import Shape
    >>> class Gain(Layer):
    ...     '''One learned factor a channel.'''
    ...     def output_shape(self, x):
    ...         return x
    ...     def weights(self, x):
    ...         return (Weight("gain", (x[-1],), "scale"),)
    >>> Gain().weights(Shape((28, 28, 3)))[0].size
    3
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",  # no more than the constructor lets through
        arbitrary_types_allowed=True,
        defer_build=True,
        validate_default=True,
        ignored_types=(cached_property,),
    )

    if not TYPE_CHECKING:  # a type checker knows that fields are frozen

        def __setattr__(self, name: str, value: object) -> None:
            if name not in type(self).model_fields:
                return super().__setattr__(name, value)
            raise InvalidLayerError(
                f"{type(self).__name__}: {name} stays what it is once the layer is made",
                code="frozen",
                hint=f"say {name}= where it is made; model_copy(update={{{name!r}: …}}) copies it",
            )

    if not TYPE_CHECKING:  # no argument of the constructor
        __pydantic_extra__: object
        # no text: Pydantic before 2.13 looks its names up in the module of each subclass
        __annotations__["__pydantic_extra__"] = dict[
            str, Annotated[Any, PlainSerializer(listed, when_used="json")]
        ]

    name: str | None = Field(default=None, kw_only=True, min_length=1, max_length=200)
    trainable: bool = Field(default=True, kw_only=True)
    expects: OptionalSize = option(default=None, kw_only=True, counts="incoming")
    tied: Ties = option(default=(), kw_only=True)
    weight_axes: WeightAxes = option(default=(), kw_only=True)
    frozen: FrozenWeights = option(default=(), kw_only=True)

    built_with: ClassVar[tuple[str, ...]] = EVERY
    """Arguments of Keras that change no count, beside the fields: see `kept`."""

    composed: ClassVar[bool] = False
    """Whether its facts are those of the layers in it, where their names are looked up."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """A field of layers keeps the class of each: ``{"Dense": {"units": 3, …}}``."""
        schema = handler(source)
        if cls is not Layer:
            return schema
        written = plain_serializer_function_ser_schema(_dumped, info_arg=True)
        return no_info_before_validator_function(_of_a_class, schema, serialization=written)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args:
            kwargs = by_name(type(self), args, kwargs)
        kwargs, unknown = accepted(type(self), kwargs)
        refuse_words(type(self), kwargs)
        if not type(self).__pydantic_complete__:
            type(self).model_rebuild(raise_errors=False)
        try:
            super().__init__(**kwargs)
        except ValidationError as error:
            if not unknown:
                raise explained(type(self), error, kwargs) from None
            raise unknown_argument(type(self), unknown, error.error_count()) from None
        if unknown:
            raise unknown_argument(type(self), unknown)

    @classmethod
    def model_rebuild(cls, *, _parent_namespace_depth: int = 2, **how: Any) -> bool | None:
        """Build the class, as Pydantic does at its first use, while no other thread does.

        A class that is being built has, for a moment, the validator of the one that it extends.
        """
        with ONE_AT_A_TIME:
            return super().model_rebuild(_parent_namespace_depth=_parent_namespace_depth + 1, **how)

    def __init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, abstract: bool = False, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not abstract:
            _register(cls)

    @property
    def key(self) -> tuple[Any, ...]:
        """What the facts depend on: the class, and every field but those of `_APART`."""
        values = self.__dict__
        known: tuple[Any, ...] | None = values.get("_key")  # no field, so that ``dict`` is as given
        if known is None:
            fields = [values[f] for f in type(self).model_fields if f not in _APART]
            known = values["_key"] = (type(self), *fields)
        return known

    @property
    def kept(self) -> Mapping[str, Any]:
        """Arguments that change no count and were given: a model built for Keras has them.

        >>> from archcalc.layers import Dense
        >>> Dense(10, kernel_initializer="he_normal").kept
        mappingproxy({'kernel_initializer': 'he_normal'})
        """
        extra = self.__pydantic_extra__
        return MappingProxyType(extra) if extra else _NOTHING

    def __call__(self, *tensors: Any, **how: Any) -> Any:
        """Apply the layer in the functional API, as in Keras.

        Args:
            tensors: the inputs, or lists of them: torch's ``lstm(x, (h, c))``.
            how: Keras' ``training``, on which no shape depends; a ``mask`` may be ``None``.

        Raises:
            ShapeError: it cannot take these shapes.
            InvalidLayerError: something else is said of the call.
        """
        refuse_call_arguments(type(self), how)
        first: Any
        first, *others = flat_list(tensors) or (None,)
        if not hasattr(first, "take"):
            raise ShapeError(
                f"{type(self).__name__} is called on tensors, not on {quoted(first)}",
                code="not-a-tensor",
                hint="start from archcalc.Input(shape), or use output_shape() on shapes",
            )
        return first.take(self, tuple(others))

    def given(self) -> dict[str, Any]:
        """The fields that differ from their defaults, as numbers, strings and lists.

        >>> from archcalc.layers import Conv2D
        >>> Conv2D(32, (3, 3), padding=1).given()
        {'filters': 32, 'kernel_size': 3, 'padding': 1}
        """
        every = self.model_dump(context=FIELDS)
        fields = type(self).model_fields
        own = [name for name in fields if name not in COMMON]
        own.sort(key=lambda name: bool(fields[name].kw_only))  # as they are given
        written = {name: every[name] for name in (*own, *COMMON)}
        return {
            name: self._written(getattr(self, name), value)
            for name, value in written.items()
            if fields[name].is_required() or not _by_default(value, fields[name].default)
        } | {name: listed(value) for name, value in self.kept.items()}

    def _written(self, value: Any, dumped: Any) -> Any:
        """A field as a file writes it."""
        if self.spreads or not isinstance(value, tuple) or len(value) < 2:
            return dumped
        return dumped if isinstance(dumped, list) else [as_data(part) for part in value]

    def __copy__(self) -> Self:
        """The fields alone: what was worked out from them need not hold of a copy with others."""
        return _forgetting(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return _forgetting(super().__deepcopy__(memo))

    def code(self, within: "Callable[[Layer], str]" = repr) -> str:
        """The layer as Python code that makes an equal one.

        Args:
            within: how a layer that this one holds is written.

        >>> from archcalc.layers import Conv2D
        >>> Conv2D("f", (3, 5), padding="same").code()
        "Conv2D(filters='f', kernel_size=[3, 5], padding='same')"
        """
        given = self.given()
        shown = {name: _shown(getattr(self, name), given[name], within) for name in given}
        arguments = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{type(self).__name__}({arguments})"

    def __repr__(self) -> str:
        return self.code()

    __str__ = __repr__


def _dumped(layer: Layer, info: SerializationInfo) -> Any:
    """A layer that another holds; field by field what it holds is not asked for."""
    kind = type(layer).__name__
    how = {"mode": info.mode, "context": info.context}
    return kind if info.context is FIELDS else {kind: layer.model_dump(**how)}


def _of_a_class(value: Any) -> Any:
    """A layer that was dumped with its class; anything else as it is."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, fields),) = value.items()
    return layer_class(kind).model_validate(fields) if is_layer_class(kind) else value


def _by_default(value: Any, default: Any) -> bool:
    return bool(value == as_data(default)) or value == () == default


def _forgetting(layer: L) -> L:
    for name in layer.__dict__.keys() - type(layer).model_fields.keys():
        del layer.__dict__[name]
    return layer


def _shown(value: Any, written: Any, within: Callable[[Layer], str]) -> str:
    """A field as code: layers that it holds by their own code, anything else as it is written."""
    if isinstance(value, tuple) and value and isinstance(value[0], Layer):
        return f"[{', '.join(map(within, value))}]"
    if isinstance(value, Layer):
        return within(value)
    if isinstance(value, tuple) and value and isinstance(value[0], Tie):
        return f"{{{', '.join(_shown_tie(tie, within) for tie in value)}}}"
    return getattr(value, "__name__", repr(written)) if callable(value) else repr(written)


def _shown_tie(tie: Tie, within: Callable[[Layer], str]) -> str:
    owner = within(tie.owner)
    return f"{tie.weight!r}: " + (f"({owner}, {tie.of!r})" if tie.of else owner)


def flat_list(tensors: Any) -> list[Any]:
    """Tensors in order, also those in lists in lists."""
    if not isinstance(tensors, list | tuple):
        return [tensors]
    return [tensor for part in tensors for tensor in flat_list(part)]


def _register(cls: type[Layer]) -> None:
    """Make `cls` known under its name.

    Raises:
        InvalidLayerError: archcalc has another layer of that name.
    """
    previous = known_layers.get(cls.__name__)
    there = homes().get(cls.__name__) or (previous.__module__ if previous else cls.__module__)
    if there != cls.__module__ and there.startswith("archcalc."):
        raise InvalidLayerError(
            f"a layer called {cls.__name__} exists already, in {there}",
            code="layer-name-taken",
            hint="choose another class name",
        )
    known_layers[cls.__name__] = cls
    for tell in ON_NEW_LAYER:
        tell(cls)


def leading_axes(count: int) -> tuple[str, ...]:
    """What formulas call the axes before the last, by how many there are."""
    named = ((), ("t",), ("h", "w"), ("d", "h", "w"))
    return named[count] if count < len(named) else tuple(f"a{i}" for i in range(1, count + 1))
