"""A small SQL tokenizer: does this value, spliced into a statement, change the statement's structure?

A value is read in the contexts an application can splice it into (bare, or closing a quote). Its tokens are
folded to one letter each and the folded string is compared with shapes that end or extend a statement.
Linear in the value's length; prose and names fold to runs of words and match none of the shapes.
"""

from __future__ import annotations

import re

MAX_LENGTH = 4000
"""Characters read; injections declare themselves early."""

_TOKEN = re.compile(
    r"(?P<string>'(?:[^'\\]|\\.|''){0,200}'|\"(?:[^\"\\]|\\.|\"\"){0,200}\")"
    r"|(?P<comment>--|\#|;?\x00)"
    r"|(?P<number>0x[0-9a-f]+|\d+(?:\.\d+)?(?:e\d+)?)(?![a-z_])"
    r"|(?P<variable>@{1,2}[a-z_][\w.]*|:=)"
    r"|(?P<word>[a-z_][\w$.:]*)(?P<call>\s*\()?"
    r"|(?P<compare><=>|<>|!=|>=|<=|==|=|<|>)"
    r"|(?P<logic>&&|\|\|)"
    r"|(?P<arith>[-+*/%|&^~!])"
    r"|(?P<mark>[(),;])"
    r"|(?P<quote>['\"`])"
)
_WORDS = {
    "U": "union intersect except minus",
    "S": "select",
    "F": "from into",
    "W": "where having",
    "L": "and or xor div mod rlike regexp",
    "C": "like is between in sounds similar glob",
    "D": "insert update delete drop create alter truncate exec execute declare waitfor shutdown begin call merge "
    "grant revoke copy load handler backup kill rename use set attach print if benchmark",
    "E": "case when then else end",
    "O": "order group limit offset procedure asc desc by",
    "v": "null true false current_user sysdate user rownum",
    "N": "not exists all distinct any binary",
}
_CLASS = {word: letter for letter, words in _WORDS.items() for word in words.split()}
_FUNCTIONS = frozenset(
    [
        "sleep", "benchmark", "pg_sleep", "waitfor", "ascii", "char", "chr", "concat", "concat_ws",
        "group_concat", "substr", "substring", "mid", "hex", "unhex", "extractvalue", "updatexml", "elt",
        "make_set", "randomblob", "upper", "lower", "length", "len", "count", "convert", "cast",
        "load_file", "md5", "sha1", "version", "database", "user", "schema", "current_user", "system_user",
        "if", "iif", "ifnull", "isnull", "nullif", "coalesce", "bitand", "floor", "rand", "exp",
        "geometrycollection", "multipoint", "polygon", "linestring", "row_count", "regexp_substring",
        "generate_series", "repeat", "right", "left", "ord", "conv", "find_in_set", "xmltype",
        "dbms_pipe.receive_message", "dbms_lock.sleep", "utl_inaddr.get_host_address", "ctxsys.drithsx.sn",
        "json_keys", "name_const", "crypt_key", "call", "likelihood", "quarter", "week", "sign", "abs",
        "bin", "avg", "max", "min", "sum", "like", "in", "and", "or", "not", "exists", "select", "union",
        "having",
    ]
)  # fmt: skip
_OPERAND = r"\(*[-ANS]*\(*[nsvfgw]"
_SHAPES = (
    (
        re.compile(r"^\)*L[N(A]*(?:[nsvf]|[wg](?=C[(]*[nsvq]))[^;]{0,40}[CL(q]"),
        "a condition follows the closed value",
    ),
    (re.compile(r"^\)*L\(*[nsvf]\)*c"), "a constant condition follows the closed value"),
    (re.compile(r"^\)*[LA,]?\(*U[NO]*\(*S"), "a second SELECT is joined with UNION"),
    (re.compile(r"^\)*;+\(*(?:[DS]|w?f|E)"), "a second statement follows the closed value"),
    (re.compile(r"^\)*(?:A|L|C|,)*\(+S(?:[^w]|w[^w)])"), "a sub-select is spliced into the value"),
    (re.compile(r"^\)*(?:[AL,])\(*f\(?"), "a database function is spliced into the value"),
    (re.compile(r"^\)*w?w?W[N(]*[nsv]"), "a WHERE clause with a constant follows the closed value"),
    (re.compile(r"^\)*OO(?:[n(]|[wf][(,])"), "an ORDER BY position follows the closed value"),
    (re.compile(r"^\)*O(?:f|n)"), "a LIMIT or PROCEDURE clause follows the closed value"),
    (re.compile(r"^\)+[;,]*c$"), "brackets are closed and the rest is commented out"),
    (re.compile(r"^\)*,\(?(?:E|S|f)"), "an expression is added to the list"),
)
_NUMERIC_PREFIX = re.compile(r"^\s*(?:-?\d+(?:\.\d+)?|null|true|false|\w{1,12})?\s*%?(?=[\s)(,;|&+*/%^-]|$)")
_SAME_BOTH_SIDES = re.compile(
    r"(?:\b(?:or|and|xor|where|having|not)\b|\|\||&&)[\s('\"`]{0,12}([\w.]{1,24})['\"`)\s]{0,6}"
    r"(?:<=>|=|like|rlike|is|in|regexp)[\s('\"`%]{0,6}([\w.]{1,24})"
)


def fold(text: str) -> str:
    """Token classes of a lower-case text, one letter per token, at most 120."""
    shape: list[str] = []
    for match in _TOKEN.finditer(text[:MAX_LENGTH]):
        kind = match.lastgroup
        if match.group("word") is not None:
            word = match.group("word")
            if match.group("call") and _CLASS.get(word) in (None, "v"):
                shape.append("f(" if word in _FUNCTIONS else "g(")
            else:
                shape.append(_CLASS.get(word, "w") + ("(" if match.group("call") else ""))
        elif kind == "mark":
            shape.append(match.group())
        else:
            shape.append({"string": "s", "comment": "c", "number": "n", "variable": "v", "compare": "C", "logic": "L",
                          "arith": "A", "quote": "q"}[kind or "quote"])  # fmt: skip
        if len(shape) > 120:
            break
    return "".join(shape)


_CONSTANT = re.compile(r"^\)*L\(*[nsvf]\)*$")
_FAR = 60


def _closing_quote(text: str, quote: str) -> int | None:
    """Position of the first such quote that is not an apostrophe inside a word, among the first characters."""
    place = text.find(quote)
    while 0 < place <= _FAR and text[place - 1].isalpha() and text[place + 1 : place + 2].isalpha():
        place = text.find(quote, place + 1)
    return place if 0 <= place <= _FAR else None


def _first_shape(rest: str) -> str | None:
    folded = fold(rest)
    return next((reason for pattern, reason in _SHAPES if pattern.search(folded)), None)


def tautology(text: str) -> bool:
    """True when a logical operator is followed by a comparison of equal constants (`or 'a'='a'`)."""
    return any(left == right for left, right in _SAME_BOTH_SIDES.findall(text[:MAX_LENGTH]))


def looks_like_injection(text: str) -> str | None:
    """Reason why a lower-case, comment-free value would change a statement's structure, else None."""
    if tautology(text):
        return "a condition that is always true is added"
    for quote in ("'", '"', "`"):
        place = _closing_quote(text, quote)
        if place is not None:
            rest = text[place + 1 :]
            reason = _first_shape(rest) or (
                _CONSTANT.search(fold(rest)) and "a constant condition follows a quote"
            )
            if reason:
                return reason
    prefix = _NUMERIC_PREFIX.match(text)
    if prefix and (prefix.group().strip(" %") == "" or not prefix.group().strip(" %-").isalpha()):
        return _first_shape(text[prefix.end() :])
    return None
