"""The command ``archcalc``: it parses arguments, calls, and prints.

Starting it imports neither sympy nor anything that computes, so that ``archcalc --help`` answers at
once: a command imports what it needs when it runs.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

from archcalc.cli.terminal import coloured, encoding_of

__all__ = ["main"]

EXPLAINED_NO = 1
WRONG_USE = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
_LONGEST = 2_000
_COMPLETES = "_ARCHCALC_COMPLETE"
"""The variable by which a shell asks what may follow."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what went wrong is one line on the standard error.

    Args:
        arguments: those of the command line where there are none.

    Returns:
        0 if all is well, 1 for an answer that is no, 2 for what cannot be read or understood, 130
        where it is interrupted, 141 where nothing reads what is printed.
    """
    alone = arguments is None
    if alone:
        _start_at_once()
    for stream in (sys.stdout, sys.stderr):
        _print_anything(stream)
    warnings.showwarning = _show_warning
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The interpreter would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        if alone:
            gc.freeze()  # the process ends: what it holds need not be gone through once more


def _start_at_once() -> None:
    """Spend no time on what a short process does not need.

    Loading sympy makes a million objects, through which the collector would go again and again;
    it is turned on once they are loaded (`archcalc.cli.reading`).  Looking for plugins of Pydantic
    reads the metadata of every package that is installed.
    """
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _run(arguments: Sequence[str] | None) -> int:
    # Loaded here so that the streams are ready before anything can go wrong.
    from archcalc.cli.app import Abort, app_for

    given = sys.argv[1:] if arguments is None else arguments
    try:
        result: Any = app_for(given)(arguments, prog_name="archcalc", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except Abort:
        return INTERRUPTED
    except SystemExit as end:  # of what completes in a shell, or what typer makes of a broken pipe
        return _ending(end) if _COMPLETES in os.environ else BROKEN_PIPE
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        _complain(_one_line(error))
        return _exit_code(error)


def _ending(end: SystemExit) -> int:
    return end.code if isinstance(end.code, int) else 0


def _exit_code(error: Exception) -> int:
    return EXPLAINED_NO if type(error).__name__ == "NoSolutionError" else WRONG_USE


def _one_line(error: Exception) -> str:
    if hasattr(error, "format_message"):  # what is wrong with the command line
        return str(error.format_message())
    if hasattr(error, "code") and hasattr(error, "hint"):  # an ArchcalcError, not loaded for this
        return str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    return f"{type(error).__name__}: {error} (this is a fault of archcalc; please report it)"


def _complain(text: str) -> None:
    line = " ".join(text.split())[:_LONGEST]
    _tell("error:", "1;31", "".join(c if c.isprintable() else "�" for c in line))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    _tell("warning:", "1;33", " ".join(str(message).split()))


def _tell(word: str, code: str, text: str) -> None:
    """A line on the standard error, its first word in colour where there is colour."""
    shown = f"\x1b[{code}m{word}\x1b[0m" if coloured(sys.stderr) else word
    print(shown, _in_its_signs(text, encoding_of(sys.stderr)), file=sys.stderr)


def _in_its_signs(text: str, encoding: str) -> str:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        # Loaded only where it is needed: it waits for sympy.
        from archcalc.symbolic.printing.plain import spelled

        return spelled(text, encoding)
    return text


def _print_anything(stream: TextIO) -> None:
    """UTF-8 whatever the locale, unless another encoding was asked for; never an encoding error."""
    if not hasattr(stream, "reconfigure"):
        return
    if "PYTHONIOENCODING" in os.environ:
        stream.reconfigure(errors="backslashreplace")
    else:
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
