"""Models of a framework as networks: recorded call by call, then lowered to layers.

`graph` is what was read, with real tensors and the batch; `recording` writes it down from one run
of a torch model; `lowering` and `functions` make layers of it, and `batch` says where the batch is.
"""
