"""What a missing field is, by type; ``defaults.json`` is made of the classes of transformers.

``tests/data/make_huggingface_defaults.py`` makes it; types and their fields are in `types`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["SIZED", "aliases", "defaults", "uncounted"]


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    text = files("archcalc.frameworks.huggingface").joinpath("defaults.json").read_text("utf-8")
    found: Mapping[str, Any] = json.loads(text)
    return found


def defaults(kind: str) -> Mapping[str, Any]:
    """What a missing key of a type is; a key that is not here has no default.

    >>> defaults("qwen3")["num_key_value_heads"], defaults("llama")["num_key_value_heads"]
    (32, None)
    """
    found: Mapping[str, Any] = _data()["defaults"][kind]
    return found


def aliases(kind: str) -> Mapping[str, str]:
    """Other names of a type's keys.

    >>> aliases("gpt2")["hidden_size"]
    'n_embd'
    """
    found: Mapping[str, str] = _data()["aliases"].get(kind, {})
    return found


SIZED = re.compile(
    r"(^|_)(n|num|d)_\w+|_(size|dim|dims|layers|heads|experts?|rank|bias|width|ratio|groups)$"
)
"""What a key is called that may change a count."""


def uncounted(kind: str) -> frozenset[str]:
    """Keys of a type that look like sizes, and that no count which is read here follows from.

    >>> "router_aux_loss_coef" in uncounted("mixtral"), "num_local_experts" in uncounted("mixtral")
    (False, False)
    >>> "qk_head_dim" in uncounted("deepseek_v3")  # derived of two others
    True
    """
    return frozenset(_data()["uncounted"][kind])
