"""What is refused in a mapping, and where it stands: the errors of the file format."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, TypeGuard

from archcalc.network.spec.scope import Place, place_text
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted, shorten

__all__ = ["MOST_LAYERS", "MOST_NESTING", "Complaints", "is_list", "kind_of", "nearest"]

MOST_LAYERS = 100_000
MOST_NESTING = 64
_MOST_BITS = 2_000


def is_list(value: object) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    """Whether `value` is a list of a file, or a tuple of Python."""
    return isinstance(value, list | tuple)


def kind_of(value: object) -> str:
    """What an error calls a value of a file.

    >>> kind_of([1]), kind_of(None), kind_of(3)
    ('a list', 'empty', '3')
    """
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if is_list(value) else quoted(value, 40)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant.

    >>> nearest("kernel", ["filters", "kernel_size"])
    'did you mean kernel_size?'
    >>> nearest("input_shape", ["input", "inputs"])
    'did you mean input?'
    """
    names = list(known)
    within = [known for known in names if name.startswith(f"{known}_")]
    close = within or difflib.get_close_matches(name[:60], names, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return shorten(f"there are {', '.join(names)}", 200) if names else ""


class Complaints:
    """Checks values of a mapping and raises errors that say where.

    Args:
        where: how a place is written.
    """

    def __init__(self, where: Callable[[Place], str] = place_text) -> None:
        self.where = where

    def refuse(
        self,
        message: str,
        place: Place,
        *,
        code: str | None = None,
        values: Mapping[str, Any] | None = None,
        hint: str = "",
    ) -> NoReturn:
        """Raise a `SpecificationError` at `place`."""
        raise SpecificationError(
            message, code=code, path=self.where(place), values=values, hint=hint
        )

    def placed(self, error: ArchcalcError, place: Place, message: str = "") -> ArchcalcError:
        """The same error at `place`; of a path in the network, what lies below is kept."""
        _, _, below = error.path.partition("/")
        path = "/".join(part for part in (self.where(place), below) if part)
        return type(error)(
            message or error.message, code=error.code, path=path, values=error.values,
            hint=error.hint,
        )  # fmt: skip

    def check_keys(
        self, mapping: Mapping[Any, Any], place: Place, known: Iterable[str] | None = None
    ) -> None:
        """Refuse a key that is not text, or not one of `known`."""
        names = None if known is None else list(known)
        for key in mapping:
            if not isinstance(key, str):
                self.refuse(f"the key {quoted(key, 40)} is not text", place)
            if names is not None and key not in names:
                self.refuse(
                    "this key is not known", (*place, key),
                    code="unknown-key", hint=nearest(key, names),
                )  # fmt: skip

    def check_plain(self, value: Any, place: Place, depth: int = 0) -> None:
        """Refuse a number or a nesting beyond any that is meant."""
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            self.refuse(
                f"a number of {value.bit_length():,} bits is too large", place, code="too-large"
            )
        if depth > MOST_NESTING:
            self.refuse(f"lists are nested deeper than {MOST_NESTING}", place, code="too-deep")
        inside = value.values() if isinstance(value, Mapping) else value if is_list(value) else ()
        for part in inside:
            self.check_plain(part, place, depth + 1)

    def listed(self, value: Any, place: Place, what: str) -> Iterator[tuple[Any, Place]]:
        """The parts of a list with their places.

        Raises:
            SpecificationError: it is no list, or longer than any network.
        """
        if not is_list(value):
            self.refuse(
                f"this is {kind_of(value)}, not a list of {what}", place,
                hint="write - before each" if what == "layers" else "",
            )  # fmt: skip
        if len(value) > MOST_LAYERS:
            self.refuse(f"there are more than {MOST_LAYERS:,} {what}", place, code="too-large")
        return ((part, (*place, i)) for i, part in enumerate(value))
