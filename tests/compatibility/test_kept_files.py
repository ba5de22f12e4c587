"""Files of every version of the format are read to the same totals for ever.

A directory `format-N` holds files of version N that are never changed, and in `totals.toml` what
they come to.  Files may be added.  If a test here fails, it is the reader that is wrong.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.network.spec.files import Source
from archcalc.network.spec.version import VERSION
from tests.compatibility.by_hand import BY_HAND

HERE = Path(__file__).parent
FOLDERS = {int(path.name.removeprefix("format-")): path for path in HERE.glob("format-*")}
TOTALS = "totals.toml"


@cache
def recorded(version: int) -> dict[str, dict[str, Any]]:
    """What the files of a version come to, by the names of the files without their endings."""
    return tomllib.loads((FOLDERS[version] / TOTALS).read_text(encoding="utf-8"))


FILES = [
    (version, path)
    for version, folder in sorted(FOLDERS.items())
    for path in sorted(folder.iterdir())
    if path.name != TOTALS
]
NETWORKS = [(version, name) for version in sorted(FOLDERS) for name in recorded(version)]
by_file = pytest.mark.parametrize(
    ("version", "path"), FILES, ids=[f"{version}-{path.name}" for version, path in FILES]
)


def followed(network: ac.Network, known: dict[str, Any]) -> ac.Trace:
    return network.trace(*([tuple(known["input"])] if "input" in known else []))


def at(formula: Any, values: dict[str, int]) -> int:
    """A formula's value at those of `values` that it has a symbol for."""
    formula = ac.Formula(formula)
    names = {symbol.name for symbol in formula.symbols}
    return int(formula(**{name: value for name, value in values.items() if name in names}))


@by_file
def test_a_file_comes_to_what_is_recorded(version: int, path: Path) -> None:
    known = recorded(version)[path.stem]
    network = ac.load(path)
    trace = followed(network, known)
    assert [node.name for node in network.graph().nodes] == known["names"]
    if "parameters" in known:
        assert trace.parameters.equals(known["parameters"])
    for point in known["counted"]:
        values = point.get("values", {})
        shapes = [[at(dim, values) for dim in shape] for shape in trace.outputs]
        assert shapes == point["outputs"]
        for total in {"parameters", "statistics", "macs"} & set(point):
            assert at(getattr(trace, total), values) == point[total], total


@by_file
def test_numbers_put_in_before_come_to_the_same(version: int, path: Path) -> None:
    known = recorded(version)[path.stem]
    for point in known["counted"]:
        network = ac.substitute(ac.load(path), point.get("values", {}))
        assert followed(network, known).parameters == point["parameters"]


@by_file
def test_what_is_written_of_it_comes_to_the_same(version: int, path: Path) -> None:
    known, network = recorded(version)[path.stem], ac.load(path)
    for format in ("yaml", "toml", "json"):
        again = ac.loads(ac.dumps(network, format), format)
        assert again.to_dict() == network.to_dict()
        assert followed(again, known).total_params == followed(network, known).total_params


@by_file
def test_a_file_is_of_the_version_that_it_is_kept_for(version: int, path: Path) -> None:
    value = Source(path.name, path.read_text(encoding="utf-8"), path.suffix[1:])._value()
    assert value.get("archcalc", 1) == version


@pytest.mark.parametrize(("version", "name"), NETWORKS)
def test_what_is_recorded_is_what_a_framework_counts(version: int, name: str) -> None:
    for point in recorded(version)[name]["counted"]:
        counts = BY_HAND[name](**point.get("values", {}))
        found = {total: getattr(counts, total) for total in point if total != "values"}
        assert found == {total: point[total] for total in found}
        assert counts.macs is None or "macs" in point


@pytest.mark.parametrize("version", FOLDERS)
def test_every_file_is_recorded_and_every_record_has_a_file(version: int) -> None:
    assert {path.stem for number, path in FILES if number == version} == set(recorded(version))


def test_every_version_is_kept() -> None:
    assert set(FOLDERS) == set(range(1, VERSION + 1)), (
        f"this archcalc reads the versions 1 to {VERSION} of the format, each of which needs a "
        f"folder in {HERE.name}/: write files of a new version into format-{VERSION}/, with "
        f"{TOTALS}, and leave the older folders as they are"
    )


def test_what_is_kept_has_every_kind_of_network() -> None:
    def kinds(layer: ac.Layer) -> set[str]:
        inside = layer.graph().nodes if isinstance(layer, ac.Network) else ()
        held = [part for part in dict(layer).values() if isinstance(part, ac.Layer)]
        found = {type(layer).__name__}
        return found.union(*(kinds(part) for part in (*held, *(node.layer for node in inside))))

    met = set().union(*(kinds(ac.load(path)) for _, path in FILES))
    wanted = {"Sequential", "Model", "Residual", "Parallel", "Repeat", "Ladder"}
    assert wanted | {"Bidirectional", "TimeDistributed"} <= met
    assert {path.suffix for _, path in FILES} == {".yaml", ".toml", ".json"}
