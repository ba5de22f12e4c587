"""Tables of vectors."""

from __future__ import annotations

from typing import Any

from hypothesis.strategies import SearchStrategy

from archcalc.symbolic.shape import Shape
from archcalc.testing.draw import Pick, numbers
from archcalc.testing.recipes.base import Fields, Inputs, Recipe

__all__ = ["INPUTS", "RECIPES"]


def _reversible(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """There, or back from vectors as long as the rows."""
    reverse = pick.flag()
    length = int(inputs[0][-1]) if reverse else pick.size(8)
    made: Fields = {"input_dim": pick.size(20), "output_dim": length, "reverse": reverse}
    return made | {"tie_weights": pick.flag(), "logit_soft_cap": pick.one_of((None, 30.0))}


def _adaptive(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    """Clusters of one class or more, some of them of more classes than features are left."""
    starts = [pick.size(5)]
    while len(starts) < 3 and pick.flag():
        starts.append(starts[-1] + pick.size(4))
    return {
        "in_features": inputs[0][0],
        "n_classes": starts[-1] + pick.size(6),
        "cutoffs": starts,
        "div_value": pick.one_of((4.0, 2.0, 1.0, 1.1, 0.5)),
    }


def _wide(cls: type[Any]) -> SearchStrategy[tuple[Shape, ...]]:
    return numbers(1, 40).map(lambda n: (Shape((n,)),))


RECIPES: dict[str, Recipe] = {
    "ReversibleEmbedding": _reversible,
    "AdaptiveLogSoftmaxWithLoss": _adaptive,
}

INPUTS: dict[str, Inputs] = {"AdaptiveLogSoftmaxWithLoss": _wide}
