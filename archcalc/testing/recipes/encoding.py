"""Integers, words and sound: modes that go with the axes, vocabularies, and frames that fit."""

from __future__ import annotations

from string import ascii_lowercase
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Fits, Inputs, Recipe, extent, formatted
from archcalc.testing.shaping import small

__all__ = ["FITS", "INPUTS", "RECIPES"]

_MODES = ("int", "one_hot", "multi_hot", "count")


def _mode(pick: Pick, cls: type[Any], x: Shape, *more: str) -> Fields:
    """What comes out: one vector for all along an axis only where that is the only one."""
    known = (*_MODES, *more) if len(x) == 1 or not cls.one_axis else ("int", "one_hot")
    if cls.__name__ == "CategoryEncoding":
        known = tuple(mode for mode in known if mode != "int")
    return {"output_mode": pick.one_of(known), "sparse": False}


def _categories(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {**_mode(pick, cls, inputs[0]), "num_tokens": pick.size(20)}


def _bins(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    count = pick.size(6)
    made: Fields = {"bin_boundaries": tuple(float(i) for i in range(count))}
    return {**_mode(pick, cls, inputs[0]), **(made if pick.flag() else {"num_bins": count})}


def _hashes(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    salt = pick.one_of((None, 7, (1, 2)))
    made: Fields = {"num_bins": pick.size(20), "salt": salt}
    return {**_mode(pick, cls, inputs[0]), **made, "mask_value": pick.one_of((None, 0))}


def _crossing(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"num_bins": pick.size(99), "sparse": False}


def _words(pick: Pick, mode: str, make: Any) -> Fields:
    """A vocabulary, or its size where that is enough, or room for one."""
    known = pick.field("vocabulary_size", st.sampled_from((None, 9, 30)))
    made: Fields = {"vocabulary_size": known}
    count = pick.size(8)
    if known is None:
        made["vocabulary"] = tuple(map(make, range(count)))
        if mode == "tf_idf":
            made["idf_weights"] = tuple(0.5 + i for i in range(count))
    room = pick.one_of((None, 30, 40))
    return made | {"max_tokens": room, "pad_to_max_tokens": room is not None and pick.flag()}


def _integers(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _mode(pick, cls, inputs[0], "tf_idf")
    made |= {"num_oov_indices": pick.size(3, 0), "mask_token": pick.one_of((None, -2))}
    made |= {"invert": False, "vocabulary_dtype": "int64"}
    return made | _words(pick, made["output_mode"], int)


def _strings(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = _mode(pick, cls, inputs[0], "tf_idf")
    made |= {"num_oov_indices": pick.size(3, 0), "mask_token": pick.one_of((None, ""))}
    return made | {"invert": False} | _words(pick, made["output_mode"], ascii_lowercase.__getitem__)


def _texts(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Texts to be split, where they stand along an axis of length 1; or tokens."""
    x = inputs[0]
    made: Fields = {"sparse": False, "ragged": False, "standardize": pick.one_of((None, "lower"))}
    whole = not x or (x[-1] == 1 and pick.flag())
    made["split"] = pick.one_of(("whitespace", "character")) if whole else None
    if not whole:
        made |= _mode(pick, cls, x, "tf_idf")
    elif len(x) < 2:
        made["output_mode"] = pick.one_of(("int", "multi_hot", "count", "tf_idf"))
    if made.setdefault("output_mode", "int") == "int":
        made["output_sequence_length"] = pick.size(6) if whole or pick.flag() else None
    least = 3 if made["output_mode"] == "one_hot" else 2  # an axis of 1 gives way to the vectors
    made["ngrams"] = pick.one_of((None, *_runs(1 if whole else int(x[-1]), least)))
    return made | _words(pick, made["output_mode"], ascii_lowercase.__getitem__)


def _runs(tokens: int, least: int) -> list[Any]:
    """N-grams of which there are some in so many tokens; pairs alone from `least` tokens on."""
    return [1, 2, (1, 3), *([(2,)] if tokens >= least else [])]


def _mel(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    length = pick.size(min(12, 2 * int(inputs[0][0]) - 1), 2)
    window = pick.one_of((None, pick.size(length)))
    made: Fields = {"fft_length": length, "sequence_length": window}
    return made | {"sequence_stride": pick.size(9), "num_mel_bins": pick.size(5)}


def _stft(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    made = formatted(pick, cls)
    (t,) = extent(cls, inputs[0], made)
    padding = pick.style("valid", "same")
    length = pick.size(min(8, t) if padding == "valid" else 8)
    step = pick.one_of((None, pick.size(length))) if length > 1 else 1
    more = pick.one_of((None, 0, 1, 4)) if length > 1 else 1
    made |= {"frame_length": length, "frame_step": step, "padding": padding, "window": None}
    return made | {"fft_length": None if more is None else length + more}


RECIPES: dict[str, Recipe] = {
    "CategoryEncoding": _categories,
    "Discretization": _bins,
    "Hashing": _hashes,
    "HashedCrossing": _crossing,
    "IntegerLookup": _integers,
    "StringLookup": _strings,
    "TextVectorization": _texts,
    "MelSpectrogram": _mel,
    "STFTSpectrogram": _stft,
}


@st.composite
def _alike(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """One number a sample, of each of several inputs."""
    x = draw(st.sampled_from((Shape((1,)), Shape())))
    return (x,) * draw(numbers(2, 3))


@st.composite
def _few_axes(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """One axis as often as several."""
    return (draw(small(draw(st.sampled_from((1, 1, 2, 3))))),)


@st.composite
def _samples(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    return (Shape((draw(numbers(2, 60)),)),)


@st.composite
def _texts_or_tokens(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """A text a sample, or several; or tokens."""
    kind = draw(st.sampled_from(("text", "texts", "tokens", "tokens", "more tokens")))
    if kind == "text":
        return (draw(st.sampled_from((Shape((1,)), Shape()))),)
    if kind == "texts":
        return (Shape((draw(numbers(1, 9)), 1)),)
    return (draw(small(1 if kind == "tokens" else 2)),)


@st.composite
def _sound(draw: DrawFn, cls: type[Any]) -> tuple[Shape, ...]:
    """Few channels at either end."""
    t, c = draw(numbers(1, 20)), draw(numbers(1, 4))
    return (Shape(draw(st.sampled_from(((t, c), (c, t))))),)


INPUTS: dict[str, Inputs] = {
    **dict.fromkeys(("CategoryEncoding", "Hashing", "IntegerLookup", "StringLookup"), _few_axes),
    "HashedCrossing": _alike,
    "TextVectorization": _texts_or_tokens,
    "MelSpectrogram": _samples,
    "STFTSpectrogram": _sound,
}

FITS: dict[str, Fits] = {"MelSpectrogram": lambda x: x[0] > 1}
