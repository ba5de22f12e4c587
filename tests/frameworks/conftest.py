"""Keras runs on torch here, so that one installation tells about both."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tensors of a few elements are not worth sharing out: four times slower with threads."""
    import torch

    torch.set_num_threads(1)
