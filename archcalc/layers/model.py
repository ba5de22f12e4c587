"""The model that a layer is: Pydantic's, with a signature as it is given, for type checkers too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from archcalc.layers.fields import Dimension, hyper, option
from archcalc.layers.values import as_data

__all__ = ["COMMON", "LayerMeta", "Model"]

if TYPE_CHECKING:
    _ModelMeta = type
else:
    _ModelMeta = type(BaseModel)  # it has no public name


@dataclass_transform(kw_only_default=False, field_specifiers=(Field, hyper, option))
class LayerMeta(_ModelMeta):
    """Tells type checkers that a layer's arguments go by position as well as by name.

    Layers are frozen all the same; saying so here would make checkers read a field by the type in
    which it is given.
    """

    @property
    def __signature__(cls) -> Signature:  # noqa: N805
        """The arguments as they are given, for `help` and `inspect`; made when asked for."""
        fields: dict[str, Any] = getattr(cls, "model_fields", {})
        ordered = sorted(fields.items(), key=lambda f: (bool(f[1].kw_only), f[0] in COMMON))
        return Signature([_parameter(name, field) for name, field in ordered])

    @__signature__.setter
    def __signature__(cls, value: object) -> None:  # noqa: N805
        """Pydantic's own, which sees nothing but ``*args``, is not kept."""


def _parameter(name: str, field: Any) -> Parameter:
    kind = Parameter.KEYWORD_ONLY if field.kw_only else Parameter.POSITIONAL_OR_KEYWORD
    if not field.is_required():
        return Parameter(name, kind, default=as_data(field.default))
    annotation = Dimension if field.annotation is Any else field.annotation
    return Parameter(name, kind, annotation=annotation)


COMMON = ("name", "trainable", "expects", "tied", "weight_axes", "frozen")
"""The fields of every layer; they are written after its own."""

if TYPE_CHECKING:

    class Model(metaclass=LayerMeta):
        """What type checkers know of Pydantic's model, whose metaclass has no public name."""

        model_config: ClassVar[ConfigDict]
        model_fields: ClassVar[dict[str, FieldInfo]]
        __pydantic_complete__: ClassVar[bool]
        __pydantic_extra__: ClassVar[dict[str, Any] | None]

        @property
        def model_fields_set(self) -> set[str]: ...
        def __init__(self, *args: Any, **kwargs: Any) -> None: ...
        def __iter__(self) -> Iterator[tuple[str, Any]]: ...
        def __copy__(self) -> Self: ...
        def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self: ...
        def __init_subclass__(cls, **kwargs: Any) -> None: ...
        @classmethod
        def __pydantic_init_subclass__(cls, **kwargs: Any) -> None: ...
        def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self: ...
        def model_dump(self, **how: Any) -> dict[str, Any]: ...
        def model_dump_json(self, **how: Any) -> str: ...
        def model_post_init(self, context: Any, /) -> None: ...
        @classmethod
        def model_construct(cls, **values: Any) -> Self: ...
        @classmethod
        def model_validate(cls, value: Any, **how: Any) -> Self: ...
        @classmethod
        def model_validate_json(cls, value: str, **how: Any) -> Self: ...
        @classmethod
        def model_json_schema(cls, **how: Any) -> dict[str, Any]: ...
        @classmethod
        def model_rebuild(cls, **how: Any) -> bool | None: ...
else:
    Model = BaseModel
