"""One run of a torch model without data, recorded call by call.

Nothing is computed and no memory is taken: the model's weights are replaced by tensors without data
for the length of the run.  A module that a record knows is one call, and its inside is not looked
at; between modules every function is seen, with its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from archcalc.frameworks.importing.equal_modules import LayersOnce, OwnForward
from archcalc.frameworks.importing.graph import FOLLOWS, Call, Graph, Held, Ref
from archcalc.frameworks.importing.inputs import Inputs
from archcalc.frameworks.importing.nests import tensors_in
from archcalc.frameworks.importing.real_run import Tail, run_for_real
from archcalc.frameworks.importing.recorder import NeedsDataError, Recorder
from archcalc.frameworks.importing.restoring import left_as_it_was
from archcalc.frameworks.importing.worlds import BATCH, World
from archcalc.symbolic.errors import FrameworkError, shorten
from archcalc.symbolic.printing.plain import visible

__all__ = ["held_once", "record"]

IsLayer = Callable[[nn.Module], bool]


def record(
    module: nn.Module, inputs: Inputs, dtypes: Sequence[Any], is_layer: IsLayer, world: World
) -> Graph:
    """Run `module` once, and record what is called.

    A module in it that looks at the numbers of its input is run for real on a small batch, where
    that is possible, and is one call; where it is not, the record ends there and says so.

    Args:
        module: the model; it is left as it was.
        inputs: what it is called with.
        dtypes: what numbers each of its tensors holds.
        is_layer: whether a module is one call, so that its inside is not looked at.
        world: the tensors that stand in for real ones.

    Raises:
        FrameworkError: the model does not run on these inputs.
    """
    _refuse_lazy(module)
    whole: dict[str, Tail] = {}
    while True:
        try:
            return _recorded(module, inputs, dtypes, is_layer, world, whole)
        except _StoppedError as stopped:
            place, recorder = stopped.place, stopped.recorder
            parts = dict(module.named_modules())
            while place and place not in whole:
                seen = run_for_real(parts[place], *recorder.entered_with(place))
                if seen is not None:
                    whole[place] = seen
                    break
                place = place.rpartition(".")[0]
            else:
                return _until_there(module, inputs, dtypes, stopped)


class _StoppedError(Exception):
    """The run needs data: where, and what was recorded until then."""

    def __init__(
        self, place: str, why: str, recorder: Recorder, weights: _Weights, started: Sequence[int]
    ) -> None:
        super().__init__(why)
        self.place, self.recorder, self.weights = place, recorder, weights
        self.started = tuple(started)


class _Weights:
    """The model's weights, and the tensors that stand in for them."""

    def __init__(self, module: nn.Module, world: World) -> None:
        held = {
            **dict(module.named_parameters(remove_duplicate=False)),
            **dict(module.named_buffers(remove_duplicate=False)),
        }
        first: dict[int, str] = {}
        self.names = {name: first.setdefault(id(w), name) for name, w in held.items()}
        once = {name: world.weight(held[name]) for name in dict.fromkeys(self.names.values())}
        self.empty = {name: once[first] for name, first in self.names.items()}
        self.parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
        self.swapped = any(self.empty[name] is not w for name, w in held.items())
        own = self.parameters
        self.held = tuple(
            Held(n, tuple(held[n].shape), n in own, n in own and not held[n].requires_grad)
            for n in once
        )


def _recorded(
    module: nn.Module, inputs: Inputs, dtypes: Sequence[Any], is_layer: IsLayer, world: World,
    whole: Mapping[str, Tail],
) -> Graph:  # fmt: skip
    weights = _Weights(module, world)
    with left_as_it_was(module), world.running():
        recorder = Recorder(module, is_layer, weights.empty, weights.parameters, world)
        args, kwargs, given = inputs.tensors(world, dtypes)
        started = [recorder.add(x, "input") for x in given]
        _put_forwards(module, recorder, is_layer, whole)
        with recorder.hooked(), torch.no_grad():
            try:
                with recorder.counter, recorder:
                    made = _called(module, weights, args, kwargs)
            except Exception as error:
                if not needs_data(error):
                    raise _not_run(module, inputs, error) from error
                why = shorten(" ".join(str(error).split()), 160)
                raise _StoppedError(recorder.place(), why, recorder, weights, started) from error
            finally:
                recorder.written.put_back()
        ends = [recorder.number(x) for x in tensors_in(made)]
        if not ends:
            raise FrameworkError(
                f"{type(module).__name__} gives no tensor",
                code="not-read",
                values={"output": shorten(str(made), 80)},
            )
    return _graph(recorder, weights, started, ends, world)


def _put_forwards(
    module: nn.Module, recorder: Recorder, is_layer: IsLayer, whole: Mapping[str, Tail]
) -> None:
    """Have equal layers run once, and what was run for real not run again."""
    layers = LayersOnce(recorder.world, recorder.counter)
    for part in module.modules():
        if part is not module and "forward" not in part.__dict__ and is_layer(part):
            part.__dict__["forward"] = layers.instead(part)
    for place, tail in whole.items():
        part = module.get_submodule(place)
        part.__dict__["forward"] = OwnForward(recorder.instead(place, tail))


def _graph(
    recorder: Recorder, weights: _Weights, started: Sequence[int], ends: Sequence[int],
    world: World, **more: Any,
) -> Graph:  # fmt: skip
    return Graph(
        recorder.root, recorder.made, tuple(started), tuple(ends), BATCH, weights.held,
        weights.names, conditions=world.conditions(), points=world.points(), **more,
    )  # fmt: skip


def _called(module: nn.Module, weights: _Weights, args: Any, kwargs: Any) -> Any:
    if not weights.swapped:  # the weights have no data themselves
        return module(*args, **kwargs)
    put = {name: weights.empty[name] for name in held_once(module)}
    return torch.func.functional_call(module, put, args, kwargs, tie_weights=False)


def held_once(module: nn.Module) -> dict[str, Tensor]:
    """Every parameter and buffer in each of its places, under one name of the place.

    A module may have several names: put there under two of them, a tensor is not taken back by
    torch's ``functional_call``.
    """
    return {
        f"{name}.{key}".lstrip("."): tensor
        for name, part in module.named_modules()
        for key, tensor in (*part._parameters.items(), *part._buffers.items())
        if tensor is not None
    }


def _until_there(
    module: nn.Module, inputs: Inputs, dtypes: Sequence[Any], stopped: _StoppedError
) -> Graph:
    """What was recorded until the run needed data; what follows is one call, as far as is known."""
    recorder, weights, world = stopped.recorder, stopped.weights, stopped.recorder.world
    tail = run_for_real(module, *inputs.tensors(world, dtypes)[:2])
    with world.running():
        ends = recorder.open_ends()
        made = tail.empty(world) if tail else [world.like(recorder.tensor(ends[-1]))]
        outputs = [recorder.add(x, "made") for x in tensors_in(made)]
    counted = sum(call.flops for call in recorder.root.calls())
    rest = max(tail.flops - counted, 0) if tail else 0
    why = str(stopped)
    given = tuple(map(Ref, ends))
    recorder.root.inside.append(Call(FOLLOWS, given, {}, tuple(outputs), "", rest))
    return _graph(recorder, weights, stopped.started, outputs, world, stopped=why)


_WITHOUT_DATA = (
    "register_meta",
    "meta tensor", "Meta tensor", "data-dependent", "data dependent", "no data", "SymInt",
    "FakeTensor", "on meta", "'Meta' backend", "device 'meta'", "meta device",
)  # fmt: skip
"""What torch says where a tensor's numbers are asked for and it has none."""


def needs_data(error: BaseException) -> bool:
    """Whether a run failed because the numbers of a tensor were asked for."""
    if isinstance(error, NeedsDataError):
        return True
    kind = type(error)
    torchs = kind.__module__.startswith("torch.") and (
        "Dynamic" in kind.__name__ or "Data" in str(kind)
    )
    common = isinstance(error, RuntimeError | NotImplementedError | TypeError | ValueError)
    return torchs or (common and any(words in str(error) for words in _WITHOUT_DATA))


def _refuse_lazy(module: nn.Module) -> None:
    lazy = nn.parameter.UninitializedTensorMixin
    if any(isinstance(w, lazy) for w in (*module.parameters(), *module.buffers())):
        raise FrameworkError(
            "the model has lazy modules that have not seen an input",
            code="not-read",
            hint="call it once on real data before it is read",
        )


def _not_run(module: nn.Module, inputs: Inputs, error: Exception) -> FrameworkError:
    shapes = inputs.text()
    said = str(error).partition("Exception raised from")[0]  # then torch's own places
    return FrameworkError(
        f"{type(module).__name__} does not run on an input of shape {shapes}: "
        f"{visible(shorten(said.strip(), 300))}",
        code="not-read",
        values={"input": shapes},
        hint="check input_shape and dtype; they are what the model's forward takes, "
        "without the batch",
    )
