"""Learning: calls in, model out."""

from collections.abc import Sequence

import pyarrow as pa

from .declared import KnownRoute
from .model import TemplateModel, keys_of_segments, normal_host
from .segments import MARK, split
from .trie import REFUSED, Node, Tally, sketch_bit


def learn(
    calls: pa.Table, known: Sequence[KnownRoute] = (), previous: TemplateModel | None = None
) -> TemplateModel:
    """Learn templates from calls, on top of what `previous` has seen.

    `calls` has the string columns method, host, path (a query is ignored) and the nullable integer
    columns status and response_bytes; others are ignored. `previous` is left as it was. Declared
    routes of `previous` are kept and joined with `known`.
    """
    model = TemplateModel(known=tuple(dict.fromkeys([*(previous.known if previous else ()), *known])))
    if previous:
        for host, root in previous.roots.items():
            model.roots[host] = copied = Node()
            copied.merge(root)
    grouped = calls.select(["method", "host", "path", "status"]).group_by(
        ["method", "host", "path", "status"]
    )
    rows = grouped.aggregate([([], "count_all")])
    columns = [rows[name].to_pylist() for name in ("method", "host", "path", "status", "count_all")]
    for method, host, path, status, count in zip(*columns, strict=True):
        if method is None or host is None or path is None:
            continue
        _insert(model, method.upper(), normal_host(host), path, status, count)
    for root in model.roots.values():
        root.weigh()
        root.fold()
    model.compile()
    return model


def _insert(model: TemplateModel, method: str, host: str, path: str, status: int | None, count: int) -> None:
    node = model.roots.get(host)
    if node is None:
        node = model.roots[host] = Node()
    segments = split(path)
    for key, segment in zip(keys_of_segments(segments), segments, strict=True):
        child = node.children.get(key)
        if child is None:
            child = node.children[key] = Node()
        if key[0] == MARK:
            child.sketch |= sketch_bit(segment)
        node = child
    tally = node.methods.get(method)
    if tally is None:
        tally = node.methods[method] = Tally()
    if status is None:
        tally.unknown += count
    elif status in REFUSED:
        tally.refused += count
    else:
        tally.served += count
