"""What can be wrong with an architecture file, each thing once, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

__all__ = ["MAPPINGS", "TEXTS", "Break"]

_ALL = ("dict", "yaml", "toml", "json")

Breaking: TypeAlias = Callable[[Any, DrawFn], Any]
"""From a valid mapping (its own copy), or a valid text, to a broken one."""


@dataclass(frozen=True)
class Break:
    """One way to break a file.

    Attributes:
        why: what is then wrong, in words.
        code: the code of archcalc's error.
        broken: how it is done.
        formats: where it can be done.
    """

    why: str
    code: str
    broken: Breaking
    formats: tuple[str, ...] = _ALL


# Mappings


def _with(*entries: Any) -> Breaking:
    """One of `entries` among the layers."""

    def broken(spec: dict[str, Any], draw: DrawFn) -> Any:
        layers = list(spec["layers"])
        place = draw(st.sampled_from(range(len(layers) + 1)))
        return {
            **spec,
            "layers": [*layers[:place], draw(st.sampled_from(entries)), *layers[place:]],
        }

    return broken


def _set(**keys: tuple[Any, ...]) -> Breaking:
    """One of the values for each of these keys."""

    def broken(spec: dict[str, Any], draw: DrawFn) -> Any:
        return {**spec, **{key: draw(st.sampled_from(values)) for key, values in keys.items()}}

    return broken


def _without_layers(spec: dict[str, Any], draw: DrawFn) -> Any:
    return {key: value for key, value in spec.items() if key not in ("layers", "outputs")}


def _twice(spec: dict[str, Any], draw: DrawFn) -> Any:
    name = draw(st.sampled_from(("same", "one", "a b")))
    return {**spec, "layers": [*spec["layers"], *[{"ReLU": {"name": name}}] * 2]}


def _instead(*values: Any) -> Breaking:
    return lambda spec, draw: draw(st.sampled_from(values))


def _nested(spec: dict[str, Any], draw: DrawFn) -> Any:
    inside: list[Any] = ["ReLU"]
    for _ in range(draw(st.sampled_from((70, 90)))):
        inside = [{"Sequential": inside}]
    return {**spec, "layers": inside}


MAPPINGS: tuple[Break, ...] = (
    Break("there is no such layer", "unknown-layer", _with("Dens", {"Conv2d_": [3, 3]}, {"": 3})),
    Break("an argument is missing", "missing-argument", _with("Dense", {"Conv2D": {"filters": 3}})),
    Break(
        "an argument is not known",
        "unknown-argument",
        _with({"Dense": {"units": 3, "colour": 1}}, {"ReLU": {"max": 6}}),
    ),
    Break(
        "too many arguments",
        "too-many-arguments",
        _with({"Dense": [3, None, True, 4]}, {"Dense": [1, 2, 3, 4, 5, 6, 7]}),
        ("dict", "yaml", "json"),
    ),
    Break(
        "a dimension is not one",
        "not-a-dimension",
        _with({"Dense": 0}, {"Dense": -3}, {"Dense": 2.5}, {"Conv2D": [3, 0]}, {"Dense": True}),
    ),
    Break(
        "a formula is not one",
        "bad-expression",
        _with({"Dense": "3 +"}, {"Dense": "(n"}, {"Dense": "n*"}),
    ),
    Break(
        "a formula calls what is no function of formulas",
        "unknown-function",
        _with({"Dense": "f(n)"}, {"Conv2D": [3, "open(n)"]}),
    ),
    Break("a choice is not one", "unknown-choice", _with({"Dense": [3, "rellu"]})),
    Break("a number is far too large", "too-large", _with({"Dense": 10**700}), ("dict",)),
    Break("a layer is no layer", "bad-specification", _with(3, True, {}, {"Dense": 3, "ReLU": 1})),
    Break(
        "what is shared is not there",
        "not-found",
        _with({"Shared": "nowhere"}, {"Shared": "/nowhere/at all"}),
    ),
    Break("a key is not known", "unknown-key", _set(layrs=([],), colour=("red", 3))),
    Break(
        "the layers are no list",
        "bad-specification",
        _set(layers=(3, True, {"Dense": 3})),
        ("dict", "yaml", "json"),
    ),
    Break("the version of the format is none", "bad-version", _set(archcalc=(0, -1, "new"))),
    Break("the version of the format is to come", "newer-version", _set(archcalc=(99, 1000))),
    Break("the input is no shape", "not-a-dimension", _set(input=([0], [3, -1], [2.5], [True]))),
    Break("there are no layers", "missing-argument", _without_layers),
    Break("two layers have the same name", "name-twice", _twice),
    Break("the layers are nested too deep", "too-deep", _nested, ("dict", "yaml", "json")),
    Break(
        "it is no mapping",
        "bad-specification",
        _instead([], 3, None, "Dense", ["Dense"]),
        ("dict", "json"),
    ),
)
"""What can be wrong with what a file says."""


# Texts


def _ended(*ends: str) -> Breaking:
    return lambda text, draw: text + draw(st.sampled_from(ends))


def _begun(*starts: str) -> Breaking:
    return lambda text, draw: draw(st.sampled_from(starts)) + text


def _cut(text: str, draw: DrawFn) -> str:
    body = text.rstrip()
    return body[: draw(st.sampled_from(range(1, len(body))))]


TEXTS: tuple[Break, ...] = (
    Break("there is nothing in it", "empty-file", _instead("", " ", "\n\n"), _ALL[1:]),
    Break("a bracket is not closed", "bad-file", _ended("\na: [1, 2\n"), ("yaml",)),
    Break("a bracket is not closed", "bad-file", _ended("\na = [1, 2\n"), ("toml",)),
    Break("it ends in the middle", "bad-file", _cut, ("json",)),
    Break("it is indented by a tab", "bad-file", _ended("\na:\n\tb: 3\n"), ("yaml",)),
    Break("something comes after the end", "bad-file", _ended("}", " 3"), ("json",)),
    Break("a character cannot stand in it", "bad-file", _begun("\x00", "\x07"), ("yaml",)),
    Break("a character cannot stand in it", "bad-file", _begun("\x00", "\x07"), ("json",)),
    Break("it refers to another place", "alias", _ended("\na: *b\n"), ("yaml",)),
    Break("it asks for an object", "tag", _ended("\na: !!python/name:os.system x\n"), ("yaml",)),
    Break("a number is not finite", "not-finite", _ended("\na: .inf\n", "\na: .nan\n"), ("yaml",)),
    Break("a key stands twice", "key-twice", _ended("\na: 1\na: 1\n"), ("yaml",)),
)
"""What can be wrong with how it is written."""
