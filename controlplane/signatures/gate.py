"""The first stage on columns: one Hyperscan pass over a column's text tells which rows deserve the exact rules.

The expressions look for what an attack cannot do without (quotes, brackets, separators and their encodings,
traversal, URL schemes, operator words between blanks) plus the patterns of rules that fire on bare words. They
over-flag on purpose; the exact rules decide. Rows are framed by line feeds, so `^` and `$` of a rule become the
delimiters of a value.
"""

from __future__ import annotations

import re

import pyarrow as pa

from controlplane.textcolumns import LineScanner

from .packs import Rule

_BLANK = r"(?:[+ =(,]|%20|%09|%0a|\n)"
_OPERATORS = (
    r"or|and|xor|not|union|select|insert|update|delete|drop|create|alter|exec|execute|declare|waitfor|having|where|"
    r"order|group|limit|like|rlike|regexp|procedure|case|when|if|for|begin|call|null|set|copy|into|from|div|mod"
)
_COMMANDS = (
    r"cat|ls|wget|curl|nc|ncat|netcat|bash|sh|zsh|python|perl|ruby|php|ping|nslookup|dig|uname|chmod|chown|rm|cp|mv|"
    r"powershell|cmd|net|type|echo|sleep|which|find|grep|telnet|ssh|sudo|kill|ps|nmap|tar|awk|dir|del|reg|wmic|id"
)
_ROOTS = (
    r"etc|proc|var|root|home|usr|opt|tmp|dev|sys|boot|bin|sbin|lib|private|volumes|library|system|users|srv|logs?|"
    r"apache\d?|inetpub|lampp|xampp|winnt|windows|conf|admin|php\d?"
)
_ENCODED = (
    r"%(?:0[0-9a-f]|1[0-9a-f]|2[1-9a]|3[bce]|5[ce]|60|7[bcd]|c[01]|u[0-9a-f]|%|e0%80|f0%80|ef%b[cd]|e2%8[18]"
    r"|e3%8[03]|c2%b)"
)
_ANYWHERE = (
    r"\.\.|\.(?:/|%2f|\\)\.",
    r"\$\{|\$\(|\{\{|`|\|\||&&|;;|\x00",
    r"(?:/|%2f)(?:/|%2f)",
    rf"{_BLANK}(?:{_OPERATORS})(?:[+ (]|%20|%28|%09|%0a|/\*)",
    r"(?:/|%2f)(?:etc|proc|root|usr|inetpub|winnt|windows|xampp)(?:/|%2f)",
    r"\b[a-z]:(?:/|%2f|\\)",
    r"(?:\.|%2e)(?:php\d?|phtml|inc|asp|aspx|jsp|jspx|cgi|ini|log|conf|cnf|cfg|bak|old|swp|env|sql|pem|key"
    r"|htaccess|htpasswd|bash_history|rdb|tfstate|jks|kdbx)\b",
    r"li4v|li5c|ly4u|l2v0yy|l3byb2|l3zhc|l3vzc|l3jvb3|l2hvbw|ym9vdc5|d2lulm|ro0ab|aced0005|h4siaaaa|gasv|aaeaaad|/wep|bah7b",
    r"globals|allow_url|auto_(?:pre|ap)pend|extension_dir|_method|https?(?::|%3a)(?:[^/%]|%5|/\d)|(?:docker"
    r"|containers)\.internal",
    r"lvh\.me|localtest|loopback|kubernetes|window\.|document\.|mysql\.|a9fe|169\.16|php(?:%5d|\])|(?:,|%2c)(?:@|%40)",
    r"0x2e|0x2f|0x5c|a{64}|x{64}|1{64}|0{64}|9{64}",
    r"javascript|vbscript|onerror|onload|169\.254\.|localhost|127\.0|metadata|passwd|boot\.ini|win\.ini"
    r"|xxpathxx|constructor|prototype",
)
_COMMAND_LINE = rf"[+ =\n\"0](?:{_COMMANDS})(?:[+ ]|%20)"
_ROOT_PATH = rf"(?:[/=:]|%2f)(?:{_ROOTS})(?:/|%2f)"
_QUERY_ONLY = (
    _ROOT_PATH,
    _COMMAND_LINE,
    r"['\"<>(){}|\\^`$;*!]",
    _ENCODED,
    r"[@]{2}|--|=//|=%2f%2f|:(?:/|%2f)|\{",
    r"[\x80-\xff]",
)
_PATH_ONLY = (r"['\"<>(){}|\\^`$;*!]", _ENCODED, r"[\x80-\xff]")
_BODY_ONLY = (_ROOT_PATH, _COMMAND_LINE, r"['<>();|\\^`$*!]", r"%[0-9a-fu]", r"--|@@|:(?:/|%2f)/?|\\u00")
_SHORT_EDGE = 24
_MANY = 8
_SHORT_WORD = 4
_WHOLE_WORD = re.compile(r"\^(?:\[[^\]]*\]\?)?([a-z0-9_-]+)(?:\[[^\]]*\]\?)?\$$")


def _framed(pattern: str) -> str:
    """A rule's pattern with its anchors turned into the delimiters of values inside a query or JSON text."""
    word = _WHOLE_WORD.match(pattern)
    if word:
        before = "" if len(word.group(1)) > _SHORT_WORD else r"[=\n\"]"
        return before + word.group(1) + r"[&\n\"']"
    out = pattern
    if out.startswith("^"):
        out = r"[=\n/&\"\[?. -]" + out[1:]
    if out.endswith("$"):
        out = out[:-1] + r"[&\n\"=\]/, ]"
    return out.replace("(?:^|", r"(?:[=\n&\"]|").replace("|$)", r"|[&\n\"])").replace("$|", r"[&\n\"]|")


def _closing(pattern: str, opening: int) -> int:
    """Position of the bracket that closes the group opened at `opening`; -1 when it does not close."""
    depth, position, in_class = 0, opening, False
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 1
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
            if not depth:
                return position
        position += 1
    return -1


def _alternatives(pattern: str) -> list[str]:
    """A pattern as one expression per alternative of its first group: Hyperscan compiles many short expressions
    in milliseconds where one long alternation takes seconds."""
    opening = pattern.find("(?:")
    closing = _closing(pattern, opening) if 0 <= opening <= _SHORT_EDGE else -1
    inner = pattern[opening + 3 : closing]
    if closing < 0 or len(pattern) - closing > _SHORT_EDGE or inner.count("|") < _MANY:
        return [pattern]
    parts, depth, start, in_class = [], 0, 0, False
    for position, char in enumerate(inner):
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and not depth:
            parts.append(inner[start:position])
            start = position + 1
    parts.append(inner[start:])
    return [pattern[:opening] + part + pattern[closing + 1 :] for part in parts]


def _gate_expressions(rules: list[Rule]) -> list[str]:
    return [_framed(part) for rule in rules for pattern in rule.patterns for part in _alternatives(pattern)]


class Gate:
    """Flags rows of path, query and body columns that the exact rules must see."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        """Compile the expressions; `rules` contributes the patterns of bare-word and path-only rules."""
        bare = [rule for rule in rules if rule.plain and rule.places != {"method"}]
        plain = _gate_expressions([rule for rule in bare if "unbase64" not in rule.transforms])
        path_only = _gate_expressions([rule for rule in rules if rule.places == {"path"}])
        self._query = LineScanner([*_ANYWHERE, *_QUERY_ONLY, *plain], caseless=True)
        self._path = LineScanner([*_ANYWHERE, *_PATH_ONLY, *path_only], caseless=True)
        self._body = LineScanner([*_ANYWHERE, *_BODY_ONLY, *plain], caseless=True)

    def query_rows(self, column: pa.ChunkedArray | pa.Array) -> list[int]:
        """Ascending positions of suspicious raw query strings."""
        return self._query.rows(column)

    def path_rows(self, column: pa.ChunkedArray | pa.Array) -> list[int]:
        """Ascending positions of suspicious raw paths."""
        return self._path.rows(column)

    def body_rows(self, column: pa.ChunkedArray | pa.Array) -> list[int]:
        """Ascending positions of suspicious bodies and of headers written as JSON."""
        return self._body.rows(column)
