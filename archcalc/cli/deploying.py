"""Whether a language model fits: ``llm``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from typer import Argument, Option

from archcalc.cli.options import Calls, FormatOption, Inputs, Output, Values, pairs

__all__ = ["llm"]


class Attention(StrEnum):
    """How attention is computed."""

    fused = "fused"
    eager = "eager"


class Recompute(StrEnum):
    """What is computed once more."""

    none = "none"
    selective = "selective"
    full = "full"


def llm(
    file: Annotated[
        str,
        Argument(
            metavar="FILE",
            help="A config.json of Hugging Face, or a network as every command takes it.",
            show_default=False,
        ),
    ],
    batch: Annotated[str, Option(help="Sequences at once, of each replica.")] = "1",
    length: Annotated[
        str | None, Option(help="Positions of a sequence, read and generated.", show_default=False)
    ] = None,
    dtype: Annotated[
        str, Option(help="Of weights, activations and cache: bf16, fp8, int4/128, mxfp4, ….")
    ] = "bf16",
    cache_dtype: Annotated[
        str | None, Option(help="Of the cache, where it is another.", show_default=False)
    ] = None,
    expert_dtype: Annotated[
        str | None, Option(help="Of routed experts, where it is another.", show_default=False)
    ] = None,
    memory: Annotated[
        str | None, Option(help="Of each device, such as 80GiB.", show_default=False)
    ] = None,
    device: Annotated[
        str | None,
        Option(help="An accelerator, such as H100: its memory, and bounds on time.",
               show_default=False),
    ] = None,
    tensor: Annotated[str, Option(help="Devices that split heads, MLPs and words.")] = "1",
    data: Annotated[str, Option(help="Replicas.")] = "1",
    pipeline: Annotated[str, Option(help="Stages of blocks.")] = "1",
    expert: Annotated[str, Option(help="Devices of data that split experts.")] = "1",
    sequence: Annotated[
        str, Option(help="Devices that split positions; 'tensor' for those of --tensor.")
    ] = "1",
    zero: Annotated[int, Option(min=0, max=3, help="The stage of ZeRO or FSDP.")] = 0,
    optimizer: Annotated[str, Option(help="Such as adamw or sgd.")] = "adamw",
    training: Annotated[
        str | None,
        Option(metavar="FORMATS", help="Formats of training, such as 'bfloat16 mixed'.",
               show_default=False),
    ] = None,
    attention: Annotated[Attention, Option(help="Of training.")] = Attention.fused,
    recompute: Annotated[Recompute, Option(help="In training.")] = Recompute.none,
    derive: Annotated[
        str | None,
        Option(metavar="LINE", help="One line with what it is made of, such as cache.",
               show_default=False),
    ] = None,
    inputs: Inputs = None,
    calls: Calls = None,
    values: Values = None,
    how: FormatOption = None,
    output: Output = None,
) -> None:  # fmt: skip
    """Will a language model fit? Weights, cache, training, compute, time, and what would fit."""
    from archcalc.cli.answers import show
    from archcalc.cli.reading import open_network
    from archcalc.costs.deployment import Deployment
    from archcalc.costs.mesh import Mesh
    from archcalc.explain.deployed import deploy, formats_of, title_of

    opened = open_network(file, inputs, pairs(calls, "--call"))
    mesh = Mesh(data, tensor, pipeline, expert, "tensor" if sequence == "tensor" else sequence)
    where = Deployment(
        batch, length, formats_of(dtype, cache_dtype, expert_dtype), mesh, optimizer, zero,
        "eager on CUDA" if attention is Attention.eager else "torch on CUDA", recompute.value,
    )  # fmt: skip
    with opened.located():
        sheet = deploy(
            opened.network, where, memory=memory, machine=device, training=training or "",
            name=title_of(file), **pairs(values, "--set"),
        )  # fmt: skip
        answer = sheet if derive is None else sheet.derive(derive)
    show(answer, how, output)
