"""Recurrent layers that are given their first states, and give the last, as Keras and torch do."""

from __future__ import annotations

from typing import Any

import pytest

import archcalc as ac
import archcalc.testing
from archcalc.torch import nn
from tests.counting import at_most
from tests.sampling import nightly, slow


def _inputs(*shapes: tuple[int, ...]) -> list[Any]:
    return [ac.Input(shape) for shape in shapes]


def test_states_are_given_as_keras_and_torch_take_them() -> None:
    x, h, c = _inputs((4, 2), (3,), (3,))
    lstm = ac.LSTM(3, return_sequences=True, return_state=True)
    by_name = ac.Model([x, h, c], lstm(x, initial_state=[h, c]))
    in_a_pair = ac.Model([x, h, c], lstm(x, (h, c)))
    in_a_list = ac.Model([x, h, c], lstm([x, h, c]))
    shapes = [tuple(tensor.shape) for tensor in by_name.outputs]
    assert shapes == [(4, 3), (3,), (3,)]
    assert by_name == in_a_pair == in_a_list
    assert ac.GRU(3)(x, initial_state=h).shape == (3,)
    assert nn.LSTM(2, 3)(x, (h, c)).shape == (4, 3)
    with pytest.raises(ac.ArchcalcError, match="Dense takes 1 input, not 2"):
        ac.Dense(3)(x, h)


def test_what_comes_out_is_what_frameworks_give() -> None:
    keras = pytest.importorskip("keras")
    torch = pytest.importorskip("torch")
    x, h, c = _inputs((4, 2), (3,), (3,))
    net = ac.Model(
        [x, h, c],
        ac.LSTM(3, recurrent_bias=True, return_sequences=True, return_state=True)(
            x, initial_state=(h, c)
        ),
    )
    given = [torch.zeros(5, *shape) for shape in ((4, 2), (3,), (3,))]
    out = net.to_torch()(*given)
    assert [tuple(y.shape[1:]) for y in out] == [tuple(t.shape) for t in net.outputs]
    theirs = keras.layers.GRU(3, return_state=True)
    y, state = theirs(keras.Input((4, 2)), initial_state=keras.Input((3,)))
    ours = ac.GRU(3, return_state=True)(x, initial_state=h)
    assert [tuple(t.shape) for t in ours] == [tuple(y.shape[1:]), tuple(state.shape[1:])]


@pytest.mark.parametrize("cell", [ac.LSTMCell(3), [ac.LSTMCell(3), ac.GRUCell(2)]])
def test_a_loop_over_a_cell_is_refused_by_torch_as_such(cell: Any) -> None:
    pytest.importorskip("torch")
    for net in (ac.RNN(cell), ac.Sequential([ac.RNN(cell)])):
        with pytest.raises(ac.ArchcalcError, match="RNN: torch has no loop over a cell") as caught:
            net.to_torch((4, 2))
        assert caught.value.hint == "use LSTM, GRU or SimpleRNN"


KINDS = [("RNN", 1), ("LSTM", 2), ("GRU", 1)]
"""torch's kinds, and how many states each keeps."""


def _stack(kind: str, states: int, **how: Any) -> tuple[ac.Model, Any]:
    """A network of ours and a module of torch that take a sequence and states, and give both."""
    torch = pytest.importorskip("torch")

    class Theirs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = getattr(torch.nn, kind)(2, 3, batch_first=True, **how)

        def forward(self, x: Any, *given: Any) -> Any:
            first = [state.transpose(0, 1) for state in given]  # the batch comes second there
            y, last = self.rnn(x, tuple(first) if states > 1 else first[0])
            each = last if isinstance(last, tuple) else (last,)
            return (y, *(state.transpose(0, 1) for state in each))

    rows = how.get("num_layers", 1) * (1 + how.get("bidirectional", False))
    x, *given = _inputs((4, 2), *[(rows, 3)] * states)
    made = getattr(nn, kind)(2, 3, **how)(x, tuple(given) if states > 1 else given[0])
    y, last = made
    each = last if isinstance(last, tuple) else (last,)
    return ac.Model([x, *given], [y, *each]), Theirs()


@pytest.mark.parametrize(("kind", "states"), KINDS)
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"bidirectional": True},
        {"num_layers": 2},
        {"num_layers": 3, "dropout": 0.1},
        {"num_layers": 2, "bidirectional": True},
    ],
    ids=str,
)
def test_stacks_take_and_give_states_as_torch_does(
    kind: str, states: int, how: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch")
    net, theirs = _stack(kind, states, **how)
    given = [torch.zeros(5, *tensor.shape) for tensor in net.inputs]
    shapes = [tuple(y.shape[1:]) for y in theirs(*given)]
    assert [tuple(y.shape) for y in net.outputs] == shapes
    assert [tuple(y.shape[1:]) for y in net.to_torch()(*given)] == shapes
    parameters = sum(p.numel() for p in theirs.parameters())
    assert net.trace().parameters() == parameters
    assert sum(p.numel() for p in net.to_torch().parameters()) == parameters
    ac.testing.assert_matches(net, theirs)
    assert ac.loads(ac.dumps(net)) == net
    namespace: dict[str, Any] = {name: getattr(ac, name) for name in dir(ac)}
    assert eval(repr(net), namespace) == net


def test_what_is_computed_with_states_is_what_torch_computes() -> None:
    torch = pytest.importorskip("torch")
    net, theirs = _stack("LSTM", 2, num_layers=2, bidirectional=True)
    ours = net.to_torch()
    with torch.no_grad():
        for p in [*ours.parameters(), *theirs.parameters()]:
            p.fill_(0.1)
    given = [torch.rand(5, *tensor.shape) for tensor in net.inputs]
    for a, b in zip(ours(*given), theirs(*given), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(("kind", "states"), KINDS)
def test_training_with_states_is_what_torch_counts(kind: str, states: int) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    net, theirs = _stack(kind, states, num_layers=2, bidirectional=True)
    given = [torch.zeros(2, *tensor.shape, device="meta") for tensor in net.inputs]
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        sum(y.sum() for y in theirs.to("meta")(*given)).backward()
    assert net.trace().cost(ac.costs.TrainingFlops(2)) == counter.get_total_flops()


@pytest.mark.parametrize(("kind", "states"), KINDS)
@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_symbol_for_the_number_of_layers_then_its_number(
    kind: str, states: int, dropout: float
) -> None:
    x, *given = _inputs(("t", "n"), *[("2*L", "u")] * states)  # type: ignore[arg-type]
    layer = getattr(nn, kind)("n", "u", num_layers="L", bidirectional=True, dropout=dropout)
    y, last = layer(x, tuple(given) if states > 1 else given[0])
    net = ac.Model([x, *given], [y, *(last if isinstance(last, tuple) else (last,))])
    for many in (1, 2, 4) if not dropout else (2, 4):
        numbers, _ = _stack(kind, states, num_layers=many, bidirectional=True, dropout=dropout)
        values = {"t": 4, "n": 2, "u": 3, "L": many}
        assert net.trace().parameters(**values) == numbers.trace().parameters()
        assert net.trace().macs(**values) == numbers.trace().macs()


@pytest.mark.parametrize(
    ("make", "kept"),
    [
        (lambda of: of.Bidirectional(of.LSTM(3, return_state=True)), [3] * 4),
        (lambda of: of.Bidirectional(of.GRU(3, return_sequences=True)), [3] * 2),
        (lambda of: of.Bidirectional(of.RNN(of.GRUCell(3), return_sequences=True)), [3] * 2),
        (lambda of: of.Bidirectional(of.SimpleRNN(3), merge_mode="sum"), [3] * 2),
        (lambda of: of.RNN(of.LSTMCell(3), return_state=True), [3] * 2),
        (lambda of: of.RNN(of.GRUCell(3), return_sequences=True), [3]),
    ],
)
def test_wrappers_take_and_give_states_as_keras_does(make: Any, kept: list[int]) -> None:
    keras = pytest.importorskip("keras")
    results = []
    for of, start in ((ac, ac.Input), (keras.layers, keras.Input)):
        x, states = start((4, 2)), [start((n,)) for n in kept]
        results.append((x, states, keras.tree.flatten(make(of)(x, initial_state=states))))
    (x, states, ours), (their_x, their_states, theirs) = results
    shapes = [tuple(y.shape[1:]) for y in theirs]
    assert [tuple(y.shape) for y in ours] == shapes
    net, model = ac.Model([x, *states], ours), keras.Model([their_x, *their_states], theirs)
    assert net.to_keras().count_params() == model.count_params() == net.trace().total_params()
    ac.testing.assert_matches(net, model)
    assert ac.loads(ac.dumps(net)) == net


def test_cells_one_on_the_other_each_take_their_own() -> None:
    keras = pytest.importorskip("keras")
    x, *states = _inputs((4, 2), (3,), (3,), (2,))
    y = ac.RNN([ac.LSTMCell(3), ac.GRUCell(2)], return_state=True)(x, initial_state=states)
    net = ac.Model([x, *states], list(y))
    model = net.to_keras()
    assert isinstance(model, keras.Model)
    assert [tuple(y.shape[1:]) for y in model.outputs] == [(2,), (3,), (3,), (2,)]
    assert [tuple(t.shape) for t in net.outputs] == [(2,), (3,), (3,), (2,)]
    assert model.count_params() == net.trace().total_params()


def test_a_convolutional_lstm_takes_states() -> None:
    pytest.importorskip("keras")
    x, h, c = _inputs((4, 8, 8, 2), (8, 8, 3), (8, 8, 3))
    y = ac.ConvLSTM2D(3, 3, padding="same", return_state=True)(x, initial_state=[h, c])
    model = ac.Model([x, h, c], list(y)).to_keras()
    assert [tuple(y.shape[1:]) for y in model.outputs] == [(8, 8, 3)] * 3
    with pytest.raises(ac.ArchcalcError, match="has 4 features, and the layer keeps 3"):
        ac.ConvLSTM2D(3, 3, padding="same")(x, initial_state=[h, ac.Input((8, 8, 4))])


@pytest.mark.parametrize(
    ("layer", "states", "said"),
    [
        (nn.LSTM(2, 3, num_layers=2), [(3,), (3,)], r"keeps \(2, 3\), \(2, 3\), and is given"),
        (nn.LSTM(2, 3, num_layers=2), [(3, 3), (2, 3)], "has 3 layers and directions"),
        (nn.LSTM(2, 3, num_layers=2), [(2, 3)], "give all of its states, or none"),
        (nn.GRU(2, 3, num_layers=2), [(2, 4)], "has 4 features, and the layer keeps 3"),
        (nn.GRU(2, 3, bidirectional=True), [(1, 3)], "has 1 layers and directions"),
        (nn.LSTM(2, 3), [(2, 3), (2, 3)], "has 2 layers and directions"),
        (ac.LSTM(3), [(3,)], "give all of its states, or none"),
        (ac.LSTM(3), [(5,), (3,)], "has 5 features"),
        (ac.RNN(ac.LSTMCell(3)), [(3,)], "give all of its states, or none"),
        (ac.Bidirectional(ac.GRU(3)), [(3,)], "give all of its states, or none"),
    ],
)
def test_states_that_do_not_fit_are_refused(
    layer: ac.Layer, states: list[tuple[int, ...]], said: str
) -> None:
    x, *given = _inputs((4, 2), *states)
    with pytest.raises(ac.ArchcalcError, match=said) as caught:
        layer(x, given)
    assert caught.value.code == "state-differs"


def _module(kind: str, used: str, batch_first: bool, **how: Any) -> Any:
    """torch's module of which some of ``y``, ``h`` and ``c`` are used."""
    torch = pytest.importorskip("torch")

    class Theirs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = getattr(torch.nn, kind)(2, 3, batch_first=batch_first, **how)

        def forward(self, x: Any, *given: Any) -> Any:
            return _part_of(self.rnn(x if batch_first else x.transpose(0, 1), *given), used)

    return Theirs()


def _part_of(made: Any, used: str) -> Any:
    y, last = made
    h, c = last if isinstance(last, tuple) else (last, None)
    return tuple({"y": y, "h": h, "c": c}[name] for name in used)


HOWS = [(layers, both, first) for layers in (1, 2, 3) for both in (0, 1) for first in (0, 1)]


def _when(kind: str, used: str, how: tuple[int, int, int]) -> Any:
    """One case at once, those of the last states in the gate, all in ``nightly``."""
    if used == "h" and how in ((1, 1, 1), (2, 1, 0), (3, 0, 1)):
        return () if (kind, how) == ("GRU", (1, 1, 1)) else slow
    return nightly


@pytest.mark.parametrize(
    ("kind", "used", "layers", "both", "first"),
    [
        pytest.param(kind, used, *how, marks=_when(kind, used, how))
        for kind, states in KINDS
        for used in ("y", "h", "yh", *(("c", "hc", "yc", "yhc") if states > 1 else ()))
        for how in HOWS
    ],
)
def test_each_way_is_trained_through_the_states_that_are_used(
    kind: str, used: str, layers: int, both: int, first: int
) -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    def counted(*given: Any) -> int:
        with FlopCounterMode(display=False) as counter:
            outputs = theirs(torch.zeros(5, 4, 2, device="meta"), *given)
            sum(y.sum() for y in outputs).backward()
        return int(counter.get_total_flops())

    how = {"num_layers": layers, "bidirectional": bool(both)}
    theirs = _module(kind, used, bool(first), **how).to("meta")
    cost = ac.costs.TrainingFlops(5)
    assert ac.from_torch(theirs, (4, 2)).trace().cost(cost) == counted()
    rows, many = layers * (1 + both), dict(KINDS)[kind]
    x, *given = _inputs((4, 2), *[(rows, 3)] * many)
    zeros = (torch.zeros(rows, 5, 3, device="meta"),) * many
    ours = getattr(nn, kind)(2, 3, **how)(x, tuple(given) if many > 1 else given[0])
    net = ac.Model([x, *given], list(_part_of(ours, used)))
    assert net.trace().cost(cost) == counted(zeros if many > 1 else zeros[0])


def test_no_step_is_taken_while_a_module_is_read() -> None:
    """The first axis is read as thousands of samples, which this module takes for its steps."""
    torch = pytest.importorskip("torch")
    with at_most(1_000_000):
        ac.from_torch(torch.nn.GRU(2, 3, num_layers=2, bidirectional=True), (4, 2))
