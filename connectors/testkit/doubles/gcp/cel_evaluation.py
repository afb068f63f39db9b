"""What an expression of the rules language says about a request."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import unquote_plus

from connectors.testkit.doubles.cel_text import CelError, compiled
from connectors.testkit.doubles.gcp.cel import Node

#: Enough of the preconfigured signatures to tell an attack of the sample traffic from a plain request.
SIGNATURES = {
    "sqli": (r"(?i)union\s+select", r"(?i)'\s*or\s+'?\d"),
    "xss": (r"(?i)<script", r"(?i)onerror\s*="),
    "lfi": (r"\.\./", r"(?i)/etc/passwd"),
}


@dataclass(frozen=True)
class Asked:
    """A request as the rules see it; header names are lower case."""

    method: str
    path: str
    query: str
    scheme: str
    headers: Mapping[str, str]
    ip: str
    region_code: str
    asn: int
    ja4: str

    def attribute(self, name: str) -> Any:
        """The value of ``origin.…`` or ``request.…``; an empty text where the connection gave none."""
        return {
            "origin.ip": self.ip,
            "origin.user_ip": self.ip,
            "origin.region_code": self.region_code,
            "origin.asn": self.asn,
            "origin.tls_ja3_fingerprint": "",
            "origin.tls_ja4_fingerprint": self.ja4,
            "request.method": self.method,
            "request.path": self.path,
            "request.query": self.query,
            "request.scheme": self.scheme,
        }[name]


#: The items of an address group by its name.
Groups = Callable[[str], Sequence[str]]


def in_ranges(address: str, ranges: Sequence[str]) -> bool:
    """Whether an address lies in one of the ranges; ``*`` is every address."""
    found = ip_address(address)
    return any(text == "*" or found in ip_network(text, strict=False) for text in ranges)


def holds(node: Node, asked: Asked, groups: Groups) -> bool:
    """Whether the expression is true; an error in it (a header that is not there) makes it false."""
    try:
        return bool(_Evaluation(asked, groups).value(node))
    except CelError:
        return False


@dataclass(frozen=True)
class _Evaluation:
    asked: Asked
    groups: Groups

    def value(self, node: Node) -> Any:
        """The value of one step."""
        return getattr(self, f"_{node.kind}")(node)

    def _or(self, node: Node) -> bool:
        """One true part is enough, whatever goes wrong in another (CEL's commutative or)."""
        failed: CelError | None = None
        for part in node.parts:
            try:
                if self.value(part):
                    return True
            except CelError as error:
                failed = error
        if failed:
            raise failed
        return False

    def _and(self, node: Node) -> bool:
        failed: CelError | None = None
        for part in node.parts:
            try:
                if not self.value(part):
                    return False
            except CelError as error:
                failed = error
        if failed:
            raise failed
        return True

    def _not(self, node: Node) -> bool:
        return not self.value(node.parts[0])

    def _compare(self, node: Node) -> bool:
        left, right = (self.value(part) for part in node.parts)
        return bool(
            {
                "==": left == right,
                "!=": left != right,
                "<": left < right,
                "<=": left <= right,
                ">": left > right,
                ">=": left >= right,
            }[node.value]
        )

    def _add(self, node: Node) -> str:
        return str(self.value(node.parts[0])) + str(self.value(node.parts[1]))

    def _attribute(self, node: Node) -> Any:
        return self.asked.attribute(node.value)

    def _header(self, node: Node) -> str:
        if node.value not in self.asked.headers:
            raise CelError(f"no such key: {node.value}")
        return self.asked.headers[node.value]

    def _has(self, node: Node) -> bool:
        return node.value in self.asked.headers

    def _literal(self, node: Node) -> Any:
        return node.value

    def _list(self, node: Node) -> list[Any]:
        return [self.value(part) for part in node.parts]

    def _map(self, node: Node) -> dict[str, Any]:
        values = [self.value(part) for part in node.parts]
        return dict(zip(values[::2], values[1::2], strict=True))

    def _method(self, node: Node) -> Any:
        text = str(self.value(node.parts[0]))
        argument = str(self.value(node.parts[1])) if len(node.parts) > 1 else ""
        match node.value:
            case "contains":
                return argument in text
            case "startsWith":
                return text.startswith(argument)
            case "endsWith":
                return text.endswith(argument)
            case "matches":
                return compiled(argument).search(text.encode()) is not None
            case "lower":
                return text.lower()
            case "upper":
                return text.upper()
            case "urlDecode":
                return unquote_plus(text)
            case _:
                return _unpacked(text)

    def _call(self, node: Node) -> Any:
        values = [self.value(part) for part in node.parts]
        match node.value:
            case "inIpRange":
                return in_ranges(values[0], [values[1]])
            case "evaluateAddressGroup":
                excluded = values[2] if len(values) > 2 else []
                return in_ranges(values[1], self.groups(values[0])) and not in_ranges(values[1], excluded)
            case "evaluatePreconfiguredWaf" | "evaluatePreconfiguredExpr":
                patterns = SIGNATURES.get(str(values[0]).partition("-")[0], ())
                sent = unquote_plus(f"{self.asked.path}?{self.asked.query}").encode()
                return any(compiled(pattern).search(sent) for pattern in patterns)
            case "size":
                return len(values[0])
            case "int":
                return _whole(values[0])
            case _:
                return False  # no feed of bad addresses and no learnt attack here


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise CelError(f"not a whole number: {text}") from None


def _unpacked(text: str) -> str:
    try:
        return base64.b64decode(text.replace("_", "/").replace("-", "+"), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
