"""Tables of vectors."""

from __future__ import annotations

from typing import Any

from archcalc.symbolic.shape import Shape
from archcalc.testing.picking import Pick
from archcalc.testing.recipes.base import Fields, Recipe

__all__ = ["RECIPES"]


def _embedding(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"input_dim": pick.size(20), "output_dim": pick.size(8)}


def _bag(pick: Pick, cls: type[Any], inputs: tuple[Shape, ...]) -> Fields:
    return {"num_embeddings": pick.size(20), "embedding_dim": pick.size(8)}


RECIPES: dict[str, Recipe] = {"Embedding": _embedding, "EmbeddingBag": _bag}
