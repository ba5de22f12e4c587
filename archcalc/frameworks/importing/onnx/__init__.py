"""ONNX models as networks: the file, its nodes one by one, and what each operator is here.

An operator is called as the function of torch's that it is, whose lowering is in `functions`.
"""
