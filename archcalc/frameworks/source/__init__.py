"""Source code of Keras and torch, read from its syntax tree and never run.

`machine` follows statements and `expressions` evaluates them, within bounds; `callables` calls
what the source defines, `builtin` what Python has; `keras_names` and `torch_names` know what the
frameworks' names are here, and `tensors` puts layers on tensors.  No framework is imported.
"""
