"""Hostile addresses, made by rule from forbidden destinations and listed by hand, each with its reason.

Names end in ``.test`` and mean what ``NAMES`` says; whoever runs the corpus serves them by DNS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

#: The only destinations a run may connect to: they stand for the honest internet.
HONEST_V4 = "93.184.215.14"
HONEST_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
HONEST = frozenset({HONEST_V4, HONEST_V6})

#: Forbidden IPv4 destinations with what stands behind them.
DESTINATIONS = {
    "127.0.0.1": "loopback", "127.255.255.254": "end of loopback", "10.0.0.1": "private (RFC 1918)",
    "10.255.255.255": "end of 10/8", "172.16.0.1": "private (RFC 1918)", "172.31.255.254": "end of 172.16/12",
    "192.168.0.1": "private (RFC 1918)", "169.254.169.254": "metadata of AWS, GCP and Azure",
    "169.254.170.2": "credentials of ECS tasks", "100.100.100.200": "metadata of Alibaba Cloud",
    "100.64.0.1": "carrier-grade NAT (RFC 6598)", "192.0.0.192": "metadata of Oracle Cloud",
    "168.63.129.16": "Azure's wire server, in a public range", "198.18.0.1": "benchmarks (RFC 2544)",
    "0.0.0.0": "this host", "0.1.2.3": "this network", "192.0.2.1": "documentation", "192.88.99.1": "6to4 relay",
    "224.0.0.1": "multicast", "240.0.0.1": "reserved", "255.255.255.255": "broadcast",
}  # fmt: skip

#: Forbidden IPv6 destinations that hold no IPv4 address.
DESTINATIONS_V6 = {
    "::": "this host", "::1": "loopback", "fe80::1": "link-local", "fe80::a9fe:a9fe": "link-local metadata",
    "fd00::1": "unique local", "fd00:ec2::254": "metadata of AWS over IPv6", "fc00::1": "unique local",
    "fec0::1": "site-local", "ff02::1": "multicast", "ff05::1:3": "multicast", "100::1": "discard",
    "2001:db8::1": "documentation", "3fff::1": "documentation", "2001:10::1": "ORCHID", "2001:20::1": "ORCHIDv2",
    "2001:2::1": "benchmarks", "64:ff9b:1::a00:1": "NAT64 for local use", "5f00::1": "segment routing",
    "4000::1": "not assigned", "::2": "compatible form of 0.0.0.2", "fd20:ce::254": "metadata of GCP over IPv6",
}  # fmt: skip

#: What the names mean: a list of answers, each the addresses (or the CNAME) of one look-up, the last one repeats.
NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "honest.test": ((HONEST_V4,),),
    "metadata.test": (("169.254.169.254",),),
    "loopback.test": (("127.0.0.1",),),
    "loopback6.test": (("::1",),),
    "mapped.test": (("::ffff:127.0.0.1",),),
    "nat64.test": (("64:ff9b::a9fe:a9fe",),),
    "sixtofour.test": (("2002:a9fe:a9fe::1",),),
    "ula.test": (("fd00:ec2::254",),),
    "cgnat.test": (("100.64.0.1",),),
    "azure.test": (("168.63.129.16",),),
    "zero.test": (("0.0.0.0",),),
    "mixed-last.test": ((HONEST_V4, "10.0.0.1"),),
    "mixed-first.test": (("10.0.0.1", HONEST_V4),),
    "mixed6.test": ((HONEST_V4, "::1"),),
    "mixed-many.test": ((HONEST_V4, "93.184.215.15", "93.184.215.16", "192.168.0.1"),),
    "alias.test": (("CNAME metadata.test",),),
    "alias-of-alias.test": (("CNAME alias.test",),),
    "alias-to-localhost.test": (("CNAME loopback.test",),),
    "*.wild.test": (("127.0.0.1",),),
    "10.0.0.1.nip.test": (("10.0.0.1",),),
    "rebind.test": ((HONEST_V4,), ("127.0.0.1",)),
    "rebind-metadata.test": ((HONEST_V4,), ("169.254.169.254",)),
    "rebind6.test": ((HONEST_V6,), ("::1",)),
    "rebind-alias.test": ((HONEST_V4,), ("CNAME metadata.test",)),
    "back.test": (("127.0.0.1",), (HONEST_V4,)),
}

#: Names whose first look-up is honest: connecting to the honest address is right, to any other wrong.
REBINDING = frozenset(name for name in NAMES if name.startswith("rebind"))

_OTHER_SCHEMES = {
    "file:///etc/passwd": "a file", "gopher://127.0.0.1:6379/_FLUSHALL": "raw bytes to Redis",
    "dict://127.0.0.1:11211/stat": "memcached", "ftp://127.0.0.1/": "FTP", "ldap://127.0.0.1/": "LDAP",
    "unix:///run/docker.sock": "UNIX socket", "http+unix://%2Frun%2Fdocker.sock/info": "UNIX socket",
    "jar:http://127.0.0.1!/x": "Java archive", "data:text/plain,x": "inline", "tftp://127.0.0.1/x": "TFTP",
    "sftp://127.0.0.1/": "SFTP", "netdoc:///etc/passwd": "Java file", "//127.0.0.1/": "no scheme",
    "javascript:1": "script", "127.0.0.1:80": "no scheme", "": "nothing", "ws://127.0.0.1/": "WebSocket",
    "HTTP+UNIX://%2Frun%2Fdocker.sock": "UNIX socket", "mailto:root@127.0.0.1": "mail", "about:blank": "nothing",
}  # fmt: skip

_PARSERS = {
    "http://honest.test@127.0.0.1/": "the honest name is the user",
    "http://honest.test:80@127.0.0.1/": "name and port are user and password",
    "http://honest.test%40127.0.0.1/": "encoded @",
    "http://honest.test#@127.0.0.1/": "the fragment hides the host",
    "http://127.0.0.1#@honest.test/": "the fragment hides the host",
    "http://127.0.0.1\\@honest.test/": "backslash as path or user",
    "http://honest.test\\@127.0.0.1/": "backslash as path or user",
    "http://127.0.0.1?@honest.test/": "the query hides the host",
    "http://127.0.0.1:80:80/": "two ports", "http://127.0.0.1:080/": "port with a leading zero",
    "http://127.0.0.1:00000000080/": "long port", "http://127.0.0.1 @honest.test/": "blank",
    "http://127.0.0.1\t.honest.test/": "tab", "http://127.0.0.1\r\nHost: honest.test/": "header injection",
    "http://127.0.0.1%00.honest.test/": "encoded NUL", "http://127.0.0.1\x00.honest.test/": "NUL",
    "http://honest.test\r\n@127.0.0.1/": "line break", " http://127.0.0.1/": "leading blank",
    "http:///127.0.0.1/": "three slashes", "http:127.0.0.1/": "no slashes", "http:/127.0.0.1/": "one slash",
    "http://////127.0.0.1/": "many slashes", "http:\\\\127.0.0.1\\": "backslashes",
    "HTTP://127.0.0.1/": "upper case", "hTtP://127.0.0.1/": "mixed case",
    "http://%31%32%37%2e%30%2e%30%2e%31/": "encoded digits", "http://%6c%6f%63%61%6c%68%6f%73%74/": "encoded",
    "http://127.0.0.1./": "trailing dot", "http://127.0.0.1../": "two trailing dots",
    "http://localhost/": "name of loopback", "http://localhost./": "trailing dot", "http://LOCALHOST/": "case",
    "http://foo.localhost/": "RFC 6761", "http://localhost.localdomain/": "old name of loopback",
    "http://ip6-localhost/": "Debian's name of ::1", "http://ip6-loopback/": "Debian's name of ::1",
    "http://１２７.０.０.１/": "full-width digits", "http://127。0。0。1/": "ideographic full stops",
    "http://127．0．0．1/": "full-width dots", "http://①②⑦.⓪.⓪.①/": "circled digits",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/": "circled letters", "http://𝟙𝟚𝟟.𝟘.𝟘.𝟙/": "mathematical digits",
    "http://ｌｏｃａｌｈｏｓｔ/": "full-width letters", "http://loc\u00adalhost/": "soft hyphen",
    "http://local\u200bhost/": "zero-width space", "http://١٢٧.٠.٠.١/": "Arabic digits",
    "http://xn--localhost-0000/": "bad punycode", "http://loca\u017fhost/": "long s",
    "http://[::1%25lo]/": "zone id", "http://[::1%lo]/": "raw zone id", "http://[fe80::1%25eth0]/": "zone id",
    "http://[fe80::1%eth0]/": "raw zone id", "http://[::1": "no closing bracket", "http://[::1]]/": "two brackets",
    "http://[127.0.0.1]/": "IPv4 in brackets", "http://::1/": "no brackets", "http://[v1.127.0.0.1]/": "IPvFuture",
    "http://[::ffff:127.0.0.1]@honest.test/": "address as user", "http://[::1]@honest.test/": "address as user",
    "http://[0:0:0:0:0:0:0:1]/": "long form", "http://[0000:0000:0000:0000:0000:0000:0000:0001]/": "padded form",
    "http://[::FFFF:7F00:1]/": "upper-case hex", "http://[::ffff:0x7f.0.0.1]/": "hex in the mapped form",
    "http://4294967297/": "overflow to 0.0.0.1", "http://0x100000001/": "overflow", "http://127.0.0.256/": "octet",
    "http://127.0.0.1.1/": "five parts", "http://00000177.0.0.1/": "padded octal", "http://0x7f.0x0.0x0.0x1/": "hex",
    "http://0b1111111.0.0.1/": "binary", "http://127.0.0.1,honest.test/": "list", "http://127.0.0.1;honest.test/": ";",
    "http://-127.0.0.1/": "minus", "http://+127.0.0.1/": "plus", "http://1e9/": "float", "http://127.1e0/": "float",
    "http://.127.0.0.1/": "leading dot", "http://[::]:80/": "any address", "http://[0::0]/": "any address",
}  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """One address and why it is hostile."""

    url: str
    why: str


def corpus() -> list[Hostile]:
    """Every hostile address once, in a stable order."""
    found: dict[str, Hostile] = {}
    for entry in _all():
        found.setdefault(entry.url, entry)
    return list(found.values())


def hosts() -> list[Hostile]:
    """The corpus as bare host names, for doors that take a host instead of a URL."""
    bare: dict[str, Hostile] = {}
    for entry in corpus():
        if entry.url.startswith("http://"):
            host = entry.url.removeprefix("http://").split("/")[0]
            bare.setdefault(host, Hostile(host, entry.why))
            bare.setdefault(host.strip("[]"), Hostile(host.strip("[]"), entry.why))
    return list(bare.values())


def _all() -> Iterator[Hostile]:
    for text, why in DESTINATIONS.items():
        for form, how in _forms(IPv4Address(text)):
            yield Hostile(f"http://{form}/", f"{why}, {how}")
        yield Hostile(f"https://{text}/", f"{why}, with TLS")
    for text, why in DESTINATIONS_V6.items():
        yield Hostile(f"http://[{text}]/", why)
        yield Hostile(f"https://[{IPv6Address(text).exploded}]/", f"{why}, long form with TLS")
    for name in NAMES:
        if name != "honest.test":
            host = name.replace("*", "a.b")
            yield Hostile(f"http://{host}/", f"name: {NAMES[name]}")
            yield Hostile(f"https://{host}/", f"name with TLS: {NAMES[name]}")
    yield Hostile("http://honest.test/redirect", "answers with a redirect to metadata")
    for port in (22, 25, 6379, 5432, 8001, 9200):
        yield Hostile(f"http://127.0.0.1:{port}/", "a service of this host")
    for table in (_OTHER_SCHEMES, _PARSERS):
        for url, why in table.items():
            yield Hostile(url, why)


def _forms(address: IPv4Address) -> Iterator[tuple[str, str]]:
    """The ways to write one IPv4 destination, and the IPv6 addresses that lead to it."""
    number, parts = int(address), [int(part) for part in str(address).split(".")]
    a, b, c, d = parts
    high, low = number >> 16, number & 0xFFFF
    yield str(address), "dotted"
    yield str(number), "decimal"
    yield f"0x{number:08x}", "hexadecimal"
    yield f"0{number:o}", "octal"
    yield ".".join(f"0{part:o}" for part in parts), "octal parts"
    yield f"0x{a:x}.{b}.0{c:o}.{d}", "mixed parts"
    yield f"{a}.{(b << 16) + (c << 8) + d}", "two parts"
    yield f"{a}.{b}.{(c << 8) + d}", "three parts"
    yield f"[::ffff:{address}]", "mapped"
    yield f"[::ffff:{high:x}:{low:x}]", "mapped, hexadecimal"
    yield f"[::{high:x}:{low:x}]", "compatible"
    yield f"[::ffff:0:{high:x}:{low:x}]", "translated (SIIT)"
    yield f"[64:ff9b::{high:x}:{low:x}]", "NAT64"
    yield f"[64:ff9b:1::{high:x}:{low:x}]", "NAT64 for local use"
    yield f"[2002:{high:x}:{low:x}::1]", "6to4"
    yield f"[2001:0:4136:e378:8000:63bf:{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}]", "Teredo"
    yield f"[2606:4700::5efe:{high:x}:{low:x}]", "ISATAP"
    yield f"[2606:4700::200:5efe:{high:x}:{low:x}]", "ISATAP"
    yield f"user:secret@{address}", "with a user"
