"""Every error archcalc raises on purpose, and the warnings it gives.

An error says where (the path of the layer), what (the values) and what would mend it, and carries
a stable code for programs.  The text is built from those fields, in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = [
    "ArchcalcError",
    "ArchcalcWarning",
    "ArithmeticRuleError",
    "CycleError",
    "DimensionError",
    "EvaluationError",
    "ExpressionError",
    "FrameworkError",
    "InvalidLayerError",
    "LookupFailedError",
    "MovedNameError",
    "NoSolutionError",
    "PictureError",
    "ReceptiveFieldError",
    "RequirementError",
    "ShapeError",
    "SpecificationError",
    "UnknownLayerError",
    "UnknownSymbolError",
]

_SHOWN = 120


def shorten(value: object, limit: int = _SHOWN) -> str:
    """`value` as text no longer than `limit` characters, so hostile input cannot flood a message.

    >>> shorten("a" * 500, 10)
    'aaaaaaaaa…'
    """
    text = value if isinstance(value, str) else _safe_repr(value)
    text = " ".join(text[: 4 * limit].split()) if len(text) > limit else " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def quoted(value: object, limit: int = _SHOWN) -> str:
    """As `shorten`, but text stands in quotes.

    >>> quoted("k"), quoted(3)
    ("'k'", '3')
    """
    return shorten(_safe_repr(value), limit)


def _safe_repr(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > 10_000:
        return f"an integer of {value.bit_length():,} bits"
    try:
        return repr(value)
    except Exception:  # a broken __repr__ must not hide the error being reported
        return f"<{type(value).__name__}>"


class ArchcalcError(Exception):
    """Base of every error archcalc raises on purpose.

    Attributes:
        code: a stable identifier such as ``"kernel-exceeds-input"``.
        path: where in the network or file, such as ``"stage2/conv1"``; empty if nowhere.
        values: the values involved, by name.
        hint: what would mend it; empty if nothing is known to.

    >>> print(ShapeError("kernel 7 does not fit", code="kernel-exceeds-input", path="a/b",
    ...                  hint="use padding='same'"))
    a/b: kernel 7 does not fit; use padding='same' [kernel-exceeds-input]
    """

    default_code: ClassVar[str] = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        path: str = "",
        values: Mapping[str, Any] | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.path = path
        self.values: dict[str, Any] = dict(values or {})
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        mend = f"; {self.hint}" if self.hint else ""
        return f"{where}{self.message}{mend} [{self.code}]"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.code, self.path, self.values, self.hint)

    def at(self, path: str) -> ArchcalcError:
        """The same error with `path` set before the path it already has.

        >>> ShapeError("no", path="conv").at("stage1").path
        'stage1/conv'
        """
        joined = "/".join(part for part in (path, self.path) if part)
        return _rebuild(type(self), self.message, self.code, joined, self.values, self.hint)

    def in_file(self, name: str) -> ArchcalcError:
        """The same error, of the file called `name`.

        >>> ShapeError("no", path="line 3").in_file("page.md").path
        'page.md: line 3'
        """
        path = f"{name}: {self.path}" if self.path else name
        return _rebuild(type(self), self.message, self.code, path, self.values, self.hint)


def _rebuild(
    kind: type[ArchcalcError], message: str, code: str, path: str, values: dict[str, Any], hint: str
) -> ArchcalcError:
    return kind(message, code=code, path=path, values=values, hint=hint)


class DimensionError(ArchcalcError, ValueError):
    """Something that should be a dimension (a positive integer or a formula of symbols) is not."""

    default_code = "not-a-dimension"


class ExpressionError(ArchcalcError, ValueError):
    """A text is not an arithmetic expression archcalc reads."""

    default_code = "bad-expression"


class ArithmeticRuleError(ArchcalcError, ZeroDivisionError):
    """Division by zero."""

    default_code = "zero-divisor"


class InvalidLayerError(ArchcalcError, ValueError):
    """A layer's hyperparameters are not valid."""

    default_code = "invalid-layer"


class UnknownLayerError(ArchcalcError, LookupError):
    """A layer's name is not in the registry."""

    default_code = "unknown-layer"


class ShapeError(ArchcalcError, ValueError):
    """A layer cannot take the shape it is given, or branches do not fit together."""

    default_code = "shape-mismatch"


class RequirementError(ShapeError):
    """A requirement that was kept while symbols had no numbers is broken by the numbers given."""

    default_code = "requirement-broken"


class CycleError(ArchcalcError, ValueError):
    """The inputs of a model do not reach its outputs, or layers feed one another in a circle."""

    default_code = "broken-graph"


class LookupFailedError(ArchcalcError, LookupError):
    """No layer, row or cost has that name."""

    default_code = "not-found"


class UnknownSymbolError(ArchcalcError, KeyError):
    """A value was given for a symbol the formula does not have, or one it has got none."""

    default_code = "unknown-symbol"


class EvaluationError(ArchcalcError, ValueError):
    """A value given for a symbol is not a positive integer, or the result cannot be computed."""

    default_code = "bad-value"


class MovedNameError(ArchcalcError, ImportError):  # type: ignore[misc]  # both have a path
    """A name that stands in another module than where it was looked for; the error says in which.

    >>> import archcalc
    >>> archcalc.TrainingFlops
    Traceback (most recent call last):
    archcalc.symbolic.errors.MovedNameError: TrainingFlops is archcalc.costs.TrainingFlops; ...
    """

    default_code = "moved-name"


class NoSolutionError(ArchcalcError, ValueError):
    """No integer solves what was asked, every one does, or that cannot be decided."""

    default_code = "no-solution"


class ReceptiveFieldError(ArchcalcError, ValueError):
    """The receptive field is not defined: branches do not align, or axes are mixed."""

    default_code = "receptive-field-undefined"


class SpecificationError(ArchcalcError, ValueError):
    """A file or mapping does not describe a network."""

    default_code = "bad-specification"


class PictureError(ArchcalcError, ValueError):
    """A layer has nothing that a picture would show, or too much of it."""

    default_code = "nothing-to-show"


class FrameworkError(ArchcalcError, ValueError):
    """A framework cannot build this layer, or is not installed."""

    default_code = "framework"


class ArchcalcWarning(UserWarning):
    """Legal, but rarely what was meant."""
