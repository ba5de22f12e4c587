"""How the tensors of a checkpoint are called: what is said of a type of model.

Our paths and theirs differ in words alone: ``layers/block/self_attn/q_proj`` and its kernel
``(d, a, e)`` is ``model.layers.0.self_attn.q_proj.weight``, ``(a·e, d)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Names", "When"]

Words = Mapping[str, str]


@dataclass(frozen=True)
class When:
    """Other words where an argument of the family has a value."""

    argument: str
    value: Any
    parts: Words = field(default_factory=dict)
    heads: Words = field(default_factory=dict)


@dataclass(frozen=True)
class Names:
    """The words of a type.

    A part is our path below its layer, ``self_attn/q_proj``; before it may stand the stack,
    ``"decoder mlp_norm"``, behind it a weight, ``"router.bias"``, and then its name is whole.  In a
    name ``{h}`` is the number of a head: each has a tensor of its own.

    Attributes:
        base: what stands before all but heads, in classes that have one.
        layer: what stands before the parts of a layer, by its stack; ``{i}`` is its number,
            ``{s}`` that of its run and ``{b}`` its place in that.
        top: what is no part of a layer.
        heads: what stands behind the last layer, without `base`.
        parts: the parts of a layer.
        turned: whether kernels of two axes are kept as ``(out, in)``, as torch's are.
        leading: how many axes of length 1 a tensor has before its own, by part.
        experts: what stands before the parts of an expert in a released file; ``{e}`` its number;
            empty where those of a layer are one tensor there too.
        each: the parts of an expert there.
        experts_turned: whether stacked kernels of experts are kept as ``(experts, out, in)``.
        released: what transformers calls otherwise than released files: its words, as patterns,
            and theirs.
        when: other words, by arguments.
    """

    base: str = ""
    layer: Words = field(default_factory=dict)
    top: Words = field(default_factory=dict)
    heads: Words = field(default_factory=lambda: {"lm_head": "lm_head"})
    parts: Words = field(default_factory=dict)
    turned: bool = True
    leading: Mapping[str, int] = field(default_factory=dict)
    experts: str = "mlp.experts.{e}"
    each: Words = field(default_factory=dict)
    experts_turned: bool = True
    released: Words = field(default_factory=dict)
    when: tuple[When, ...] = ()

    def but(self, **changes: Any) -> Names:
        """The same with further words in some of its tables, and other values elsewhere.

        >>> Names(top={"norm": "norm"}).but(top={"embed_tokens": "wte"}, turned=False).top
        {'norm': 'norm', 'embed_tokens': 'wte'}
        """
        merged: dict[str, Any] = {
            name: {**getattr(self, name), **value} if isinstance(value, Mapping) else value
            for name, value in changes.items()
        }
        return replace(self, **merged)

    def of(self, arguments: Mapping[str, Any]) -> Names:
        """The words for a family with these arguments."""
        found = self
        for case in self.when:
            if arguments.get(case.argument) == case.value:
                found = found.but(parts=case.parts, heads=case.heads)
        return found
