"""A rule, or a product of one, in the words in which a cause is told."""

from __future__ import annotations

from sympy import Expr, Symbol

from archcalc.explain.reconciling.edit import Place
from archcalc.explain.reconciling.terms import Term, Terms

__all__ = ["bare_rule", "factor_name", "left_out_text", "rule_text", "rules_text", "sum_text"]


def rule_text(place: Place, term: Term) -> str:
    """The rule of one product, and what it comes to: ``n_in·n_out = 1,000``."""
    return f"{bare_rule(place, term)} = {term.size // term.times:,}"


def bare_rule(place: Place, term: Term) -> str:
    """The rule of one product as a person writes it: ``k·k·c_in·f``."""
    parts = [place.shown(f.rule) for f in term.factors if f.rule != 1]
    bracketed = [f"({p})" if " " in p and not p.startswith("⌊") else p for p in parts]
    return "·".join(bracketed) or "1"


def rules_text(place: Place) -> str:
    return ", ".join(f"{term.name} {rule_text(place, term)}" for term in place.terms[:4])


def left_out_text(place: Place, term: Term) -> str:
    return f"{term.name} was left out: {rule_text(place, term)}"


def factor_name(place: Place, rule: Expr | int, value: int) -> str:
    if isinstance(rule, int):
        return f"the factor {rule}"
    name = place.named(rule) if isinstance(rule, Symbol) else place.shown(rule)
    return f"{name} = {value:,}"


def sum_text(place: Place, terms: Terms) -> str:
    """A sum of products by rule, with the last factor taken out where all have it."""
    lists = [[f for f in t.factors if f.rule != 1] for t in terms]
    last = lists[0][-1].rule if lists and lists[0] else None
    if last is not None and len(lists) > 1 and all(fs and fs[-1].rule == last for fs in lists):
        inner = " + ".join("·".join(place.shown(f.rule) for f in fs[:-1]) or "1" for fs in lists)
        return f"({inner})·{place.shown(last)}"
    return " + ".join(bare_rule(place, term) for term in terms) or "0"
