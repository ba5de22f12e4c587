"""The peak of inference against simulation over every order, and against what torch allocates."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archcalc as ac
from archcalc.costs import PeakBytes

# Random graphs


@dataclass(frozen=True)
class Call:
    """A call of a random graph: what it is, what it reads, and how much it makes."""

    kind: str
    reads: tuple[int, ...]
    size: int


@st.composite
def graphs(draw: Any, most: int = 6) -> list[Call]:
    """Calls on an input of 3 elements, which is number −1; each on what was made before."""
    sizes, calls = {-1: 3}, list[Call]()
    for number in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["dense", "dense", "join", "view", "over"]))
        many = draw(st.integers(2, 3)) if kind == "join" else 1
        reads = tuple(draw(st.integers(-1, number - 1)) for _ in range(many))
        size = draw(st.integers(1, 9)) if kind == "dense" else sum(sizes[r] for r in reads)
        sizes[number] = size
        calls.append(Call(kind, reads, size))
    return calls


def as_model(calls: list[Call]) -> ac.Model:
    x = ac.Input((3,))
    made: dict[int, Any] = {-1: x}
    for number, call in enumerate(calls):
        inputs = [made[r] for r in call.reads]
        name = f"c{number}"
        layer: ac.Layer = {
            "dense": ac.Dense(call.size, name=name),
            "join": ac.Concatenate(name=name),
            "view": ac.Reshape((call.size,), name=name),
            "over": ac.ReLU(inplace=True, name=name),
        }[call.kind]
        made[number] = layer(inputs if call.kind == "join" else inputs[0])
    read = {r for call in calls for r in call.reads}
    return ac.Model(x, [made[n] for n in range(len(calls)) if n not in read])


def memory_of(calls: list[Call]) -> dict[int, int]:
    """Which call made the memory that each result lies in."""
    memory = {-1: -1}
    for number, call in enumerate(calls):
        memory[number] = memory[call.reads[0]] if call.kind in ("view", "over") else number
    return memory


def simulated(calls: list[Call], order: tuple[int, ...]) -> int:
    """The most elements at once when calls are made in this order: by counting who still reads."""
    memory = memory_of(calls)
    size = {-1: 3} | {n: call.size for n, call in enumerate(calls)}
    read = {r for call in calls for r in call.reads}
    stay = {memory[n] for n in range(len(calls)) if n not in read}
    alive, most = {-1}, 0
    for at, number in enumerate(order):
        alive.add(memory[number])
        most = max(most, sum(size[m] for m in alive))
        later = {memory[r] for n in order[at + 1 :] for r in calls[n].reads}
        alive = {m for m in alive if m in later or m in stay}
    return most


def orders(calls: list[Call], given: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Orders in which each call finds what it found in the order that is given.

    What writes over memory stays behind those who read it before, and before those after.
    """
    memory, first = memory_of(calls), {number: at for at, number in enumerate(given)}
    pairs = {(r, n) for n, call in enumerate(calls) for r in call.reads if r >= 0}
    for over in (n for n, call in enumerate(calls) if call.kind == "over"):
        for other, call in enumerate(calls):
            if other != over and memory[over] in {other, *(memory[r] for r in call.reads)}:
                pairs.add((over, other) if first[over] < first[other] else (other, over))
    for order in permutations(range(len(calls))):
        place = {number: at for at, number in enumerate(order)}
        if all(place[a] < place[b] for a, b in pairs):
            yield order


@given(graphs())
def test_random_graphs_in_every_order(calls: list[Call]) -> None:
    trace = as_model(calls).trace()
    peak = PeakBytes().peak(trace)
    # the order of a model is depth first from its outputs: the simulation follows that of the rows
    order = tuple(int(row.path[1:]) for row in trace)
    assert peak.elements == simulated(calls, order)
    best = PeakBytes(order="best").peak(trace)
    assert best.elements == min(simulated(calls, o) for o in orders(calls, order))
    assert sorted(best.order) == sorted(row.path for row in trace)
    (moment,) = peak.moments
    assert sum(a.elements for a in moment.alive) == moment.elements == peak.elements


# Repeated blocks and symbols


def _blocks() -> dict[str, Callable[[], list[ac.Layer]]]:
    conv = lambda: ac.Conv2D(4, 3, padding="same")  # noqa: E731
    return {
        "plain": lambda: [conv(), ac.ReLU()],
        "residual": lambda: [ac.Residual([ac.Conv2D(8, 1), conv()])],
        "inside": lambda: [ac.Repeat([ac.Residual([conv()]), ac.ReLU(inplace=True)], 3)],
        "two": lambda: [ac.Conv2D(16, 1), ac.Repeat(ac.Residual([ac.Conv2D(16, 1)]), 2), conv()],
    }


@pytest.mark.parametrize("kind", list(_blocks()))
@pytest.mark.parametrize("many", [1, 2, 5])
@pytest.mark.parametrize("skip", [False, True])
def test_a_repeated_block_is_its_copies(kind: str, many: int, skip: bool) -> None:
    block = _blocks()[kind]

    def net(inside: list[ac.Layer]) -> ac.Layer:
        body = ac.Sequential(inside)
        middle: list[ac.Layer] = [ac.Residual([body])] if skip else [body]
        return ac.Sequential([ac.Conv2D(4, 3), *middle, ac.Conv2D(2, 3)])

    alone = net([layer for _ in range(many) for layer in _opened(block())])
    apart = alone.trace((9, 9, 3)).cost(PeakBytes())
    assert net([ac.Repeat(block(), many)]).trace((9, 9, 3)).cost(PeakBytes()) == apart
    symbolic = net([ac.Repeat(block(), "L")]).trace(("h", 9, 3)).cost(PeakBytes())
    assert _at(symbolic, h=9, L=many) == apart


def _at(formula: ac.Formula, **values: int) -> int:
    """A formula at the values of those symbols that it has."""
    named = {str(symbol) for symbol in formula.symbols}
    return int(formula(**{name: value for name, value in values.items() if name in named}))


def _opened(layers: list[ac.Layer]) -> list[ac.Layer]:
    """The copies of repeated blocks written one by one."""
    found: list[ac.Layer] = []
    for layer in layers:
        if isinstance(layer, ac.Repeat):
            parts = layer.block.layers if isinstance(layer.block, ac.Sequential) else [layer.block]
            found += [*parts] * int(layer.times)
        else:
            found.append(layer)
    return found


def test_copies_that_differ_by_a_rule() -> None:
    """Channels that double while the map is halved: the first copy, or the last."""
    stage = ac.Repeat(ac.Conv2D("c*2**i", 3, padding="same"), "L", index="i")
    peak = ac.Sequential([stage, ac.Dense(1)]).trace((8, 8, "c")).cost(PeakBytes())
    for depth in (1, 2, 4):
        for c in (1, 3):
            wide = [ac.Conv2D(c * 2**i, 3, padding="same") for i in range(depth)]
            apart = ac.Sequential([*wide, ac.Dense(1)]).trace((8, 8, c))
            assert _at(peak, L=depth, c=c) == apart.cost(PeakBytes())


convs = st.tuples(st.integers(1, 3), st.integers(1, 2), st.sampled_from(["f", "2*f", "f + 3", "5"]))


@given(st.lists(convs, min_size=1, max_size=5), st.integers(3, 9), st.integers(1, 7))
def test_symbols_first_is_numbers_first(plan: list[tuple[int, int, str]], h: int, f: int) -> None:
    def net(width: Callable[[str], Any]) -> ac.Sequential:
        return ac.Sequential(
            [ac.Conv2D(width(n), k, strides=s, padding="same") for k, s, n in plan]
        )

    symbolic = net(str).trace(("h", "h", "f")).cost(PeakBytes(batch="b"))
    number = net(lambda n: int(ac.Formula(n)(f=f)) if "f" in n else int(n)).trace((h, h, f))
    assert _at(symbolic, h=h, f=f, b=3) == number.cost(PeakBytes(batch=3))


# What torch allocates


def _measured(net: Any, *inputs: Any) -> int:
    """The most bytes of storages that are alive at once during a call, weights left out."""
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    class Tracking(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.alive: weakref.WeakSet[Any] = weakref.WeakSet()
            self.peak = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
            out = func(*args, **(kwargs or {}))
            found = out if isinstance(out, list | tuple) else [out]
            for tensor in found:
                if isinstance(tensor, torch.Tensor):
                    storage = tensor.untyped_storage()
                    if storage.data_ptr() not in weights:
                        self.alive.add(storage)
            self.peak = max(self.peak, sum(storage.nbytes() for storage in self.alive))
            return out

    weights = {p.untyped_storage().data_ptr() for p in [*net.parameters(), *net.buffers()]}
    with torch.no_grad(), Tracking() as tracking:
        tracking.alive.update(x.untyped_storage() for x in inputs)
        net(*inputs)
    return tracking.peak


NETS: dict[str, tuple[tuple[int, ...], Callable[[Any], list[Any]]]] = {
    "mlp": ((20,), lambda nn: [nn.Linear(20, 50), nn.Tanh(), nn.Linear(50, 7)]),
    "cnn": (
        (3, 8, 8),
        lambda nn: [
            nn.Conv2d(3, 8, 3),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.AvgPool2d(2),
            nn.Dropout(),
            nn.Flatten(),
            nn.Linear(72, 9),
        ],
    ),
    "in place": (
        (1, 9, 9),
        lambda nn: [nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Upsample(scale_factor=2)],
    ),
    "functions": ((6, 5), lambda nn: [nn.SiLU(), nn.Linear(5, 40), nn.GELU(), nn.Softmax(-1)]),
}


@pytest.mark.parametrize("name", list(NETS))
def test_what_torch_allocates(name: str) -> None:
    torch = pytest.importorskip("torch")
    shape, layers = NETS[name]
    trace = ac.Sequential(layers(ac.torch.nn)).trace(shape)
    module = torch.nn.Sequential(*layers(torch.nn)).eval()
    measured = _measured(module, torch.randn(2, *shape))
    assert trace.cost(PeakBytes(batch=2, keep_inputs=True)) == measured


def test_what_torch_allocates_around_a_skip() -> None:
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Linear(6, 24)
            self.second = torch.nn.Linear(24, 6)

        def forward(self, x: Any) -> Any:
            return self.second(torch.relu_(self.first(x))) + x

    net = ac.Residual([ac.Dense(24), ac.ReLU(inplace=True), ac.Dense(6)])
    assert net.trace((5, 6)).cost(PeakBytes(batch=2, keep_inputs=True)) == _measured(
        Block(), torch.randn(2, 5, 6)
    )


# Choices and refusals


def test_what_is_a_view_is_a_choice() -> None:
    trace = ac.Sequential([ac.Dense(6), ac.Permute((2, 1)), ac.Flatten(), ac.Dense(1)]).trace(
        (4, 2)
    )
    assert trace.cost(PeakBytes()) == (24 + 24) * 4  # a transpose is a view, flattened by a copy
    assert trace.cost(PeakBytes(strided="copy")) == (24 + 24) * 4
    alone = ac.Sequential([ac.Dense(6), ac.Permute((2, 1)), ac.ReLU()]).trace((4, 1))
    assert alone.cost(PeakBytes()) == 48 * 4
    sliced = ac.Sequential([ac.Dense(9), ac.Slice(1, stop=2), ac.Dense(3)]).trace((6, 1))
    assert sliced.cost(PeakBytes()) == (54 + 6) * 4  # a slice keeps the whole
    assert sliced.cost(PeakBytes(strided="copy")) == (54 + 18) * 4


def test_what_cannot_be_said() -> None:
    symbolic = ac.Sequential([ac.Dense("n")]).trace(3)
    with pytest.raises(ac.errors.EvaluationError, match="a size is a symbol"):
        symbolic.cost(PeakBytes(order="best"))
    repeated = ac.Repeat(ac.Dense(3), 4).trace(3)
    with pytest.raises(ac.errors.EvaluationError, match="a block is repeated"):
        repeated.cost(PeakBytes(order="best"))
    x = ac.Input((1,))
    wide = ac.Model(x, ac.Concatenate()([ac.Dense(2)(x) for _ in range(20)]))
    with pytest.raises(ac.errors.EvaluationError, match="too many orders"):
        wide.trace().cost(PeakBytes(order="best"))


@pytest.mark.parametrize("many", [1, 2, 3, 5])
@pytest.mark.parametrize(("width", "padding"), [("c", "valid"), ("c", "same"), ("c*2**i", "valid")])
def test_copies_that_halve_what_they_get(padding: Any, width: str, many: int) -> None:
    conv = ac.Conv2D(width, 3, padding="same")
    smaller = ac.AveragePooling2D(2, padding=padding)
    index = {"index": "i"} if width != "c" else {}

    def peak(count: Any, *shape: Any) -> Any:
        net = ac.Repeat(ac.Sequential([conv, smaller]), count, **index)
        return net.trace(shape).cost(PeakBytes())

    symbolic, number = peak("L", "h", "w", 3), peak(many, 70, 96, 3)
    assert _at(symbolic, h=70, w=96, c=5, L=many) == number(c=5)


def test_what_is_undecided_says_which_symbol_to_replace() -> None:
    block = ac.Sequential([ac.Dense("(i - 3)**2 * (7 - i) + 50")])
    with pytest.raises(ac.errors.EvaluationError, match="a number of copies in place of L"):
        ac.Repeat(block, "L", index="i").trace(3).cost(PeakBytes())


def test_a_ladder_by_a_symbol_says_so() -> None:
    conv = [ac.Conv2D(4, 3, padding="same") for _ in range(3)]
    down, up = ac.MaxPooling2D(2), ac.UpSampling2D(2)
    net = ac.Ladder(conv[0], down, conv[1], up, conv[2], "L")
    with pytest.raises(ac.errors.EvaluationError, match=r"every level of a ladder.*in place of L"):
        net.trace((64, 64, 4)).cost(PeakBytes())
