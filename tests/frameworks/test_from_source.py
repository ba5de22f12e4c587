"""Source code of Keras and torch: read without running it, it counts as the frameworks count."""

from __future__ import annotations

import gzip
import importlib.util
import json
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import archcalc as ac
from archcalc.errors import FrameworkError
from tests.frameworks import keras_sources, torch_sources
from tests.sampling import NIGHTLY


def read(text: str, *args: Any, **kwargs: Any) -> ac.Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ac.ArchcalcWarning)
        return ac.from_source(text, *args, **kwargs)


def executed(text: str, name: str) -> Any:
    """What the framework itself makes of a text."""
    module = ModuleType("pasted")
    sys.modules["pasted"] = module  # dataclasses look it up
    exec(text, vars(module))
    made = getattr(module, name)
    return made() if isinstance(made, type) else made


@pytest.mark.parametrize("snippet", keras_sources.SNIPPETS)
def test_keras_counts_the_same(snippet: str) -> None:
    pytest.importorskip("keras")
    name, text = keras_sources.SNIPPETS[snippet]
    trace = read(text, name).trace()
    assert trace.total_params == executed(text, name).count_params()


@pytest.mark.parametrize("snippet", torch_sources.SNIPPETS)
def test_torch_counts_the_same(snippet: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *where: self)  # it stays on meta
    name, shape, text = torch_sources.SNIPPETS[snippet]
    with torch.device("meta"):
        module = executed(text, name)
        theirs = sum(p.numel() for p in module.parameters())
    trace = read(text, name, shape).trace()
    assert trace.parameters == theirs


APPLICATIONS = {
    "xception": "Xception", "inception_v3": "InceptionV3", "mobilenet_v3": "MobileNetV3Small",
    "efficientnet": "EfficientNetB0", "nasnet": "NASNetMobile", "densenet": "DenseNet121",
    "convnext": "ConvNeXtTiny", "resnet": "ResNet50", "inception_resnet_v2": "InceptionResNetV2",
    "resnet_v2": "ResNet50V2", "efficientnet_v2": "EfficientNetV2B0", "vgg16": "VGG16",
    "mobilenet": "MobileNet", "mobilenet_v2": "MobileNetV2", "mobilenet_v3 ": "MobileNetV3Large",
}  # fmt: skip
"""By the module of Keras that makes it: a model of Keras' own."""


@pytest.mark.parametrize("module", list(APPLICATIONS)[: None if NIGHTLY else 5])
def test_keras_own_sources(module: str) -> None:
    """The files that Keras is made of, as code that somebody has written."""
    keras = importlib.util.find_spec("keras")
    assert keras is not None
    assert keras.origin is not None
    folder = Path(keras.origin).parent / "src" / "applications"
    data = Path(__file__).parents[1] / "data" / "keras_applications.json.gz"
    figures = json.loads(gzip.decompress(data.read_bytes()))[APPLICATIONS[module]]
    if module == "resnet_v2":  # it is made by a function of another file of Keras
        with pytest.raises(FrameworkError, match="its definition is not in this source"):
            read(f"{folder / module}.py:{APPLICATIONS[module]}")
        return
    trace = read(f"{folder / module.strip()}.py:{APPLICATIONS[module]}").trace()
    assert (trace.total_params, trace.parameters) == (figures["total"], figures["trainable"])


def test_files_beside_a_source_are_read(tmp_path: Path) -> None:
    """What it imports from them, from packages around it, and what these import in turn."""
    package = tmp_path / "project" / "models"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("from .blocks import *\n" if folder == package else "")
    (package.parent / "sizes.py").write_text("WIDTH = 8\nraise SystemExit\n")
    (package / "blocks.py").write_text(
        "from torch import nn\nfrom project.sizes import WIDTH\nfrom . import net\n"
        "def widened(kwargs):\n    kwargs['width'] = 2 * WIDTH\n"
        "class Block(nn.Sequential):\n    def __init__(self, c):\n"
        "        super().__init__(nn.Conv2d(c, WIDTH, 3), nn.ReLU())\n"
    )
    (package / "net.py").write_text(
        "from torch import nn\nfrom .blocks import Block, widened\nfrom . import blocks as parts\n"
        "def make(**kwargs):\n    widened(kwargs)\n"
        "    return nn.Sequential(Block(3), parts.Block(parts.WIDTH), nn.Conv2d(8, **dict(\n"
        "        out_channels=kwargs['width'], kernel_size=1)))\n"
    )
    net = read(str(package / "net.py"), None, (3, 9, 9))
    assert net.trace().parameters == (27 + 1) * 8 + (72 + 1) * 8 + (8 + 1) * 16
    (package / "blocks.py").write_text("from .nowhere import Block\ndef widened(kwargs): 1 +\n")
    with pytest.raises(FrameworkError, match=r"blocks\.py"):
        read(str(package / "net.py"), None, (3, 9, 9))


def test_the_listing_of_the_question() -> None:
    # shared/truth: hand_counts.json, seed-mnist-242, by Keras 3.15.1
    assert read(keras_sources.SEED).trace().parameters == 542_230


def test_the_listing_as_its_author_printed_it() -> None:
    lines = keras_sources.SEED.splitlines()
    printed = [one for one in lines if "MaxPooling2D((" not in one and "Flatten()" not in one]
    trace = read("\n".join(printed)).trace()
    assert (trace.parameters, trace.output) == (4_630, (26, 26, 10))


# No framework is needed, and nothing is run


def test_no_framework_is_imported_and_nothing_runs(tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    evil = f"open({str(tmp_path / 'made')!r}, 'w').write('x')\n__import__('os').system('exit')\n"
    file.write_text(evil + keras_sources.SEED)
    code = (
        "import sys, archcalc as ac\n"
        f"print(ac.from_source({str(file)!r}).trace().parameters)\n"
        "print({'keras', 'torch', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["542230", "set()"]
    assert not (tmp_path / "made").exists()


HOSTILE = {
    "for i in range(10**9):\n    model.add(Dense(1))": "source-too-long",
    "model.add(Dense(10**10**10))": "too-large",
    "model.add(Dense(1 << 10**9))": "too-large",
    "model.add(Dense(__import__('os').getpid()))": "not-read",
    "model.add(Dense(eval('3')))": "not-read",
    "def f(n):\n    return f(n)\nmodel.add(Dense(f(1)))": "source-too-deep",
    "x = [0] * 10**12\nmodel.add(Dense(len(x)))": "too-large",
    "x = 'a'\nfor i in range(60):\n    x += x\nmodel.add(Dense(len(x)))": "too-large",
    "x = [1]\nfor i in range(60):\n    x.extend(x)\nmodel.add(Dense(len(x)))": "too-large",
    "model.add(Dense(3, name=f'{1:>99999999}'))": "too-large",
    "model.add(Dense(3, name='{0.__class__}'.format(3)))": "not-read",
    "n = 1\nwhile n:\n    n += 1\nmodel.add(Dense(n))": "source-too-long",
    "model.add(" + "-" * 400 + "1)": "source-too-deep",
    "model.add(Dense((lambda: 0).__globals__))": "not-read",
    "raise ValueError\nmodel.add(Dense(open('x').read()))": "not-read",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_code_is_an_error(text: str) -> None:
    start = "model = Sequential([Input((4,)), Dense(3)])\n"
    with pytest.raises(ac.ArchcalcError) as caught:
        read(start + text)
    assert caught.value.code == HOSTILE[text]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = (" * 300, "not-python"),
        ("x = " + "-" * 100_000 + "1", "source-too-deep"),
        ("x = 1\n" * 100_000, "source-too-long"),
        ("x\0 = 1\n", "not-python"),
        ("model = (\n", "not-python"),
        ("x = 1\n", "no-model"),
        ("no/such/file.py", "unreadable"),
    ],
)
def test_what_is_no_model(text: str, code: str) -> None:
    with pytest.raises(FrameworkError) as caught:
        read(text)
    assert caught.value.code == code


# Errors say where


def test_an_error_names_its_line_and_the_way_out() -> None:
    text = 'model = Sequential()\nmodel.add(Dense(3, activaton="relu", input_shape=(4,)))\n'
    with pytest.raises(ac.ArchcalcError) as caught:
        read(text)
    assert str(caught.value) == (
        "the source:2:11: Dense: activaton is not an argument, in "
        '`model.add(Dense(3, activaton="relu", input_shape=(4,)))`; did you mean activation? '
        "[unknown-argument]"
    )
    assert caught.value.values["number"] == 2


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("model = Sequential()\nmodel.add(Dens(3))", "unknown-layer", "did you mean Dense?"),
        ("x = Input((3,))\nmodel = Model(x, mine(x))", "unknown-layer", "paste its definition"),
        ("import keras\nm = keras.applications.Xception()", "not-in-source", "archcalc summary"),
        ("a = Sequential([Dense(1)])\nb = Sequential([Dense(1)])", "several-models", "name='b'"),
        (torch_sources.DCGAN, "several-models", "name='netD'"),
        (torch_sources.SNIPPETS["LeNet"][2], "no-input-shape", "--input 3,224,224"),
        ("m = Sequential([Dense(2, input_shape=x.shape[1:])])", "no-input-shape", "(28, 28, 1)"),
    ],
)
def test_errors_say_a_way_out(text: str, code: str, hint: str) -> None:
    with pytest.raises(FrameworkError) as caught:
        read(text).trace()
    assert caught.value.code == code
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("if x[:, 0] > 0:\n            return x", "depends on the numbers in a tensor"),
        ("return torch.fft.fft(x)", "torch.fft.fft is not defined"),
        ("for row in x:\n            x = row\n        return helper(x)", "the batch"),
        ("return self.nothing(x)", "not defined in this source"),
        ("y = x.view(-1, 7)\n        return y", "elements"),
    ],
)
def test_a_forward_that_cannot_be_read(body: str, what: str) -> None:
    text = (
        "import torch\nfrom torch import nn\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.a = nn.Linear(4, 4)\n"
        f"    def forward(self, x):\n        x = self.a(x)\n        {body}\n"
    )
    with pytest.raises(ac.ArchcalcError, match=what) as caught:
        read(text, input_shape=(4,))
    assert caught.value.path.startswith("the source:")


# Symbols


def test_a_name_without_a_value_is_a_symbol_and_a_warning_says_so() -> None:
    text = "m = Sequential([Dense(hidden * 2, input_shape=(784,)), Dense(num_classes)])"
    with pytest.warns(ac.ArchcalcWarning, match="num_classes has no value"):
        total = ac.from_source(text).trace().parameters
    assert total(hidden=50, num_classes=10) == 785 * 100 + 101 * 10


ASKS_FOR_TYPES = """
import torch, functools
from torch import nn
class Net(nn.Module):
    def __init__(self, norm=functools.partial(nn.BatchNorm2d, affine=False), act=nn.ReLU):
        super().__init__()
        a = nn.Conv2d(3, 4, 3)
        assert type(a) is nn.Conv2d and type(a) == nn.Conv2d and a.__class__ == nn.Conv2d
        n = 8 if type(norm) == functools.partial and norm.func == nn.BatchNorm2d else 16
        n += 1 if norm.keywords["affine"] else 2
        n += 4 if isinstance(norm, functools.partial) else 0
        n += 1 if type([1]) == list and type(3) is int and type("a") != int else 100
        n += 1 if a.__class__.__name__ == "Conv2d" and type(self).__name__ == "Net" else 1000
        n += 1 if nn.Conv2d.__name__.find("Conv") == 0 else 1000
        n += 1 if act == nn.ReLU and act != nn.GELU and act in (nn.ReLU, nn.SiLU) else 1000
        n += 1 if type(nn.Sequential(a)) == nn.Sequential and type(True) is bool else 1000
        self.fc = nn.Linear(5, n)
    def forward(self, x):
        return self.fc(x)
m = Net()
"""


def test_types_are_those_of_the_framework() -> None:
    pytest.importorskip("torch")
    theirs = executed(ASKS_FOR_TYPES, "m").fc.out_features
    assert read(ASKS_FOR_TYPES, input_shape=(5,)).trace().output == (theirs,)


def test_a_matrix_of_word_vectors_changes_no_count() -> None:
    """After https://keras.io/examples/nlp/pretrained_word_embeddings/, in its older form."""
    text = """
import keras
import numpy as np
from keras import layers
matrix = np.zeros((1000, 50))
for word, i in tokenizer.word_index.items():
    vector = vectors.get(word)
    if vector is not None:
        matrix[i] = vector
model = keras.Sequential([
    keras.Input((20,)),
    layers.Embedding(len(matrix), matrix.shape[1], weights=[matrix], trainable=False),
    layers.Flatten(),
    layers.Dense(1, bias_initializer=keras.initializers.Constant(np.log([7 / 3]))),
])
"""
    trace = read(text).trace()
    assert (trace.total_params, trace.trainable_parameters) == (1000 * 50 + 1001, 1001)


@pytest.mark.parametrize("given", ["5", "(4, 6)", "3, strides=2", "(3, 2), (2, 5)", "3, 2, 2"])
def test_patches_are_where_keras_takes_them(given: str) -> None:
    pytest.importorskip("keras")
    text = f"""
import keras
x = keras.Input((23, 31, 3))
model = keras.Model(x, keras.ops.image.extract_patches(x, {given}))
"""
    assert read(text).trace().output == executed(text, "model").output_shape[1:]
    if given == "3, strides=2":
        tensorflow = text.replace(
            given, "sizes=[1, 3, 3, 1], strides=[1, 2, 2, 1], rates=[1] * 4, padding='VALID'"
        )
        tensorflow = "import tensorflow as tf\n" + tensorflow.replace("keras.ops.image", "tf.image")
        assert read(tensorflow).trace().output == read(text).trace().output


def test_a_configuration_that_is_not_given_is_the_one_the_source_declares() -> None:
    """A file that only defines a model: nanoGPT's own model.py."""
    name, shape, text = torch_sources.SNIPPETS["GPT"]
    assert f"{name} = GPT(GPTConfig())" in text
    defined = text.replace(f"{name} = GPT(GPTConfig())", "")
    with pytest.warns(ac.ArchcalcWarning, match=r"config is not given: it is GPTConfig\(\)"):
        net = ac.from_source(defined, input_shape=shape)
    assert net.trace().parameters == read(text, name, shape).trace().parameters


def test_what_a_class_is_not_given_is_a_symbol() -> None:
    text = (
        "class Net(nn.Module):\n"
        "    def __init__(self, d_in, d, classes=10):\n        super().__init__()\n"
        "        self.up, self.out = nn.Linear(d_in, 4 * d), nn.Linear(4 * d, classes)\n"
        "    def forward(self, x):\n        return self.out(F.relu(self.up(x)))\n"
    )
    total = read(text, input_shape=("d_in",)).trace().parameters
    assert total(d_in=20, d=3) == 21 * 12 + 13 * 10


def test_open_axes_of_keras_are_symbols() -> None:
    text = "x = Input((None, 127))\nmodel = Model(x, LSTM(48)(x))"
    assert str(read(text).trace().macs) == "33600·t"


def test_sizes_of_a_torch_model_may_be_symbols() -> None:
    name, _, text = torch_sources.SNIPPETS["GPT"]
    macs = read(text, name, ("t",)).trace().macs
    name, _, text = torch_sources.SNIPPETS["GPT"]
    assert [macs(t=t) for t in (8, 16)] == [read(text, name, (t,)).trace().macs for t in (8, 16)]


def test_a_condition_on_a_symbol_is_decided_where_every_number_agrees() -> None:
    text = "if width >= 1:\n    m = Sequential([Dense(width, input_shape=(3,))])\n"
    assert read("width = 2 * k\n" + text).trace().parameters(k=5) == 40


# Which model, and how code is pasted


def test_a_model_inside_another_is_not_meant() -> None:
    _, text = keras_sources.SNIPPETS["functional guide: autoencoder of models"]
    assert read(text).name == "autoencoder"
    assert read(text, "encoder").name == "encoder"


def test_a_file_and_a_name_in_it(tmp_path: Path) -> None:
    file = tmp_path / "gan.py"
    file.write_text(torch_sources.DCGAN)
    assert read(f"{file}:netG", input_shape=(100, 1, 1)).trace().output == (3, 64, 64)


def test_code_from_a_notebook_and_with_prompts() -> None:
    cell = "!pip install keras\n%matplotlib inline\n" + keras_sources.SEED
    for text in (cell, textwrap.indent(cell, "    ")):
        assert read(text).trace().parameters == 542_230
    prompts = (
        ">>> m = Sequential([\n...     Dense(10, input_shape=(4,))])\n>>> m.count_params()\n50\n"
    )
    assert read(prompts).trace().parameters == 50


def test_the_input_is_that_of_the_first_call() -> None:
    text = torch_sources.SNIPPETS["blitz"][2] + "\nout = net(torch.randn(1, 1, 32, 32))\n"
    assert read(text).trace().parameters == 61_706  # as the tutorial's parameters add up


def test_paths_are_those_of_the_attributes() -> None:
    name, shape, text = torch_sources.SNIPPETS["MobileNetV2"]
    paths = [row.path for row in read(text, name, shape).trace()]
    assert paths[:3] == ["features/0/0", "features/0/1", "features/0/2"]
    assert "classifier/1" in paths


def test_weights_that_reach_no_output_are_counted() -> None:
    name, shape, text = torch_sources.SNIPPETS["squeeze and excitation"]
    rows = {row.path: row.applied.weights for row in read(text, name, shape).trace()}
    assert sum(weight.size for weight in rows["unused"]) == 3 * 5 + 5


def test_training_is_passed_over() -> None:
    text = keras_sources.SEED + "\nfor epoch in range(10**9):\n    loss = train(epoch)\n"
    assert read(text).trace().parameters == 542_230


@pytest.mark.parametrize("given", [None, 3, b"model.py", {"model": 1}])
def test_what_is_no_source_is_said_to_be_none(given: Any) -> None:
    with pytest.raises(FrameworkError, match="is no source code"):
        ac.from_source(given)


FAILED_BESIDE = """
import keras
from keras import layers
def build(units, depth):
    return keras.Sequential([keras.Input((8,)), *[layers.Dense(units) for _ in range(depth)]])
def table(rows):
    return open(rows).read().split()
model = build(3, 2)
"""


def test_what_failed_beside_a_model_is_in_nobodys_way() -> None:
    """A table that is not read is no model; a model that is not read is one, and is said."""
    assert read(FAILED_BESIDE + "rows = table('x') + 1\n").trace().parameters == 39
    with pytest.raises(FrameworkError, match="open is not followed"):
        ac.from_source(FAILED_BESIDE + "larger = build(3, depth=len(table('x')))\n")


def test_a_model_of_what_is_not_read_is_an_error() -> None:
    text = (
        keras_sources.OWN
        + """
inner = keras.Sequential([keras.Input((8,)), Block(8), layers.Dense(3)])
model = keras.Model(inner.inputs, layers.Dense(2)(inner.layers[0].output))
"""
    )
    with pytest.raises(FrameworkError, match="the outputs of this Model depend on"):
        ac.from_source(text)


def test_no_other_model_is_taken_for_one_that_cannot_be_read() -> None:
    source = """
from keras import Input, Model, Sequential
from keras.layers import Dense
base = Sequential([Input((8,)), Dense(4, name="d"), Dense(3)])
model = Model(base.inputs, base.get_layer("d").output)
"""
    with pytest.raises(ac.errors.FrameworkError, match="get_layer takes a layer out of a model"):
        ac.from_source(source)
    assert ac.from_source(source, name="base").trace().parameters == 51
