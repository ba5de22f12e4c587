"""What transformers builds of the configurations of released models, on the meta device.

    python tests/data/make_released_models.py [part of a name …]

``released_configs.json`` holds the configurations, by the names their files have on the Hub: the
keys that say what is built, and keys beside them that files have.  Run with torch and transformers
installed; ``released_models.json.gz`` is written, with the names asked for made anew.
"""

from __future__ import annotations

import gzip
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.data.make_huggingface_models import built, counted

CONFIGS = Path(__file__).with_name("released_configs.json")
HOME = Path(__file__).with_name("released_models.json.gz")


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    transformers.logging.set_verbosity_error()
    configs: dict[str, Any] = json.loads(CONFIGS.read_text("utf-8"))
    known = json.loads(gzip.decompress(HOME.read_bytes()))["models"] if HOME.exists() else {}
    models = {}
    for name, config in configs.items():
        if name in known and not any(part in name for part in sys.argv[1:]):
            models[name] = known[name]
            continue
        with torch.device("meta"):
            models[name] = counted(built(config, config["architectures"][0]))
        print(f"{name}: {models[name]['parameters']:,}", flush=True)
    data = {"transformers": transformers.__version__, "torch": torch.__version__, "models": models}
    with gzip.GzipFile(HOME, "wb", mtime=0) as file:
        file.write(json.dumps(data, indent=0, sort_keys=True).encode())


if __name__ == "__main__":
    main()
