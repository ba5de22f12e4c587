"""Cases drawn from a seed: a network, a person's claims, and what is wrong in them."""

from __future__ import annotations

from random import Random
from typing import Any

import archcalc as ac
from tests.explain.miscounts.mistakes import KINDS, Cause, Claims, Wrong, claims, mistake, together
from tests.explain.miscounts.networks import ImpossibleError, Shape, Spec, build, count, draw, flat

__all__ = ["HOWS", "case"]

HOWS = ("layers", "running", "total", "macs layers", "macs total", "shape")
_SLIPS = ("digits_swapped", "carry")
_NETWORKS = 25
_WINDOWS = (
    *("kernel", "stride", "padding", "dilation", "filters", "units", "multiplier", "forgotten"),
    *("forgotten_product", "added", "input_size", "input_channels", "channels_first"),
    *("floor_raised", "plus_one_dropped", "padded_one_side", "swapped"),
)
_SHOWN = {
    "shape": tuple(k for k in _WINDOWS if k not in ("input_channels", "swapped")),
    "macs": (*_WINDOWS, "groups", "k_not_squared", "no_input_channels", "kernel_once", "doubled",
             "filters_for_channels", "all_squares", "all_input_channels", "added_norm"),
}  # fmt: skip
"""The kinds that show in shapes, and in products; all show in parameters."""
_UNCOUNTED = ("lstm", "gru", "rnn", "mha")
"""Layers whose products are not counted here."""
Case = tuple[ac.Sequential, Claims, tuple[Cause, ...]]


def case(seed: int, how: str, many: int = 1, most: int = 50) -> Case:
    """A network of up to `most` layers, what is claimed, and the causes: one, or a pair."""
    r = Random(f"{how} {many} {seed}")
    while True:
        shown = _SHOWN.get(how.split()[0], tuple(KINDS))
        kinds = [r.choice(sorted({*shown, *_SLIPS} & {*KINDS, *_SLIPS})) for _ in range(many)]
        for _ in range(_NETWORKS):  # a kind is not dropped because few networks can have it
            net, shape = draw(r, most)
            found = _wrong(r, net, shape, kinds, how)
            if found is not None:
                return build(net, shape), *found


def _wrong(
    r: Random, net: tuple[Spec, ...], shape: Shape, kinds: list[str], how: str
) -> tuple[Claims, tuple[Cause, ...]] | None:
    if how.startswith("macs") and any(s.op in _UNCOUNTED for _, s in flat(net)):
        return None
    drawn: list[Wrong] = []
    for kind in kinds:
        if kind not in _SLIPS:
            one = mistake(net, shape, r, kind)
            if one is None:
                return None
            drawn.append(one)
    slips = [kind for kind in kinds if kind in _SLIPS]
    alike = len({(cause.kind, cause.layers) for one in drawn for cause in one.causes}) < len(drawn)
    unseen = bool(slips and drawn and how.endswith("total"))  # any digits of any other number
    if len(slips) > 1 or alike or unseen:
        return None
    wrong = Wrong((), net, shape)
    try:
        for i, one in enumerate(drawn):
            wrong = together(wrong, one, net, shape)
            if i and not _each_shows(net, shape, drawn, wrong, how):
                return None
        rows = wrong.counted()
    except ImpossibleError:
        return None
    made = claims(net, shape, rows, how)
    if len(drawn) > 1 and made is not None and _is_single(r, net, shape, made):
        return None
    if slips:
        if made is None and not drawn:
            made = _right(net, shape, how)
        return None if made is None else _slipped(r, made, wrong.causes, slips[0])
    return None if made is None else (made, wrong.causes)


def _is_single(r: Random, net: tuple[Spec, ...], shape: Shape, made: Claims) -> bool:
    """Whether one mistake alone gives what is claimed: the shorter explanation is the better."""
    for kind in KINDS.values():
        for wrong in kind(net, shape, r):
            try:
                if claims(net, shape, wrong.counted(), made.how) == made:
                    return True
            except ImpossibleError:
                continue
    return False


def _each_shows(
    net: tuple[Spec, ...], shape: Shape, drawn: list[Wrong], both: Wrong, how: str
) -> bool:
    """Whether both of two mistakes show: what is claimed differs from what each alone gives."""
    theirs = claims(net, shape, both.counted(), how)
    alone = [claims(net, shape, one.counted(), how) for one in drawn]
    return theirs is not None and all(a is not None and a != theirs for a in alone)


def _right(net: tuple[Spec, ...], shape: Shape, how: str) -> Claims | None:
    """The right numbers, as claims."""
    rows = count(net, shape)
    quantity = "work" if how.startswith("macs") else "params"
    extra: dict[str, Any] = {"of": "macs"} if quantity == "work" else {}
    each = {row.path: getattr(row, quantity) for row in rows if getattr(row, quantity)}
    if how == "shape" or not each:
        return None
    if how.endswith("total"):
        return Claims(how, {**extra, "total": sum(each.values())})
    if how.endswith("layers"):
        return Claims(how, {**extra, "layers": each})
    running, so_far = {}, 0
    for path, n in each.items():
        so_far += n
        running[path] = so_far
    return Claims(how, {**extra, "running": running})


def _slipped(
    r: Random, made: Claims, causes: tuple[Cause, ...], kind: str
) -> tuple[Claims, tuple[Cause, ...]] | None:
    """A number written otherwise than it was computed."""
    words = r"slip|digit|swap|changed places|carry|transpos"
    if kind == "carry":
        if made.how != "running" or len(made.arguments["running"]) < 2:
            return None
        running = dict(made.arguments["running"])
        at = r.randrange(1, len(running))
        path = list(running)[at]
        amount = 10 ** r.randrange(1, max(2, len(str(running[path])) - 1))
        for later in list(running)[at:]:
            running[later] -= amount
        if min(running.values()) < 0:
            return None
        cause = Cause(kind, (path, "total"), words)
        return Claims(made.how, {**made.arguments, "running": running}), (*causes, cause)
    if "total" in made.arguments:
        other = _swap(r, made.arguments["total"])
        if other is None:
            return None
        cause = Cause(kind, ("total", ""), words)
        return Claims(made.how, {**made.arguments, "total": other}), (*causes, cause)
    argument = "running" if "running" in made.arguments else "layers"
    numbers = dict(made.arguments[argument])
    if argument == "running" or made.how == "shape":
        return None
    path = r.choice(sorted(numbers))
    other = _swap(r, numbers[path])
    if other is None:
        return None
    numbers[path] = other
    cause = Cause(kind, (path,), words)
    return Claims(made.how, {**made.arguments, argument: numbers}), (*causes, cause)


def _swap(r: Random, number: int) -> int | None:
    digits = list(str(number))
    at = [i for i in range(len(digits) - 1) if digits[i] != digits[i + 1] and digits[i + 1] != "0"]
    if len(digits) < 4 or not at:
        return None
    i = r.choice(at)
    digits[i], digits[i + 1] = digits[i + 1], digits[i]
    return int("".join(digits))
