"""Recurrent layers that give what Keras' give: torch's own where it has them, else step by step."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from archcalc.frameworks.torch_modules.activations import activation

__all__ = [
    "GRU",
    "LSTM",
    "Bidirectional",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "TimeDistributed",
]


# What a step does


class _Step(nn.Module):  # type: ignore[misc]
    """One step: weights named as in torch, with `suffix`.

    Args:
        gates: how many rows of kernels there are, in units.
        two: whether the product with the state has a bias of its own.
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        activation_: str | None,
        recurrent: str | None = None,
        two: bool = False,
        proj_size: int = 0,
        suffix: str = "",
    ) -> None:
        super().__init__()
        rows, state = self.gates * hidden_size, proj_size or hidden_size
        self.suffix, self.states = suffix, [state]
        self._add("weight_ih", rows, input_size)
        self._add("weight_hh", rows, state)
        if bias:
            self._add("bias_ih", rows)
        if bias and two:
            self._add("bias_hh", rows)
        if proj_size:
            self._add("weight_hr", proj_size, hidden_size)
        self.function = activation(activation_ or "linear")
        self.gate = activation(recurrent or "linear")

    def _add(self, name: str, *shape: int) -> None:
        value = torch.empty(*shape).uniform_(-0.1, 0.1)
        self.register_parameter(f"{name}{self.suffix}", nn.Parameter(value))

    def weight(self, name: str) -> Any:
        """The weight of that name, if there is one."""
        return getattr(self, f"{name}{self.suffix}", None)

    def sides(self, x: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """The products with the input and with the state."""
        return (
            functional.linear(x, self.weight("weight_ih"), self.weight("bias_ih")),
            functional.linear(h, self.weight("weight_hh"), self.weight("bias_hh")),
        )

    def step(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        """The next states."""
        a, b = self.sides(x, states[0])
        return [self.function(a + b)]

    def zeros(self, x: Tensor) -> list[Tensor]:
        """The states before the first step."""
        return [x.new_zeros(len(x), size) for size in self.states]

    def forward(self, x: Tensor, *states: Tensor) -> Tensor:
        return self.step(x, list(states) or self.zeros(x))[0]


class _LongStep(_Step):
    gates = 4

    def __init__(self, input_size: int, hidden_size: int, *args: Any, **named: Any) -> None:
        super().__init__(input_size, hidden_size, *args, **named)
        self.states = [*self.states, hidden_size]

    def step(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        a, b = self.sides(x, states[0])
        i, f, c, o = (a + b).chunk(4, 1)
        memory = self.gate(f) * states[1] + self.gate(i) * self.function(c)
        out = self.gate(o) * self.function(memory)
        projection = self.weight("weight_hr")
        return [out if projection is None else functional.linear(out, projection), memory]


class _GatedStep(_Step):
    """Without a bias of its own the reset acts before the product; gates in torch's order."""

    gates = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        *functions: str | None,
        reset_after: bool,
        suffix: str = "",
    ) -> None:
        function, gate = functions
        two = bias and reset_after
        super().__init__(input_size, hidden_size, two, function, gate, two, 0, suffix)
        if bias and not reset_after:
            self._add("bias", self.gates * hidden_size)
        self.reset_after = reset_after

    def step(self, x: Tensor, states: list[Tensor]) -> list[Tensor]:
        (h,) = states
        if self.reset_after:
            a, b = self.sides(x, h)
            (ar, az, an), (br, bz, bn) = a.chunk(3, 1), b.chunk(3, 1)
            z, r = self.gate(az + bz), self.gate(ar + br)
            new = an + r * bn
        else:
            a = functional.linear(x, self.weight("weight_ih"), self.weight("bias"))
            ar, az, an = a.chunk(3, 1)
            wr, wz, wn = self.weight("weight_hh").chunk(3)
            z, r = self.gate(az + h @ wz.T), self.gate(ar + h @ wr.T)
            new = an + (r * h) @ wn.T
        return [z * h + (1 - z) * self.function(new)]


# What a layer gives


_IN_LAYERS = 3
"""The axes of a batch of states with one of layers and directions, after that of the batch."""


class _Giving:
    """Takes (batch, time, features) and gives the last output or all, and states where asked."""

    def giving(self, return_sequences: bool, return_state: bool, go_backwards: bool) -> Any:
        self.returns = return_sequences, return_state
        self.go_backwards = go_backwards
        return self

    def forward(self, x: Tensor, *states: Tensor) -> Any:
        in_layers = bool(states) and states[0].ndim == _IN_LAYERS
        given = [state[:, 0] for state in states] if in_layers else list(states)
        outputs, last = self.over(x.flip(1) if self.go_backwards else x, given)
        sequences, with_state = self.returns
        y = outputs if sequences else outputs[:, -1]
        if in_layers:
            return (y, *(state.unsqueeze(1) for state in last))
        return (y, *last) if with_state else y

    def over(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Every output, and the last states: torch's own."""
        given: Any = [state.unsqueeze(0) for state in states] or None
        if given is not None:
            given = given[0] if len(given) == 1 else tuple(given)
        outputs, last = super().forward(x, given)  # type: ignore[misc]
        return outputs, [h[0] for h in (last if isinstance(last, tuple) else (last,))]


class _StepByStep(_Giving):
    """A step at a time."""

    def over(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        states = states or self.zeros(x)  # type: ignore[attr-defined]
        outputs = []
        for moment in x.unbind(1):
            states = self.step(moment, states)  # type: ignore[attr-defined]
            outputs.append(states[0])
        return torch.stack(outputs, 1), states


class _TorchRNN(_Giving, nn.RNN):  # type: ignore[misc]
    pass


class _TorchLSTM(_Giving, nn.LSTM):  # type: ignore[misc]
    pass


class _TorchGRU(_Giving, nn.GRU):  # type: ignore[misc]
    pass


class _OwnRNN(_StepByStep, _Step):
    pass


class _OwnLSTM(_StepByStep, _LongStep):
    pass


class _OwnGRU(_StepByStep, _GatedStep):
    pass


class _TorchLSTMCell(nn.LSTMCell):  # type: ignore[misc]
    """Gives what comes out, without the memory."""

    def forward(self, x: Tensor, *states: Tensor) -> Tensor:
        out: Tensor = super().forward(x, states or None)[0]
        return out


# What the table names: torch's own class wherever it does the same


def SimpleRNNCell(
    input_size: int, hidden_size: int, bias: bool, activation: str | None, recurrent_bias: bool
) -> nn.Module:
    """A cell of one gate."""
    if _whole(bias, recurrent_bias) and activation in ("tanh", "relu"):
        return nn.RNNCell(input_size, hidden_size, bias, activation)
    return _Step(input_size, hidden_size, bias, activation, two=recurrent_bias)


def SimpleRNN(
    input_size: int,
    hidden_size: int,
    bias: bool,
    activation: str | None,
    recurrent_bias: bool,
    **returns: bool,
) -> nn.Module:
    """A layer of one gate: torch's ``RNN``."""
    made: Any
    if _whole(bias, recurrent_bias) and activation in ("tanh", "relu"):
        made = _TorchRNN(
            input_size, hidden_size, bias=bias, nonlinearity=activation, batch_first=True
        )
    else:
        made = _OwnRNN(input_size, hidden_size, bias, activation, two=recurrent_bias, suffix="_l0")
    giving: nn.Module = made.giving(**returns)
    return giving


def LSTMCell(
    input_size: int,
    hidden_size: int,
    bias: bool,
    activation: str | None,
    recurrent_activation: str | None,
    recurrent_bias: bool,
) -> nn.Module:
    """A cell of four gates."""
    functions = activation, recurrent_activation
    if _whole(bias, recurrent_bias) and functions == _USUAL:
        return _TorchLSTMCell(input_size, hidden_size, bias)
    return _LongStep(input_size, hidden_size, bias, *functions, two=recurrent_bias)


def LSTM(
    input_size: int,
    hidden_size: int,
    bias: bool,
    activation: str | None,
    recurrent_activation: str | None,
    recurrent_bias: bool,
    proj_size: int,
    **returns: bool,
) -> nn.Module:
    """A layer of four gates."""
    made: Any
    functions = activation, recurrent_activation
    if _whole(bias, recurrent_bias) and functions == _USUAL:
        made = _TorchLSTM(input_size, hidden_size, bias=bias, batch_first=True, proj_size=proj_size)
    else:
        made = _OwnLSTM(input_size, hidden_size, bias, *functions, recurrent_bias, proj_size, "_l0")
    giving: nn.Module = made.giving(**returns)
    return giving


def GRUCell(
    input_size: int,
    hidden_size: int,
    bias: bool,
    activation: str | None,
    recurrent_activation: str | None,
    reset_after: bool,
) -> nn.Module:
    """A cell of three gates."""
    functions = activation, recurrent_activation
    if reset_after and functions == _USUAL:
        return nn.GRUCell(input_size, hidden_size, bias)
    return _GatedStep(input_size, hidden_size, bias, *functions, reset_after=reset_after)


def GRU(
    input_size: int,
    hidden_size: int,
    bias: bool,
    activation: str | None,
    recurrent_activation: str | None,
    reset_after: bool,
    **returns: bool,
) -> nn.Module:
    """A layer of three gates."""
    made: Any
    functions = activation, recurrent_activation
    if reset_after and functions == _USUAL:
        made = _TorchGRU(input_size, hidden_size, bias=bias, batch_first=True)
    else:
        made = _OwnGRU(
            input_size, hidden_size, bias, *functions, reset_after=reset_after, suffix="_l0"
        )
    giving: nn.Module = made.giving(**returns)
    return giving


_USUAL = ("tanh", "sigmoid")


def _whole(bias: bool, recurrent_bias: bool) -> bool:
    """torch has two biases or none."""
    return recurrent_bias or not bias


# Around layers


class Bidirectional(nn.Module):  # type: ignore[misc]
    """A layer over time and another that takes the steps from the last to the first."""

    def __init__(
        self, layer: Any, backward_layer: nn.Module | None, merge_mode: str | None
    ) -> None:
        super().__init__()
        self.forward_layer = layer
        self.backward_layer = backward_layer or deepcopy(layer)
        if backward_layer is None:
            self.backward_layer.go_backwards = not layer.go_backwards
        self.merge_mode = merge_mode

    def forward(self, x: Tensor, *given: Tensor) -> Any:
        in_layers = bool(given) and given[0].ndim == _IN_LAYERS
        half = len(given) // 2
        fed = [given[:half], given[half:]]
        if in_layers:
            fed = [tuple(state[:, way : way + 1] for state in given) for way in (0, 1)]
        ways = [self.forward_layer(x, *fed[0]), self.backward_layer(x, *fed[1])]
        (y, *states), (z, *others) = (w if isinstance(w, tuple) else (w,) for w in ways)
        if z.ndim == x.ndim:
            z = z.flip(1)  # every output at its own step
        joined = _MERGES[self.merge_mode](y, z)
        if in_layers:
            both = (torch.cat(pair, 1) for pair in zip(states, others, strict=True))
            return (*joined, *both)
        results = (*joined, *states, *others)
        return results[0] if len(results) == 1 else results


_MERGES: dict[str | None, Any] = {
    "concat": lambda y, z: (torch.cat((y, z), -1),),
    "sum": lambda y, z: (y + z,),
    "mul": lambda y, z: (y * z,),
    "ave": lambda y, z: ((y + z) / 2,),
    None: lambda y, z: (y, z),
}


class TimeDistributed(nn.Module):  # type: ignore[misc]
    """A module at every step: the axes of steps join the batch, and are parted again."""

    def __init__(self, layer: nn.Module, axes: int = 1) -> None:
        super().__init__()
        self.layer = layer
        self.axes = axes

    def forward(self, x: Tensor) -> Any:
        made = self.layer(x.flatten(0, self.axes))
        every = made if isinstance(made, tuple) else (made,)
        parted = tuple(y.unflatten(0, x.shape[: self.axes + 1]) for y in every)
        return parted[0] if len(parted) == 1 else parted
