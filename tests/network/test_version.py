"""The version that a file says it is of."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc as ac
from archcalc.network.spec.version import VERSION

LAYERS = {"input": 784, "layers": [{"Dense": 10}]}
EVERYWHERE = [
    ("yaml", "archcalc: {}\ninput: 784\nlayers: [Dense: 10]"),
    ("yaml", "input: 784\nlayers: [Dense: 10]\narchcalc: {}"),
    ("toml", "archcalc = {}\ninput = [784]\n[[layers]]\nDense = 10"),
    ("toml", "input = [784]\narchcalc = {}\n[[layers]]\nDense = 10"),
    ("json", '{{"archcalc": {}, "input": 784, "layers": [{{"Dense": 10}}]}}'),
    ("json", '{{"input": 784, "layers": [{{"Dense": 10}}],\n "archcalc": {}}}'),
]


def refused(mapping: Any) -> ac.errors.SpecificationError:
    """The error that a mapping gives."""
    with pytest.raises(ac.errors.SpecificationError) as caught:
        ac.from_dict(mapping)
    return caught.value


@pytest.mark.parametrize(("kind", "text"), EVERYWHERE)
def test_the_version_stands_anywhere_at_the_top(kind: str, text: str) -> None:
    assert ac.loads(text.format(1), kind) == ac.from_dict(LAYERS)


@pytest.mark.parametrize(("kind", "text"), EVERYWHERE)
def test_a_newer_version_is_refused_with_its_line(kind: str, text: str) -> None:
    text = text.format(VERSION + 1)
    line = next(i for i, x in enumerate(text.splitlines(), start=1) if "archcalc" in x)
    with pytest.raises(
        ac.errors.SpecificationError, match=rf"^line {line}: archcalc: this is of"
    ) as caught:
        ac.loads(text, kind)
    assert caught.value.code == "newer-version"


def test_none_means_the_first_version() -> None:
    assert ac.from_dict(LAYERS) == ac.from_dict({"archcalc": 1, **LAYERS})


@pytest.mark.parametrize("kind", ["yaml", "toml", "json"])
def test_what_is_written_says_its_version(kind: str) -> None:
    text = ac.dumps(ac.from_dict(LAYERS), kind)
    assert "archcalc" in text
    assert ac.from_dict(LAYERS).to_dict()["archcalc"] == VERSION
    assert ac.loads(text, kind) == ac.from_dict(LAYERS)


def test_a_newer_version_says_what_is_needed_and_what_is_read() -> None:
    error = refused({"archcalc": 7, **LAYERS})
    assert (error.code, error.values) == ("newer-version", {"version": 7, "reads": VERSION})
    assert str(error) == (
        "archcalc: this is of version 7 of the format, and archcalc "
        f"{ac.__version__} reads version 1; it needs an archcalc that reads version 7: "
        "pip install --upgrade archcalc [newer-version]"
    )


def test_a_newer_version_is_blamed_for_nothing_else() -> None:
    """What else is in it may be anything: it was written for a reader that knows it."""
    for more in ({"streams": {}}, {"layers": ["Quantum"]}, {"layers": 3}, {3: 4}):
        assert refused({"archcalc": 2, **more}).code == "newer-version"


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("1", "the version of the format is '1', not a whole number; write archcalc: 1"),
        (1.0, "the version of the format is 1.0, not a whole number"),
        (True, "the version of the format is True, not a whole number"),
        (None, "the version of the format is empty, not a whole number"),
        ([1], "the version of the format is a list, not a whole number"),
        ({"format": 1}, "the version of the format is a mapping, not a whole number"),
        (0, "there is no version 0 of the format; the first is 1"),
        (-3, "there is no version -3 of the format"),
    ],
)
def test_what_is_no_version(version: Any, said: str) -> None:
    error = refused({"archcalc": version, **LAYERS})
    assert error.code == "bad-version"
    assert str(error).startswith(f"archcalc: {said}")


@pytest.mark.parametrize(
    "version", [1 << 20_000, -1 << 20_000, [[1 << 20_000]]], ids=["large", "negative", "inside"]
)
def test_a_version_out_of_all_measure_is_refused_in_short(version: Any) -> None:
    error = refused({"archcalc": version, **LAYERS})
    assert error.code == "too-large"
    assert len(str(error)) < 200


def test_a_network_inside_one_has_no_version() -> None:
    inside = refused({"layers": [{"Sequential": {"archcalc": 1, "layers": []}}]})
    assert inside.code == "unknown-key"
    with pytest.raises(ac.errors.SpecificationError, match="an entry is one layer"):
        ac.loads("input = [784]\n[[layers]]\nDense = 10\narchcalc = 1", "toml")
