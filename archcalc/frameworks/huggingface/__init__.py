"""Hugging Face's models, read from their configurations; transformers is not needed."""
