"""An edit: one thing that a person may have done otherwise, after which the count is another.

An edit looks at one call of one layer and says what may have been done otherwise there: another
layer in its place, another input, another output, or its rule read otherwise.  It knows no numbers
that were claimed.  Its cost in bits is how little it is expected: a mistake that one in eight makes
costs 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from sympy import Expr, Symbol

from archcalc.explain.reconciling.quantities import Quantity
from archcalc.explain.reconciling.terms import Terms, size_of
from archcalc.layers import Applied, Layer
from archcalc.layers.notation import Notation, notation_of
from archcalc.network import Row
from archcalc.symbolic.dims import Dim
from archcalc.symbolic.errors import InvalidLayerError, quoted
from archcalc.symbolic.printing import to_text
from archcalc.symbolic.printing.plain import visible
from archcalc.symbolic.shape import Shape
from archcalc.symbolic.shown import Shown

__all__ = ["EDITS", "Edit", "Finding", "Place", "Variant", "register_edit"]


@dataclass(frozen=True, slots=True, repr=False)
class Finding(Shown):
    """One thing that lies between a claim and the truth.

    Attributes:
        layer: the path of the layer, or ``"total"``.
        kind: a stable name such as ``"missing-bias"``.
        amount: what is added to the claim for it, towards the truth: a number, or a formula where
            the network has symbols; ``None`` of shapes, which are not added.
        text: in words.
    """

    layer: str
    kind: str
    amount: Any
    text: str

    def __repr__(self) -> str:
        shown = f"{self.amount:+,}" if isinstance(self.amount, int) else str(self.amount or "")
        return f"<{visible(self.layer)} {shown.replace('-', '−')}, {self.kind}: {self.text}>"


class Place:
    """One call of one layer, as an edit sees it.

    Attributes:
        row: the call.
        earlier: those before it.
        quantity: what is counted.
        widths: how many features come out of the layers of the network.
    """

    def __init__(
        self,
        row: Row,
        earlier: Sequence[Row],
        quantity: Quantity,
        widths: frozenset[int] = frozenset(),
    ) -> None:
        self.row = row
        self.earlier = earlier
        self.quantity = quantity
        self.widths = widths
        self._shown: dict[Expr | int, str] = {}

    @cached_property
    def notation(self) -> Notation:
        """The layer in its own notation."""
        return notation_of(self.row.applied)

    @cached_property
    def terms(self) -> Terms:
        """The products that the count of this call is the sum of."""
        return self.quantity.terms(self.row, self.notation)

    @property
    def values(self) -> dict[Symbol, Dim]:
        """What the symbols of the notation stand for."""
        return dict(self.notation.values)

    def shown(self, rule: Expr | int) -> str:
        """A rule as text."""
        known = self._shown.get(rule)
        if known is None:
            known = self._shown[rule] = to_text(rule, {}, self._order)
        return known

    @cached_property
    def _order(self) -> tuple[Symbol, ...]:
        return self.notation.order

    def named(self, one: Symbol) -> str:
        """A symbol with the word for what it is: ``the length t``, ``the units u``."""
        field = self.notation.fields.get(one)
        if field:
            return f"the {field.replace('_', ' ')} {self.shown(one)}"
        x = self.row.inputs[0] if self.row.inputs else Shape()
        names = self.row.layer.axis_names_for(x)
        if one.name in names:
            word = self.row.layer.axis_word(x, names.index(one.name))
            return (
                f"the {word} {self.shown(one)}"
                if not word.startswith("axis")
                else (self.shown(one))
            )
        return self.shown(one)

    @cached_property
    def count(self) -> int:
        """The sum of the terms."""
        return size_of(self.terms)


@dataclass(frozen=True, slots=True)
class Variant:
    """What may have been done otherwise at one call.

    Attributes:
        text: in words; a function is called where they are shown.
        read: other terms for those of the rule, where the rule was read otherwise.
        layer: another layer in its place; another specification.
        inputs: other shapes taken for its inputs.
        outputs: other shapes that come out, made from the layer on what then goes in.
        passes: other shapes that go on to every layer after it, where it is itself as it was.
        kind: a stable name, where it is not that of the edit.
        bits: its cost, where it is not that of the edit.
        tag: changes of several layers with the same tag may have been made in all of them.
        touches: what it is about; two changes of one call that touch the same do not combine.
        parts: the changes that it is made of, if each is to be told by itself.
        edit: the edit that it is of.
    """

    text: str | Callable[[], str]
    read: Callable[[Terms], Terms] | None = None
    layer: Layer | None = None
    inputs: tuple[Shape, ...] | None = None
    outputs: Callable[[Applied], tuple[Shape, ...] | None] | None = None
    passes: Callable[[Applied], tuple[Shape, ...] | None] | None = None
    kind: str = ""
    bits: float = -1.0
    tag: Hashable = None
    touches: Hashable = None
    parts: tuple[Variant, ...] = ()
    edit: Edit | None = None

    @property
    def moves(self) -> bool:
        """Whether what comes out may be another, so that layers after it see it."""
        return any(x is not None for x in (self.layer, self.outputs, self.passes))

    @property
    def words(self) -> str:
        """The text."""
        return self.text if isinstance(self.text, str) else self.text()


class Edit(ABC):
    """A kind of edit; subclass it, and `register_edit` one, to have a cause of your own looked for.

    Attributes:
        kind: a stable name.
        bits: its cost: log₂ of one in how many miscounts it is the cause.
        by_size: whether what it makes of a rule depends on the sizes that go in and come out, so
            that it is looked at again where another edit has changed them.
        seen_after: whether each of its changes is one that later calls see, so that it is not asked
            where the readings of rules explain a claim.

    A person who counts the biases of a layer twice:

    >>> from archcalc.explain.reconciling.terms import twice
    >>> class BiasTwice(Edit):
    ...     kind, bits = "bias-twice", 6.0
    ...     def variants(self, place):
    ...         names = frozenset(t.name for t in place.terms if t.role == "bias")
    ...         if names:
    ...             yield Variant("the bias was counted twice", lambda terms: twice(terms, names))
    >>> BiasTwice().kind
    'bias-twice'
    """

    kind: ClassVar[str] = ""
    bits: ClassVar[float] = 6.0
    by_size: ClassVar[bool] = False
    seen_after: ClassVar[bool] = False

    @abstractmethod
    def variants(self, place: Place) -> Iterable[Variant]:
        """What may have been done otherwise at a call."""

    def at(self, place: Place) -> Iterator[Variant]:
        """The changes, with the name and the cost of the edit where they have none of their own."""
        for change in self.variants(place):
            kind = change.kind or self.kind
            yield Variant(
                change.text, change.read, change.layer, change.inputs, change.outputs,
                change.passes, kind, self.bits if change.bits < 0 else change.bits,
                (kind,) if change.tag is None else change.tag, change.touches, change.parts, self,
            )  # fmt: skip


EDITS: list[Edit] = []
"""Every edit that is tried, in order."""


def register_edit(edit: Edit) -> Edit:
    """Have `reconcile` try `edit`; one of the same kind that was registered before is replaced.

    Args:
        edit: the edit, an object of a subclass of `Edit`.

    Raises:
        InvalidLayerError: it is no edit, or has no kind.
    """
    if not isinstance(edit, Edit) or not edit.kind:
        raise InvalidLayerError(
            f"{quoted(edit, 60)} is no edit with a kind",
            code="not-an-edit",
            hint="subclass archcalc.explain.Edit, and give it kind and variants(place)",
        )
    EDITS[:] = [known for known in EDITS if known.kind != edit.kind]
    EDITS.append(edit)
    return edit
