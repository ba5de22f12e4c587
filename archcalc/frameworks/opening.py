"""A network from whatever a person has of a model: a path, a module's attribute, the model itself.

The command line, and the testing kit, take models through here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import Parameter, isroutine, signature
from typing import Any

from archcalc._files import names_attribute, names_source, reader_of
from archcalc.layers.base import Layer
from archcalc.network.base import Network
from archcalc.network.sequential import Sequential
from archcalc.network.spec.diagnostics import nearest
from archcalc.network.spec.files import read_file
from archcalc.symbolic.errors import (
    ArchcalcError,
    FrameworkError,
    SpecificationError,
    quoted,
    shorten,
)
from archcalc.symbolic.shape import as_shape

__all__ = ["beside", "is_keras", "is_torch", "model_at", "read_model"]


def read_model(
    model: Any, input_shape: Any = None, *, call: Mapping[str, Any] | None = None
) -> Network:
    """The network that a model is, whatever is given of it.

    Args:
        model: a network or a layer; a model of Keras, or a torch module; the path of a file that
            `load` reads; or ``"module:attribute"``, which names one of these, or a function or a
            class that makes one.  That module is imported, and a function is called: without
            pretrained weights, where it has an argument ``weights`` and no other is given.
        input_shape: what goes in, without the batch, numbers or symbols; a list of shapes where
            several go in.  It may be left out where the model says it.
        call: the arguments of the function or the class, by name.

    Raises:
        SpecificationError: there is no such file, module or attribute, or it makes no network.
        FrameworkError: it is of no known framework, or a framework is not installed.
        ArchcalcError: as the reader of the framework raises.

    >>> from archcalc.layers import Dense
    >>> read_model(Dense(10), 784).trace().parameters
    7850
    >>> read_model("archcalc.families:alexnet", call={"classes": 1000}).trace().output
    (1000,)
    """
    if isinstance(model, str | os.PathLike):
        if isinstance(model, str) and names_attribute(model):
            return _attribute(model, input_shape, call or {})
        reader = reader_of(model)
        if reader is not None:
            more = {"call": call} if call and names_source(model) else {}
            return reader(model, input_shape, **more)
        return _fed(read_file(model)[0], input_shape)
    made = _as_network(model, input_shape)
    if made is None:
        raise FrameworkError(
            f"{shorten(repr(model), 60)} is no network, no file, no Keras model and no torch "
            "module",
            code="unknown-framework",
        )
    return made


def beside(folder: str | os.PathLike[str], *, importing: bool = False) -> Callable[[str], Network]:
    """What opens the networks that a document names, which run nothing unless that is allowed.

    Args:
        folder: where files are looked for.
        importing: whether ``module:attribute`` is imported, which runs the module.

    >>> beside("docs/examples")("mnist_cnn.yaml").trace().parameters
    542230
    >>> beside("docs/examples")("os:system")
    Traceback (most recent call last):
    ...
    archcalc.symbolic.errors.SpecificationError: os:system: it is not imported, which would run ...
    """

    def opened(name: str) -> Network:
        if not names_attribute(name) or os.path.exists(os.path.join(folder, name)):
            return read_model(os.path.join(folder, name))
        if importing:
            return read_model(name)
        raise SpecificationError(
            "it is not imported, which would run it", code="not-allowed", path=name,
            hint="a file that describes the network runs nothing; --import, or archcalc_import, "
            "allows it",
        )  # fmt: skip

    return opened


def is_keras(model: object) -> bool:
    """Whether `model` is a layer or a model of Keras; Keras is not loaded to find out."""
    return any(
        cls.__module__.startswith("keras.") and cls.__name__ == "Layer"
        for cls in type(model).__mro__
    )


def is_torch(model: object) -> bool:
    """Whether `model` is a module of torch; torch is not loaded to find out.

    On Keras' torch backend a layer of Keras is one as well.
    """
    return any(cls.__module__ == "torch.nn.modules.module" for cls in type(model).__mro__)


def _as_network(model: Any, input_shape: Any) -> Network | None:
    if isinstance(model, Layer):
        return _fed(model if isinstance(model, Network) else Sequential([model]), input_shape)
    if is_keras(model):
        from archcalc.frameworks.keras_reading import from_keras

        return from_keras(model, input_shape)
    if is_torch(model):
        from archcalc.frameworks.torch_reading import from_torch

        if input_shape is None:
            raise FrameworkError(
                "a torch model does not say what goes into it", code="no-input-shape",
                hint="give input_shape=(3, 224, 224), or with symbols (3, 'h', 'w'); on the "
                "command line --input 3,224,224 or --input 3,h,w",
            )  # fmt: skip
        return from_torch(model, input_shape)
    return None


def _fed(network: Network, input_shape: Any) -> Network:
    """A network with what goes into it, where that is given."""
    if input_shape is None:
        return network
    if isinstance(input_shape, list | tuple) and any(
        isinstance(shape, list | tuple) for shape in input_shape
    ):
        raise SpecificationError(
            f"{len(input_shape)} shapes are given, and a network that archcalc describes takes one "
            "here",
            code="bad-option", values={"inputs": len(input_shape)},
            hint="a Model says what goes into it, shape by shape",
        )  # fmt: skip
    if isinstance(network, Sequential):
        return network.model_copy(update={"input_shape": as_shape(input_shape)})
    return Sequential([network], input_shape=input_shape)


# What a module calls by some name


def model_at(name: str, call: Mapping[str, Any] | None = None) -> Any:
    """What a module calls by some name, called if it is a function; importing the module runs it.

    Args:
        name: ``"module:attribute"``; the attribute may have dots in it.
        call: the arguments of a function or a class, by name.

    Raises:
        SpecificationError: there is no such module or attribute, or it fails.

    >>> model_at("archcalc.layers:Dense", {"units": 10})
    Dense(units=10)
    """
    module, _, path = name.partition(":")
    sys.path.insert(0, "")  # as for `python -m`: modules beside the one who asks
    try:
        if module.partition(".")[0] == "keras":
            _ready_keras()
        return _made(_part(import_module(module), path, name), name, call or {})
    except ArchcalcError:
        raise
    except ModuleNotFoundError as error:
        raise _no_module(error, module, name) from None
    except SystemExit as end:
        raise SpecificationError(
            f"it ends the process as it is imported, with {quoted(end.code, 60)}",
            code="not-importable", path=name,
            hint="keep what runs a program under if __name__ == '__main__'",
        ) from None  # fmt: skip
    except Exception as error:
        raise SpecificationError(
            f"it cannot be imported: {type(error).__name__}: {shorten(str(error))}",
            code="not-importable", path=name,
        ) from error  # fmt: skip
    finally:
        sys.path.remove("")


def _attribute(name: str, input_shape: Any, call: Mapping[str, Any]) -> Network:
    """The network that a module calls by some name."""
    made = model_at(name, call)
    try:
        network = _as_network(made, input_shape)
    except ArchcalcError as error:
        raise error.at(name) from None
    if network is None:
        raise SpecificationError(
            f"this is {type(made).__name__}, not a network of archcalc",
            code="not-a-network", path=name,
            hint="give the name of a network, of a model of torch or Keras, or of a function that "
            "makes one",
        )  # fmt: skip
    return network


def _part(module: Any, path: str, name: str) -> Any:
    """What a module calls by a name, in which dots may stand."""
    value = module
    for part in path.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            known = [other for other in dir(value) if not other.startswith("_")]
            raise SpecificationError(
                f"{getattr(value, '__name__', module.__name__)} has no {part}",
                code="not-importable", path=name, hint=nearest(part, known),
            ) from None  # fmt: skip
    return value


_INSTALLED_AS = {
    "PIL": "pillow", "cv2": "opencv-python", "skimage": "scikit-image", "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}  # fmt: skip
"""What packages are installed as, where that is another name than that of the module."""


def _no_module(error: ModuleNotFoundError, module: str, name: str) -> SpecificationError:
    """What is missing, be it the module itself or what it imports, and how to get it."""
    missing = error.name or ""
    top = missing.partition(".")[0]
    needs = "" if module == missing or module.startswith(f"{missing}.") else f"{module} imports "
    if not top or top in sys.modules:
        return SpecificationError(
            f"it cannot be imported: {needs}{shorten(str(error))}", code="not-importable",
            path=name, hint=_beside(top, missing),
        )  # fmt: skip
    package = _INSTALLED_AS.get(top, top)
    return SpecificationError(
        f"{needs}{top}{', which' if needs else ''} is not installed", code="not-importable",
        path=name,
        hint=f"pip install {package}, or call from the folder in which it is, if it is your own",
    )  # fmt: skip


def _beside(package: str, missing: str) -> str:
    """A module of a package that is called much like one that is not there."""
    from pkgutil import iter_modules

    places = getattr(sys.modules.get(package), "__path__", ())
    there = [f"{package}.{one.name}" for one in iter_modules(places)]
    return nearest(missing, there)


def _ready_keras() -> None:
    """Keras on a backend that is there, before something imports it."""
    from archcalc.frameworks.keras import import_keras

    import_keras()


def _made(value: Any, name: str, call: Mapping[str, Any]) -> Any:
    """What a function or a class makes; anything else as it is."""
    model = isinstance(value, Layer) or is_torch(value) or is_keras(value)
    if model or not (isroutine(value) or isinstance(value, type) or callable(value)):
        return value
    given = dict(call)
    try:
        found = signature(value)
    except (TypeError, ValueError):  # of a class written in C
        return _called(value, given, name)
    if "weights" in found.parameters:
        given.setdefault("weights", None)
    try:
        found.bind(**given)
    except TypeError as error:
        raise _called_wrong(error, found.parameters, name, given) from None
    return _called(value, given, name)


def _called(value: Any, given: Mapping[str, Any], name: str) -> Any:
    try:
        return value(**given)
    except ArchcalcError:
        raise
    except Exception as error:
        raise SpecificationError(
            f"it fails as it is called: {type(error).__name__}: {shorten(str(error))}",
            code="not-made", path=name, hint="--call NAME=VALUE gives it arguments",
        ) from error  # fmt: skip


_ASKED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)


def _called_wrong(
    error: TypeError, parameters: Mapping[str, Parameter], name: str, given: Mapping[str, Any]
) -> SpecificationError:
    """Which arguments a function takes, where it is called with others."""
    needed = [
        one.name
        for one in parameters.values()
        if one.default is one.empty and one.kind in _ASKED and one.name not in given
    ]
    known = [one.name for one in parameters.values() if one.kind in _ASKED]
    unknown = [key for key in given if key not in parameters]
    if unknown:
        close = nearest(unknown[0], known)
        takes = f"it takes {', '.join(known) or 'none'}"
        return SpecificationError(
            f"it cannot be called like that: there is no argument {quoted(unknown[0], 40)}",
            code="bad-option", path=name, hint="; ".join(filter(None, (close, takes))),
        )  # fmt: skip
    if needed:
        sample = " ".join(f"--call {one}=..." for one in needed)
        return SpecificationError(
            f"it cannot be called without {', '.join(needed)}", code="bad-option", path=name,
            hint=f"{sample} on the command line; in Python call={{{needed[0]!r}: ...}}",
        )  # fmt: skip
    return SpecificationError(
        f"it cannot be called like that: {shorten(str(error))}", code="bad-option", path=name,
        hint="--call NAME=VALUE gives an argument by its name",
    )  # fmt: skip
