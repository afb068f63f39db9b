"""Filters (RFC 7644 §3.4.2.2) as database queries, over the attributes a provider looks things up by."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q
from django.utils.dateparse import parse_datetime
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

#: Attribute, in lower case → column; a column ending in `!` is compared as it is, others without regard to case.
USER: Final = {
    "id": "membership__id!",
    "externalid": "provisioned__external_id!",
    "username": "shown_user_name",
    "displayname": "shown_name",
    "active": "is_active?",
    "emails": "emails",
    "emails.value": "emails",
    "meta.created": "created_at@",
    "meta.lastmodified": "shown_changed_at@",
}
GROUP: Final = {
    "id": "id!",
    "externalid": "external_id!",
    "displayname": "name",
    "members": "belonging__user__membership__id!",
    "members.value": "belonging__user__membership__id!",
    "meta.created": "created_at@",
    "meta.lastmodified": "changed_at@",
}
_TEXT: Final = {
    CompareOperator.eq: "iexact",
    CompareOperator.co: "icontains",
    CompareOperator.sw: "istartswith",
    CompareOperator.ew: "iendswith",
}
_ORDER: Final = {
    CompareOperator.eq: "exact",
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}


def selects_values(text: ScimFilter[Any] | None) -> bool:
    """Whether a filter selects by several sub-attributes of one value; the query then finds too much, not too little."""
    return text is not None and "[" in str(text)


def query(text: ScimFilter[Any], columns: Mapping[str, str]) -> Q:
    """Return the condition; raises InvalidFilterException for what is not offered."""
    return _ToQuery(columns).visit(text.ast)


class _ToQuery(FilterVisitor[Q]):
    """Walks the filter's tree."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = columns

    def visit_comparison(self, node: Comparison) -> Q:
        column, value = self._column(node.attr_path), node.value
        if node.op == CompareOperator.ne:
            return ~self.visit_comparison(Comparison(node.attr_path, CompareOperator.eq, value))
        if column.endswith("?"):
            return self._flag(column[:-1], node)
        if column.endswith("@"):
            moment = parse_datetime(value) if isinstance(value, str) else None
            if moment is None or node.op not in _ORDER:
                raise _not_offered(node)
            return Q(**{f"{column[:-1]}__{_ORDER[node.op]}": moment})
        if not isinstance(value, str) or node.op not in _TEXT:
            raise _not_offered(node)
        if column == "emails":
            if node.op != CompareOperator.eq:
                raise _not_offered(node)
            return Q(email=value.lower()) | Q(provisioned__addresses__contains=[value.lower()])
        lookup = _TEXT[node.op].removeprefix("i") if column.endswith("!") else _TEXT[node.op]
        return Q(**{f"{column.removesuffix('!')}__{lookup}": value})

    def visit_present(self, node: Present) -> Q:
        column = self._column(node.attr_path)
        if (
            column[-1] in "?@"
            or column in ("emails", "shown_user_name", "name")
            or node.attr_path.attr == "id"
        ):
            return ~Q(pk__in=[])  # every resource has it
        return Q(**{f"{column.removesuffix('!')}__gt": ""})

    def visit_not(self, node: Not) -> Q:
        if "[" in str(node):  # what a selection finds too much would be too little here
            raise _not_offered(node)
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        joined = self.visit(node.terms[0])
        for term in node.terms[1:]:
            joined = (
                joined & self.visit(term) if node.op == LogicalOperator.and_ else joined | self.visit(term)
            )
        return joined

    def visit_value_path(self, node: ValuePath) -> Q:
        """Look the value up; the other sub-attributes are compared afterwards."""
        inner: FilterNode = node.val_filter
        terms = (
            inner.terms if isinstance(inner, LogicalExpr) and inner.op == LogicalOperator.and_ else (inner,)
        )
        values = [
            term for term in terms if isinstance(term, Comparison) and str(term.attr_path).lower() == "value"
        ]
        if len(values) != 1 or not all(isinstance(term, Comparison) for term in terms):
            raise _not_offered(node)
        return self.visit_comparison(Comparison(node.attr_path, values[0].op, values[0].value))

    def _flag(self, column: str, node: Comparison) -> Q:
        word = str(node.value).lower()
        if node.op != CompareOperator.eq or word not in ("true", "false"):
            raise _not_offered(node)
        return Q(**{column: word == "true"})

    def _column(self, path: AttrPath) -> str:
        name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
        try:
            return self.columns[name.lower()]
        except KeyError:
            raise InvalidFilterException(detail=f"Filtering by {name[:80]} is not offered.") from None


def _not_offered(node: FilterNode) -> InvalidFilterException:
    return InvalidFilterException(detail=f"This comparison is not offered: {str(node)[:200]}")
