"""Words that mean a choice, and so are no symbols where a dimension is given.

``Conv2D(32, 3, "same")`` gives a stride called ``same``, which nobody means.  The words are those
that fields declare as their choices: an activation, a padding, a data format anywhere, and the
choices of a layer's own fields in that layer; an initializer, and what a file writes for true,
false and nothing.  A formula has none of them in it either: ``"same+1"`` is no dimension.  A single
letter always stays a symbol.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias, get_args, get_origin

from sympy import Basic

from archcalc.layers.fields import least_of
from archcalc.layers.functions import ActivationName
from archcalc.layers.kept import CONSTRAINTS, INITIALIZERS, REGULARIZERS
from archcalc.layers.values import OTHER_PADDINGS, PADDINGS
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.words import declare

__all__ = ["DataFormat", "PaddingMode", "refuse_words", "word_refused"]

DataFormat: TypeAlias = Literal["channels_last", "channels_first"]

PaddingMode: TypeAlias = Literal["constant", "reflect", "replicate", "circular"]

_ANYWHERE: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys((*PADDINGS, *OTHER_PADDINGS), ("a padding", "padding")),
    **dict.fromkeys(get_args(PaddingMode), ("a padding mode", "mode")),
    **dict.fromkeys(get_args(ActivationName), ("an activation", "activation")),
    **dict.fromkeys(get_args(DataFormat), ("a data format", "data_format")),
    **dict.fromkeys(CONSTRAINTS, ("a constraint", "constraint")),
    **dict.fromkeys(REGULARIZERS - {"l1", "l2"}, ("a regularizer", "regularizer")),
    **dict.fromkeys(INITIALIZERS - set(get_args(PaddingMode)), ("an initializer", "initializer")),
    **dict.fromkeys(
        ("nearest", "bilinear", "bicubic", "trilinear", "lanczos3", "lanczos5"),
        ("a choice of interpolation", "interpolation"),
    ),
    **dict.fromkeys(("mean",), ("a way to reduce", "reduction")),
    **dict.fromkeys(("true", "false"), ("a truth value", "use_bias")),
    **dict.fromkeys(("none", "null"), ("nothing", "")),
}
"""What a word means in any layer, and the argument that takes it; ``l1`` is a good symbol."""

declare({word: said for word, (said, _) in _ANYWHERE.items()})


def refuse_words(cls: Any, given: Mapping[str, Any]) -> None:
    """Refuse a word that means a choice where a field of `cls` takes a dimension.

    Raises:
        InvalidLayerError: there is one; the hint says which argument it belongs to.
    """
    dimensions = least_of(cls)
    for name in given.keys() & dimensions.keys():
        for word, alone in _words(given[name]):
            meant = word.lower() in _meanings(cls)
            if meant and not (alone and word.lower() in dimensions[name].words):
                arguments = (*cls.model_fields, *getattr(cls, "built_with", ()))
                raise word_refused(cls.__name__, name, word, arguments, _meanings(cls))


def word_refused(
    owner: str,
    argument: str,
    word: str,
    arguments: Collection[str],
    meanings: Mapping[str, tuple[str, str]] = _ANYWHERE,
) -> InvalidLayerError:
    """The error for `word` as an `argument` of `owner`, which has these `arguments`."""
    kind, belongs = meanings.get(word.lower(), ("a choice", ""))
    hint = f"{quoted(word)} is {kind}"
    belongs = _argument_of(belongs, arguments)
    if not belongs:
        hint += ""
    elif belongs == "use_bias":
        hint += ", which an argument such as use_bias takes by name"
    elif belongs == argument == "padding":
        hint += " of convolutions and pools; give amounts"
    elif belongs in arguments:
        hint += f": {belongs}={word.lower()!r}"
    elif belongs == "activation":
        hint += ", which is a layer of its own after it"
    else:
        hint += f", and {owner} takes none"
    return InvalidLayerError(
        f"{owner}: {argument}: {quoted(word)} is a word, not a dimension or a symbol",
        code="word-for-symbol",
        values={argument: word},
        hint=hint,
    )


def _argument_of(kind: str, arguments: Collection[str]) -> str:
    """The argument that takes a word: an initializer is a ``kernel_initializer``, or another's."""
    if kind == "interpolation" and kind not in arguments and "mode" in arguments:
        return "mode"  # as torch calls it
    kinds = ("initializer", "regularizer", "constraint")
    return next((a for a in arguments if a.endswith(f"_{kind}")), kind) if kind in kinds else kind


_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w+(?![\w(])")
"""A name of more than one letter, and no function."""


def _words(value: Any) -> Iterator[tuple[str, bool]]:
    """The names in `value`, of more than one letter, and whether each stands there alone."""
    if isinstance(value, Basic):
        value = str(value) if value.is_Symbol else [s.name + "+0" for s in value.free_symbols]
    if isinstance(value, str):
        names = _NAME.findall(value[:_LONGEST])
        alone = value.strip() in names
        yield from ((name, alone) for name in names)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _words(part)


_LONGEST = 10_000
"""Of a longer text no names are looked for: the parser refuses it."""


@lru_cache(maxsize=1024)
def _meanings(cls: Any) -> Mapping[str, tuple[str, str]]:
    """What words mean in a layer, and which argument takes them."""
    fields = cls.model_fields
    own = {
        word: (f"a choice of {name}", name)
        for name, field in fields.items()
        for word in _choices(field.annotation)
    }
    anywhere = {w: said for w, said in _ANYWHERE.items() if said[1] in fields or w not in own}
    return {**own, **anywhere}


def _choices(annotation: Any) -> Iterator[str]:
    """The words among the choices that a type allows."""
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
        return
    for part in get_args(annotation):
        yield from _choices(part)
