"""ONNX exports of torch models without their weights, and torch's own figures of them.

Run in an environment with torch 2.14, torchvision 0.29, onnx 1.23 and onnxscript 0.7:

    python -m tests.data.make_onnx [DIRECTORY NAME ...]

Parameters are counted by torch, multiply-accumulates are half of what `FlopCounterMode` counts on
one sample, shapes are those that come out.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "onnx"
SCOPES = "pkg.torch.onnx.name_scopes"


def models() -> dict[str, tuple[Callable[[], Any], tuple[int, ...], str, dict[str, Any]]]:
    """By name: what makes the model, the input without the batch, the exporter, its arguments."""
    import torch
    import torchvision
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(100, 32)
            layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(32, 7)

        def forward(self, x: Any) -> Any:
            return self.head(self.encoder(self.table(x)).mean(1))

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(8, 16, 2, batch_first=True, bidirectional=True)
            self.gru = nn.GRU(32, 12, batch_first=True)
            self.head = nn.Linear(12, 3)

        def forward(self, x: Any) -> Any:
            y, _ = self.gru(self.lstm(x)[0])
            return self.head(y[:, -1])

    image = (3, 224, 224)
    batch = {"dynamic_shapes": {"x": {0: torch.export.Dim("N")}}}
    open_ = {"dynamic_axes": {"x": {0: "N", 2: "h", 3: "w"}}}
    made: dict[str, Any] = {
        "resnet18": (torchvision.models.resnet18, image, "program", {"optimize": False, **batch}),
        "resnet18_open": (torchvision.models.resnet18, image, "script", open_),
        "mobilenet_v2": (torchvision.models.mobilenet_v2, image, "script", {}),
        "squeezenet1_1": (torchvision.models.squeezenet1_1, image, "program", {}),
        "vit_b_16": (torchvision.models.vit_b_16, image, "program", {}),
        "encoder": (Encoder, (10,), "program", {}),
        "encoder_script": (Encoder, (10,), "script", {"dynamic_axes": {"x": {0: "N"}}}),
        "recurrent": (Recurrent, (9, 8), "script", {"dynamic_axes": {"x": {0: "N"}}}),
        "recurrent_program": (Recurrent, (9, 8), "program", {}),
    }
    for name in ("densenet121", "convnext_tiny", "efficientnet_b0", "shufflenet_v2_x1_0", "swin_t",
                 "mnasnet1_0", "regnet_y_400mf", "vgg11_bn"):  # fmt: skip
        for way, more in (("program", {"optimize": False}), ("script", {})):
            made[f"{name}-{way}"] = (getattr(torchvision.models, name), image, way, more)
    return made


KEPT = ("resnet18", "resnet18_open", "mobilenet_v2", "squeezenet1_1", "vit_b_16", "encoder",
        "encoder_script", "recurrent", "recurrent_program")  # fmt: skip
"""The models whose files are kept beside this."""


def exported(make: Callable[[], Any], shape: tuple[int, ...], way: str, more: Any) -> Any:
    """The model as ONNX without weights, and torch's figures."""
    import onnx
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)
    model = make().eval()
    for tensor in (*model.parameters(), *model.buffers()):  # no two alike, as in a trained model
        if tensor.is_floating_point():
            tensor.data.uniform_(0.1, 1)
    x = torch.zeros(1, *shape, dtype=torch.int64) if len(shape) == 1 else torch.rand(1, *shape)
    counter = FlopCounterMode(display=False)
    plain = sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(enabled=False)
    with torch.no_grad(), plain[0], plain[1], counter:  # fused kernels are not counted
        out = model(x)
    figures = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "macs": counter.get_total_flops() // 2,
        "output": list(out.shape[1:]),
    }
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = Path(folder) / "model.onnx"
        if way == "program":
            torch.onnx.export(model, (x,), path, dynamo=True, verbose=False, **more)
        else:
            training = torch.onnx.TrainingMode.PRESERVE
            names = {"input_names": ["x"], "training": training}
            torch.onnx.export(model, (x,), path, dynamo=False, **names, **more)
        return without_weights(onnx.load(path, load_external_data=False)), figures


def without_weights(model: Any) -> Any:
    """The model with the shapes alone of what is larger than 64 numbers, and no stack traces."""
    import onnx

    for tensor in model.graph.initializer:
        count = 1
        for length in tensor.dims:
            count *= length
        if count > 64:
            kept = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims)
            kept.data_location = onnx.TensorProto.EXTERNAL
            kept.external_data.add(key="location", value="weights.data")
            tensor.CopyFrom(kept)
    for node in model.graph.node:
        node.doc_string = ""
        scopes = [entry for entry in node.metadata_props if entry.key == SCOPES]
        del node.metadata_props[:]
        node.metadata_props.extend(scopes)
    for info in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del info.metadata_props[:]
    del model.graph.metadata_props[:], model.metadata_props[:]
    return model


def main(folder: Path, names: tuple[str, ...]) -> None:
    """Write the files and their figures."""
    folder.mkdir(exist_ok=True)
    every = models()
    figures = {}
    for name in names:
        model, figures[name] = exported(*every[name])
        data = gzip.compress(model.SerializeToString(), mtime=0)
        (folder / f"{name}.onnx.gz").write_bytes(data)
        print(name, len(data), figures[name], flush=True)
    text = json.dumps(figures, indent=2) + "\n"
    (folder / "figures.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else HERE, tuple(given[1:]) or KEPT)
