"""A network as code of torch: one class made from ``nn.Module``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from archcalc.frameworks.code.names import Names, Values
from archcalc.frameworks.code.torch_functions import EXPRESSIONS
from archcalc.frameworks.code.torch_layers import Step, channels_last, module_steps, not_in_code
from archcalc.frameworks.code.torch_recurrent import RECURRENT, recurrent_steps
from archcalc.frameworks.lookup import is_whole
from archcalc.frameworks.records import TORCH
from archcalc.layers.base import Layer
from archcalc.network.parameter import Constant, Parameter
from archcalc.network.unroll import Call, Source, Unrolled, unroll
from archcalc.network.wrappers import TimeDistributed
from archcalc.symbolic.errors import ArchcalcError, FrameworkError
from archcalc.symbolic.shape import Shape

__all__ = ["torch_code"]

_HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n\n"

_BY_ELEMENT = frozenset(
    [
        "Activation",
        "ReLU",
        "LeakyReLU",
        "ELU",
        "CELU",
        "GELU",
        "Hardtanh",
        "Softplus",
        "Threshold",
        "Dropout",
        "Identity",
        "Add",
        "Subtract",
        "Multiply",
        "Average",
        "Maximum",
        "Minimum",
        "Clip",
        "Function",
        "ActivityRegularization",
    ]
)
"""What is the same wherever the channels are."""

_ALONG_AN_AXIS = frozenset(("softmax", "log_softmax", "glu"))


def torch_code(what: Layer, input_shape: Any = None) -> str:
    """Code of a class ``Net`` that is `what`, and of a ``model`` of it.

    Raises:
        FrameworkError: torch has not got a layer, or no class of torch says all of it.
    """
    return _Writer(unroll(what, input_shape, partial(is_whole, TORCH))).code()


class _Writer:
    """One program on its way to a class."""

    def __init__(self, program: Unrolled) -> None:
        self._program = program
        self._names = Names()
        self._values = Values(program, self._names)
        self._modules: list[str] = []
        self._lines: list[str] = []
        self._held: dict[int, list[str]] = {}
        self._turned: set[Source] = set()  # values whose channels stand first, and come last here
        self._first = ""

    def code(self) -> str:
        """The text."""
        named = self._program.input_names
        taken = [
            self._values.input(i, name if name != "input" else "inputs")
            for i, name in enumerate(named)
        ]
        self._first = taken[0] if taken else ""
        for number, call in enumerate(self._program.calls):
            try:
                self._call(number, call)
            except ArchcalcError as error:
                raise error.at(call.path) from None
        for call_number, call in enumerate(self._program.calls):
            self._tie(call, call_number)
        ends = [self._plain(s, len(self._shape(s))) for s in self._program.outputs]
        body = [*(self._modules or []), ""]
        lines = [
            "class Net(nn.Module):",
            "    def __init__(self):",
            "        super().__init__()",
            *(f"        {line}" for line in body if line),
            "",
            f"    def forward(self, {', '.join(taken)}):",
            *(f"        {line}" for line in self._lines),
            f"        return {', '.join(ends)}",
            "", "",
            "model = Net()",
            "",
        ]  # fmt: skip
        return _HEAD + "\n".join(lines)

    def _shape(self, source: Source) -> Shape:
        if source.call < 0:
            return self._program.inputs[-1 - source.call]
        return self._program.calls[source.call].applied.outputs[source.output]

    # Where the channels are

    def _plain(self, source: Source, rank: int) -> str:
        """A value with its axes as they are here."""
        name = self._values.of(source)
        if source not in self._turned:
            return name
        return f"{name}.permute({', '.join(map(str, (0, *range(2, rank + 1), 1)))})"

    def _channels_first(self, source: Source, rank: int) -> str:
        name = self._values.of(source)
        if source in self._turned:
            return name
        return f"{name}.permute({', '.join(map(str, (0, rank, *range(1, rank))))})"

    # Calls

    def _call(self, number: int, call: Call) -> None:
        layer: Any = call.layer
        shapes = list(call.applied.inputs)
        turns = bool(shapes) and channels_last(layer, shapes[0])
        passes = self._passes(call)
        if turns:
            fed = [
                self._channels_first(s, len(x)) for s, x in zip(call.inputs, shapes, strict=True)
            ]
            shapes = [Shape((x[-1], *x[:-1])) for x in shapes]
        elif passes:
            fed = [self._values.of(source) for source in call.inputs]
        else:
            fed = [self._plain(s, len(x)) for s, x in zip(call.inputs, shapes, strict=True)]
        steps = self._steps(call, layer, shapes, fed)
        names = self._values.outputs(number)
        self._write(number, call, steps, fed, ", ".join(names))
        rank = len(call.applied.inputs[0]) if call.applied.inputs else 0
        for index, output in enumerate(call.applied.outputs):
            if (turns and len(output) == rank) or passes:
                self._turned.add(Source(number, index))

    def _passes(self, call: Call) -> bool:
        """Whether the channels of what goes in stand first, and that makes no difference."""
        kind = type(call.layer).__name__
        if kind not in _BY_ELEMENT or not call.inputs:
            return False
        along = str(getattr(call.layer, "activation", "")) in _ALONG_AN_AXIS
        ranks = {len(x) for x in call.applied.inputs}
        turned = all(source in self._turned for source in call.inputs)
        return turned and len(ranks) == 1 and not along

    def _steps(
        self, call: Call, layer: Any, shapes: Sequence[Shape], fed: Sequence[str]
    ) -> list[Step]:
        kind = type(layer).__name__
        if isinstance(layer, Parameter | Constant):
            return [self._alone(call, layer)]
        if kind in EXPRESSIONS:
            return [Step(EXPRESSIONS[kind](layer, shapes, fed))]
        if kind in RECURRENT:
            return recurrent_steps(layer, shapes)
        if isinstance(layer, TimeDistributed):
            return _each_step(layer, shapes)
        return module_steps(layer, shapes)

    def _alone(self, call: Call, layer: Any) -> Step:
        sizes = "".join(f", {dim}" for dim in layer.output_shape())
        if not self._first:
            raise not_in_code(
                layer, "the network has no input that says how many samples there are"
            )
        batch = f"{self._first}.size(0)"
        if isinstance(layer, Constant):
            kind = ", dtype=torch.long" if self._is_positions(call) else ""
            if layer.value:
                number = f'float("{layer.value}")'
                full = f"torch.full(({batch}{sizes},), {number}, device={self._first}.device)"
                return Step(full)
            return Step(f"torch.zeros({batch}{sizes}, device={self._first}.device{kind})")
        made = f"torch.zeros({sizes.removeprefix(', ')})"
        if layer.learned:
            made = f"nn.Parameter({made})"
        return Step(f"{{m}}.expand({batch}{sizes})", made)

    def _is_positions(self, call: Call) -> bool:
        """Whether what a call gives is looked up in a table."""
        number = self._program.calls.index(call)
        takers = [other for other in self._program.calls if Source(number) in other.inputs]
        return any(type(taker.layer).__name__ in ("Embedding", "Take") for taker in takers)

    def _write(
        self, number: int, call: Call, steps: Sequence[Step], fed: Sequence[str], given: str
    ) -> None:
        """The modules of a call, once for each layer, and its lines."""
        if call.owner == number:
            self._held[number] = [self._module(call, step) for step in steps]
        text, tensors = "", list(fed)
        for step, held in zip(steps, self._held[call.owner], strict=True):
            text = step.text.format(*tensors, m=f"self.{held}")
            tensors = [text]
        self._lines.append(f"{given} = {text}")

    def _module(self, call: Call, step: Step) -> str:
        if not step.module:
            return ""
        name = self._names.free(f"{call.path}/{step.suffix}" if step.suffix else call.path)
        if step.module.startswith("torch."):
            self._modules.append(f'self.register_buffer("{name}", {step.module})')
        else:
            self._modules.append(f"self.{name} = {step.module}")
        if not call.layer.trainable and not step.module.startswith("torch."):
            self._modules.append(f"self.{name}.requires_grad_(False)")
        if call.layer.frozen:
            raise not_in_code(call.layer, "it is frozen in part")
        return name

    def _tie(self, call: Call, number: int) -> None:
        """A weight that is another layer's."""
        for tie, owner in call.ties:
            theirs = self._held[self._program.calls[owner].owner][0]
            mine = self._held[call.owner][0]
            kinds = {type(call.layer).__name__, type(self._program.calls[owner].layer).__name__}
            if (
                not mine
                or not theirs
                or not kinds <= {"Dense", "Embedding"}
                or (tie.transposed != (len(kinds) == 2))
            ):
                raise FrameworkError(
                    f"{tie.weight} is {tie}, which is not written as code", code="tied-weights",
                    path=call.path, hint="to_torch() builds it",
                )  # fmt: skip
            self._modules.append(f"self.{mine}.weight = self.{theirs}.weight")


def _each_step(layer: Any, shapes: Sequence[Shape]) -> list[Step]:
    """A layer at every step: steps are folded into the batch, and taken out again."""
    inside = [Shape(x[1:]) for x in shapes]
    kind = type(layer.layer).__name__
    if len(shapes) != 1 or kind in EXPRESSIONS or kind in RECURRENT:
        raise not_in_code(layer, "what it holds is no module of its own")
    steps = module_steps(layer.layer, inside)
    turned = channels_last(layer.layer, inside[0])
    if turned:
        raise not_in_code(layer, "what it holds has its channels last")
    first: Callable[[str], str] = "{0}.flatten(0, 1)".format
    text = steps[0].text.replace("{0}", first("{0}"))
    made = [Step(text, steps[0].module, steps[0].suffix), *steps[1:]]
    return [*made, Step(f"{{0}}.unflatten(0, (-1, {shapes[0][0]}))")]
