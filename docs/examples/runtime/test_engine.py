"""The engine, held against archcalc: shapes, weights and work of random networks."""

from __future__ import annotations

from engine import Engine
from hypothesis import given, settings

from archcalc.testing import assert_shapes, networks

NETWORKS = networks(
    max_layers=4,
    branches=False,
    kinds=[
        *("Dense", "Flatten", "ReLU", "Conv2D", "Conv2DTranspose"),
        *("MaxPooling2D", "AveragePooling2D"),
    ],
    fields={
        "data_format": ["channels_last"],
        "padding": ["valid", "same"],
        "dilation_rate": [(1, 1)],
        "activation": [None],
        "output_padding": [None],
        "Conv2DTranspose.groups": [1],
        "return_indices": [False],
        "inplace": [False],
        "padding_mode": ["zeros"],
        "count_include_pad": [True],
        "divisor_override": [None],
        "ceil_mode": [False],
        "lora_rank": [None],
        "start_dim": [1],
        "end_dim": [-1],
        "max_value": [None],
        "negative_slope": [0.0],
        "threshold": [0.0],
    },
)
"""Networks of what the engine can do."""


@settings(deadline=None)
@given(NETWORKS)
def test_the_engine_agrees_with_archcalc(net):
    engine, trace = Engine(net.to_dict()), net.trace()
    assert engine.count() == trace.total_params
    assert engine.macs == trace.macs
    assert engine.output == trace.output
    assert_shapes(engine, net)
