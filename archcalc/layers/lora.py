"""Low-rank adapters: a frozen weight, and two thin ones that are trained in its place.

Source: Hu et al., *LoRA: Low-Rank Adaptation of Large Language Models* (2021), equation 3, as Keras
does it: the product of the adapters is added to the weight before the layer uses it.
"""

from __future__ import annotations

from dataclasses import replace

from archcalc.layers.facts import Operand, Weight, Work
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.shape import Shape

__all__ = ["adapted", "adapting"]


def adapted(main: Weight, rank: Dim | None, *others: Weight) -> tuple[Weight, ...]:
    """`main` and `others`; with a `rank`, `main` is frozen and its two adapters follow.

    >>> [(w.name, w.shape) for w in adapted(Weight("kernel", Shape((768, 256)), "kernel"), 8)]
    [('kernel', (768, 256)), ('lora_kernel_a', (768, 8)), ('lora_kernel_b', (8, 256))]
    """
    if rank is None:
        return (main, *others)
    a, b = _names(main)
    down = Weight(a, Shape((*main.shape[:-1], rank)), "adapter")
    up = Weight(b, Shape((rank, main.shape[-1])), "adapter")
    return (replace(main, frozen=True), *others, down, up)


def adapting(main: Weight, rank: Dim | None) -> tuple[Work, ...]:
    """The product of the adapters, once for a whole batch; none without a `rank`."""
    if rank is None:
        return ()
    a, b = _names(main)
    made = (*main.shape[:-1], rank, main.shape[-1])
    return (Work("adapter", made, (), a, (Operand((), (b,)),)),)


def _names(main: Weight) -> tuple[str, str]:
    return f"lora_{main.name}_a", f"lora_{main.name}_b"
