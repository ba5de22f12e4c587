"""The documentation: complete, built from the layers, and able to fail."""

from __future__ import annotations

import re
import sys
from importlib import import_module
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from unittest import mock

import pytest
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.util.docutils import docutils_namespace
from sybil import Sybil
from sybil.example import SybilFailure
from sybil.parsers.markdown import PythonCodeBlockParser

from archcalc.layers import FAMILIES, Layer, layer_classes
from archcalc.network import FAMILIES as NETWORKS
from archcalc.network import Network, Repeat, load
from archcalc.symbolic.errors import FrameworkError
from archcalc.testing import assert_document
from tests.sampling import NIGHTLY

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md")), *sorted(DOCS.glob("[!_]*/*.md"))]


def loaded(name: str, file: Path) -> ModuleType:
    """A module of the documentation, which is no package."""
    spec = spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def catalogue() -> ModuleType:
    return import_module("catalogue")


@pytest.fixture(scope="module")
def shown() -> ModuleType:
    return loaded("what_pages_show", DOCS / "conftest.py")


# The catalogue


def shown_layers(catalogue: ModuleType) -> list[type[Layer]]:
    return [layer for family in catalogue.PAGES for layer in catalogue.layers_of(family)]


def test_every_registered_layer_is_in_the_catalogue(catalogue: ModuleType) -> None:
    pages = "".join(catalogue.page(family) for family in catalogue.PAGES)
    ours = {
        name
        for name, layer in layer_classes().items()
        if layer.__module__.startswith("archcalc.")
        and getattr(sys.modules[layer.__module__], name, None) is layer  # no docstring's own
    }
    assert ours
    assert ours == set(re.findall(r"^## (\w+)$", pages, re.MULTILINE))


def test_every_layer_is_in_the_table_by_name(catalogue: ModuleType) -> None:
    table = catalogue.by_name()
    for layer in shown_layers(catalogue):
        (row,) = re.findall(
            rf"^\| \[{layer.__name__}\]\((\w+)\.md#(\w+)\) \| (\S.*?) \|", table, re.M
        )
        page, anchor, summary = row
        assert page in {family.__name__.rpartition(".")[2] for family in catalogue.PAGES}
        assert anchor == layer.__name__.lower()
        assert summary.endswith((".", ":"))


@pytest.mark.parametrize("family", [*FAMILIES, *NETWORKS], ids=lambda family: family.__name__)
def test_every_entry_has_a_description_its_facts_and_a_source(
    catalogue: ModuleType, family: ModuleType
) -> None:
    for layer in catalogue.layers_of(family):
        entry = catalogue.entry(layer)
        assert layer.__doc__
        assert catalogue.summary(layer).endswith((".", ":"))
        assert f".. autoclass:: archcalc.{layer.__module__.split('.')[1]}.{layer.__name__}" in entry
        outputs = ">output</td>" in entry or ">output 1</td>" in entry
        assert outputs != issubclass(layer, Network)
        assert "total" in entry or not issubclass(layer, Network)
        assert "Source: <https://" in entry or layer is Repeat
        assert "In Keras: " in entry or issubclass(layer, Network)


def test_an_entry_says_what_a_convolution_does(catalogue: ModuleType) -> None:
    entry = catalogue.entry(layer_classes()["Conv2D"])
    for expected in ("kernel_size", ">kernel</td>", ">bias</td>", "194,688", "288", "320"):
        assert expected in entry
    assert "In torch: `Conv2d`, `LazyConv2d`." in entry


def test_an_entry_shows_a_layer_with_the_fields_that_are_to_be_seen(catalogue: ModuleType) -> None:
    def drawn(kind: str) -> list[str]:
        entry = catalogue.entry(layer_classes()[kind])
        return re.findall(r"<figcaption><code>(.*?)</code>", entry)

    assert drawn("Conv2D") == [
        "Conv2D(filters=32, kernel_size=3)",
        "Conv2D(filters=32, kernel_size=3, strides=2)",
        "Conv2D(filters=32, kernel_size=3, padding=&#x27;same&#x27;)",
        "Conv2D(filters=32, kernel_size=3, dilation_rate=2)",
        "Conv2D(filters=4, kernel_size=3, groups=2)",
    ]
    assert len(drawn("Padding2D")) == 4
    assert drawn("GlobalMaxPooling2D") == ["GlobalMaxPooling2D()"]
    assert drawn("Dense") == []


# Coverage


@pytest.fixture(scope="module")
def covering() -> ModuleType:
    return import_module("coverage_table")


@pytest.mark.parametrize(
    ("framework", "shown"),
    [
        ("keras", "| `Conv2D` | [Conv2D](catalogue/convolution.md#conv2d) | ✓ | ✓ | ✓ | ✓ |"),
        ("keras", "| `Convolution2D` (`Conv2D`) | [Conv2D](catalogue/convolution.md#conv2d) |"),
        ("keras", "| `InputSpec` | says what a layer takes; it computes nothing |"),
        ("torch", "| `Linear` | [Dense](catalogue/core.md#dense) | ✓ | ✓ | ✓ | ✓ |"),
        ("torch", "| `DataParallel` | spreads a batch over devices"),
        ("keras", "| `stateful` | a state is kept for every sequence of a batch"),
        ("torch", "| `padding_mode` | a transposed convolution has zeros only, in torch too |"),
        ("torch", "| `device` | where a module stands changes no count | every class |"),
    ],
)
def test_coverage_is_listed(covering: ModuleType, framework: str, shown: str) -> None:
    listed = covering.tables(framework)
    assert shown in listed
    assert f" {version(framework)}: " in listed


def test_a_framework_that_is_not_there_is_said(covering: ModuleType) -> None:
    missing = FrameworkError("torch is not installed")
    with mock.patch.object(covering, "coverage", side_effect=missing):
        assert "torch is not installed" in covering.tables("torch")


# Errors


@pytest.mark.skipif(not NIGHTLY, reason="it reads the whole source")
def test_every_code_of_an_error_is_listed() -> None:
    rows = list(import_module("error_codes").table())
    listed = [found[1] for row in rows if (found := re.match(r"\| `([a-z0-9-]+)` \| \S", row))]
    assert listed == sorted(set(listed))
    source = "".join(path.read_text("utf-8") for path in (ROOT / "archcalc").rglob("*.py"))
    given = set(
        re.findall(r"""\b(?:default_)?code(?:: \w+\[\w+\])? ?= ?"([a-z][a-z0-9-]*)\"""", source)
    )
    assert given - {"error"} <= set(listed)
    assert len(given) > 200


# What is shown


def test_every_page_that_a_link_names_exists(catalogue: ModuleType) -> None:
    made = {f"catalogue/{name}" for name in catalogue.pages()}  # when the documentation is built
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8")):
            exists = link in made or (page.parent / link).exists()
            assert exists, f"{page.name} links to {link}"


def test_the_readme_shows_the_example_file() -> None:
    def without_comments(text: str) -> str:
        return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip()

    (block,) = re.findall(
        r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    example = (DOCS / "examples" / "mnist_cnn.yaml").read_text(encoding="utf-8")
    assert without_comments(block) == without_comments(example)


def test_the_readme_begins_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\$ (.*)$", text, re.MULTILINE)[:2] == [
        "pip install . && archcalc derive docs/examples/mnist_cnn.yaml",
        "pip install '.[test]' && pytest",
    ]


def test_the_layer_of_ones_own_is_short_and_whole() -> None:
    """A kernel, a bias, a state and a record in under 40 lines, and every verb is run."""
    page = (DOCS / "own-layer.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (layer,) = [block for block in blocks if "class Memory(Layer)" in block]
    assert len(layer.splitlines()) < 40
    for part in ('"kernel"', '"bias"', "State(", "register(Record(Memory, torch="):
        assert part in layer
    run = "\n".join(re.findall(r"^(?:>>>|\.\.\.) (.*)$", page, re.MULTILINE))
    for verb in (
        "net.trace().derivation()", "TrainingFlops()", "net.to_torch()", "layer_of(module.memory)",
        "ac.loads(text)", "ac.costs.Cache()", "assert_conforms(Memory)", "test_memory()",
    ):  # fmt: skip
        assert verb in run
    (test,) = [block for block in blocks if "def test_memory" in block]
    assert '@given(layers([Memory], framework="torch"))' in test


def test_python_is_shown_in_blocks_that_are_run() -> None:
    for page in PAGES:
        blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.M)
        for language, block in blocks:
            assert language == "python" or ">>>" not in block, f"{page.name}: {block}"
            assert language == "console" or not block.startswith("$ "), f"{page.name}: {block}"


# The checks can fail


def failures(tmp_path: Path, text: str, parser: object) -> str:
    """What is wrong with a page of this text."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    document = Sybil([parser], pattern="*.md").parse(page)  # type: ignore[list-item]
    found = []
    for example in document.examples():
        try:
            example.evaluate()
        except SybilFailure as failure:
            found.append(str(failure))
    return "\n".join(found)


def test_a_wrong_result_fails(tmp_path: Path) -> None:
    page = "```python\n>>> import archcalc as ac\n>>> ac.Dense(10).units\n{}\n```\n"
    assert not failures(tmp_path, page.format("10"), PythonCodeBlockParser())
    assert "Expected:\n    11" in failures(tmp_path, page.format("11"), PythonCodeBlockParser())


def test_a_wrong_output_of_a_command_fails(tmp_path: Path, shown: ModuleType) -> None:
    page = "```console\n$ archcalc --version\narchcalc {}\n```\n"
    assert not failures(tmp_path, page.format("..."), shown.ConsoleParser())
    wrong = failures(tmp_path, page.format("9.9"), shown.ConsoleParser())
    assert "-archcalc 9.9\n+archcalc " in wrong


def test_an_output_below_a_command_that_is_not_run_fails(tmp_path: Path, shown: ModuleType) -> None:
    page = "```console\n$ pip install .\nSuccessfully installed\n```\n"
    assert "-Successfully installed" in failures(tmp_path, page, shown.ConsoleParser())


def test_a_network_that_does_not_fit_fails(tmp_path: Path, shown: ModuleType) -> None:
    page = "```yaml\ninput: [5, 5, 3]\nlayers:\n  - Conv2D: [8, 7]\n```\n"
    with pytest.raises(ValueError, match="does not fit input height 5"):
        failures(tmp_path, page, shown.NetworkParser("yaml"))


def test_a_long_command_may_go_on_in_the_next_line(shown: ModuleType) -> None:
    block = "$ archcalc cost net.yaml \\\n    --batch 32\nout\n$ archcalc schema\n"
    assert shown.commands(block) == [
        ("archcalc cost net.yaml --batch 32", "out"),
        ("archcalc schema", ""),
    ]


# Documents that check themselves


def test_the_readme_says_what_archcalc_says() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("<!-- archcalc: ") >= 3
    assert_document(ROOT / "README.md")


def test_the_readme_draws_the_network_as_archcalc_does() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```mermaid\n(.*?)```", text, re.DOTALL)
    net = load(DOCS / "examples" / "mnist_cnn.yaml")
    assert block.strip() == net.draw(direction="right").to_mermaid().strip()


def test_every_public_package_has_a_page_in_the_reference() -> None:
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md")}
    listed = re.findall(r"^(\w+)$", pages["index"], re.MULTILINE)
    assert sorted(listed) == sorted(pages.keys() - {"index"})
    every = "".join(pages.values())
    packages = {p.parent.name for p in (ROOT / "archcalc").glob("*/__init__.py")} - {"cli"}
    for package in packages:
        assert f"automodule:: archcalc.{package}" in every, package


# Drawings and reports


def test_a_docstring_says_in_the_reference_what_it_says_in_the_source() -> None:
    docstrings = loaded("docstrings", DOCS / "_ext" / "docstrings.py")
    config = Config(napoleon_use_ivar=True)
    said = ["The change, in total: a formula.", "", "Raises:", "    KeyError: never.", ""]
    lines = docstrings.Docstring(said, config, what="property", name="a.b").lines()
    assert lines == ["The change, in total: a formula.", "", ":raises KeyError: never.", ""]
    said = ["Both.", "", "Attributes:", "    before, after: the traces.", ""]
    lines = docstrings.Docstring(said, config, what="class", name="a").lines()
    assert [line for line in lines[1:] if line] == [
        ":ivar before: the traces.",
        ":ivar after: the traces.",
    ]


def test_a_drawing_and_a_report_are_made_when_the_pages_are_built(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    (source / "more").mkdir(parents=True)
    net = "input: 784\nlayers: [{Dense: n}, {Dense: 10}]\n"
    (source / "more" / "net.yaml").write_text(net, encoding="utf-8")
    drawing = "```{drawing} net.yaml\n:caption: a < b\n```\n"
    report = "```{report-page} net.yaml\n:set: n=7\n```\n"
    page = f"# A page\n\n{drawing}\n{report}"
    (source / "more" / "page.md").write_text(page, encoding="utf-8")
    index = "# First\n\n```{toctree}\nmore/page\n```\n"
    (source / "index.md").write_text(index, encoding="utf-8")
    settings = {"extensions": ["myst_parser", "drawings"]}
    with docutils_namespace():  # what the extensions register is gone afterwards
        app = Sphinx(source, None, out, tmp_path / "seen", "html", settings, warningiserror=True,
                     status=None)  # fmt: skip
        app.build()
    built = (out / "more" / "page.html").read_text(encoding="utf-8")
    assert "<figcaption>a &lt; b</figcaption>" in built
    assert ">Dense</text>" in built
    (link,) = set(re.findall(r'src="([^"]*reports[^"]*)"', built))
    assert "5,575" in (out / "more" / link).read_text(encoding="utf-8")
