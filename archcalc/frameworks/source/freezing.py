"""Loops over parameters that keep them from being trained."""

from __future__ import annotations

import ast
from typing import Any

from archcalc.frameworks.source.values import Children, Instance, Joined, Made

__all__ = ["freezes", "set_trained"]


def freezes(loop: ast.For) -> tuple[ast.expr, bool] | None:
    """Whose parameters a loop freezes, or trains again; ``None`` where it does something else.

    >>> (loop,) = ast.parse("for p in net.parameters(): p.requires_grad = False").body
    >>> owner, flag = freezes(loop)
    >>> ast.unparse(owner), flag
    ('net', False)
    """
    call, name = loop.iter, loop.target
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)) or call.args:
        return None
    if call.func.attr != "parameters" or not isinstance(name, ast.Name) or len(loop.body) != 1:
        return None
    flag = _told(loop.body[0], name.id)
    return None if flag is None else (call.func.value, flag)


def _told(statement: ast.stmt, name: str) -> bool | None:
    """What a statement says of ``requires_grad``: an assignment, or a call of the method."""
    value: ast.expr | None = None
    place: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        place, value = statement.targets[0], statement.value
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        place, args = statement.value.func, statement.value.args
        value = args[0] if args else ast.Constant(True)
    if not isinstance(place, ast.Attribute) or not isinstance(place.value, ast.Name):
        return None
    said = place.value.id == name and place.attr in ("requires_grad", "requires_grad_")
    if said and isinstance(value, ast.Constant) and isinstance(value.value, bool):
        return value.value
    return None


def set_trained(owner: Any, flag: bool) -> None:
    """Let all layers of a module be trained, or be kept as they are."""
    if isinstance(owner, Made) and not owner.called:
        owner.layer = owner.layer.model_copy(update={"trainable": flag})
    elif isinstance(owner, Joined):
        owner.trainable = flag
    elif isinstance(owner, Children):
        owner.trainable = flag
        for part in owner.parts.values():
            set_trained(part, flag)
    elif isinstance(owner, Instance):
        for part in owner.names.values():
            set_trained(part, flag)
    elif isinstance(owner, list | tuple):
        for part in owner:
            set_trained(part, flag)
