"""Pages of AWS's lists: where each service carries its token, and when an answer is no list at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.base.errors import VendorAnswerError


@dataclass(frozen=True, slots=True)
class Paging:
    """How a service pages: request member, answer member, page-size parameters.

    ``inside``: the member all of an answer stands in. ``always``: a member every list carries, even an empty one;
    "*" is the list itself.
    """

    token_in: str
    token_out: str
    sizes: dict[str, Any] = field(default_factory=dict)
    inside: str = ""
    always: str = ""


PAGING: Final[dict[str, Paging]] = {
    "apigateway": Paging("position", "position", {"limit": 500}),
    "apigatewayv2": Paging("NextToken", "NextToken", {"MaxResults": "500"}),
    "wafv2": Paging("NextMarker", "NextMarker", {"Limit": 100}, always="*"),
    "logs": Paging("nextToken", "nextToken", always="*"),
    "s3": Paging("ContinuationToken", "NextContinuationToken"),
    "cloudtrail": Paging("NextToken", "NextToken", {"MaxResults": 50}),
    "elbv2": Paging("Marker", "NextMarker", {"PageSize": 400}, always="*"),
    "cloudfront": Paging("Marker", "NextMarker", {"MaxItems": "100"}, "DistributionList", "Quantity"),
    "organizations": Paging("NextToken", "NextToken", {"MaxResults": 20}, always="*"),
}


def pages(
    service: str, operation: str, ask: Callable[..., dict[str, Any]], parameters: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Every page of a list, to the end. An empty page with a token is legal; a repeated token is not."""
    paging = PAGING[service]
    following: str | None = None
    while True:
        token = {paging.token_in: following} if following else {}
        answer = ask(**{**paging.sizes, **parameters, **token})
        page = dict(answer.get(paging.inside) or {}) if paging.inside else answer
        yield page
        upcoming = page.get(paging.token_out) or None
        if upcoming is None:
            return
        if upcoming == following:
            raise VendorAnswerError(
                f"AWS repeated a page token of {service}:{operation}; the list never ends."
            )
        following = str(upcoming)


def entries(service: str, operation: str, page: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """What a page lists under ``key``; ``VendorAnswerError`` when it is no page of that list."""
    always = PAGING[service].always
    wanted = key if always == "*" else always
    if wanted and wanted not in page:
        raise VendorAnswerError(f"AWS answered {service}:{operation} without {wanted}.")
    return list(page.get(key) or ())
