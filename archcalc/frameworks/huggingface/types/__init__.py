"""The types of models in ``config.json``, as data: which fields are which arguments of a family.

Of each type it says the family in `archcalc.families`, and for each argument where it comes from
(see `sources`).  What a key that is missing means stands in `defaults`, which a script made of the
classes of transformers.

Source: https://github.com/huggingface/transformers, ``models/*/configuration_*.py`` and
``modeling_*.py``.
"""

from __future__ import annotations

from collections.abc import Mapping

from archcalc.frameworks.huggingface.sources import Rounded
from archcalc.frameworks.huggingface.types.dense import DENSE
from archcalc.frameworks.huggingface.types.encoding import ENCODING
from archcalc.frameworks.huggingface.types.gpt import GPT
from archcalc.frameworks.huggingface.types.kind import Head, Type
from archcalc.frameworks.huggingface.types.sparse import SPARSE

__all__ = ["TYPES", "Head", "Type"]

_MAMBA = Type(
    "mamba",
    {
        "layers": "num_hidden_layers",
        "width": "hidden_size",
        "vocab": "vocab_size",
        "expand": "expand",
        "inner": "intermediate_size ?? expand*width",
        "state": "state_size",
        "kernel": "conv_kernel",
        "rank": Rounded("time_step_rank", "width", 16),
        "use_bias": "use_bias",
        "conv_bias": "use_conv_bias",
        "tied": "tie_word_embeddings",
    },
    beside=("expand",),
    ignores=("d_inner", "d_model", "n_layer"),
)

TYPES: Mapping[str, Type] = {
    **DENSE, **GPT, **SPARSE, **ENCODING, "mamba": _MAMBA, "falcon_mamba": _MAMBA,
}  # fmt: skip
"""Every type that is known, by the name that ``model_type`` gives it."""
