"""The pytest plugin: budgets, golden architectures, and documents that stay true.

pytest loads this module when it starts, so that nothing is imported here but pytest; the rest comes
with the first test that asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

__all__: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--archcalc-update``, and which documents have blocks."""
    group = parser.getgroup("archcalc", "architectures")
    group.addoption(
        "--archcalc-update",
        action="store_true",
        help="write golden architectures and the blocks of documents anew",
    )
    parser.addini(
        "archcalc_documents",
        "documents whose archcalc blocks are checked, as patterns of paths",
        type="linelist",
        default=[],
    )


@pytest.fixture(scope="session")
def assert_budget() -> Callable[..., None]:
    """That a model stays within a budget; see `archcalc.testing.assert_budget`."""
    from archcalc.testing import assert_budget as asserted

    return asserted


@pytest.fixture(scope="session")
def assert_document(pytestconfig: pytest.Config) -> Callable[[str | Path], None]:
    """That the blocks of a document are up to date; ``pytest --archcalc-update`` fills them."""
    update = bool(pytestconfig.getoption("--archcalc-update"))

    def check(file: str | Path) -> None:
        from archcalc.testing.documents import assert_document as asserted
        from archcalc.testing.hiding import assertions

        __tracebackhide__ = assertions
        asserted(file, update=update)

    return check


@pytest.fixture
def archcalc_snapshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """That an architecture is what it was when it was last written down.

    ``archcalc_snapshot(net)`` compares with ``__archcalc__/<module>/<test>.txt`` beside the test;
    a second one in the same test has a name.  ``pytest --archcalc-update`` writes them.
    """
    folder = request.path.parent / "__archcalc__" / request.path.stem
    update = bool(request.config.getoption("--archcalc-update"))

    def check(model: Any, name: str = "", *, input_shape: Any = None) -> None:
        from archcalc.testing.hiding import assertions
        from archcalc.testing.snapshots import assert_snapshot, file_name

        __tracebackhide__ = assertions
        title = f"{request.node.name}-{name}" if name else request.node.name
        file = folder / file_name(title)
        assert_snapshot(model, file, update=update, input_shape=input_shape)

    return check


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """The documents that the project says have blocks."""
    patterns = parent.config.getini("archcalc_documents")
    root = parent.config.rootpath
    if not patterns or root not in file_path.parents:
        return None
    place = file_path.relative_to(root)
    if not any(place.match(pattern) for pattern in patterns):
        return None
    return Document.from_parent(parent, path=file_path)


class Document(pytest.File):
    """A document whose blocks say something of architecture files."""

    def collect(self) -> Iterator[pytest.Item]:
        if b"archcalc:" in self.path.read_bytes():
            yield Blocks.from_parent(self, name="archcalc blocks")


class Blocks(pytest.Item):
    """All blocks of one document."""

    def runtest(self) -> None:
        from archcalc.testing.documents import assert_document

        assert_document(self.path, update=bool(self.config.getoption("--archcalc-update")))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        from archcalc.symbolic.errors import ArchcalcError

        if isinstance(excinfo.value, AssertionError | ArchcalcError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, f"{self.path.name}: archcalc blocks"
