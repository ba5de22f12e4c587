"""Runs everything that the documentation and the README show: Python, the command line, files.

A page is one session: names stay defined from one block to the next.  It runs in a directory of its
own with a copy of ``docs/examples``, so that the paths shown are those of the repository and a
command that writes a file leaves nothing behind.
"""

from __future__ import annotations

import doctest
import io
import os
import shlex
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from difflib import unified_diff
from itertools import groupby
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from sybil import Example, Sybil
from sybil.example import SybilFailure
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

import archcalc
from archcalc.cli import main

ROOT = Path(__file__).parent.parent

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is imported

collect_ignore = ["_build", "conf.py", "examples"]


class ConsoleParser(CodeBlockParser):
    """Blocks of ``console``: what ``$ archcalc …`` prints is compared; ``...`` stands for any text.

    Other commands (``pip``, ``pytest``) are for the reader to type; nothing may be shown for them.
    """

    language = "console"

    def evaluate(self, example: Example) -> str | None:
        wrong = []
        for command, shown in commands(example.parsed):
            got = printed(command)
            if not same(shown, got):
                lines = shown.splitlines(), got.splitlines()
                changed = unified_diff(*lines, "shown", "printed", lineterm="", n=1)
                wrong.append("\n".join([f"$ {command}", *changed]))
        return "\n".join(wrong) or None


class NetworkParser(CodeBlockParser):
    """Blocks of ``yaml``, ``toml`` or ``json``: each is a whole network, and can be followed."""

    def evaluate(self, example: Example) -> None:
        archcalc.loads(example.parsed, self.language).trace()


def commands(block: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what is shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and not found[-1][1] and found[-1][0].endswith("\\"):
            found[-1] = (f"{found[-1][0][:-1]}{line.strip()}", [])
        elif found:
            found[-1][1].append(line)
        else:
            raise ValueError(f"a console block starts with '$ ', not with {line!r}")
    return [(command, "\n".join(lines)) for command, lines in found]


def printed(command: str) -> str:
    """What a command prints, errors and warnings too; only archcalc's own are run, in pipes too."""
    words = shlex.split(command)
    if words[0] != "archcalc":
        return ""
    said = ""
    for _, stage in groupby(words, "|".__eq__):
        if (called := list(stage)) != ["|"]:
            said = _run(called[1:], said)
    return said


def _run(arguments: list[str], piped: str) -> str:
    out = io.StringIO()
    width = mock.patch.dict(os.environ, COLUMNS="80")
    given = mock.patch.object(sys, "stdin", io.StringIO(piped))
    with redirect_stdout(out), redirect_stderr(out), warnings.catch_warnings(), width, given:
        main(arguments)
    return out.getvalue()


def same(shown: str, got: str) -> bool:
    """Whether a page shows what is printed; spaces at the ends of lines do not matter."""
    want, have = ("\n".join(map(str.rstrip, text.strip("\n").split("\n"))) for text in (shown, got))
    return doctest.OutputChecker().check_output(f"{want}\n", f"{have}\n", doctest.ELLIPSIS)


SHOWN = Sybil(
    [
        PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS),
        ConsoleParser(),
        *map(NetworkParser, ("yaml", "toml", "json")),
    ],
    patterns=["README.md", "docs/*.md", "docs/*/*.md"],
    excludes=["docs/_build/*", "docs/catalogue/*"],
    path=str(ROOT),
)


class WrongPageError(Exception):
    """What a page shows is not what happens."""


class PageItem(pytest.Item):
    """Everything that one page shows, in order."""

    def runtest(self) -> None:
        wrong = []
        with in_a_copy():
            for example in SHOWN.parse(self.path).examples():
                try:
                    example.evaluate()
                except SybilFailure as failure:
                    wrong.append(str(failure))
                except Exception as error:
                    where = f"{self.path.name}, line {example.line}"
                    wrong.append(f"{where}: {type(error).__name__}: {error}")
        if wrong:
            raise WrongPageError("\n\n".join(wrong))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, WrongPageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.path.name


class PageFile(pytest.File):
    """A page as pytest sees it: one test, as its examples need those before them."""

    def collect(self) -> Iterator[PageItem]:
        if list(SHOWN.parse(self.path).examples()):
            yield PageItem.from_parent(self, name="shown")


@contextmanager
def in_a_copy() -> Iterator[None]:
    """A directory of its own, with the example files where the repository has them."""
    with tempfile.TemporaryDirectory(prefix="archcalc-page-") as place, chdir(place):
        shutil.copytree(ROOT / "docs" / "examples", Path(place) / "docs" / "examples")
        yield


class Pages:
    """Collects the pages here, and the README, which lies above the reach of this file."""

    @staticmethod
    def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> PageFile | None:
        return (
            PageFile.from_parent(parent, path=file_path) if SHOWN.should_parse(file_path) else None
        )


def pytest_configure(config: pytest.Config) -> None:
    """Let the pages be collected wherever they are, if this file is loaded at all."""
    config.pluginmanager.register(Pages(), "archcalc-pages")
