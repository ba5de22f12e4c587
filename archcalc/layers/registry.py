"""Layer classes by their names, and where each is, so that its family is loaded when needed.

A family of layers is a file with public layers in it; nothing lists the files.  Which they are is
read from their texts, without loading them: a public class that is made from `Layer`, or from what
is, and is not abstract; or another name for one.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from archcalc._loading import loaded
from archcalc.symbolic.errors import UnknownLayerError, quoted, shorten

if TYPE_CHECKING:
    from archcalc.layers.base import Layer

__all__ = [
    "declare",
    "families",
    "homes",
    "is_layer_class",
    "known_layers",
    "layer_class",
    "layer_classes",
    "layer_names",
]

known_layers: dict[str, type[Layer]] = {}
"""The classes that are loaded, each of which enters itself when it is made."""

_declared: dict[str, Path] = {}


class _File(NamedTuple):
    """What the text of a module says: its classes and what they are made from, and other names."""

    home: str
    public: frozenset[str]
    classes: Mapping[str, tuple[str, ...]]
    others: Mapping[str, str]


class _Index(NamedTuple):
    homes: Mapping[str, str]
    families: frozenset[str]
    layers: frozenset[str]


def declare(package: str, folder: str) -> None:
    """Say that modules of `package`, which is in `folder`, have layers that files may name."""
    _declared[package] = Path(folder)
    _index.cache_clear()


def homes() -> Mapping[str, str]:
    """The module of each public name of the catalogue, none of which is loaded for it.

    >>> homes()["Dense"], homes()["MaxPool2D"]
    ('archcalc.layers.core', 'archcalc.layers.aliases')
    """
    return _index().homes


def layer_names() -> frozenset[str]:
    """The names of all layers of the catalogue, none of which is loaded for it.

    >>> "Dense" in layer_names(), "MaxPool2D" in layer_names(), "Linear" in layer_names()
    (True, True, False)
    """
    return _index().layers


def families(package: str) -> tuple[str, ...]:
    """The modules of a package that define layers, the core first.

    >>> families("archcalc.layers")[:3]
    ('archcalc.layers.core', 'archcalc.layers.activations', 'archcalc.layers.adapters')
    """
    found = [home for home in _index().families if home.rpartition(".")[0] == package]
    return tuple(sorted(found, key=lambda home: (not home.endswith(".core"), home)))


def _loaded(name: str) -> type[Layer] | None:
    """The class called `name`, by its own name or another, its family loaded if need be."""
    home = loaded(homes()[name]) if name in homes() else None
    found = known_layers.get(name) or getattr(home, name, None)
    return found if found in known_layers.values() else None


def layer_classes() -> dict[str, type[Layer]]:
    """Every registered layer class, by name."""
    for home in sorted(set(homes().values())):
        loaded(home)
    return dict(sorted(known_layers.items()))


def is_layer_class(name: object) -> bool:
    """Whether there is a layer class called `name`.

    >>> from archcalc.layers import Dense
    >>> is_layer_class("Dense"), is_layer_class("Linear")
    (True, False)
    """
    return isinstance(name, str) and (name in known_layers or name in layer_names())


def layer_class(name: str) -> type[Layer]:
    """The layer class called `name`.

    Raises:
        UnknownLayerError: there is none; the error names the nearest.

    >>> layer_class("MaxPool2D").__name__
    'MaxPooling2D'
    >>> layer_class("Pool2D")
    Traceback (most recent call last):
    archcalc.symbolic.errors.UnknownLayerError: ...
    """
    found = _loaded(name) if isinstance(name, str) else None
    if found is None:
        close = difflib.get_close_matches(
            str(name)[:60], {*known_layers, *layer_names()}, n=3, cutoff=0.5
        )
        raise UnknownLayerError(
            f"there is no layer called {quoted(name, 60)}",
            values={"name": shorten(name)},
            hint=f"did you mean {' or '.join(close)}?"
            if close
            else "see archcalc.layers.layer_classes()",
        )
    return found


# Reading the texts


@lru_cache(maxsize=1)
def _index() -> _Index:
    files = [file for package in _declared for file in _files(package)]
    bases = {name: made for file in files for name, made in file.classes.items()}
    layers = _made_from("Layer", bases)
    found: dict[str, str] = {}
    defining: set[str] = set()
    named: set[str] = set()
    for file in files:
        concrete = {n for n, made in file.classes.items() if "abstract=True" not in made}
        own = concrete & layers & file.public
        others = {n for n, of in file.others.items() if of in layers} & file.public
        if own:
            defining.add(file.home)
        if own or others:
            named |= own | others
            found.update(dict.fromkeys(sorted(file.public), file.home))
    return _Index(MappingProxyType(found), frozenset(defining), frozenset(named))


def _made_from(base: str, classes: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The classes that are made from `base`, or from what is."""
    found = {base}
    while more := {n for n, made in classes.items() if not found.isdisjoint(made)} - found:
        found |= more
    return found - {base}


@lru_cache(maxsize=16)
def _files(package: str) -> tuple[_File, ...]:
    return tuple(
        _file(f"{package}.{path.stem}", path.read_text(encoding="utf-8"))
        for path in sorted(_declared[package].glob("*.py"))
    )


def _file(home: str, text: str) -> _File:
    classes = _classes(text)
    return _File(home, _public(text), classes, {} if classes else _others(text))


def _classes(text: str) -> dict[str, tuple[str, ...]]:
    """What each class of a module is made from, as its first line says."""
    found = {}
    for part in text.split("\nclass ")[1:]:  # searched plainly: this is done at every start
        name, _, made = part[: part.index(":")].partition("(")
        found[name] = tuple(word.strip() for word in made.rstrip(")").split(","))
    return found


def _others(text: str) -> dict[str, str]:
    """The names that a module gives to what has a name."""
    pairs = (line.split(" = ") for line in text.splitlines() if line.count(" = ") == 1)
    return {name: of for name, of in pairs if name.isidentifier() and of.isidentifier()}


def _public(text: str) -> frozenset[str]:
    """What a module says is public: its ``__all__``."""
    _, _, after = text.partition("\n__all__ = [")
    return frozenset(after[: after.index("]")].split('"')[1::2] if after else ())


declare("archcalc.layers", str(Path(__file__).parent))
