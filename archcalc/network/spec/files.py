"""Networks in files: YAML 1.2, TOML and JSON, read without executing anything.

A file may come from anywhere, so that its size, its nesting and its numbers are bounded; whatever
is wrong with it is one error with its name, its line and its place.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from sympy import Expr, Symbol

from archcalc._hooks import FILE_ENDINGS, FILE_READERS
from archcalc.formula.values import read_values
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.sequential import Sequential
from archcalc.network.spec.describe import to_dict
from archcalc.network.spec.json_text import read_json, write_json
from archcalc.network.spec.lines import Lines, TextError
from archcalc.network.spec.reader import SpecReader
from archcalc.network.spec.scope import Place, place_text
from archcalc.network.spec.toml_text import read_toml, toml_line, write_toml
from archcalc.network.spec.yaml_text import read_yaml, write_yaml
from archcalc.network.substitution import substitute, substitute_in_layer, symbols_in
from archcalc.network.trace import Trace
from archcalc.network.tracer import growing
from archcalc.symbolic.dims import lower
from archcalc.symbolic.errors import ArchcalcError, SpecificationError, quoted, shorten
from archcalc.symbolic.substitution import substitute as with_exact

__all__ = [
    "Source",
    "dumps",
    "load",
    "loads",
    "names_file",
    "read_file",
    "save",
    "trace_symbols",
    "traced",
]

_FORMATS = {".yaml": "yaml", ".yml": "yaml", ".toml": "toml", ".json": "json"}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "yaml": write_yaml,
    "toml": write_toml,
    "json": write_json,
}
_MOST_CHARACTERS = {"yaml": 250_000, "toml": 1_000_000, "json": 4_000_000}
"""What is read within a second or two: YAML takes longest."""

_MOST_SEARCHED = 200_000
"""Up to how many characters a JSON text is read once more to find a line for an error."""


def load(path: str | os.PathLike[str]) -> Network:
    """The network in a file: YAML, TOML or JSON, told apart by the name's ending.

    Files of frameworks are read as well, by `from_keras` (``.keras``, ``.h5``, the JSON of
    `model.to_json()`), `from_onnx` (``.onnx``) and `from_source` (``.py``, which is not run).  A
    model that does not say what goes into it is read by these, with an ``input_shape``.

    Args:
        path: of the file.

    Raises:
        SpecificationError: the file is missing, too large, not text or does not describe a network;
            or what is given is no path, and the error says what reads it.
        UnknownLayerError: it names a layer that does not exist.
        InvalidLayerError: an argument of a layer is not valid.
        FrameworkError: a model of a framework cannot be read.
        All with the file's name, and the line where that is known.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "net.yaml"
    >>> _ = file.write_text("input: 784\\nlayers: [{Dense: 10}]")
    >>> load(file).trace().parameters
    7850
    """
    if not isinstance(path, str | os.PathLike):
        raise _no_path(path)
    reader = _reader_of(path)
    if reader is None:
        return read_file(path)[0]
    read: Network = reader(path, None)
    return read


def _reader_of(path: str | os.PathLike[str]) -> Callable[[Any, Any], Any] | None:
    """What reads a file of another program; ``None`` for one of ours."""
    return next(filter(None, (find(path) for find in FILE_READERS)), None)


def traced(what: Network | Trace | str | os.PathLike[str], **values: Any) -> Trace:
    """The trace of a network, of one in a file, or what is one already.

    Args:
        what: the network, its trace, or a file that describes it.
        values: numbers, or formulas, for its symbols, as in ``k=3``.

    Raises:
        ShapeError: the network was given no input shape.
        UnknownSymbolError: a value for a symbol that it does not have.
        As `load` does, for a file.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> traced(Sequential([Dense("n")], input_shape=784), n=10).parameters
    7850
    """
    if isinstance(what, Trace):
        return _with(what, values) if values else what
    network = what if isinstance(what, Network) else load(what)
    return substitute(network, values).trace()


def trace_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbols of a traced network and of its input shapes, by name."""
    dims = [dim for shape in trace.inputs for dim in shape if isinstance(dim, Expr)]
    symbols = symbols_in(trace.network).union(*(dim.free_symbols for dim in dims))
    return {s.name: s for s in sorted(symbols, key=lambda s: s.name)}


def _with(trace: Trace, values: Mapping[str, Any]) -> Trace:
    """A trace with values put in for symbols, also for those of its input shapes alone."""
    given = read_values(values, trace_symbols(trace))
    shapes = [
        [lower(with_exact(dim, given)) if isinstance(dim, Expr) else dim for dim in shape]
        for shape in trace.inputs
    ]
    network = substitute_in_layer(trace.network, given)
    return (network if isinstance(network, Network) else Sequential([network])).trace(*shapes)


def names_file(what: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether something is the path of a file that `load` reads, by its type or its ending.

    >>> names_file("net.yaml"), names_file(Path("net")), names_file("k**2")
    (True, True, False)
    >>> names_file("model.onnx"), names_file("model.py")
    (True, True)
    """
    if isinstance(what, str):
        ours = os.path.splitext(what)[1].lower() in _FORMATS
        return ours or _reader_of(what) is not None
    return isinstance(what, os.PathLike)


def loads(text: str, format: str = "yaml") -> Network:
    """The network that a text describes.

    Args:
        text: the text.
        format: ``"yaml"``, ``"toml"`` or ``"json"``.

    Raises:
        ArchcalcError: as `load`.

    >>> loads("input: 784\\nlayers: [{Dense: n}]").trace().parameters
    785·n
    """
    if not isinstance(text, str):
        raise SpecificationError(
            f"{type(text).__name__} is no text", code="not-a-text",
            hint="loads takes the text itself; load takes the path of a file, from_dict a mapping",
        )  # fmt: skip
    return Source("", text, _known(format)).read()


def dumps(network: Network, format: str = "yaml") -> str:
    """The text that describes a network; the inverse of `loads`.

    Raises:
        SpecificationError: a layer's class is not registered, or the format is not known.

    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> print(dumps(Sequential([Dense(10)], input_shape=784)), end="")
    archcalc: 1
    input: [784]
    layers:
    - {Dense: 10}
    """
    return _WRITERS[_known(format)](to_dict(network))


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a file, in the format of the name's ending.

    Raises:
        SpecificationError: as `dumps`, or the file cannot be written.

    >>> import tempfile
    >>> from archcalc.layers import Dense
    >>> from archcalc.network import Sequential
    >>> file = Path(tempfile.mkdtemp()) / "net.json"
    >>> save(Sequential([Dense(10)], input_shape=784), file)
    >>> load(file).trace().parameters
    7850
    """
    if not isinstance(path, str | os.PathLike):
        raise _no_path(path)
    name = _name(path)
    text = dumps(network, _format_of(path))
    try:
        Path(path).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def read_file(path: str | os.PathLike[str]) -> tuple[Network, Source]:
    """The network in a file, and the text it came from, which knows where its layers stand.

    Raises:
        ArchcalcError: as `load`.
    """
    name = _name(path)
    if os.path.isdir(path):
        raise _unreadable(name, IsADirectoryError())
    others = [ending for endings in FILE_ENDINGS for ending in endings()]
    format = _format_of(path, others)
    source = Source(name, _text(path, name, format), format)
    return source.read(), source


class Source:
    """A text that describes a network, and where in it things stand.

    Args:
        name: of the file; empty where there is none.
        text: what is in it.
        format: ``"yaml"``, ``"toml"`` or ``"json"``.
    """

    def __init__(self, name: str, text: str, format: str) -> None:
        self.name = name
        self._text = text
        self._format = format
        self._lines: Lines | None = None
        self._places: dict[int, Place] = {}

    def read(self) -> Network:
        """The network.

        Raises:
            ArchcalcError: as `load`.
        """
        most = _MOST_CHARACTERS[self._format]
        if len(self._text) > most:
            raise _too_large(self.name, len(self._text), most)
        if not self._text.strip():
            raise SpecificationError("there is nothing in it", code="empty-file", path=self.name)
        try:
            with growing():
                value = self._value()
        except TextError as error:
            raise SpecificationError(
                error.message, code=error.code, hint=error.hint, path=self._at(error.line)
            ) from None
        reader = SpecReader(self.where)
        with growing():
            network = reader.read(value)
        self._places = reader.places
        return network

    def _value(self) -> Any:
        if self._format == "json":
            return read_json(self._text)
        if self._format == "toml":
            return read_toml(self._text)
        value, self._lines = read_yaml(self._text)
        return value

    def where(self, place: Place) -> str:
        """A place as errors write it: the file, the line and the keys."""
        return ": ".join(part for part in (self._at(self._line(place)), place_text(place)) if part)

    def where_layer(self, network: Network, path: str) -> str:
        """The file and the line of the layer at `path` of `network`, which was read from here."""
        return self._at(self._line(self._place_of(network, path)))

    def _place_of(self, network: Network, path: str) -> Place:
        """The place of the innermost layer on `path` that stands in the text."""
        place: Place = ()
        for name in path.split("/"):
            node = next((n for n in network.graph().nodes if n.name == name), None)
            if node is None:
                break
            place = self._places.get(id(node.layer), place)
            if not isinstance(node.layer, Network):
                break
            network = node.layer
        return place

    def _line(self, place: Place) -> int:
        """The line of a place, looked for only now that something is wrong there; 0 if unknown."""
        if self._format == "toml":
            return toml_line(self._text, place) if place else 0
        if self._lines is None and len(self._text) <= _MOST_SEARCHED:
            try:
                self._lines = read_yaml(self._text)[1]  # what is JSON is YAML too
            except TextError:
                return 0
        return self._lines.of(place) if self._lines is not None and place else 0

    def _at(self, line: int) -> str:
        if not line:
            return self.name
        return f"{self.name}:{line}" if self.name else f"line {line}"


def _no_path(what: object) -> SpecificationError:
    """The error that something is no path of a file, with what reads it instead."""
    if isinstance(what, Mapping):
        hint = "from_dict reads a mapping that describes a network, from_huggingface a config.json"
    elif isinstance(what, Network | Trace):
        hint = "it is read already, and is used as it is"
    elif isinstance(what, Layer):
        hint = "Sequential([layer], input_shape=…) makes a network of a layer"
    else:
        hint = (
            "a file is given by its path, a text to loads, a live model to "
            "from_torch(module, input_shape=…) or from_keras(model)"
        )
    return SpecificationError(
        f"{type(what).__name__} is no path of a file", code="not-a-path", hint=hint
    )


def _known(format: str) -> str:
    if format not in _WRITERS:
        raise SpecificationError(
            f"{quoted(format, 40)} is not a format", code="unknown-format",
            hint=f"formats are {', '.join(_WRITERS)}",
        )  # fmt: skip
    return format


def _name(path: str | os.PathLike[str]) -> str:
    return shorten(os.fspath(path), 200)


def _format_of(path: str | os.PathLike[str], others: Iterable[str] = ()) -> str:
    """The format of a file of ours by its ending; an error names `others` beside ours."""
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending in (".gguf", ".safetensors", ".bin", ".pt", ".pth"):
        raise SpecificationError(
            "it holds weights, and no network", code="unknown-format", path=_name(path),
            hint="give its config.json, a model's code, or a file of these endings: "
            f"{', '.join([*_FORMATS, *others])}",
        )  # fmt: skip
    if ending not in _FORMATS:
        raise SpecificationError(
            "the name does not say which format this is", code="unknown-format", path=_name(path),
            hint=f"endings are {', '.join([*_FORMATS, *others])}",
        )  # fmt: skip
    return _FORMATS[ending]


def _text(path: str | os.PathLike[str], name: str, format: str) -> str:
    """What is in a regular file of no more than the bound, as text."""
    most = 4 * _MOST_CHARACTERS[format]
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise SpecificationError("this is not a file", code="not-a-file", path=name)
            data = file.read(most + 1) if status.st_size <= most else b""
    except (OSError, ValueError) as error:
        if isinstance(error, ArchcalcError):
            raise
        raise _unreadable(name, error) from None
    if status.st_size > most or len(data) > most:
        raise _too_large(name, status.st_size, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecificationError(
            f"this is not text in UTF-8: byte 0x{data[error.start]:02x}",
            code="not-text", path=f"{name}:{line}",
        ) from None  # fmt: skip


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting, as a pipe that nothing writes to would make us."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _too_large(name: str, size: int, most: int) -> SpecificationError:
    return SpecificationError(
        f"{size:,} characters are more than are read, {most:,}", code="too-large", path=name,
        hint="JSON is read fastest, and in the largest pieces",
    )  # fmt: skip


def _unreadable(name: str, error: Exception) -> SpecificationError:
    if isinstance(error, FileNotFoundError):
        return SpecificationError("there is no such file", code="no-such-file", path=name)
    if isinstance(error, IsADirectoryError):
        return SpecificationError("this is a directory", code="not-a-file", path=name)
    why = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
    return SpecificationError(f"it cannot be opened: {why.lower()}", code="unreadable", path=name)
