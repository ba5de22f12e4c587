"""Llama and the parts of language models: numbers of the released models, and identities."""

from __future__ import annotations

import archcalc as ac


def test_llama_3_8b_as_published() -> None:
    """https://huggingface.co/meta-llama/Meta-Llama-3-8B: 8,030,261,248 parameters."""
    net = ac.families.llama(
        layers="L", width="d", ffn="f", vocab="V", heads="a", kv_heads="g", head_dim="e"
    )
    numbers = {"L": 32, "d": 4096, "f": 14336, "V": 128256, "a": 32, "g": 8, "e": 128}
    trace = net.trace()
    assert trace.parameters(**numbers) == 8_030_261_248
    assert trace.cost(ac.costs.Cache())(**numbers, t=1) * 2 == 131_072


def test_adapters_on_every_linear_layer_of_it_are_as_thin_as_published() -> None:
    """r = 16 on all linear layers but the head: 41,943,040 trainable."""
    net = ac.families.llama(32, 4096, 14336, 128256, 32, 8, 128)
    adapted = net.with_lora(16, ["*_proj"])
    assert adapted.trace().trainable_parameters == 41_943_040


def test_a_pattern_of_layers_is_as_many_layers_as_it_says() -> None:
    """First dense, then two of one kind and one of another, in turn."""
    wide = {"w": 8, "f": 16, "d": 4}
    kinds = "dd" + "wwf" * 4 + "w"
    blocks = ac.families.runs(kinds, lambda kind: ac.Dense(wide[kind], use_bias=False, name=kind))
    flat = [
        layer.name
        for times, of in blocks
        for layer in (of if isinstance(of, list) else [of]) * int(times)  # type: ignore[call-overload]
    ]
    assert "".join(map(str, flat)) == kinds
    assert len(blocks) == 3
