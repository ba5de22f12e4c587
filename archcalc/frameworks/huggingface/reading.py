"""A network from a ``config.json``, as models of Hugging Face have it, without transformers."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from archcalc import families
from archcalc.families import LANGUAGE_MODELS, LanguageModel, language_model
from archcalc.frameworks.huggingface.defaults import SIZED, aliases, defaults, uncounted
from archcalc.frameworks.huggingface.fields import Config
from archcalc.frameworks.huggingface.types import TYPES, Head, Type
from archcalc.network import Network
from archcalc.symbolic.dims import DimLike
from archcalc.symbolic.errors import (
    ArchcalcError,
    ArchcalcWarning,
    SpecificationError,
    quoted,
    shorten,
)

__all__ = ["Reading", "from_huggingface", "read_config", "read_config_file"]

_LARGEST = 10_000_000
"""How many characters a configuration has at most."""

_INSIDE = ("text_config", "llm_config", "language_config", "thinker_config", "text")
"""Where models of images and words keep the configuration of the words."""

_INSIDE_TYPES = {
    "gemma3": "gemma3_text", "llava": "llama", "llava_next": "llama", "mistral3": "mistral",
    "paligemma": "gemma", "qwen2_vl": "qwen2", "qwen2_5_vl": "qwen2", "qwen3_vl": "qwen3",
    "qwen3_vl_moe": "qwen3_moe", "qwen2_vl_text": "qwen2", "qwen2_5_vl_text": "qwen2",
    "qwen3_vl_text": "qwen3", "qwen3_vl_moe_text": "qwen3_moe", "pixtral": "mistral",
}  # fmt: skip
"""Types whose words are of a type that is known, by another name."""


def from_huggingface(
    source: str | os.PathLike[str] | Mapping[str, Any], *, length: DimLike = "t"
) -> Network:
    """The network that a ``config.json`` describes; transformers need not be installed.

    What it holds is read by the data of its ``model_type``: names of fields, what stands for one
    that is missing, and for one that is null.  Which class a checkpoint is of, with a head or
    without, ``architectures`` says; a language model has its head where nothing is said.

    Args:
        source: the path of a file or of the folder it is in, its text, or a dict.
        length: how many words a sequence has, a number or a symbol.

    Raises:
        SpecificationError: it is no configuration, its type is not known, or a field is missing or
            impossible; the error names the key.

    Warns:
        ArchcalcWarning: a field that may change a count is not known, or a part is left out.

    >>> net = from_huggingface({
    ...     "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    ...     "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    ...     "vocab_size": 128256,
    ... })
    >>> net.trace().parameters
    8030261248
    """
    return read_config(source, length=length).network()


def read_config_file(path: str | os.PathLike[str], input_shape: Sequence[Any] | None) -> Network:
    """The network that a configuration in a file describes.

    Args:
        path: the file.
        input_shape: what goes in: how many words, where that is no symbol.

    Raises:
        ArchcalcError: as `from_huggingface`.
    """
    try:
        return from_huggingface(path, length=input_shape[0] if input_shape else "t")
    except ArchcalcError as error:
        raise error.in_file(os.fspath(path)) from None


@dataclass(frozen=True)
class Reading:
    """What a configuration was read as.

    Attributes:
        type: its ``model_type``.
        family: the family of `archcalc.families`.
        arguments: what the family is given: every size and choice.
        head: what its class has after the last layer.
    """

    type: str
    family: str
    arguments: Mapping[str, Any]
    head: Head

    def network(self) -> Network:
        """The network."""
        style = LANGUAGE_MODELS.get(self.family)
        if style is not None:
            return language_model(**{**style, **self.arguments})
        made: Network = getattr(families, self.family)(**self.arguments)
        return made


def read_config(
    source: str | os.PathLike[str] | Mapping[str, Any], *, length: DimLike = "t"
) -> Reading:
    """What a configuration says, before a network is made of it.

    Args:
        source: as in `from_huggingface`.
        length: how many words a sequence has.

    Raises:
        SpecificationError: as in `from_huggingface`.

    >>> read_config({"model_type": "gpt2"}).arguments["width"]
    768
    """
    given = _loaded(source)
    kind, given = _type_of(given)
    found = TYPES[kind]
    config = Config(given, defaults(kind), aliases(kind), kind)
    _refuse(config, found)
    arguments = dict(config.fill(found.sources))
    _possible(config, found)
    _understood(config, found)
    head = _head(given, found)
    made = {**arguments, **found.heads[head]}
    if found.family in LANGUAGE_MODELS:
        made = {**_OPEN, **_of_language(made)}
    made = {name: value for name, value in made.items() if name not in found.beside}
    if found.sequence:
        made[found.sequence] = length
    return Reading(kind, found.family, made, head)


def _of_language(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a `LanguageModel` has, without experts where no layer has any."""
    fields = LanguageModel.__dataclass_fields__
    parts = {name: value for name, value in arguments.items() if name in fields}
    if not parts.get("shared_ffn"):
        parts["shared_ffn"] = None
    if parts.get("sparse") and not any(parts["sparse"]):
        parts |= {"experts": None, "sparse": ()}
    return parts


_OPEN: dict[str, Any] = {"window": None, "dense_first": 0, "query_latent": None, "soft_cap": None}
"""Sizes that families leave open and that a configuration may have none of."""


def _loaded(source: Any) -> dict[str, Any]:
    """The fields, from wherever they are."""
    if isinstance(source, Mapping):
        return dict(source)
    if not isinstance(source, str | os.PathLike):
        raise SpecificationError(
            f"{quoted(source, 60)} is no configuration",
            code="not-a-config", hint="give the path of a config.json, its text, or a dict",
        )  # fmt: skip
    text = source if isinstance(source, str) and source.lstrip()[:1] == "{" else _read(source)
    if len(text) > _LARGEST:
        raise SpecificationError(
            f"a configuration of {len(text)} characters is none", code="not-a-config",
            hint=f"at most {_LARGEST}",
        )  # fmt: skip
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SpecificationError(
            f"the configuration is no JSON: {error}", code="not-a-config",
            hint="it is a file of one object, {\"model_type\": …}",
        ) from None  # fmt: skip
    if not isinstance(found, dict):
        raise SpecificationError(
            f"the configuration is {quoted(found, 40)}, and no object", code="not-a-config",
            hint="it is a file of one object, {\"model_type\": …}",
        )  # fmt: skip
    return found


def _read(source: str | os.PathLike[str]) -> str:
    path = Path(source)
    try:
        path = path / "config.json" if path.is_dir() else path
        if path.stat().st_size > _LARGEST:
            raise SpecificationError(
                f"{path} is too large for a configuration", code="not-a-config",
                hint=f"at most {_LARGEST} bytes",
            )  # fmt: skip
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, SpecificationError):
            raise
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise SpecificationError(
            f"{quoted(str(source), 80)} cannot be read: {why}", code="not-read",
            hint="give the path of a config.json, its text, or a dict",
        ) from None  # fmt: skip


def _type_of(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The type that is known, and its fields; of a model of images and words, that of the words."""
    name = given.get("model_type")
    inside = next((key for key in _INSIDE if isinstance(given.get(key), Mapping)), None)
    if isinstance(name, str) and name in TYPES:
        return name, given
    if inside is not None:
        words = dict(given[inside])
        words.setdefault("model_type", _INSIDE_TYPES.get(str(name), name))
        for key in ("tie_word_embeddings",):
            if key in given:
                words.setdefault(key, given[key])
        warnings.warn(
            ArchcalcWarning(
                f"{name}: the model of words in {inside} is read; what sees images or hears is not "
                "counted"
            ),
            stacklevel=4,
        )
        return _type_of(words)
    if isinstance(name, str) and name in _INSIDE_TYPES:
        for key in _INSIDE:
            if given.get(key) is not None:
                raise SpecificationError(
                    f"{name}: {key} is {quoted(given[key], 40)}",
                    code="invalid-field", path=key, values={key: given[key]},
                    hint="it is an object: the configuration of the words",
                )  # fmt: skip
        return _INSIDE_TYPES[name], given
    raise _unknown(name)


def _unknown(name: Any) -> SpecificationError:
    if name is None:
        return SpecificationError(
            "model_type is missing, so that nothing says which fields mean what",
            code="missing-key", path="model_type",
            hint=f"give one of {', '.join(sorted(TYPES))}",
        )  # fmt: skip
    near = get_close_matches(str(name), TYPES, n=3, cutoff=0.5) or sorted(TYPES)[:3]
    return SpecificationError(
        f"the model_type {quoted(name, 40)} is not known",
        code="unknown-model-type", path="model_type", values={"model_type": name},
        hint=f"the nearest that are known are {', '.join(near)}; a model that transformers has can "
        "be read with from_torch, and one that is made of known parts built with "
        "archcalc.families.language_model",
    )  # fmt: skip


def _refuse(config: Config, found: Type) -> None:
    for key, what in found.refuses.items():
        if config.raw(key):
            raise config.refused(key, config.raw(key), f"{what} is not read: leave {key} out")


def _possible(config: Config, found: Type) -> None:
    """That sizes fit one another, each by its key."""
    a = config.arguments
    heads, shared = a.get("heads"), a.get("kv_heads")
    if isinstance(heads, int) and isinstance(shared, int) and heads % shared:
        key = config.keys.get("kv_heads", config.keys["heads"])
        raise config.refused(key, shared, f"it parts the {heads} heads of queries evenly")
    _turned(config, LANGUAGE_MODELS.get(found.family, {"rotary": False}))
    image, patch = a.get("input_shape"), a.get("patch")
    if image is not None and isinstance(patch, int) and patch > min(image[:2]):
        raise config.refused(config.keys["patch"], patch, f"at most the image: {image[0]}")
    layers, groups = a.get("layers"), a.get("groups")
    if isinstance(layers, int) and isinstance(groups, int) and not 1 <= groups <= layers:
        raise config.refused(config.keys["groups"], groups, f"from 1 to the {layers} layers")
    count, active = a.get("experts"), a.get("active")
    met = any(a.get("sparse") or (True,))
    if met and isinstance(count, int) and isinstance(active, int) and active > count:
        key = config.keys.get("active", config.keys["experts"])
        raise config.refused(key, active, f"there are {count} experts: at most as many")


def _turned(config: Config, style: Mapping[str, Any]) -> None:
    """That features are turned in pairs, and no more of them than a head has."""
    a = config.arguments
    wide, latent = a.get("head_dim"), a.get("rotary_dim")
    rotary = a.get("rotary", style.get("rotary", True)) if latent is None else latent
    turned = wide if rotary is True else rotary
    if type(turned) is not int or not rotary:
        return
    if turned % 2 or (latent is None and isinstance(wide, int) and turned > wide):
        argument = (
            "rotary_dim" if latent is not None else "head_dim" if rotary is True else "rotary"
        )
        key = config.keys.get(argument, config.keys["width"])
        hint = "features are turned in pairs, and no more than a head has"
        raise config.refused(key, config.raw(key), hint)


def _understood(config: Config, found: Type) -> None:
    """Say which fields are not known and look as if they changed a count."""
    known = config.used | uncounted(config.name) | {*found.ignores, *_IGNORED}
    known |= {note.key for note in found.notes}
    left = [key for key, value in config.given.items()
            if value and key not in known and SIZED.search(key)]  # fmt: skip
    if left:
        names = ", ".join(sorted(left)[:8])
        _warn(
            f"{config.name}: what is not known of this type, and may change a count, is left out: "
            f"{names}"
        )
    if config.given.get("quantization_config"):
        _warn(
            f"{config.name}: quantization_config is not read, which counts no weights: say in what "
            "format they are stored, as with --dtype int4/128 or Formats(weights='int4/128')"
        )
    for note in found.notes:
        if note.meant(config.given):
            _warn(f"{config.name}: {note.key} is {config.given[note.key]}: {note.text}")


def _warn(text: str) -> None:
    warnings.warn(ArchcalcWarning(text), stacklevel=5)


_IGNORED = frozenset(("n_ctx", "n_positions", "ep_size", "num_labels", "num_return_sequences"))
"""Keys that files of many types have, for other programs."""


_HEADS: Mapping[str, Head] = {
    "ForCausalLM": "words", "LMHeadModel": "words", "ForConditionalGeneration": "words",
    "ForMaskedLM": "masked", "ForPreTraining": "both", "ForImageClassification": "image",
    "ForSequenceClassification": "classes", "ForTokenClassification": "each",
    "ForQuestionAnswering": "span", "Model": "none",
}  # fmt: skip
"""What a class has after its last layer, by how its name ends."""


def _head(given: Mapping[str, Any], found: Type) -> Head:
    """What the class that is named has; a head that is not known is left out, which is said."""
    named = given.get("architectures")
    first = named[0] if isinstance(named, list) and named else named
    if not isinstance(first, str) or not first:
        return found.default_head
    head = next((head for end, head in _HEADS.items() if first.endswith(end)), None)
    if head == "words" and "masked" in found.heads:
        head = "masked"
    if head is not None and head in found.heads:
        return head
    warnings.warn(
        ArchcalcWarning(
            f"architectures: what {shorten(first, 60)} has after its last layer is not counted"
        ),
        stacklevel=5,
    )
    return "none"
