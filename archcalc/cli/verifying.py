"""Whether a checkpoint is that of a configuration: ``verify``."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Exit

from archcalc.cli.options import FormatOption, Output

__all__ = ["verify"]


def verify(
    config: Annotated[str, Argument(metavar="CONFIG", help="A config.json.", show_default=False)],
    checkpoint: Annotated[
        str,
        Argument(
            metavar="CHECKPOINT",
            help="A .safetensors, its index.json, or a .gguf; only headers are read.",
            show_default=False,
        ),
    ],
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """Hold the tensors of a checkpoint against those of its configuration, one by one."""
    from archcalc.cli.answers import show
    from archcalc.frameworks.checkpoints import verify as held

    found = held(config, checkpoint)
    show(found, how, output)
    if not found.agrees:
        raise Exit(1)
