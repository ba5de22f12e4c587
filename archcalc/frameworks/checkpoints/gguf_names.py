"""The tensors that a ``.gguf`` has of a network: its library knows what each model's are called.

Source: https://github.com/ggml-org/llama.cpp, ``gguf-py/gguf/tensor_mapping.py``, and
``convert_hf_to_gguf.py`` for what is split or joined.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from archcalc._loading import loaded
from archcalc.frameworks.huggingface.reading import Reading
from archcalc.frameworks.huggingface.tensors import Expected, expected_tensors
from archcalc.symbolic.errors import SpecificationError, quoted

__all__ = ["DERIVED", "expected_in_gguf"]

DERIVED = ("rope_freqs", "rope_factors_long", "rope_factors_short", "exp_probs_b")
"""Words of tensors that are computed, or buffers: no parameters."""


def expected_in_gguf(reading: Reading, architecture: str, names: Collection[str]) -> list[Expected]:
    """The tensors of a model by their names in a ``.gguf``; what has none is not in it, such as the
    pooler of a BERT.

    Args:
        reading: the model.
        architecture: what the file says that it is.
        names: those of the file, which show whether what latents are made into is split.

    Raises:
        SpecificationError: what tensors of this architecture are called is not known.
    """
    library = loaded("gguf")
    known = {name: arch for arch, name in library.MODEL_ARCH_NAMES.items()}
    if architecture not in known:
        raise SpecificationError(
            f"what the tensors of {quoted(architecture, 40)} are called is not known",
            code="names-unknown", path="general.architecture",
            hint="a newer gguf may know it: pip install -U gguf",
        )  # fmt: skip
    tensors = expected_tensors(reading, "gguf")
    table = library.get_tensor_name_map(known[architecture], len(tensors))

    def named(name: str) -> str | None:
        """Its name there; the table has some without the first word."""
        options = (name, name.partition(".")[2])
        return next(filter(None, (table.get_name(o, (".weight", ".bias")) for o in options)), None)

    parts = [part for tensor in tensors for part in _parts(tensor, reading, names)]
    found = [(part, named(part.name)) for part in parts]
    return [replace(part, name=name) for part, name in found if name is not None]


def _parts(tensor: Expected, reading: Reading, names: Collection[str]) -> Iterator[Expected]:
    """A tensor, or the two that newer files have of what makes keys and values of a latent."""
    split = any(".attn_k_b." in name for name in names)
    if not (split and "kv_b_proj" in tensor.name):
        yield tensor
        return
    a, n, v, r = (reading.arguments[x] for x in ("heads", "head_dim", "value_dim", "latent"))
    for letter, shape in (("k", (a, r, n)), ("v", (a, v, r))):
        name = tensor.name.replace("kv_b_proj", f"{letter}_b_proj")
        yield replace(tensor, name=name, shape=shape)
