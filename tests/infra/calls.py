"""Reads from a function's source which calls of AWS it makes: its folder's, and its part of the contract's."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import botocore.session
from botocore import xform_name

from tests.infra.template import ROOT

SESSION = botocore.session.get_session()
CONTRACT = "workflow.contract"
Call = tuple[str, str]
"""A service as boto3 names it, and an operation as Python calls it."""


def calls(folder: str) -> set[Call]:
    """Every call of the services that a folder makes clients of."""
    trees = [_parse(path) for path in sorted((ROOT / "lambdas" / folder).glob("*.py"))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    services = {name for node in nodes for name in _clients(node)}
    for definition in _reached(trees):
        nodes += ast.walk(definition)
    return {call for node in nodes for call in _called(node, services)}


def text_keys(folder: str) -> set[str]:
    """The keys of every dictionary that a folder writes out."""
    trees = [_parse(path) for path in (ROOT / "lambdas" / folder).glob("*.py")]
    dictionaries = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    return {str(key.value) for one in dictionaries for key in one.keys if isinstance(key, ast.Constant)}


@functools.cache
def operations(service: str) -> frozenset[str]:
    """The operations of a service, as Python calls them."""
    return frozenset(xform_name(name) for name in SESSION.get_service_model(service).operation_names)


@functools.cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _clients(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr in {"client", "resource"} and ast.unparse(node.func.value) == "boto3":
        (name,) = node.args
        assert isinstance(name, ast.Constant), "a client of a service that only shows at run time"
        yield str(name.value)


def _called(node: ast.AST, services: set[str]) -> Iterator[Call]:
    """What a node calls: ``sagemaker.list_models(…)``, or an operation that is named as a text and called elsewhere."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        # A client, or what gives the one of a stage.
        giver = node.func.value.func if isinstance(node.func.value, ast.Call) else node.func.value
        last = {ast.Attribute: "attr", ast.Name: "id"}.get(type(giver), "")
        receiver = str(getattr(giver, last, "")).removeprefix("_")
        makers = {service for service in services if node.func.attr in operations(service)}
        if node.func.attr in {"copy", "upload_file", "upload_fileobj", "download_file"} and receiver == "s3":
            yield ("s3", node.func.attr)
        # A regular expression searches, too.
        if node.func.attr != "search":
            yield from ((service, node.func.attr) for service in ({receiver} & makers or makers))
        if node.func.attr == "get_paginator" and isinstance(node.args[0], ast.Constant):
            yield from (
                (service, node.args[0].value) for service in services if node.args[0].value in operations(service)
            )
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "_" in node.value:
        yield from ((service, node.value) for service in services if node.value in operations(service))


def _reached(trees: list[ast.Module]) -> Iterator[ast.stmt]:
    """The definitions of the contract that these modules import, and all that those refer to."""
    open_ends = [name for tree in trees for name in _imported(tree)]
    seen: set[tuple[str, str]] = set()
    while open_ends:
        module, name = one = open_ends.pop()
        if one in seen:
            continue
        seen.add(one)
        path = ROOT / f"{module.replace('.', '/')}.py"
        if not path.is_file():
            continue
        tree = _parse(path)
        imported = {alias: (source, alias) for source, alias in _imported(tree)}
        for statement in tree.body:
            if name in _defined(statement):
                yield statement
                used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
                open_ends += [imported.get(other, (module, other)) for other in used]


@functools.cache
def _imported(tree: ast.Module) -> list[tuple[str, str]]:
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [(str(one.module), alias.name) for one in froms if _is_ours(one.module) for alias in one.names]


def _is_ours(module: str | None) -> bool:
    return module is not None and module.startswith(CONTRACT)


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {target.id for target in statement.targets if isinstance(target, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()
