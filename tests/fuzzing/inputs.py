"""Broken, odd and hostile inputs: valid ones with mistakes, made from random numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

__all__ = ["mutated_object", "mutated_text", "shortest"]

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
_NUMBERS = (
    "0",
    "1",
    "-1",
    "007",
    "1_000",
    "1e9",
    "0.5",
    "2147483648",
    "9" * 30,
    "9" * 700,
    "1e999",
)
_ODD = "\0\t\r\u00a0\u2028\u202e\ud800\udc80ßİﬁ٣²⁹¼λ𝑥\U0010ffff·×−⌊⌋⌈⌉∑≤≠"
_TRAPS = (
    "__import__('os').system('touch trap')", "open('trap','w')", "exec('open(\"trap\",\"w\")')",
    "().__class__.__base__.__subclasses__()", "{{7*7}}", "${HOME}", "`touch trap`", "; touch trap",
    "!!python/object/apply:os.system ['touch trap']", "lambda: 0", "eval", "import antigravity",
)  # fmt: skip


def mutated_text(random: Random, seeds: Sequence[str], words: Sequence[str]) -> str:
    """One of `seeds` with a few mistakes, or, one time in ten, nothing but `words`."""
    if random.random() < 0.1:
        return random.choice(("", " ")).join(random.choices(words, k=random.randint(0, 25)))
    tokens = _TOKENS.findall(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        random.choice(_EDITS)(random, tokens, seeds, words)
    return "".join(tokens)[:20_000]


Edit = Callable[[Random, list[str], Sequence[str], Sequence[str]], None]


def _span(random: Random, tokens: list[str]) -> slice:
    start = random.randint(0, len(tokens))
    return slice(start, start + random.choice((1, 1, 1, 2, 3, 8)))


def _drop(random: Random, tokens: list[str], *_: Any) -> None:
    del tokens[_span(random, tokens)]


def _double(random: Random, tokens: list[str], *_: Any) -> None:
    span = _span(random, tokens)
    tokens[span] = tokens[span] * random.choice((2, 2, 2, 3, 20, 20, 400))


def _swap(random: Random, tokens: list[str], *_: Any) -> None:
    if tokens:
        a, b = random.randrange(len(tokens)), random.randrange(len(tokens))
        tokens[a], tokens[b] = tokens[b], tokens[a]


def _insert(random: Random, tokens: list[str], _: Sequence[str], words: Sequence[str]) -> None:
    tokens.insert(random.randint(0, len(tokens)), random.choice(words))


def _replace(random: Random, tokens: list[str], _: Sequence[str], words: Sequence[str]) -> None:
    tokens[_span(random, tokens)] = [random.choice(words)]


def _renumber(random: Random, tokens: list[str], *_: Any) -> None:
    numbers = [i for i, token in enumerate(tokens) if token.isdigit()]
    if numbers:
        tokens[random.choice(numbers)] = random.choice(_NUMBERS)


def _splice(random: Random, tokens: list[str], seeds: Sequence[str], _: Sequence[str]) -> None:
    other = _TOKENS.findall(random.choice(seeds))
    tokens[_span(random, tokens)] = other[_span(random, other).start :][: random.randint(1, 30)]


def _character(random: Random, tokens: list[str], *_: Any) -> None:
    some = chr(random.randrange(256)) if random.random() < 0.5 else random.choice(_ODD)
    tokens.insert(random.randint(0, len(tokens)), some)


def _nest(random: Random, tokens: list[str], *_: Any) -> None:
    opened, closed = random.choice((("(", ")"), ("[", "]"), ("{", "}"), ("⌊", "⌋"), ("-", "")))
    deep = random.choice((1, 1, 2, 30, 60, 2000))
    at = random.randint(0, len(tokens))
    tokens[at : at + 1] = [opened * deep, *tokens[at : at + 1], closed * deep]


def _trap(random: Random, tokens: list[str], *_: Any) -> None:
    tokens[_span(random, tokens)] = [random.choice(_TRAPS)]


_EDITS: tuple[Edit, ...] = (
    _drop, _double, _swap, _insert, _replace, _replace, _renumber, _splice, _character, _nest, _trap
)  # fmt: skip


# --- Values, as a program hands them over ---------------------------------------------------------


def _circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def _deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(5_000):
        made = [made]
    return made


class _Trap:
    """What must not be called, and cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("a broken repr")

    def __call__(self) -> None:
        raise SystemExit("it was called")


_JUNK: tuple[Callable[[], Any], ...] = (
    *(lambda value=value: value for value in (
        None, True, 0, -1, 3, 10**30, 10**5000, 1.5, float("nan"), float("inf"), 1j, "", "h",
        "h//0", "9**9**9", "\ud800", "x" * 100_000, b"bytes", *_TRAPS, *_NUMBERS,
    )),
    list, dict, set, object, _circle, _deep, _Trap, lambda: Exception, lambda: [1] * 10_000,
    lambda: {1: 2}, lambda: {None: None}, lambda: {(): "a"}, lambda: [[[1]]],
    lambda: {"Dense": 10}, lambda: {"Dense": {"Dense": {"Dense": 1}}}, lambda: [None, "a"],
)  # fmt: skip


def mutated_object(random: Random, seeds: Sequence[Any]) -> Any:
    """One of `seeds`, plain mappings and lists, with parts dropped, doubled, moved or replaced."""
    made = deepcopy(random.choice(seeds))
    for _ in range(random.choice((1, 1, 2, 4))):
        holders = [h for h in _holders(made) if h]
        if not holders:
            break
        holder = random.choice(holders)
        key = random.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        match random.randrange(6):
            case 0:
                del holder[key]
            case 1 | 2:
                holder[key] = random.choice(_JUNK)()
            case 3:
                other = random.choice(holders)
                holder[key] = random.choice(list(_parts(other)))  # also itself, in a circle
            case 4 if isinstance(holder, dict):
                holder[random.choice(_KEYS)] = holder.pop(key)
            case 4:
                holder.insert(key, holder[key])
            case _:
                holder[key] = {random.choice(_KEYS): holder[key]}
    return made if random.random() < 0.97 else random.choice(_JUNK)()


_KEYS = ("layers", "input", "inputs", "outputs", "name", "archcalc", "Repeat", "Residual", "Shared",
         "Dense", "nn.Linear", "Parallel", "units", "strides", "block", "times", "", "9", 9, None,
         "__class__", "data_format", "padding", "x" * 1000)  # fmt: skip


def _parts(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()


def _holders(value: Any) -> list[Any]:
    """Every mapping and list in `value`, which may hold itself or go deep."""
    found, seen, left = [], set[int](), [value]
    while left and len(found) < 500:
        part = left.pop()
        if isinstance(part, dict | list) and id(part) not in seen:
            seen.add(id(part))
            found.append(part)
            left.extend(_parts(part))
    return found


# --- The smallest of a failing text ---------------------------------------------------------------


def shortest(text: str, fails: Callable[[str], bool]) -> str:
    """What is left of `text` when nothing can be left out without `fails` becoming false.

    >>> shortest("a + b*(c - d)", lambda text: "c" in text and "+" in text)
    '+c'
    """
    size = len(text) // 2
    while size:
        start = 0
        while start < len(text):
            shorter = text[:start] + text[start + size :]
            if fails(shorter):
                text = shorter
            else:
                start += size
        size //= 2
    return text
