"""Files that describe networks: valid ones in every spelling, and broken ones with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archcalc.layers.registry import is_layer_class, layer_class
from archcalc.network import Network
from archcalc.network.spec.describe import to_dict
from archcalc.network.spec.entries import holding, positional_fields
from archcalc.network.spec.json_text import write_json
from archcalc.network.spec.toml_text import write_toml
from archcalc.network.spec.yaml_text import write_yaml
from archcalc.symbolic.errors import shorten
from archcalc.testing.bounds import BoundError
from archcalc.testing.breaking import MAPPINGS, TEXTS, Break
from archcalc.testing.random_networks import networks

__all__ = ["Broken", "Form", "broken_specs", "specs"]

Form: TypeAlias = Literal["dict", "yaml", "toml", "json"]

_WRITERS: Mapping[str, Callable[[Any], str]] = {
    "yaml": write_yaml,
    "toml": write_toml,
    "json": write_json,
}
_MOST_LAYERS = 4


@dataclass(frozen=True)
class Broken:
    """A file that is no network, or one that cannot be read.

    Attributes:
        spec: the mapping, or the text.
        why: what is wrong with it, in words.
        code: the code of the error that archcalc gives for it.
    """

    spec: Any
    why: str
    code: str


def specs(
    format: Form = "dict", *, max_layers: int = _MOST_LAYERS, **bounds: Any
) -> SearchStrategy[Any]:
    """Valid architecture files: mappings, or texts in YAML, TOML or JSON.

    They say what `networks` draws, each entry spelt in one of the ways in which it can be.

    Args:
        format: ``"dict"``, ``"yaml"``, ``"toml"`` or ``"json"``.
        max_layers: how many layers at most.
        bounds: the other bounds of `networks`.

    Raises:
        BoundError: the format is not known, or a bound cannot be met.

    >>> from hypothesis import find
    >>> find(specs(kinds=["Dense"]), lambda spec: True)
    {'layers': [{'Dense': 1}], 'input': [1]}
    >>> print(find(specs("yaml", kinds=["Dense"]), lambda text: True), end="")
    layers:
    - {Dense: 1}
    input: [1]
    """
    write = _writer(format)
    return _spelt(networks(max_layers, **bounds)).map(write)


def broken_specs(
    format: Form = "dict", *, max_layers: int = _MOST_LAYERS, **bounds: Any
) -> SearchStrategy[Broken]:
    """Broken architecture files, each with what is wrong: for the tests of a loader.

    Args:
        format, max_layers, bounds: as for `specs`.

    Raises:
        BoundError: the format is not known, or a bound cannot be met.

    >>> from hypothesis import find
    >>> broken = find(broken_specs(), lambda broken: broken.code == "unknown-layer")
    >>> broken.why, broken.spec
    ('there is no such layer', {'layers': ['Dens', {'Dense': 1}], 'input': [1]})
    """
    write = _writer(format)
    return _broken(networks(max_layers, **bounds), format, write)


def _writer(format: Form) -> Callable[[Any], Any]:
    if format == "dict":
        return lambda spec: spec
    if format not in _WRITERS:
        raise BoundError(
            f"{shorten(repr(format), 40)} is no format of architecture files",
            code="unknown-format",
            hint=f"formats are 'dict', {', '.join(map(repr, _WRITERS))}",
        )
    return _WRITERS[format]


@st.composite
def _spelt(draw: DrawFn, made: SearchStrategy[Network]) -> dict[str, Any]:
    """What a network is in a file, in one of the ways to say it."""
    spec = deepcopy(to_dict(draw(made)))
    if not draw(st.booleans()):
        del spec["archcalc"]
    if "layers" in spec:
        spec["layers"] = [_respelt(draw, entry) for entry in spec["layers"]]
    names = list(spec)
    if "layers" in names:
        names.sort(key=lambda name: name != "layers")
    return {name: spec[name] for name in draw(st.permutations(names))}


def _respelt(draw: DrawFn, entry: Any) -> Any:
    """An entry in its short form or in a longer one."""
    if draw(st.sampled_from(("as it is", "as it is", "longer"))) == "as it is":
        return entry
    if isinstance(entry, str):
        return {entry: {}}
    ((kind, value),) = entry.items()
    if isinstance(value, dict) or not is_layer_class(kind):
        return entry
    cls = layer_class(kind)
    first = positional_fields(cls)[0]
    return entry if holding(cls, first) else {kind: {first: value}}


@st.composite
def _broken(
    draw: DrawFn, made: SearchStrategy[Network], format: str, write: Callable[[Any], Any]
) -> Broken:
    """One way to break a file after another: some break the mapping, and some its text."""
    # The kind comes first: after a network, a few kinds would take most of the draws.
    found: Break = draw(st.sampled_from([b for b in (*MAPPINGS, *TEXTS) if format in b.formats]))
    spec = draw(_spelt(made))
    if found in TEXTS:
        return Broken(found.broken(write(spec), draw), found.why, found.code)
    spec.setdefault("layers", [])
    spec.pop("network", None)
    return Broken(write(found.broken(spec, draw)), found.why, found.code)
