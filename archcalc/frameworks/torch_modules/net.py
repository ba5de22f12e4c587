"""The module of a whole network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from torch import Tensor, nn

__all__ = ["Net"]

_Sources: TypeAlias = tuple[tuple[int, int], ...]
"""Values by the number of the call and of its output; below 0 are the inputs."""


class Net(nn.Module):  # type: ignore[misc]
    """Modules called in the order of a program; submodules are named by the paths of the layers."""

    def __init__(self, calls: Sequence[tuple[str, _Sources]], outputs: _Sources) -> None:
        super().__init__()
        self.calls = tuple(calls)
        self.outputs = outputs

    def forward(self, *inputs: Tensor) -> Any:
        made: list[tuple[Tensor, ...]] = []

        def at(sources: _Sources) -> tuple[Tensor, ...]:
            return tuple(inputs[-1 - i] if i < 0 else made[i][output] for i, output in sources)

        for name, sources in self.calls:
            fed = at(sources) or (inputs[0].shape[0],)  # what takes nothing asks for the batch
            result = self.get_submodule(name)(*fed)
            made.append(result if isinstance(result, tuple) else (result,))
        results = at(self.outputs)
        return results[0] if len(results) == 1 else results
