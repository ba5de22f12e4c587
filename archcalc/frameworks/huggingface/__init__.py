"""Hugging Face's models, read from their configurations; transformers is not needed."""

from archcalc.frameworks.huggingface.reading import from_huggingface

__all__ = ["from_huggingface"]
