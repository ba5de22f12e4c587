"""Keras models as networks, from a live model or from the config that Keras saves.

`plan` is a model before it becomes a network: its layers with their configs, and the calls between
them.  `configs` makes it from a config, of Keras 3 or 2, and `archives` finds the config in a file,
both without Keras; `live` makes it from a model.  `lowering` and `operations` make layers of it.
"""
