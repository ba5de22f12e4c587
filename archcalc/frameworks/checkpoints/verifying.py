"""A checkpoint held against the network of its configuration, tensor by tensor."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from archcalc.explain.document import Block, Document, Inlines, Paragraph, Table
from archcalc.explain.renderable import Renderable
from archcalc.frameworks.checkpoints.gguf_names import DERIVED, expected_in_gguf
from archcalc.frameworks.checkpoints.headers import Header, Stored, read_header
from archcalc.frameworks.checkpoints.packing import packing_of
from archcalc.frameworks.huggingface.reading import read_config
from archcalc.frameworks.huggingface.tensors import Expected, expected_tensors

__all__ = ["Verification", "verify"]

_MOST_SHOWN = 12


@dataclass(frozen=True, repr=False)
class Verification(Renderable):
    """What a checkpoint has of what its configuration describes.

    Attributes:
        type: the ``model_type``.
        packing: how weights are packed; empty where they are not.
        matched: how many tensors are there, with the shape they should have.
        unchecked: how many are there whose shape the header does not say.
        parameters: how many numbers the tensors of the network hold.
        missing: the names of those that are not there.
        unexpected: the names of those that are none of the network's.
        differing: name, expected and found shape.
        size: how many bytes the index says that all have.
        absent: files that an index names and that do not lie beside it, where others do.
    """

    type: str
    packing: str
    matched: int
    unchecked: int
    parameters: int
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    differing: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    size: int | None = None
    absent: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether every tensor is there as it should be, and no other."""
        return not (self.missing or self.unexpected or self.differing)

    def to_dict(self) -> dict[str, Any]:
        """As data."""
        return {
            "type": self.type, "agrees": self.agrees, "packing": self.packing,
            "matched": self.matched, "unchecked": self.unchecked, "parameters": self.parameters,
            "missing": list(self.missing), "unexpected": list(self.unexpected),
            "differing": [
                {"name": n, "expected": list(a), "found": list(b)} for n, a, b in self.differing
            ],
            "size": self.size, "absent": list(self.absent),
        }  # fmt: skip

    def document(self) -> Document:
        """What it says, as blocks."""
        packed = f", packed as {self.packing}" if self.packing else ""
        alone = f", {self.unchecked:,} of them by name alone" if self.unchecked else ""
        first = (
            f"{self.type}{packed}: {self.matched:,} tensors agree{alone}; the network has "
            f"{self.parameters:,} parameters"
        )
        blocks: list[Block] = [Paragraph((first,))]
        if self.size is not None and self.parameters:
            each = f"{self.size / self.parameters:.3g} a parameter"
            blocks.append(Paragraph((f"the index says {self.size:,} bytes, {each}",)))
        if self.absent:
            some = ", ".join(self.absent[:3]) + (", …" if len(self.absent) > 3 else "")
            blocks.append(
                Paragraph((f"not beside the index, {len(self.absent)} of its files: {some}",))
            )
        rows = list(self._rows())
        if rows:
            head = ("", "tensor", "expected", "found")
            blocks.append(Table(head, "llll", tuple(rows)))
        verdict = "is" if self.agrees else "is not"
        blocks.append(Paragraph((f"the checkpoint {verdict} that of the network",)))
        return Document("Checkpoint", tuple(blocks))

    def _rows(self) -> Iterator[tuple[Inlines, ...]]:
        """What does not agree, as far as it is shown."""
        for name, expected, found in self.differing[:_MOST_SHOWN]:
            yield ("differs",), (name,), (_sized(expected),), (_sized(found),)
        for title, names in (("missing", self.missing), ("unexpected", self.unexpected)):
            for name in names[:_MOST_SHOWN]:
                yield (title,), (name,), (), ()
            if len(names) > _MOST_SHOWN:
                yield (title,), (f"and {len(names) - _MOST_SHOWN:,} more",), (), ()


def _sized(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"


def verify(
    config: str | os.PathLike[str] | Mapping[str, Any], checkpoint: str | os.PathLike[str]
) -> Verification:
    """Whether a checkpoint has the tensors that its configuration describes, by headers alone.

    Args:
        config: as `from_huggingface` takes it.
        checkpoint: a ``.safetensors``, its ``index.json`` or a ``.gguf``.

    Raises:
        SpecificationError: one of the two cannot be read, or what tensors of this type are called
            is not known.
        FrameworkError: the library that reads the checkpoint is not installed.
    """
    reading, header = read_config(config), read_header(checkpoint)
    packing = packing_of(header.tensors) if header.kind != "gguf" else None
    found = dict(header.tensors) if packing is None else packing.renamed(header.tensors)
    if header.kind == "gguf":
        best = expected_in_gguf(reading, header.architecture, found)
        return _compared(reading.type, _gguf_packing(header), best, found, header)
    every = [expected_tensors(reading, layout) for layout in ("released", "transformers")]
    best = max(every, key=lambda tensors: sum(_found(t.name, found) is not None for t in tensors))
    return _compared(reading.type, packing.name if packing else "", best, found, header)


def _gguf_packing(header: Header) -> str:
    """The formats of a file of blocks, the most frequent first."""
    if header.kind != "gguf":
        return ""
    formats = [part.format for part in header.tensors.values() if part.format not in ("F32", "F16")]
    return ", ".join(sorted(set(formats), key=lambda f: -formats.count(f)))


_BEFORE = ("", "model.", "language_model.", "model.language_model.")
"""What stands before names in files of a model of images and words, or of a bare model."""


def _found(name: str, tensors: Mapping[str, Stored]) -> str | None:
    """The name that a tensor has there: some files leave the first word out, or put one before."""
    rest = name.partition(".")[2]
    plain = (name, rest, *(f"{before}{name}" for before in _BEFORE), f"bert.{name}")
    options = (*plain, *(f"{before}{rest}" for before in _BEFORE))
    return next((option for option in options if option in tensors), None)


_IGNORED = ("rotary_emb.inv_freq", "masked_bias", "attn.bias", "attention.bias", "position_ids",
            "e_score_correction_bias")  # fmt: skip
"""Buffers that files have beside the weights: no parameters."""


def _compared(
    kind: str, packing: str, expected: list[Expected], found: Mapping[str, Stored], header: Header
) -> Verification:
    matched, unchecked, missing, differing, used = 0, 0, [], [], set()
    for tensor in expected:
        name = _found(tensor.name, found)
        if name is None:
            missing.append(tensor.name)
            continue
        used.add(name)
        shape = found[name].shape
        if shape is None:
            unchecked += 1
        elif _squeezed(shape, header) != _squeezed(tensor.shape, header):
            differing.append((name, tensor.shape, shape))
            continue
        matched += 1
    tied = {"lm_head.weight", "model.decoder.embed_tokens.weight", "encoder.embed_tokens.weight",
            "decoder.embed_tokens.weight", "model.encoder.embed_tokens.weight"}  # fmt: skip
    left = [name for name in found if name not in used and not name.endswith(_IGNORED)]
    left = [name for name in left if name not in tied and not any(d in name for d in DERIVED)]
    total = sum(prod(tensor.shape) for tensor in expected)
    return Verification(
        kind, packing, matched, unchecked, total, tuple(missing), tuple(left), tuple(differing),
        header.size, header.absent,
    )  # fmt: skip


def _squeezed(shape: tuple[int, ...], header: Header) -> tuple[int, ...]:
    """A shape; of a ``.gguf``, which has no use for axes of length 1, without them."""
    return tuple(n for n in shape if n != 1) if header.kind == "gguf" else shape
