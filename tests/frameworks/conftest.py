"""Keras runs on torch here, so that one installation tells about both."""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
