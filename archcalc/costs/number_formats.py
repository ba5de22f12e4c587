"""Number formats: how many bytes an element takes, also packed in groups with scales of their own.

Sources: Rouhani et al., *OCP Microscaling Formats* (2023), section 5.2, for MX; Dettmers et al.,
*QLoRA* (2023), section 3, for NF4; NVIDIA, *Introducing NVFP4* (2025); llama.cpp's
``ggml-common.h`` for the blocks of GGUF.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import TypeVar

from archcalc.symbolic.errors import LookupFailedError, quoted

__all__ = ["DTYPES", "PACKED", "bytes_of", "is_packed", "long_name", "look_up", "stored_bytes"]

DTYPES: Mapping[str, int] = MappingProxyType(
    {
        "float64": 8,
        "float32": 4,
        "tfloat32": 4,
        "float16": 2,
        "bfloat16": 2,
        "float8": 1,
        "int64": 8,
        "int32": 4,
        "int16": 2,
        "int8": 1,
        "uint8": 1,
        "bool": 1,
    }
)
"""Bytes an element."""

_SHORT = {
    "fp64": "float64", "fp32": "float32", "tf32": "tfloat32", "fp16": "float16", "half": "float16",
    "bf16": "bfloat16", "fp8": "float8", "double": "float64", "float": "float32",
}  # fmt: skip
"""What number formats are called for short."""

PACKED: Mapping[str, Fraction] = MappingProxyType(
    {
        "int4": Fraction(1, 2),
        "int3": Fraction(3, 8),
        "int2": Fraction(1, 4),
        "fp4": Fraction(1, 2),
        "mxfp4": Fraction(4 * 32 + 8, 8 * 32),
        "mxfp6": Fraction(6 * 32 + 8, 8 * 32),
        "mxfp8": Fraction(8 * 32 + 8, 8 * 32),
        "nvfp4": Fraction(4 * 16 + 8, 8 * 16),
        "nf4": Fraction(4 * 64 + 32, 8 * 64),
        "q4_0": Fraction(18, 32),
        "q5_0": Fraction(22, 32),
        "q8_0": Fraction(34, 32),
        "q4_k": Fraction(144, 256),
        "q5_k": Fraction(176, 256),
        "q6_k": Fraction(210, 256),
    }
)
"""Bytes an element of formats of few bits, with the scales of their blocks: of 32 elements one of 8
bits in MX, of 16 one of 8 bits in NVFP4, of 64 one of 32 bits in NF4; blocks of GGUF as they are.
``int4``, ``int3``, ``int2`` and ``fp4`` have none unless the name says so: ``"int4/128"`` is one
scale of 16 bits for every 128 elements, as in GPTQ and AWQ; their zero points are not counted."""

_SCALE_BYTES = 2
_GROUPED = re.compile(r"([a-z0-9]+)/([1-9][0-9]{0,5})")

T = TypeVar("T")


def long_name(dtype: str) -> str:
    """A number format by its whole name.

    >>> long_name("bf16"), long_name("float32")
    ('bfloat16', 'float32')
    """
    return _SHORT.get(dtype, dtype)


def bytes_of(dtype: str) -> int:
    """Bytes an element of `dtype`, each of which stands by itself.

    Raises:
        LookupFailedError: it is not known; the error lists those that are.

    >>> bytes_of("bfloat16")
    2
    """
    return look_up(DTYPES, long_name(dtype), "number format")


def stored_bytes(dtype: str) -> int | Fraction:
    """Bytes an element of `dtype` as weights and caches are stored, scales of groups included.

    Raises:
        LookupFailedError: it is not known; the error lists those that are.

    >>> stored_bytes("bf16"), stored_bytes("mxfp4"), stored_bytes("int4/128")
    (2, Fraction(17, 32), Fraction(33, 64))
    """
    grouped = _GROUPED.fullmatch(dtype)
    if grouped:
        name, size = grouped[1], int(grouped[2])
        return stored_bytes(name) + Fraction(_SCALE_BYTES, size)
    known: dict[str, int | Fraction] = {**DTYPES, **PACKED}
    return look_up(known, long_name(dtype), "number format")


def is_packed(dtype: str) -> bool:
    """Whether elements are packed, so that none stands by itself.

    >>> is_packed("int4/128"), is_packed("bf16")
    (True, False)
    """
    return long_name(dtype) not in DTYPES


def look_up(table: Mapping[str, T], name: str, what: str) -> T:
    """What a table has under a name.

    Raises:
        LookupFailedError: nothing; the error lists what it knows.
    """
    if name not in table:
        raise LookupFailedError(
            f"{quoted(name, 40)} is not a known {what}",
            code=f"unknown-{what.replace(' ', '-')}",
            hint=f"known are {', '.join(table)}",
        )
    return table[name]
