"""What puts the same elements in another shape."""

from __future__ import annotations

from archcalc.frameworks.table import Argument, Entry, Table, same

__all__ = ["KERAS", "TORCH"]

KERAS: Table = {
    "Flatten": Entry("Flatten", around=("start_dim", "end_dim")),
    "Unflatten": Entry("Reshape", around=("dim", "unflattened_size")),
    "Reshape": Entry("Reshape", same("target_shape")),
    "Permute": Entry("Permute", same("dims")),
    "RepeatVector": Entry("RepeatVector", same("n")),
}

TORCH: Table = {
    "Flatten": Entry("Flatten", same("start_dim", "end_dim")),
    "Unflatten": Entry("Unflatten", same("dim", "unflattened_size")),
    "Reshape": Entry(".Reshape", (Argument("target_shape", "shape"),)),
    "Permute": Entry(".Permute", same("dims")),
    "RepeatVector": Entry(".RepeatVector", same("n")),
}
