"""The JSON Schema of architecture files, made from the registered layers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import TypeAdapter

from archcalc._version import __version__
from archcalc.layers.base import Layer
from archcalc.layers.registry import layer_classes
from archcalc.network.model import Model
from archcalc.network.sequential import Sequential
from archcalc.network.spec.entries import (
    holding,
    keyword_fields,
    keywords,
    positional_fields,
    takes_list,
)
from archcalc.network.spec.version import VERSION
from archcalc.network.spec.vocabulary import LayerAlias, aliases

__all__ = ["json_schema"]

Schema: TypeAlias = dict[str, Any]

_KEYWORDS = frozenset(
    [
        "type",
        "enum",
        "const",
        "anyOf",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "pattern",
        "description",
        "default",
    ]
)
_DIMENSION: Schema = {
    "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "description": "a formula"}]
}

_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
_NAMES: Schema = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]
}


def json_schema() -> Schema:
    """The schema (JSON Schema, draft 2020-12) of a file, with every registered layer.

    It says how a file is written.  That values fit one another, as channels and groups do, is
    checked when the file is read.

    >>> schema = json_schema()
    >>> schema["$defs"]["Dropout"]["anyOf"][0]["required"]
    ['rate']
    """
    classes = layer_classes()
    definitions: Schema = {
        "dimension": _DIMENSION,
        "shape": {"anyOf": [_ref("dimension"), _list(_ref("dimension"))]},
        "inputs": {"type": "object", "minProperties": 1, "additionalProperties": _ref("shape")},
        "names": _NAMES,
        "layers": _list(_ref("layer")),
        "layer": _entry(classes),
        "Shared": _shared(),
    }
    for name, cls in classes.items():
        definitions[name] = _NETWORKS[cls]() if cls in _NETWORKS else _layer(cls)
    definitions |= {f"nn.{name}": _spelt(spelling) for name, spelling in aliases().items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A network, as archcalc reads it: version {VERSION} of the format",
        "$comment": f"with the layers of archcalc {__version__}",
        **_object(
            {
                "archcalc": {"const": VERSION, "description": "the version of the format"},
                "$schema": {"type": "string", "description": "where this schema is, for editors"},
                **_model()["properties"],
                "inputs": _ref("inputs"),
                "network": _ref("layer"),
            },
            [],
        ),
        "oneOf": [{"required": ["layers"]}, {"required": ["network"]}],
        "$defs": definitions,
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    made = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**made, "required": required} if required else made


def _entry(classes: Mapping[str, type[Layer]]) -> Schema:
    """One entry of a list of layers: a name alone, a name with arguments, or a list of entries."""
    bare = [name for name, cls in classes.items() if not _required(cls)]
    named = {name: _ref(name) for name in (*classes, "Shared")}
    for name, spelling in aliases().items():
        written = [f"nn.{name}", f"torch.nn.{name}", *([] if name in classes else [name])]
        named |= {key: _ref(f"nn.{name}") for key in written}
        bare += [] if _needed(spelling) else written
    one = {**_object(named, []), "minProperties": 1, "maxProperties": 1}
    return {"anyOf": [{"enum": bare}, one, _ref("layers")]}


def _needed(spelling: LayerAlias) -> list[str]:
    return [p.name for p in spelling.signature.parameters.values() if p.default is p.empty]


def _spelt(spelling: LayerAlias) -> Schema:
    """torch's arguments: by name, by position, the first alone, or none; each may be anything."""
    parameters = spelling.signature.parameters.values()
    free: Schema = {}
    named = {p.name: free for p in parameters}
    common = {name: _alone(Layer, name) for name in ("trainable", "frozen")}
    common |= {"name": _NAME, "inputs": _ref("names")}
    needed = _needed(spelling)
    places = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    plain: Schema = {"type": ["number", "string", "boolean"]}
    forms = [_object({**named, **common}, needed)]
    forms.append({"type": "array", "maxItems": len(places), "minItems": len(needed)})
    forms += [plain] if places and len(needed) < 2 else []
    forms += [] if needed else [{"type": "null"}]
    return {"description": f"torch.nn.{spelling.name}{spelling.signature}", "anyOf": forms}


def _required(cls: type[Layer]) -> list[str]:
    return [name for name in keyword_fields(cls) if cls.model_fields[name].is_required()]


def _layer(cls: type[Layer]) -> Schema:
    """The arguments of a layer: by name, by position, the first alone, or none."""
    fields = _fields(cls)
    required = _required(cls)
    free: Schema = {}
    kept = {name: free for name in keywords(cls) if name not in fields}
    forms = [_object({**fields, **kept, "inputs": _ref("names")}, required)]
    names = positional_fields(cls)
    if all(name in names[:1] for name in required) and names:
        forms.append(fields[names[0]])
    if names and not takes_list(cls, names[0]):
        items = [fields[name] for name in names]
        least = max((names.index(name) + 1 for name in required if name in names), default=0)
        forms.append({"type": "array", "prefixItems": items, "items": False, "minItems": least})
    if not required:
        forms.append({"type": "null"})
    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    return {"description": summary, "anyOf": forms} if summary else {"anyOf": forms}


def _fields(cls: type[Layer]) -> dict[str, Schema]:
    """The schema of each field, as Pydantic has it; of layers in it, as an entry."""
    held = {name: holding(cls, name) for name in cls.model_fields}
    fields: dict[str, Schema] = {}
    if not any(held.values()):
        properties = cls.model_json_schema()["properties"]
        return {name: _cleaned(properties[name]) for name in keyword_fields(cls)}
    for name in keyword_fields(cls):
        if held[name]:
            forms = [_ref("layers"), _ref("layer")]
            optional = not cls.model_fields[name].is_required()
            fields[name] = {"anyOf": [*forms, {"type": "null"}] if optional else forms}
        else:
            fields[name] = _alone(cls, name)
    return fields


def _alone(cls: type[Layer], name: str) -> Schema:
    """The schema of one field of a class whose other fields have none of their own."""
    field = cls.model_fields[name]
    annotation: Any = field.annotation
    for part in field.metadata:
        annotation = Annotated[annotation, part]
    schema: Schema = _cleaned(TypeAdapter(annotation).json_schema())
    return schema


def _cleaned(schema: Any) -> Any:
    """A schema with what it says of values, without titles and archcalc's own notes.

    A type that is defined elsewhere may have any value.
    """
    if isinstance(schema, list):
        return [_cleaned(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: part if key in ("default", "enum", "const") else _cleaned(part)
        for key, part in schema.items()
        if key in _KEYWORDS
    }


def _shared() -> Schema:
    long = _object({"layer": _NAME, "inputs": _ref("names"), "name": _NAME}, ["layer"])
    return {"description": "An earlier layer once more, with its weights.", "anyOf": [_NAME, long]}


def _model() -> Schema:
    return _object(
        {
            "name": _NAME,
            "trainable": {"type": "boolean"},
            "input": {"anyOf": [_ref("shape"), _ref("inputs")]},
            "inputs": _ref("names"),
            "layers": _ref("layers"),
            "outputs": _ref("names"),
        },
        ["input", "layers"],
    )


def _sequential() -> Schema:
    properties = {**_model()["properties"], "input": _ref("shape")}
    del properties["outputs"]
    return {"anyOf": [_object(properties, ["layers"]), _ref("layers")]}


_NETWORKS = {Sequential: _sequential, Model: _model}
