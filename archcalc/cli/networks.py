"""What one network is: ``summary``, ``derive``, ``cost`` and ``conventions``."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from archcalc.cli.options import Calls, File, FormatOption, Inputs, Output, Values, pairs

__all__ = ["conventions", "cost", "derive", "summary"]


def summary(
    file: File,
    columns: Annotated[
        list[str] | None,
        Option(
            metavar="NAMES",
            help="More columns: input, kernel, share, depth, trainable, flops. "
            "Several with commas between them.",
            show_default=False,
        ),
    ] = None,
    depth: Annotated[
        int | None,
        Option(min=1, help="Fold blocks deeper than this into one line.", show_default=False),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """The table of layers: what comes out of each, and what it holds."""
    # Imported here, as in every command, so that --help does not wait for it.
    from archcalc.cli.answers import show
    from archcalc.cli.reading import trace_with
    from archcalc.explain import summarize

    trace = trace_with(file, pairs(values, "--set"), inputs, pairs(calls, "--call"))
    names = [name.strip() for text in columns or [] for name in text.split(",")]
    show(summarize(trace, columns=names, depth=depth), how, output)


def derive(
    file: File,
    layer: Annotated[
        str | None,
        Option(
            metavar="PATH",
            help="Only the layer, or the block, at this path.",
            show_default=False,
        ),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """Every number with the rule it follows from, layer by layer."""
    from archcalc.cli.answers import show
    from archcalc.cli.reading import open_network
    from archcalc.explain import derive as derived

    opened = open_network(file, inputs, pairs(calls, "--call"))
    derivation = derived(opened.trace(pairs(values, "--set")))
    with opened.located():
        answer = derivation if layer is None else derivation.of(layer)
    show(answer, how, output)


def cost(
    file: File,
    batch: Annotated[str, Option(help="Samples in a batch, a number or a symbol.")] = "1",
    optimizer: Annotated[str, Option(help="Such as sgd, sgd-momentum or adam.")] = "sgd",
    dtype: Annotated[str, Option(help="Such as float32, bfloat16, bf16 or fp16.")] = "float32",
    peak_flops: Annotated[
        str | None, Option(help="FLOP/s that the machine reaches at best, such as 1e12.")
    ] = None,
    bandwidth: Annotated[str | None, Option(help="Bytes/s of its memory, such as 50e9.")] = None,
    formats: Annotated[
        str | None,
        Option(help="A format for each kind of what is stored, such as 'bfloat16 mixed'."),
    ] = None,
    recompute: Annotated[
        list[str] | None,
        Option(metavar="PATH", help="With --formats: a block that is computed once more."),
    ] = None,
    tally: Annotated[
        str | None,
        Option(help="Count every operation: 'each operation', or as 'fvcore', 'ptflops', ...."),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """Memory and work of training: weights, gradients, state, activations, FLOPs and time."""
    from archcalc.cli.answers import show
    from archcalc.cli.reading import dimension, rate, trace_with
    from archcalc.explain import account
    from archcalc.symbolic.errors import SpecificationError

    peak, speed = rate(peak_flops, "--peak-flops"), rate(bandwidth, "--bandwidth")
    if (peak is None) != (speed is None):
        raise SpecificationError(
            "a bound on the time takes both rates", code="bad-option",
            hint="give --peak-flops and --bandwidth",
        )  # fmt: skip
    trace = trace_with(file, pairs(values, "--set"), inputs, pairs(calls, "--call"))
    result = account(
        trace, batch=dimension(batch), optimizer=optimizer, dtype=dtype, peak_flops=peak,
        bandwidth=speed, formats=formats, recompute=tuple(recompute or ()), tally=tally,
    )  # fmt: skip
    show(result, how, output)


def conventions(
    file: Annotated[
        str | None,
        Argument(metavar="[FILE]", help="A network; without one, all conventions are listed."),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:
    """Where tools count differently: what is counted here, and what they count."""
    from archcalc.cli.answers import show
    from archcalc.cli.reading import trace_with
    from archcalc.explain import conventions as found

    trace = (
        None
        if file is None
        else trace_with(file, pairs(values, "--set"), inputs, pairs(calls, "--call"))
    )
    show(found(trace), how, output)
