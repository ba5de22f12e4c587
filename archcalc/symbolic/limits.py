"""How large things may become, each bound stated once; `docs/concepts/limits.md` shows them.

What is here decides what is answered and what is refused.  How work is cut on the way (blocks,
samples, how many terms still read well) stands by the work itself.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds on formulas, on conditions, and on the work that questions take.

    Attributes:
        characters: of the text of a formula, and of a condition.
        terms: of one sum in a text; they nest, and how deep differs from one Python to another.
        nesting: brackets inside one another.
        digits: of a number in a text.
        name: characters of a symbol's name.
        arguments: different ones of maxima and minima in a text, all together.
        sums: over copies in a text.
        nested_sums: those inside one another.
        exponent: the largest that is a number.
        degree: of a sum, whose roots sympy looks for to learn its sign.
        bits: of a number that comes out of a text.
        parts: symbols, numbers and operations of what comes out of a text.
        divided_terms: of what is divided, multiplied out.
        compared: comparisons in a condition that is assumed.
        joined: comparisons in a constraint with ``or``, ``not`` or ``!=``.
        condition_nesting: brackets and ``not`` inside one another in a condition.
        decimal_digits: of a number such as ``1e300``.
        dimension_bits: of a dimension; far beyond any memory, and small enough that every product
            of a few can still be printed.
        axes: of a shape.
        power_bits: of a power that is computed: ``9**9**9`` would fill the memory.
        early_power_bits: of a power that is computed before all symbols have numbers, or in a
            bound; a larger one is left for the evaluation.
        summed: terms of a sum over copies without a closed form.
        copies: of a block of which each is asked whether what it needs is met.
        axis_values: of one symbol in a sweep.
        expanded_terms: of what is multiplied out.
        looked_at: numbers that solving looks at one by one.
        solution_bits: of what solving finds.
        classes: residue classes into which floors are taken apart to solve.
        compared_classes: those in which two sides are compared.
        told_apart: numbers for which a crossover says one by one which formula is larger.
        search_work: operations on 64 bits of a search on one machine, about.
        calls: of a function whose formula is interpolated.
        picture_cells: of a picture of a sweep.
        source_characters: of source code that is read for a network.
        source_steps: expressions and statements followed for one statement of it; ten times as many
            for all.
        source_nesting: calls, statements and brackets of it inside one another.
        source_layers: layers that it makes.
        source_items: of a list that it makes.
        source_files: beside it, from which it imports.
        onnx_bytes: of an ONNX file, external data apart.
        onnx_nodes: of an ONNX model, its functions inlined and its loops unrolled.
        onnx_numbers: of a constant that its operators compute.

    >>> LIMITS.digits
    600
    """

    characters: int = 10_000
    terms: int = 2_500
    nesting: int = 40
    digits: int = 600
    name: int = 64
    arguments: int = 12
    sums: int = 100
    nested_sums: int = 4
    exponent: int = 1_000
    degree: int = 60
    bits: int = 2_000
    parts: int = 5_000
    divided_terms: int = 250
    compared: int = 2
    joined: int = 100
    condition_nesting: int = 30
    decimal_digits: int = 300
    dimension_bits: int = 1_024
    axes: int = 64
    power_bits: int = 1_000_000
    early_power_bits: int = 100_000
    summed: int = 20_000
    copies: int = 4_096
    axis_values: int = 10**9
    expanded_terms: int = 20_000
    looked_at: int = 100_000
    solution_bits: int = 4_096
    classes: int = 420
    compared_classes: int = 64
    told_apart: int = 1_000
    search_work: int = 10**10
    calls: int = 20_000
    picture_cells: int = 4_000_000
    source_characters: int = 500_000
    source_steps: int = 200_000
    source_nesting: int = 120
    source_layers: int = 4_000
    source_items: int = 100_000
    source_files: int = 100
    onnx_bytes: int = 2**31
    onnx_nodes: int = 50_000
    onnx_numbers: int = 1_000_000


LIMITS = Limits()
"""Those that hold."""
