"""What was read from a framework, before it becomes layers: every call, with real tensors.

Shapes have their batch axis here.  Scopes are the modules of the model, nested as they are called;
what is called in them are modules that a record knows, and functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archcalc.symbolic.dims import Dim
from archcalc.symbolic.requirement import Relation

__all__ = ["FOLLOWS", "Call", "Condition", "Graph", "Held", "Kind", "Made", "Ref", "Scope", "refs"]

FOLLOWS = "what follows"
"""The call that stands for what a run did not reach."""

Kind: TypeAlias = Literal["input", "made", "parameter", "buffer", "constant"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A tensor of the graph, by its number, wherever it stands among arguments."""

    number: int


@dataclass(frozen=True, slots=True)
class Made:
    """A tensor.

    Attributes:
        shape: its dimensions, the batch among them.
        kind: an input of the model, made by a call, a weight that a module holds, or a constant,
            which depends on none of these.
        name: of a weight, as the model's state has it.
        learned: of a weight, whether training changes it.
    """

    shape: tuple[int, ...]
    kind: Kind
    name: str = ""
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A weight of the model, used or not.

    Attributes:
        name: as the model's state has it.
        shape: its dimensions.
        learned: whether it is a parameter, and no buffer.
        frozen: of a parameter, whether it is kept as it is.
    """

    name: str
    shape: tuple[int, ...]
    learned: bool
    frozen: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A module or a function, called once.

    Attributes:
        what: the module, or the name of the function without its library: ``"conv2d"``, ``"add"``.
        args: what it was called with; tensors are `Ref`.
        kwargs: the same by name.
        outputs: the numbers of the tensors that came out.
        path: of a module, where it is in the model.
        flops: what torch counts for it, the batch included.
    """

    what: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    outputs: tuple[int, ...]
    path: str = ""
    flops: int = 0

    def inputs(self) -> list[int]:
        """The tensors that go in, as often as they do."""
        return [ref.number for ref in refs((self.args, dict(self.kwargs)))]


@dataclass(frozen=True, slots=True)
class Condition:
    """What was asked of sizes, and held while the model ran; what was recorded holds where it does.

    Attributes:
        left, relation, right: the statement, as of a `Requirement`.
        why: what the model says where it does not hold; empty where it then computes otherwise.
    """

    left: Dim
    relation: Relation
    right: Dim
    why: str = ""


@dataclass(slots=True)
class Scope:
    """A module, where it is in the model, and what is called in it, in order."""

    path: str
    module: Any
    inside: list[Call | Scope] = field(default_factory=list)

    def calls(self) -> Iterator[Call]:
        """Every call in it, those in its own scopes too."""
        for one in self.inside:
            if isinstance(one, Scope):
                yield from one.calls()
            else:
                yield one


@dataclass(frozen=True, slots=True)
class Graph:
    """A model's run.

    Attributes:
        root: the model.
        tensors: what there is, by number.
        inputs, outputs: of the model.
        batch: how long the batch was: a prime that is no other size.
        held: every weight of the model.
        names: of a weight with several names, the first, by each of them.
        stopped: why the run did not go further, where it did not reach the end; the outputs are
            those of its last call, `FOLLOWS`.
        conditions: what the model's own code asked of sizes that are symbols.
        points: other sizes at which everything that was asked has the same answer.
    """

    root: Scope
    tensors: list[Made]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    batch: int
    held: tuple[Held, ...]
    names: Mapping[str, str]
    stopped: str = ""
    conditions: tuple[Condition, ...] = ()
    points: tuple[Mapping[Any, int], ...] = ()


def refs(value: Any) -> Iterator[Ref]:
    """The tensors among arguments, in order.

    >>> [ref.number for ref in refs(([Ref(3), 2], {"mask": Ref(5)}))]
    [3, 5]
    """
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from refs(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from refs(held)
    elif isinstance(value, slice):
        yield from refs((value.start, value.stop, value.step))
