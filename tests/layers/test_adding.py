"""What a new layer touches: its class, its record and its test; a new family touches no list.

The package is copied, the layer is added as the page says, and the tests that draw from the
catalogue are run there: they find it by themselves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from tests.sampling import slow

ROOT = Path(__file__).parents[2]

CLASS = '''
class Projection(Layer):
    """A dense layer by another name.

    Args:
        units: how many features come out.
        activation: what is applied to the sum.

    >>> Projection(10).output_shape(Shape((784,)))
    (10,)
    """

    units: Size = hyper("n_out")
    activation: ActivationName | None = None
    axis_names: ClassVar[tuple[str, ...]] = ("n_in",)
    source: ClassVar[str] = "https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html"

    def output_shape(self, x: Shape) -> Shape:
        return x.replace(-1, self.units)

    def weights(self, x: Shape) -> tuple[Weight, ...]:
        kernel = Weight("kernel", Shape((x[-1], self.units)), "kernel")
        return kernel, Weight("bias", Shape((self.units,)), "bias")

    def work(self, x: Shape, y: Shape) -> tuple[Work, ...]:
        return (Work("matmul", (x[-1], self.units), weight="kernel", bias="bias"),)
'''

RECORD = """
Record(
    Projection,
    keras=Absent("it is Keras' Dense"),
    torch=Entry(
        "Linear",
        (Argument("units", "out_features"),),
        implied=(("in_features", lambda x: x[-1]),),
        applied_outside=("activation",),
        tensors=(Tensor("kernel", "weight", "o i -> i o"), Tensor("bias", "bias")),
    ),
),
"""

TEST = '''
"""The new layers, as a person uses them."""
import pytest

import archcalc as ac
from archcalc.frameworks.reading import layer_of
from archcalc.testing import assert_conforms
from archcalc.testing.available import catalogue


@pytest.mark.parametrize("name", ["Projection", "Readout"])
def test_it_is_a_layer_like_the_others(name):
    net = ac.loads("{input: 784, layers: [{%s: {units: n, activation: relu}}]}" % name)
    assert str(net.trace().parameters) == "785·n"
    assert "(n_in + 1)·n_out = (784 + 1)·n" in str(ac.derive(net))
    kind = getattr(ac, name)
    module = ac.Sequential([kind(10, "relu")]).to_torch(784).get_submodule(name.lower())
    assert sum(p.numel() for p in module.parameters()) == 7850
    assert layer_of(module) == kind(10, "relu")
    assert kind in catalogue()
    assert_conforms(kind)
'''

FAMILY = f'''
"""A family that was not there."""
from __future__ import annotations

from typing import ClassVar

from archcalc.layers.base import Layer
from archcalc.layers.choices import ActivationName
from archcalc.layers.facts import Weight, Work
from archcalc.layers.fields import Size, hyper
from archcalc.symbolic.shape import Shape

__all__ = ["Readout"]
{CLASS.replace("Projection", "Readout")}'''

FAMILY_RECORD = f'''
"""Its records."""
from archcalc.frameworks.record import Absent, Argument, Entry, Record, Tensor
from archcalc.layers.readouts import Readout

__all__ = ["RECORDS"]

RECORDS = ({RECORD.replace("Projection", "Readout")})
'''


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The package and its tests, in a place of their own."""
    for part in ("archcalc", "tests"):
        copytree(ROOT / part, tmp_path / part)
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "tests" / "layers" / "test_projection.py").write_text(TEST, encoding="utf-8")
    return tmp_path


def _edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")


@slow
def test_what_is_added_is_found_by_every_test_of_the_catalogue(house: Path) -> None:
    """A layer of a family that is there, and a family that was not."""
    layers, records = (house / "archcalc" / part for part in ("layers", "frameworks/records"))
    _edit(
        layers / "regularization.py",
        ("\n__all__ = [", f'\n{FIELDS}\n__all__ = [\n    "Projection",'),
    )
    with (layers / "regularization.py").open("a", encoding="utf-8") as file:
        file.write(CLASS)
    _edit(
        records / "regularization.py",
        ("\n__all__ = ", f"\n{ENTRIES}\n__all__ = "),
        ("\nRECORDS = (\n", f"\nRECORDS = ({RECORD}"),
    )
    (layers / "readouts.py").write_text(FAMILY.lstrip(), encoding="utf-8")
    (records / "readouts.py").write_text(FAMILY_RECORD.lstrip(), encoding="utf-8")

    general = [f"{test}[{name}]" for test in GENERAL for name in ("Projection", "Readout")]
    named = [f"tests/frameworks/test_torch.py::{test}" for test in general]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [
            *command,
            "tests/layers/test_projection.py",
            *named,
            f"{named[0].partition('::')[0]}::{KNOWS}",
        ],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert f"{len(named) + 3} passed" in done.stdout, done.stdout[-3000:] + done.stderr[-1000:]


FIELDS = """
from archcalc.layers.choices import ActivationName
from archcalc.layers.facts import Weight, Work
from archcalc.layers.fields import Size, hyper
"""
ENTRIES = """
from archcalc.frameworks.record import Argument, Tensor
from archcalc.layers.regularization import Projection
"""
GENERAL = (
    "test_layer_agrees",
    "test_an_entry_says_every_field_or_why_there_is_none",
)
KNOWS = "test_the_table_knows_every_layer"
"""Tests of every layer, which find the new ones by themselves."""
