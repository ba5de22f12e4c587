"""A small inference engine: reads an architecture file, makes weights, and computes with NumPy."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np

FIRST = {"Dense": "units", "MaxPooling2D": "pool_size", "AveragePooling2D": "pool_size"}
"""The argument that a file may give alone."""


def pair(value):
    """A number, or one for each axis."""
    return tuple(value) if isinstance(value, list | tuple) else (value, value)


class Engine:
    """Layers one after the other, ready to compute; `macs` is what one sample takes."""

    def __init__(self, spec):
        self.weights, self.macs, self.steps = [], 0, []
        shape = tuple(spec["input"])
        for kind, arguments, self.again in entries(spec["layers"]):
            shape = getattr(self, f"make_{kind.lower()}")(shape, **arguments)
        self.output = shape

    def __call__(self, x):
        return reduce(lambda value, step: step(value), self.steps, x)

    def count(self):
        """How many numbers the weights are."""
        return sum(weight.size for weight in self.weights)

    def weight(self, *shape):
        made = np.full(shape, 0.5)
        if not self.again:
            self.weights.append(made)
        return made

    def make_dense(self, shape, units, use_bias=True):
        kernel = self.weight(shape[-1], units)
        bias = self.weight(units) if use_bias else 0.0
        self.steps.append(lambda x: x @ kernel + bias)
        self.macs += math.prod(shape) * units
        return (*shape[:-1], units)

    def make_flatten(self, shape):
        self.steps.append(lambda x: x.reshape(len(x), -1))
        return (math.prod(shape),)

    def make_relu(self, shape):
        self.steps.append(lambda x: np.maximum(x, 0))
        return shape

    def make_conv2d(
        self, shape, filters, kernel_size, strides=1, padding="valid", groups=1, use_bias=True
    ):
        (k, m), step, depth = pair(kernel_size), pair(strides), shape[-1] // groups
        kernel = self.weight(k, m, depth, filters)
        bias = self.weight(filters) if use_bias else 0.0

        def compute(x):
            found = windows(padded(x, (k, m), step, padding), (k, m), step)
            parts = np.split(found, groups, axis=3)
            kernels = np.split(kernel, groups, axis=3)
            each = [np.tensordot(a, b, ((4, 5, 3), (0, 1, 2))) for a, b in zip(parts, kernels)]
            return np.concatenate(each, axis=3) + bias

        self.steps.append(compute)
        rows, columns = (length(n, *w, padding) for n, *w in zip(shape, (k, m), step))
        self.macs += rows * columns * kernel.size
        return rows, columns, filters

    def make_conv2dtranspose(
        self, shape, filters, kernel_size, strides=1, padding="valid", use_bias=True
    ):
        (k, m), (s, t), (h, w, depth) = pair(kernel_size), pair(strides), shape
        kernel = self.weight(k, m, filters, depth)
        bias = self.weight(filters) if use_bias else 0.0
        rows = h * s if padding == "same" else (h - 1) * s + max(k, s)
        columns = w * t if padding == "same" else (w - 1) * t + max(m, t)

        def compute(x):
            whole = np.zeros((len(x), (h - 1) * s + max(k, s), (w - 1) * t + max(m, t), filters))
            for i in range(h):
                for j in range(w):
                    spread = np.tensordot(x[:, i, j], kernel, (1, 3))
                    whole[:, i * s : i * s + k, j * t : j * t + m] += spread
            top, left = (whole.shape[1] - rows) // 2, (whole.shape[2] - columns) // 2
            return whole[:, top : top + rows, left : left + columns] + bias

        self.steps.append(compute)
        self.macs += h * w * kernel.size
        return rows, columns, filters

    def make_maxpooling2d(self, shape, pool_size=2, strides=None, padding="valid"):
        return self.pool(shape, pool_size, strides, padding, np.nanmax)

    def make_averagepooling2d(self, shape, pool_size=2, strides=None, padding="valid"):
        return self.pool(shape, pool_size, strides, padding, np.nanmean)

    def pool(self, shape, pool_size, strides, padding, function):
        size, step = pair(pool_size), pair(strides or pool_size)
        self.steps.append(
            lambda x: function(
                windows(padded(x, size, step, padding, np.nan), size, step), axis=(4, 5)
            )
        )
        return (*(length(n, *w, padding) for n, *w in zip(shape, size, step)), shape[-1])


def length(n, k, s, padding):
    """How many windows there are along an axis."""
    return -(-n // s) if padding == "same" else (n - k) // s + 1


def padded(x, size, step, padding, value=0.0):
    """What the windows slide over; of an odd amount, the larger part comes after."""
    if padding == "valid":
        return x
    axes = zip(x.shape[1:], size, step)
    amounts = [max((length(n, k, s, "same") - 1) * s + k - n, 0) for n, k, s in axes]
    ends = [(0, 0), *((a // 2, a - a // 2) for a in amounts), (0, 0)]
    return np.pad(x, ends, constant_values=value)


def windows(x, size, step):
    """Every window, its two axes last."""
    found = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    return found[:, :: step[0], :: step[1]]


def entries(layers, again=False):
    """Every layer in order with its arguments by name, blocks written out; and whether its weights
    are those of an earlier run of a block that shares them."""
    for entry in layers:
        kind, value = (entry, {}) if isinstance(entry, str) else next(iter(entry.items()))
        if kind == "Repeat":
            block = value["block"] if isinstance(value["block"], list) else [value["block"]]
            for run in range(value["times"]):
                yield from entries(block, again or (run > 0 and value.get("shared", False)))
        else:
            yield kind, value if isinstance(value, dict) else {FIRST[kind]: value}, again
