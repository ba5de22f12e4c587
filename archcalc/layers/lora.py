"""Low-rank adapters: a frozen weight, and two thin ones that are trained in its place.

The two are multiplied in one of two ways.  *Beside* the weight, ``x·W + x·A·B``, at each position,
as the paper trains and peft runs them; or *merged*, ``x·(W + A·B)``, where their product is formed
once for a whole batch, as Keras does.  The weights are the same, the work is not.

Source: Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models* (2021), equation 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from archcalc.layers.facts import Operand, Weight, Work
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape

__all__ = ["ADAPTED", "adapted", "beside", "merged", "thin"]

ADAPTED = ("kernel", "recurrent kernel", "embedding")
"""The roles of weights that have adapters: those that are matrices from what comes in to what comes
out, where they say so."""


def thin(main: Weight, rank: Dim) -> tuple[Weight, Weight]:
    """The two weights that are trained in the place of `main`, with `rank` between them.

    >>> [(w.name, w.shape) for w in thin(Weight("kernel", Shape((768, 256)), "kernel"), 8)]
    [('lora_kernel_a', (768, 8)), ('lora_kernel_b', (8, 256))]
    """
    out = main.outputs or 1  # Keras' lora_rank takes the last axis of any kernel that it is for
    taken, given = main.shape[:-out], main.shape[-out:]
    down = Weight(f"lora_{main.name}_a", Shape((*taken, rank)), "adapter")
    up = Weight(f"lora_{main.name}_b", Shape((rank, *given)), "adapter", outputs=out)
    return down, up


def adapted(main: Weight, rank: Dim | None, *others: Weight) -> tuple[Weight, ...]:
    """`main` and `others`; with a `rank`, `main` is frozen and its two adapters follow.

    >>> [w.name for w in adapted(Weight("kernel", Shape((768, 256)), "kernel"), 8)]
    ['kernel', 'lora_kernel_a', 'lora_kernel_b']
    """
    if rank is None:
        return (main, *others)
    return (replace(main, frozen=True), *others, *thin(main, rank))


def merged(main: Weight, rank: Dim | None) -> tuple[Work, ...]:
    """The product of the adapters, once for a whole batch; none without a `rank`.

    >>> merged(Weight("kernel", Shape((768, 256)), "kernel"), 8)[0].macs == 768 * 8 * 256
    True
    """
    if rank is None:
        return ()
    down, up = thin(main, rank)
    made = (*down.shape, *up.shape[1:])
    return (Work("adapter", made, (), down.name, (Operand((), (up.name,)),)),)


def beside(main: Weight, rank: Dim, done: Iterable[Work], out: Shape) -> tuple[Work, ...]:
    """The products of the adapters wherever `main` is multiplied, or looked up.

    Args:
        done: the work of the layer, of which that with `main` counts.
        out: the output of the layer: a table is looked up for every vector of it.

    >>> kernel = Weight("kernel", Shape((768, 256)), "kernel")
    >>> done = Work("matmul", (768, 256), (10,), "kernel")
    >>> [w.factors for w in beside(kernel, 8, [done], Shape((10, 256)))]
    [(10, 768, 8), (10, 8, 256)]
    """
    down, up = thin(main, rank)
    made: list[Work] = []
    for work in done:
        if work.weight == main.name:
            common = replace(work, kind="adapter", bias="")
            inputs = tuple(i for operand in work.activations for i in operand.inputs)
            after = (Operand(inputs, (down.name,)),)
            made.append(replace(common, weight=down.name, operand=tuple(down.shape)))
            made.append(replace(common, weight=up.name, operand=tuple(up.shape), activations=after))
    if made or main.role != "embedding":
        return tuple(made)
    row = (Operand((0,), (down.name,)),)
    return (Work("adapter", tuple(up.shape), out[:-1], up.name, row),)
