"""Models of torchvision and Keras in pasted code: the libraries' own numbers, without them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import archcalc as ac
from archcalc.frameworks.source.backbones import _OF_KERAS
from archcalc.symbolic.errors import FrameworkError
from tests.data import keras_applications
from tests.sampling import NIGHTLY

FIGURES = keras_applications.load()
TORCHVISION = json.loads(
    (Path(__file__).parents[1] / "data" / "torchvision.json").read_text("utf-8")
)["whole"]

IN_THE_GATE = ("VGG16", "MobileNet", "MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0",
               "ConvNeXtTiny")  # fmt: skip


@pytest.mark.parametrize("name", sorted(_OF_KERAS) if NIGHTLY else IN_THE_GATE)
def test_an_application_of_keras_has_the_figures_that_keras_says(name: str) -> None:
    trace = ac.from_source(f"from keras.applications import {name}\nmodel = {name}()").trace()
    wanted = FIGURES[name]
    assert int(trace.total_params) == wanted["total"]
    assert int(trace.trainable_parameters) == wanted["trainable"]
    assert [list(x) for x in trace.outputs] == [[1000]]


FROZEN = """
for p in net.parameters():
    p.requires_grad = False
"""


def _ours(text: str, shape: Any = (3, 224, 224)) -> Any:
    return ac.from_source(text, None, shape).trace()


@pytest.mark.parametrize(
    ("name", "head", "width"),
    [("resnet18", "fc", 512), ("resnet50", "fc", 2048), ("vgg16", "classifier[6]", 4096),
     ("mobilenet_v2", "classifier[1]", 1280), ("densenet121", "classifier", 1024),
     ("efficientnet_b0", "classifier[1]", 1280), ("convnext_tiny", "classifier[2]", 768),
     ("swin_t", "head", 768), ("vit_b_16", "heads.head", 768), ("alexnet", "classifier[6]", 4096),
     ("mobilenet_v3_large", "classifier[3]", 1280)],
)  # fmt: skip
def test_the_head_of_a_model_of_torchvision_is_another(name: str, head: str, width: int) -> None:
    whole = TORCHVISION.get(name)
    made = f"from torchvision import models\nimport torch.nn as nn\nnet = models.{name}(True)\n"
    trace = _ours(made)
    if whole is not None:
        assert int(trace.parameters) == whole["parameters"]
    other = f"net.{head} = nn.Linear(net.{head}.in_features, 7)\n"
    changed = _ours(f"{made}{other}")
    assert int(trace.parameters) - int(changed.parameters) == 993 * (width + 1)
    frozen = _ours(f"{made}{FROZEN}{other}")
    assert int(frozen.parameters) == int(changed.parameters)
    assert int(frozen.trainable_parameters) == 7 * (width + 1)


TRANSFER = """
from tensorflow import keras
base = keras.applications.MobileNetV2(input_shape=(160, 160, 3), include_top=False,
                                      weights="imagenet")
base.trainable = False
inputs = keras.Input(shape=(160, 160, 3))
x = keras.applications.mobilenet_v2.preprocess_input(inputs)
x = base(x, training=False)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.2)(x)
outputs = keras.layers.Dense(1)(x)
model = keras.Model(inputs, outputs)
"""

FEATURES = """
from tensorflow.keras.applications import VGG16
from tensorflow.keras import layers, models
base = VGG16(weights="imagenet", include_top=False, input_shape=(150, 150, 3))
for layer in base.layers[:-4]:
    layer.trainable = False
model = models.Sequential([base, layers.Flatten(), layers.Dense(256, "relu"), layers.Dense(1)])
"""

ENCODER = """
import torch, torchvision
from torch import nn
class Encoder(nn.Module):
    def __init__(self, width=256):
        super().__init__()
        resnet = torchvision.models.resnet50(weights="DEFAULT")
        self.backbone = nn.Sequential(*list(resnet.children())[:-2])
        self.project = nn.Conv2d(2048, width, 1)
    def forward(self, x):
        return self.project(self.backbone(x))
"""


def test_transfer_learning_as_people_paste_it() -> None:
    # tensorflow.org/tutorials/images/transfer_learning: 2,259,265 in total, 1,281 of them trained
    tutorial = _ours(TRANSFER, None)
    assert (int(tutorial.total_params), int(tutorial.trainable_parameters)) == (2_259_265, 1_281)
    # 14,714,688 of VGG16 without its top, 2,097,408 and 257 of the two dense layers
    features = _ours(FEATURES, None)
    assert int(features.total_params) == 14_714_688 + 2_097_408 + 257
    last = 3 * (3 * 3 * 512 + 1) * 512  # three convolutions and a pool are the last four layers
    assert int(features.trainable_parameters) == last + 2_097_408 + 257
    encoder = ac.from_source(ENCODER, "Encoder", (3, "h", "w")).trace()
    # torchvision: 25,557,032 of which 2,049,000 are the classifier
    assert int(encoder.parameters) == 25_557_032 - 2_049_000 + 2048 * 256 + 256
    assert str(encoder.outputs[0]) == "256×⌈h/32⌉×⌈w/32⌉"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("m = torchvision.models.resnet18(norm_layer=None)", "not with norm_layer"),
        ("m = torchvision.models.shufflenet_v2_x1_0()", "model of torchvision's own"),
        ("m = keras.applications.Xception()", "a model of Keras' own"),
        ("m = keras.applications.ResNet50()\nm.layers[3].trainable = False", "other numbers"),
        ("m = keras.applications.VGG16(input_tensor=keras.Input((9, 9, 3)))", "input_tensor"),
    ],
)
def test_what_is_no_family_is_an_error_at_its_line(text: str, said: str) -> None:
    with pytest.raises(FrameworkError, match=said) as caught:
        ac.from_source(f"import keras\nimport torchvision\n{text}")
    assert caught.value.values["number"] == 3 + text.count("\n")
