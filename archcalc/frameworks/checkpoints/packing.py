"""How quantised weights are packed: several numbers in one, and scales beside them.

Sources: AutoGPTQ and AutoAWQ (``qweight``, ``qzeros``, ``scales``); bitsandbytes (``weight`` with
``absmax`` and ``quant_map``); OCP *Microscaling Formats* (2023) for MXFP4 (``_blocks``,
``_scales``); DeepSeek-V3 for FP8 (``weight_scale_inv``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from archcalc.frameworks.checkpoints.headers import Stored

__all__ = ["Packing", "packing_of"]


@dataclass(frozen=True, slots=True)
class Packing:
    """A way to pack weights.

    Attributes:
        name: what it is called.
        sign: what tensors are called that only it has.
        beside: those that belong to a weight and are none.
        whole: what the packed weight is called, and the name of the weight it stands for.
        packs: whether the packed weight has another shape.
    """

    name: str
    sign: str
    beside: str
    whole: tuple[str, str] = ("", "")
    packs: bool = True

    def renamed(self, tensors: Mapping[str, Stored]) -> dict[str, Stored]:
        """The tensors as they would be called unpacked; those that are packed have no shape."""
        found: dict[str, Stored] = {}
        packed = {re.sub(self.sign, "", name) for name in tensors if re.search(self.sign, name)}
        for name, part in tensors.items():
            if re.search(self.beside, name):
                continue
            plain = re.sub(*self.whole, name) if self.whole[0] else name
            hides = self.packs and (plain != name or plain in packed)
            found[plain] = Stored(None, part.format) if hides else part
        return found


_PACKINGS = (
    Packing("MXFP4", r"_scales$", r"_scales$", (r"_blocks$", "")),
    Packing("AWQ or GPTQ", r"\.qweight$", r"\.(qzeros|scales|g_idx)$", (r"\.qweight$", ".weight")),
    Packing(
        "compressed-tensors", r"\.weight_packed$",
        r"\.(weight_(scale|shape|zero_point|global_scale|g_idx)|(input|output)_\w+)$",
        (r"\.weight_packed$", ".weight"),
    ),
    Packing(
        "bitsandbytes", r"\.(absmax|quant_state\.\w+|nested_\w+|quant_map)$",
        r"\.(absmax|quant_state\.\w+|nested_\w+|quant_map|SCB|weight_format)$",
    ),
    Packing("FP8 with scales", r"_scale(_inv)?$", r"_scale(_inv)?$", packs=False),
)  # fmt: skip


_PLAIN = ("F64", "F32", "F16", "BF16", "I64", "BOOL")
"""Formats of weights that are not packed, and of tables beside them."""


@dataclass(frozen=True, slots=True)
class UnknownPacking:
    """Weights whose numbers are packed in a way that is not known.

    Attributes:
        formats: of the numbers they are packed in.
    """

    formats: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is said of it."""
        return f"{', '.join(self.formats)} in a way that is not known"

    def renamed(self, tensors: Mapping[str, Stored]) -> dict[str, Stored]:
        """The tensors; those that are packed have no shape."""
        return {
            name: Stored(None, part.format) if part.format in self.formats else part
            for name, part in tensors.items()
        }


def packing_of(tensors: Mapping[str, Stored]) -> Packing | UnknownPacking | None:
    """How the tensors are packed; ``None`` where nothing says that they are.

    >>> packing_of({"a.qweight": Stored((4, 8), "I32"), "a.scales": Stored((1, 8))}).name
    'AWQ or GPTQ'
    >>> packing_of({"a.weight": Stored((4, 8), "U8")}).name
    'U8 in a way that is not known'
    """
    for packing in _PACKINGS:
        if any(re.search(packing.sign, name) for name in tensors):
            return packing
    strange = {part.format for part in tensors.values()} - {*_PLAIN, ""}
    return UnknownPacking(tuple(sorted(strange))) if strange else None
