"""Modules from what nodes are called: a run of nodes of one module is a network of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archcalc.frameworks.importing.onnx.tensors import Stored

__all__ = ["Group", "grouped", "joined_biases", "live_in"]

_SCOPES = "pkg.torch.onnx.name_scopes"
"""Where torch's exporter writes the modules that a node is in, the last the node's own name."""

_MADE_OF_CONSTANTS = frozenset(("Constant", "Shape", "Size"))
"""What gives a constant, whatever goes in."""


@dataclass(slots=True)
class Group:
    """A module.

    Attributes:
        name: in the module around it.
        inside: its nodes, and modules in it.
    """

    name: str
    inside: list[Any] = field(default_factory=list)

    def nodes(self) -> Iterator[Any]:
        """Every node in it, those of modules in it too."""
        for one in self.inside:
            if isinstance(one, Group):
                yield from one.nodes()
            else:
                yield one


def live_in(nodes: Iterable[Any], inputs: Iterable[str]) -> set[str]:
    """The tensors that depend on what goes in, and not on its shape alone."""
    live = set(inputs)
    for node in nodes:
        taken = node.input[:1] if node.op_type == "CastLike" else node.input
        if node.op_type not in _MADE_OF_CONSTANTS and live.intersection(taken):
            live.update(node.output)
    return live


def grouped(nodes: Sequence[Any], live: set[str], weights: set[str]) -> Group:
    """The nodes by the modules that they are in, each run of them a group.

    What depends on no input is in the module of what comes before it.
    """
    root = Group("")
    open_: list[Group] = [root]
    for node in nodes:
        if live.intersection(node.output):
            path = _path(node, weights)
            if path is not None:
                _enter(open_, path)
        open_[-1].inside.append(node)
    return root


def _enter(open_: list[Group], path: Sequence[str]) -> None:
    """Leave the modules that the path is not in, and enter those that it is in."""
    depth = 0
    while depth < min(len(path), len(open_) - 1) and open_[depth + 1].name == path[depth]:
        depth += 1
    del open_[depth + 1 :]
    for name in path[depth:]:
        group = Group(name)
        open_[-1].inside.append(group)
        open_.append(group)


def _path(node: Any, weights: set[str]) -> list[str] | None:
    """The modules around a node; nothing where its name does not say."""
    for entry in node.metadata_props:
        if entry.key == _SCOPES:
            scopes = _scopes(entry.value)
            if scopes is not None:
                return _apart(_of_weight(scopes, node, weights))
    if "/" not in node.name:
        return None
    parts = [part for part in node.name.split("/")[:-1] if part]
    scopes = []
    for part in parts:  # "/layer1/layer1.0/conv1/Conv" has names from the first module on
        before = scopes[-1] if scopes else ""
        scopes.append(part if before and part.startswith(f"{before}.") else
                      f"{before}.{part}" if before else part)  # fmt: skip
    return _apart(scopes)


def _scopes(text: str) -> list[str] | None:
    """``"['', 'layer1', 'layer1.0', 'add']"`` without the node's own name."""
    if len(text) > 10_000:
        return None
    try:
        read = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(read, list) or not all(isinstance(one, str) for one in read):
        return None
    return [one for one in read[:-1] if one]


def _of_weight(scopes: list[str], node: Any, weights: set[str]) -> list[str]:
    """Where a norm was folded into a convolution before it, the convolution's module."""
    held = [name.rpartition(".")[0] for name in node.input[1:2] if name in weights]
    if not scopes or not held or not held[0]:
        return scopes
    around = scopes[-2] if len(scopes) > 1 else ""
    beside = held[0].rpartition(".")[0] == around or held[0].startswith(f"{around}.")
    inside = held[0] == scopes[-1] or held[0].startswith(f"{scopes[-1]}.")
    return [*scopes[:-1], held[0]] if beside and not inside else scopes


def _apart(scopes: Sequence[str]) -> list[str]:
    """Each module's name in the one around it.

    >>> _apart(["layer1", "layer1.0", "layer1.0.conv1"]), _apart(["t", "t.layers.0"])
    (['layer1', '0', 'conv1'], ['t', 'layers.0'])
    """
    names, around = [], ""
    for scope in scopes:
        names.append(scope.removeprefix(f"{around}.") if around else scope)
        around = scope
    return names


def joined_biases(
    nodes: Sequence[Any], env: Mapping[str, Any], ends: set[str]
) -> tuple[dict[str, Stored], dict[str, str]]:
    """Products with a weight and the sum with a bias right after them: each is one Dense.

    Returns:
        The bias by what the product gives, and what the product gives by what the sum does.
    """
    takers: dict[str, list[Any]] = {}
    for node in nodes:
        for name in node.input:
            takers.setdefault(name, []).append(node)
    biases, sums = {}, {}
    for node in nodes:
        if node.op_type != "MatMul" or len(node.input) != 2 or len(node.output) != 1:
            continue
        (made,), after = node.output, takers.get(node.output[0], [])
        if len(after) != 1 or after[0].op_type != "Add" or not after[0].output or made in ends:
            continue
        kernel = env.get(node.input[1])
        bias = env.get(next((name for name in after[0].input if name != made), ""))
        if not isinstance(kernel, Stored) or not isinstance(bias, Stored):
            continue
        if len(kernel.shape) == 2 and bias.shape == kernel.shape[1:] and kernel.is_weight:
            biases[made] = bias
            sums[after[0].output[0]] = made
    return biases, sums
