"""Attention: queries, values and keys that fit one another, and heads that fit them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.layers.attending import query_value_key
from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick, divisors, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe

__all__ = ["FITS", "INPUTS", "RECIPES"]

_LONGEST = 5
_MOST_FEATURES = 6


@st.composite
def _to_attend(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """A query; or with it a value; or with both a key: often of other lengths and features."""
    heads, grouped = hasattr(cls, "attended_axes"), "GroupQuery" in cls.__name__
    positions = draw(numbers(1, 1 if grouped else 2))
    query = Shape(draw(st.tuples(*[numbers(1, _LONGEST)] * positions, numbers(1, _MOST_FEATURES))))
    count = draw(numbers(1, 3))
    longer = draw(st.booleans())
    value = query.replace(-2, draw(numbers(1, _LONGEST)) if longer else query[-2])
    if heads and positions > 1 and draw(st.booleans()):
        value = value.replace(0, draw(numbers(1, _LONGEST)))
    features, others = (draw(st.none() | numbers(1, _MOST_FEATURES)) for _ in range(2))
    key = value
    if heads or grouped:
        key = value.replace(-1, features or query[-1])
    if not grouped and (heads or count == 3):
        value = value.replace(-1, others or query[-1])
    return (query, value, key)[:count]


def _multi_head(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    query, value, key = query_value_key(inputs)
    made = _sequence(pick, query, key) if len(query) == 2 else _axes(pick, query, value)
    if pick.flag():  # as torch has it: the heads are together as wide as the query
        heads = pick.one_of(divisors(int(query[-1])))
        width = int(query[-1]) // heads
        made |= {"num_heads": heads, "key_dim": width, "value_dim": pick.one_of((None, width))}
        made |= {"target_shape": None, "use_gate": False, "sliding_window": None}
    else:
        made |= {"num_heads": pick.size(3), "key_dim": pick.size(4)}
        made["value_dim"] = pick.one_of((None, 1, 2, 3))
        made["target_shape"] = pick.sizes(pick.size(2), 4) if pick.flag() else None
    return made | _flash(pick)


def _sequence(pick: Pick, query: Shape, key: Shape) -> Fields:
    """What goes with one axis of positions."""
    return {
        "attention_axes": pick.one_of((None, 1, -2)),
        "add_bias_kv": pick.field("add_bias_kv", st.booleans()),
        "add_zero_attn": pick.field("add_zero_attn", st.booleans()),
        **_window(pick, query, key),
    }


def _window(pick: Pick, query: Shape, key: Shape) -> Fields:
    """A window in which every query sees a key."""
    least = max(1, int(query[0] - key[0]) + 1)
    return {"sliding_window": pick.one_of((None, None, least, least + 1))}


def _axes(pick: Pick, query: Shape, value: Shape) -> Fields:
    """All axes, or some; an axis that differs is attended over."""
    made: Fields = {"add_bias_kv": False, "add_zero_attn": False, "sliding_window": None}
    apart = [i for i in range(len(query) - 1) if query[i] != value[i]]
    free = [i for i in range(len(query) - 1) if i not in apart]
    chosen = apart + [i for i in free if pick.flag()] or free[:1]
    if pick.flag():
        chosen.reverse()
    axes = [i + 1 if pick.flag() else i - len(query) for i in chosen]
    return {**made, "attention_axes": pick.one_of((None, axes))}


def _flash(pick: Pick) -> Fields:
    """Keras' kernel without dropout and scores, or whatever it chooses."""
    if pick.one_of((False, False, False, True)):
        return {"flash_attention": True, "dropout": 0.0, "return_attention_scores": False}
    return {"flash_attention": pick.one_of((None, False))}


def _grouped(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    query, _, key = query_value_key(inputs)
    shared = pick.size(3)
    heads = shared * pick.size(3)
    made = {"head_dim": pick.size(4), "num_query_heads": heads, "num_key_value_heads": shared}
    return {**made, **_window(pick, query, key), **_flash(pick)}


RECIPES: dict[str, Recipe] = {"MultiHeadAttention": _multi_head, "GroupQueryAttention": _grouped}

_KINDS = ("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention")

INPUTS: dict[str, Inputs] = dict.fromkeys(_KINDS, _to_attend)

FITS: dict[str, Fits] = dict.fromkeys(_KINDS[:3], lambda x: len(x) > 1)
