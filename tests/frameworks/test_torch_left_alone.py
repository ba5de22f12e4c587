"""Reading a torch model leaves it, and torch, exactly as they were, also where it fails."""

from __future__ import annotations

import random
from collections import deque
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules import module as torch_modules

import archcalc as ac

WAYS = ("numbers", "symbols", "refused", "needs data")


class Cache:
    """An object of one's own, no module."""

    def __init__(self) -> None:
        self.steps, self.seen = 0, {"lengths": [1]}


class Meddling(nn.Module):  # type: ignore[misc]  # torch has no types here
    """A model that changes whatever it can while it runs."""

    calls: torch.Tensor

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.drop, self.rnn = nn.Dropout(0.5), nn.LSTM(4, 5, batch_first=True)
        self.register_buffer("calls", torch.zeros(2))
        self.plain, self.count, self.nothing = torch.ones(3), 7, None
        self.history: dict[str, Any] = {"shapes": [[1]], "more": deque([1]), "empty": []}
        self.pair = ([1], {2})
        self.cache, self.hidden = Cache(), [nn.Linear(2, 2)]
        self.conv.weight.grad = torch.ones_like(self.conv.weight)
        self.norm.weight.requires_grad_(False)
        self.norm.eval()
        self.conv.register_forward_hook(lambda module, args, out: out + 1)
        self.before = list(self.__dict__)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count, self.made = self.count + 1, x
        self.calls += 1
        self.calls = self.calls + 1
        self.plain.mul_(2.0)
        self.plain[0] = 5.0
        self.history["shapes"][0].append(2)
        self.history["more"].append(2)
        self.history["empty"].append(2)
        self.history["new"] = 1
        self.pair[0].append(2)
        self.pair[1].add(3)
        self.cache.steps += 1
        self.cache.seen["lengths"].append(2)
        self.hidden[0].bias = None
        self.hidden.append(nn.Linear(1, 1))
        self.later = nn.Linear(1, 1)
        self.conv.register_forward_pre_hook(lambda module, args: None)
        self.drop.p = 0.1
        self.train()
        self.zero_grad()
        for parameter in self.parameters():
            parameter.requires_grad_(False)
        torch.set_default_dtype(torch.float64)
        torch.manual_seed(1)
        random.seed(1)
        np.random.seed(1)
        y = self.drop(self.norm(self.conv(x)))
        if self.way == "refused":
            raise ValueError("no")
        if self.way == "needs data" and bool(y.sum() > 0):
            y = y * 2
        return self.rnn(y.flatten(2).transpose(1, 2))[0]


def told(value: Any) -> Any:
    """All that can be seen of a model, its numbers too."""
    if isinstance(value, torch.Tensor):
        return id(value), value.requires_grad, str(value.device), value.tolist(), told(value.grad)
    if isinstance(value, dict):
        return [(key, told(held)) for key, held in value.items()]
    if isinstance(value, list | tuple | set | deque):
        return type(value).__name__, [told(held) for held in value]
    if isinstance(value, nn.Module | Cache):
        return id(value), told(value.__dict__)
    return value if isinstance(value, int | float | str | None) else id(value)


def surroundings() -> Any:
    return (
        random.getstate(), torch.get_rng_state().tolist(), torch.get_default_dtype(),
        np.random.get_state()[1].tolist(),  # type: ignore[index]
        torch.is_grad_enabled(), torch.get_default_device(),
        dict(torch_modules._global_forward_hooks), dict(torch_modules._global_forward_pre_hooks),
        torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack(),
    )  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("on", ["cpu", "meta"])
def test_the_model_is_left_as_it_was(way: str, on: str) -> None:
    if on == "meta":
        with torch.device("meta"):
            module = Meddling(way)
        module.plain = torch.ones(3)
    else:
        module = Meddling(way)
    hidden = [*module.modules(), *module.hidden]
    seen: Any = told if on == "cpu" else lambda value: told_without_numbers(value)
    before, around = seen(module), surroundings()
    shape = (3, "h", 9) if way == "symbols" else (3, 8, 9)
    if way == "refused":
        with pytest.raises(ac.errors.FrameworkError, match="no"):
            ac.from_torch(module, shape)
    else:
        trace = ac.from_torch(module, shape).trace()
        assert trace.parameters == sum(p.numel() for p in module.parameters())
    assert surroundings() == around
    assert seen(module) == before
    assert [*module.modules(), *module.hidden] == hidden


def told_without_numbers(value: Any) -> Any:
    """The same of a model without data."""
    if isinstance(value, torch.Tensor):
        numbers = value.tolist() if not value.is_meta else None
        return id(value), value.requires_grad, str(value.device), numbers, value.grad is None
    if isinstance(value, dict):
        return [(key, told_without_numbers(held)) for key, held in value.items()]
    if isinstance(value, list | tuple | set | deque):
        return type(value).__name__, [told_without_numbers(held) for held in value]
    if isinstance(value, nn.Module | Cache):
        return id(value), told_without_numbers(value.__dict__)
    return value if isinstance(value, int | float | str | None) else id(value)


def test_this_would_notice_what_a_run_changes() -> None:
    module = Meddling("numbers")
    before, around = told(module), surroundings()
    try:
        module(torch.zeros(1, 3, 8, 9))
        assert told(module) != before
        assert surroundings() != around
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_model_that_runs_meanwhile_is_no_part_of_what_is_read() -> None:
    class Slow(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lin = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            other = Thread(target=lambda: made.append(nn.Linear(7, 5)(torch.zeros(1, 7)).shape))
            other.start()
            other.join()
            return self.lin(x)

    made: list[Any] = []
    trace = ac.from_torch(Slow(), (3,)).trace()
    assert [row.path for row in trace] == ["lin"]
    assert made == [(1, 5)]


def test_equal_layers_are_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight equal convolutions on equal inputs, one on another, and one that has a hook."""
    run: list[Any] = []
    once = nn.Conv2d.forward

    def counted(self: Any, x: torch.Tensor) -> torch.Tensor:
        run.append(x.shape[1:])
        return once(self, x)

    monkeypatch.setattr(nn.Conv2d, "forward", counted)
    module = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1) for _ in range(8)), nn.MaxPool2d(2))
    module.extend([nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=2)])
    module[3].register_forward_pre_hook(lambda part, args: None)
    net = ac.from_torch(module, (4, 8, 8))
    trace = net.trace()
    assert len(run) == 4
    assert trace.parameters == 10 * (4 * 4 * 9 + 4)
    assert len({id(node.layer) for node in net.graph().nodes}) == len(trace) == 11
    assert tuple(trace.output) == (4, 6, 6)
    assert trace.macs == 16 * 9 * (8 * 64 + 16 + 36)
