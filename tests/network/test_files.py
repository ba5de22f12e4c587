"""Files: every format, every example, and everything that a file may be instead of a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.network.spec.files import Source, read_file
from archcalc.network.spec.json_text import read_json
from archcalc.network.spec.toml_text import read_toml, write_toml
from archcalc.network.spec.yaml_text import read_yaml, write_yaml
from tests.sampling import slow

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

PARAMETERS = {
    "alexnet.yaml": 60_965_224,
    "alexnet_single_tower.yaml": 62_378_344,
    "gpt2_small.yaml": 124_439_808,
    "lenet5.yaml": 61_706,
    "mnist_as_printed.yaml": 4_630,
    "mnist_cnn.json": 542_230,
    "mnist_cnn.toml": 542_230,
    "mnist_cnn.yaml": 542_230,
    "resnet18.yaml": 11_689_512,
    "vgg16.yaml": 138_357_544,
}
"""As Keras, torchvision and the papers have them."""


# --- Examples -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARAMETERS)
def test_examples_have_the_parameters_of_the_real_thing(name: str) -> None:
    assert ac.load(EXAMPLES / name).trace().parameters == PARAMETERS[name]


def test_every_example_is_loaded_here() -> None:
    found = {path.name for path in EXAMPLES.iterdir() if path.suffix in (".yaml", ".toml", ".json")}
    symbolic = {"repeat_symbolic.yaml", "mnist_symbols.yaml", "mnist_deeper.yaml"}
    assert found == {*PARAMETERS, *symbolic}


def test_the_three_formats_say_the_same() -> None:
    yaml, toml, json_ = (ac.load(EXAMPLES / f"mnist_cnn.{e}") for e in ("yaml", "toml", "json"))
    assert yaml == toml == json_


def test_the_symbolic_example_is_closed_in_its_symbols() -> None:
    trace = ac.load(EXAMPLES / "repeat_symbolic.yaml").trace()
    assert trace.parameters.equals("27*c + c + L*(9*c**2 + 2*c) + 10*c + 10")
    assert trace.parameters(c=64, L=8) == 28 * 64 + 8 * (9 * 64**2 + 2 * 64) + 10 * 65


def test_the_examples_with_symbols_are_those_with_numbers() -> None:
    """The small network of the tutorials, and the same with a second convolution, by Keras."""
    small, deeper = (ac.load(EXAMPLES / f"mnist_{n}.yaml").trace() for n in ("symbols", "deeper"))
    assert small.parameters(f=32, k=3, n=100) == PARAMETERS["mnist_cnn.yaml"]
    assert deeper.parameters(f=32, k=3, n=100) == 179_926


def test_resnet18_has_the_names_and_the_statistics_of_torchvision() -> None:
    trace = ac.load(EXAMPLES / "resnet18.yaml").trace()
    assert trace.statistics == 9_600
    assert trace["layer4.0.downsample.0"].weights[0].shape == (1, 1, 256, 512)
    assert trace["layer3.1.relu2"].output == (14, 14, 256)


def test_the_network_as_printed_has_a_warning_at_the_first_dense() -> None:
    trace = ac.load(EXAMPLES / "mnist_as_printed.yaml").trace()
    assert trace.output == (26, 26, 10)
    assert [warning.partition(":")[0] for warning in trace.warnings] == ["dense"]
    assert "is a Flatten missing?" in trace.warnings[0]


# --- Reading and writing --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["net.yaml", "net.yml", "net.toml", "net.json", "NET.JSON"])
def test_saved_and_loaded(name: str, tmp_path: Path) -> None:
    net = ac.load(EXAMPLES / "resnet18.yaml")
    ac.save(net, tmp_path / name)
    again = ac.load(tmp_path / name)
    assert again.to_dict() == net.to_dict()
    assert again.trace().parameters == 11_689_512


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_bytes(b"\xef\xbb\xbfinput: 4\nlayers: [{Dense: 3}]")
    assert ac.load(file).trace().parameters == 15


def plain(empty: st.SearchStrategy[None]) -> st.SearchStrategy[Any]:
    """What a file can hold."""
    return st.recursive(
        empty
        | st.booleans()
        | st.integers(-(10**30), 10**30)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text("abcxyz_=: #é'\"\\", max_size=6), inner, max_size=4)
        ),
        max_leaves=12,
    )


@given(plain(st.none()))
def test_yaml_is_read_as_it_is_written(value: Any) -> None:
    assert read_yaml(write_yaml(value))[0] == value


@example({"name": "none", "other": "\\\\none"})
@given(st.dictionaries(st.text("ab -.é\"'\\\n", min_size=1), plain(st.nothing()), max_size=4))
def test_toml_is_read_as_it_is_written(value: dict[str, Any]) -> None:
    assert read_toml(write_toml(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("~", None), ("null", None), ("true", True), ("no", "no"), ("off", "off"), ("n", "n"),
        ("0o17", 15), ("0x1F", 31), ("010", 10), ("-3", -3), ("+3", 3), ("1_000", 1000),
        ("1.5", 1.5), ("1e3", 1000.0), ("2001-01-01", "2001-01-01"), ("'3'", "3"), ('"~"', "~"),
        ("1:30", "1:30"), ("|\n  a\n  b\n", "a\nb\n"), ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)  # fmt: skip
def test_yaml_values_are_those_of_version_1_2(text: str, value: Any) -> None:
    assert read_yaml(text)[0] == value


def test_lines_of_yaml_are_those_of_the_keys() -> None:
    _, lines = read_yaml("input: 3\nlayers:\n\n  - Dense:\n      units: 3\n  - Flatten\n")
    places = [
        ("input",),
        ("layers",),
        ("layers", 0),
        ("layers", 0, "Dense", "units"),
        ("layers", 1),
    ]
    assert [lines.of(place) for place in places] == [1, 2, 4, 5, 6]


# --- Errors have the file, the line and the place -------------------------------------------------


@pytest.mark.parametrize(
    ("text", "how", "said"),
    [
        ("layers:\n  - Conv2D:\n      filters: -1\n      kernel_size: 3", "yaml",
         "line 3: layers[0].Conv2D.filters: -1 is not a dimension"),
        ('{"layers": [\n"Flatten",\n{"Dense": -1}]}', "json", "line 3: layers[1].Dense.units: -1"),
        ("[[layers]]\nDense = 3\n[[layers]]\nDense = -1\n", "toml", "line 4: layers[1].Dense"),
        ("layers = [\n  'Flatten',\n  {Conv2D = {filters = 0, kernel_size = 3}},\n]", "toml",
         "line 3: layers[1].Conv2D.filters: 0 is not a dimension"),
        ("layers = [\n  {Dense = 3},\n  {Dense = 0},\n]", "toml", "layers[1].Dense.units: 0"),
        ("layers: [Flatten\n", "yaml", "line 2: this is not YAML"),
        ("layers: [a]]\n", "yaml", "line 1: this is not YAML"),
        ("a:\n\tb", "yaml", "line 2: this is not YAML: found character '\\t'"),
        ("\x00", "yaml", "this is not YAML: unacceptable character"),
        ('{"layers": [}', "json", "line 1: this is not JSON: expecting value"),
        ("layers = [\n1 2]", "toml", "line 2: this is not TOML: unclosed array"),
        ("a = 1\na = 2", "toml", "this is not TOML: cannot overwrite a value"),
        ("a = 1979-99-99", "toml", "line 1: this is not TOML"),
        ("a = 2001-02-30", "toml", "line 1: this is not TOML"),
        ("a: 1\nb: 2\na: 3", "yaml", "line 3: the key a stands twice; it stands on line 1 too"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "json", "the key c stands twice"),
        ("layers: []\n---\nlayers: []", "yaml", "line 2: there is a second document"),
        ("3: 4", "yaml", "line 1: the key 3 is not text"),
        ("[a]: 4", "yaml", "line 1: the key ['a'] is not text"),
        ("# nothing\n", "yaml", "line 1: there is nothing in it"),
        ("  \n", "json", "there is nothing in it"),
        ("layers: *a", "yaml", "line 1: *a refers to another place"),
        ("layers: &a [*a]", "yaml", "line 1: *a refers to another place"),
        ("a: !!python/name:os.system x", "yaml", "line 1: the tag tag:yaml.org,2002:python/name"),
        ("a: !!int 3", "yaml", "line 1: the tag tag:yaml.org,2002:int asks for an object"),
        ("a: .inf", "yaml", "line 1: .inf is not a number"),
        ("a: .NaN", "yaml", "line 1: .NaN is not a number"),
        ('{"a": -Infinity}', "json", "-Infinity is not a number"),
        ('{"a": 1e999}', "json", "1e999 is not a number"),
        ("a = inf", "toml", "inf is not a number"),
        ("a: " + "9" * 601, "yaml", "line 1: a number of 601 digits is too large"),
        ('{"a": ' + "9" * 601 + "}", "json", "a number of 601 digits is too large"),
        ("b = 1\na = " + "9" * 601, "toml", "line 2: a number of more than 600 digits"),
        ("a." * 70 + "b = 1", "toml", "line 1: a key of more than 64 parts is too large"),
        ('"a\\"b" . ' * 70 + "b = 1", "toml", "line 1: a key of more than 64 parts is too large"),
        ("layers:\n  - Dense: 3\nlayrs: 3", "yaml", "line 3: layrs: this key is not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_is(text: str, how: str, said: str) -> None:
    with pytest.raises(ac.ArchcalcError) as caught:
        ac.loads(text, how)
    assert str(caught.value).startswith(said)


def test_errors_name_the_file(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("layers:\n  - Dens: 3\n")
    with pytest.raises(ac.errors.UnknownLayerError) as caught:
        ac.load(file)
    assert str(caught.value).startswith(
        f"{file}:2: layers[0].Dens: there is no layer called 'Dens'"
    )


def test_a_source_knows_where_its_layers_stand(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: [8, 8, 1]\n"
        "layers:\n"
        "  - Conv2D: [4, 3]\n"
        "  - Residual:\n"
        "      body:\n"
        "        - Conv2D: [4, 3]\n"
        "        - Conv2D: [4, 9]\n"
    )
    net, source = read_file(file)
    with pytest.raises(ac.errors.RequirementError) as caught:
        net.trace()
    assert caught.value.path == "residual/conv2d_1"
    assert source.where_layer(net, caught.value.path) == f"{file}:7"
    assert source.where_layer(net, "residual/add") == f"{file}:4"
    assert source.where_layer(net, "nowhere") == str(file)


def test_a_long_json_text_is_not_searched_for_a_line() -> None:
    text = json.dumps({"layers": ["Flatten"] * 30_000 + [{"Dense": 0}]})
    with pytest.raises(ac.errors.InvalidLayerError, match=r"^layers\[30000\]\.Dense\.units: 0"):
        ac.loads(text, "json")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("net.xml", "the name does not say which format this is; endings are .yaml, .yml"),
        ("net", "the name does not say which format this is"),
        ("missing.yaml", "there is no such file"),
        ("folder.yaml", "this is a directory"),
        ("pipe.yaml", "this is not a file"),
        ("a\0b.yaml", "it cannot be opened: embedded null byte"),
        ("x" * 5_000 + ".yaml", "it cannot be opened: file name too long"),
    ],
)
def test_what_is_no_file(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ac.errors.SpecificationError) as caught:
        ac.load(os.path.join(tmp_path, name))
    assert said in str(caught.value)


def test_a_format_that_is_none() -> None:
    with pytest.raises(
        ac.errors.SpecificationError, match="'xml' is not a format; formats are yaml"
    ):
        ac.loads("<a/>", "xml")
    with pytest.raises(ac.errors.SpecificationError, match="the name does not say"):
        ac.save(ac.Sequential([]), "net.pickle")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "net.json").mkdir()
    with pytest.raises(ac.errors.SpecificationError, match="this is a directory"):
        ac.save(ac.Sequential([]), tmp_path / "net.json")
    with pytest.raises(ac.errors.SpecificationError, match="this has no JSON"):
        ac.dumps(ac.Sequential([ac.ReLU(max_value=float("inf"))]), "json")


# --- Hostile files --------------------------------------------------------------------------------

CHILD = '''
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from archcalc import ArchcalcError, load
from tests.counting import at_most

def megabytes():
    """The most memory so far; what getrusage says counts the parent before exec too."""
    try:
        status = open("/proc/self/status").read()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

for path in sys.argv[1:]:
    with at_most(10_000_000) as count:
        try:
            load(path).trace()
            said = None
        except ArchcalcError as error:
            said = str(error)
    print(json.dumps({"said": said, "calls": count.calls, "megabytes": megabytes()}))
'''

LAYERS = "input: [8, 8, 1]\nlayers:\n  - Conv2D: {filters: %s, kernel_size: 3}\n"

HOSTILE: dict[str, tuple[str, str]] = {
    "code.yaml": (LAYERS % "\"__import__('os').system('touch executed')\"", "has text in quotes"),
    "attribute.yaml": (LAYERS % "().__class__.__base__", "has a dot"),
    "call.yaml": (LAYERS % '"exit(1)"', "calls exit"),
    "tag.yaml": ("!!python/object/apply:os.system ['touch executed']", "asks for an object"),
    "power.yaml": (LAYERS % "9**9**9", "becomes too large"),
    "factorial.yaml": (LAYERS % '"((9**9)**9)**9"', "becomes too large"),
    "brackets.yaml": ("layers: " + "[" * 10_000, "nested deeper than"),
    "braces.yaml": ("{a: " * 10_000, "nested deeper than"),
    "dashes.yaml": ("- " * 10_000, "nested deeper than"),
    "parentheses.yaml": (LAYERS % ('"' + "(" * 4_000 + '"'), "nested deeper than"),
    "brackets.json": ("[" * 10_000, "nested too deeply"),
    "brackets.toml": ("a = " + "[" * 10_000, "nested too deeply"),
    "keys.toml": ("a." * 400_000 + "a = 1", "a key of more than 64 parts"),
    "bomb.yaml": (
        "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghi")),
        ":2: *a refers to another place",
    ),
    "integer.yaml": (LAYERS % ("9" * 200_000), "a number of 200,000 digits is too large"),
    "integer.json": ('{"layers": [{"Dense": ' + "9" * 3_900_000 + "}]}", "3,900,000 digits"),
    "integer.toml": ("a = " + "9" * 900_000, "more than 600 digits"),
    "huge.yaml": ("9" * 100_000_000, "100,000,000 characters are more than are read"),
    "huge.json": ("9" * 100_000_000, "100,000,000 characters are more than are read"),
    "lists.json": ('{"layers": [' + "[]," * 1_300_000 + "[]]}", "more than 100,000 layers"),
    "nan.yaml": (LAYERS % ".nan", ".nan is not a number"),
    "nan.json": ('{"layers": [{"Dense": NaN}]}', "NaN is not a number"),
    "negative.yaml": (LAYERS % "-1", ":3: layers[0].Conv2D.filters: -1 is not a dimension"),
    "key.yaml": (LAYERS % "8, kernel: 3", "kernel is not an argument of Conv2D"),
    "type.yaml": (LAYERS % "[1, 2]", "is not an integer or a formula"),
    "empty.yaml": ("", "there is nothing in it"),
    "large.yaml": (LAYERS % "10**200, use_bias: 3", "use_bias"),
}  # fmt: skip


@slow
def test_hostile_files_are_one_error_at_once(tmp_path: Path) -> None:
    paths = {name: tmp_path / name for name in (*HOSTILE, "missing.yaml", "bytes.yaml")}
    for name, (text, _) in HOSTILE.items():
        paths[name].write_text(text)
    paths["bytes.yaml"].write_bytes(b"layers:\n  - \xff\xfe\x00\x81")
    here = [str(Path(__file__).parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    result = subprocess.run(
        [sys.executable, "-c", CHILD, *paths.values()],
        cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, here))},
    )  # fmt: skip
    expected = [said for _, said in HOSTILE.values()]
    expected += ["there is no such file", ":2: this is not text in UTF-8: byte 0xff"]
    found = [json.loads(line) for line in result.stdout.splitlines()]
    for name, said, outcome in zip(paths, expected, found, strict=True):
        assert said in str(outcome["said"]), name
        assert len(outcome["said"]) < 1_000, name
        assert outcome["calls"] < 3_000_000, name
        assert outcome["megabytes"] < 200, name
    assert result.stderr == ""
    assert not (tmp_path / "executed").exists()


def complaint(text: str, how: str) -> str:
    """What is said of a text; anything but an error of archcalc is raised."""
    try:
        ac.loads(text, how)
    except ac.ArchcalcError as error:
        return str(error)
    return ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_no_text_is_more_than_one_error(text: str) -> None:
    for how in ("yaml", "toml", "json"):
        assert "\n" not in complaint(text, how)


@given(st.text("[]{}:,-#&*!|>'\"%@` \n\tab1~?", max_size=40))
def test_no_yaml_is_more_than_one_error(text: str) -> None:
    assert "\n" not in complaint(text, "yaml")


def test_json_refuses_what_only_python_reads() -> None:
    with pytest.raises(ac.errors.SpecificationError, match="this is not JSON"):
        read_json("{'a': 1}")


def test_a_source_without_a_name_has_lines_only() -> None:
    assert Source("", "a: 1\nb: 2", "yaml").where(("b",)) == "line 2: b"
    assert Source("n.yaml", "a: 1\nb: 2", "yaml").where(("b",)) == "n.yaml:2: b"
    assert Source("n.yaml", "a: 1", "yaml").where(()) == "n.yaml"
    assert Source("", "a: [", "yaml").where(("a",)) == "a"
