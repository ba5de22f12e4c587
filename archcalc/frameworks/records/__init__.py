"""What each layer is in Keras and in torch: a record a class, in a file a family of layers.

The file is called like that of the layers, and is found by that: nothing lists the files, and one
is loaded when a layer of its family is first asked for.

In Keras a layer is nearly always a class of the same name with the same arguments
(https://keras.io/api/layers/).  torch's layers (https://docs.pytorch.org/docs/stable/nn.html) work
on channels that come first, take padding by amounts, and have no activation of their own.  There an
entry says what the layer is *there*; `archcalc.frameworks.torch_cores` puts around it what our
fields `applied_outside` the entry ask for.  A class that begins with a dot is a small module of
`archcalc.frameworks.torch_modules`, for what torch has as a function or not at all.

What several layers are made from, and is no layer itself, has its part of their records in the list
``PARTS`` of its own family.
"""

from __future__ import annotations

from functools import lru_cache
from pkgutil import iter_modules

from archcalc._loading import loaded
from archcalc.frameworks.record import Record, Table
from archcalc.layers.base import Layer

__all__ = ["KERAS", "TORCH", "own_records", "record_of", "records", "register"]

_own: dict[type[Layer], Record] = {}


def register(record: Record) -> None:
    """Say what a layer of one's own is in frameworks.

    >>> from archcalc.frameworks.record import Entry
    >>> from archcalc.layers import Layer
    >>> class Halve(Layer):
    ...     def output_shape(self, x):
    ...         return x.replace(-1, x[-1] // 2)
    >>> register(Record(Halve, torch=Entry("GLU")))
    >>> record_of(Halve).torch.cls
    'GLU'
    """
    _own[record.layer] = _whole(record)


def own_records() -> tuple[Record, ...]:
    """The records that were registered."""
    return tuple(_own.values())


def record_of(layer: type[Layer]) -> Record | None:
    """The record of a class, if it has one."""
    family = _family_of(layer)
    return _own.get(layer) or (_family(family).get(layer) if family else None)


_PACKAGES = ("archcalc.layers", "archcalc.network")
"""Where the layers are that have their records here."""


def records() -> tuple[Record, ...]:
    """The record of every layer of the catalogue."""
    return tuple(record for family in _files() for record in _family(family).values())


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in iter_modules(__path__)))


@lru_cache(maxsize=256)
def _family(name: str) -> dict[type[Layer], Record]:
    found: tuple[Record, ...] = loaded(f"{__name__}.{name}").RECORDS
    return {record.layer: _whole(record) for record in found}


def _whole(record: Record) -> Record:
    """A record with those parts of it that stand with what its layer is made from."""
    for base in record.layer.__mro__[1:]:
        family = _family_of(base)
        parts = getattr(loaded(f"{__name__}.{family}"), "PARTS", ()) if family else ()
        for part in parts:
            record = record.beside(part) if part.layer is base else record
    return record


def _family_of(layer: type) -> str:
    """The file in which a class has its record, if it is one of the catalogue."""
    package, _, family = layer.__module__.rpartition(".")
    return family if package in _PACKAGES and family in _files() else ""


KERAS = Table("keras", "Keras", record_of, records)
"""Every layer of the catalogue in Keras."""

TORCH = Table("torch", "torch", record_of, records)
"""Every layer of the catalogue in torch."""
