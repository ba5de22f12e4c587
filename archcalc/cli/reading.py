"""From what stands on the command line to networks, traces and numbers."""

from __future__ import annotations

import gc
import re
import sys
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

from archcalc.network import Network, Trace
from archcalc.network.spec.files import Source, read_file
from archcalc.network.substitution import network_symbols, substitute
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted
from archcalc.symbolic.numbers import read_number

__all__ = ["Opened", "bound", "count", "dimension", "open_network", "rate", "trace_with"]

_COUNT = re.compile(r"[0-9]{1,600}|[0-9]{1,3}(?:([,_'\u202f\u00a0 ])[0-9]{3})(?:\1[0-9]{3}){0,200}")


class Opened:
    """A network, and where it came from.

    Args:
        name: what the command line calls it.
        network: the network.
        source: the text it was read from, if any.
    """

    def __init__(self, name: str, network: Network, source: Source | None = None) -> None:
        self.name = name
        self.network = network
        self._source = source

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of its symbols."""
        return tuple(symbol.name for symbol in network_symbols(self.network))

    def trace(self, values: Mapping[str, str]) -> Trace:
        """The network followed, with values put in for symbols.

        Raises:
            ArchcalcError: it cannot be; the error says in which file, and at which line of it.
        """
        with self.located():
            network = substitute(self.network, values)
            if network.own_inputs() is None:
                raise SpecificationError(
                    "there is no input to start from", code="no-input-shape",
                    hint="write input: [28, 28, 1] at its top",
                )  # fmt: skip
            return network.trace()

    @contextmanager
    def located(self) -> Iterator[None]:
        """Errors from inside say which file and line they are about."""
        try:
            yield
        except ArchcalcError as error:
            at = self.name
            if self._source is not None and error.path:
                at = self._source.where_layer(self.network, error.path)
            raise error.in_file(at) from None


def trace_with(
    file: str,
    values: Mapping[str, str],
    inputs: Sequence[str] | None = None,
    calls: Mapping[str, str] | None = None,
) -> Trace:
    """The network called `file` followed, with values put in for its symbols.

    Raises:
        ArchcalcError: it cannot be read or followed.
    """
    return open_network(file, inputs, calls).trace(values)


def open_network(
    name: str, inputs: Sequence[str] | None = None, calls: Mapping[str, str] | None = None
) -> Opened:
    """The network in a file, or the attribute of a module.

    Args:
        name: what the command line calls it.
        inputs: the shapes that go in, as they are written there: into a model of a framework, or
            in place of those that a file of ours says.
        calls: the arguments of a function that makes the network, as they are written there.

    Raises:
        ArchcalcError: there is none, or it is not valid.
    """
    if not gc.isenabled():  # by `main`, until everything is loaded, which is now
        gc.freeze()
        gc.enable()
    if name == "-":
        return Opened(_PIPED, *_piped())
    from archcalc._files import names_attribute, reader_of

    if not (inputs or names_attribute(name) or reader_of(name)):
        return Opened(name, *read_file(name))
    from archcalc.frameworks.opening import read_model

    call = {key: _argument(text) for key, text in (calls or {}).items()}
    return Opened(name, read_model(name, _shapes(inputs), call=call))


def dimension(text: str) -> int | str:
    """A dimension as an option has it: a number, also a short one, or a formula as it is.

    >>> dimension("2K"), dimension("2*b")
    (2000, '2*b')
    """
    number = read_number(text)
    return number if isinstance(number, int) else text


_PIPED = "standard input"
_TOML = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:\[\[?\s*[\w.]+\s*\]|[\w.]+\s*=)")
_MOST_BYTES = 16_000_000
"""More than any format is read of."""


def _piped() -> tuple[Network, Source]:
    """The network in what is piped in: JSON, TOML or YAML, told apart by how it begins.

    Raises:
        ArchcalcError: as `open_network`.
    """
    data = getattr(sys.stdin, "buffer", sys.stdin).read(_MOST_BYTES)
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise SpecificationError(
            "this is not text in UTF-8", code="not-text", path=_PIPED
        ) from None
    begins = text.lstrip()[:1]
    source = Source(
        _PIPED, text, "json" if begins == "{" else "toml" if _TOML.match(text) else "yaml"
    )
    return source.read(), source


def _shapes(inputs: Sequence[str] | None) -> Any:
    """What goes into a model: one shape, or several."""
    if not inputs:
        return None
    shapes = [_shape(text) for text in inputs]
    return shapes if len(shapes) > 1 else shapes[0]


def _shape(text: str) -> list[str]:
    """A shape as an option has it; a comma at its end may stand there, as in Python.

    Raises:
        SpecificationError: a dimension is empty.

    >>> _shape("3, h,w"), _shape("784,")
    (['3', 'h', 'w'], ['784'])
    """
    dims = [dim.strip() for dim in text.split(",")]
    dims = dims[:-1] if len(dims) > 1 and not dims[-1] else dims
    if not all(dims):
        raise _refused(text, "--input", "a shape: a dimension is empty", "3,224,224 or 3,h,w")
    return dims


def _argument(text: str) -> Any:
    """A value as Python writes it; a word that is none is a text.

    >>> _argument("(64, 64, 3)"), _argument("None"), _argument("relu")
    ((64, 64, 3), None, 'relu')
    """
    try:
        return literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def count(text: str, option: str) -> int:
    """A whole number, also with separators between thousands.

    Raises:
        SpecificationError: it is none.

    >>> count("541,988", "--total"), count("541_988", "--total")
    (541988, 541988)
    """
    if not _COUNT.fullmatch(text.strip()):
        raise SpecificationError(
            f"{option}: {quoted(text, 60)} is not a whole number", code="bad-option",
            hint="write 541988 or 541,988",
        )  # fmt: skip
    return int(re.sub(r"[^0-9]", "", text))


def rate(text: str | None, option: str) -> int | Fraction | None:
    """A rate, exactly as it is written.

    Raises:
        SpecificationError: it is none.

    >>> rate("50e9", "--bandwidth"), rate("1.5", "--bandwidth")
    (50000000000, Fraction(3, 2))
    """
    return None if text is None else _number(text, option, "a rate", "1e12 or 50_000_000_000")


def bound(text: str, option: str) -> int:
    """A bound on a total: a whole number, exactly as it is written.

    Raises:
        SpecificationError: it is none.

    >>> bound("1e6", "--at-most"), bound("25.6M", "--at-most"), bound("541,988", "--at-most")
    (1000000, 25600000, 541988)
    """
    what, such = "a whole number", "541988, 541,988, 1e6 or 25.6M"
    number = _number(text, option, what, such)
    if isinstance(number, Fraction):
        raise _refused(text, option, what, such)
    return number


def _number(text: str, option: str, what: str, such: str) -> int | Fraction:
    number = read_number(text)
    if number is None:
        raise _refused(text, option, what, such)
    return number


def _refused(text: str, option: str, what: str, such: str) -> SpecificationError:
    return SpecificationError(
        f"{option}: {quoted(text, 60)} is not {what}", code="bad-option", hint=f"write {such}"
    )
