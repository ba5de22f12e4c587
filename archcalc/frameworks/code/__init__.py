"""A network as source code of a framework, to be pasted: the records read into text.

`writing` is asked for code; `names` gives every value and layer a name, `keras` and `torch` write
their code, and `torch_functions` says what torch has as a function or an expression.
"""
