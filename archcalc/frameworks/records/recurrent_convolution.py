"""Recurrent layers whose products are convolutions."""

from __future__ import annotations

from archcalc.frameworks.converters import with_states
from archcalc.frameworks.record import Absent, Entry, each, same, same_tensors
from archcalc.layers.recurrent_convolution import ConvLSTM1D, ConvLSTM2D, ConvLSTM3D

__all__ = ["RECORDS"]

RECORDS = each(
    ConvLSTM1D,
    ConvLSTM2D,
    ConvLSTM3D,
    keras=Entry(
        arguments=same("filters", "kernel_size", "strides", "padding", "data_format")
        + same("dilation_rate", "activation", "recurrent_activation", "use_bias")
        + same("return_sequences", "return_state", "go_backwards"),
        tensors=same_tensors("kernel", "recurrent_kernel", "bias"),
        call_args=with_states,
    ),
    torch=Absent("torch has no convolutional LSTM"),
)
