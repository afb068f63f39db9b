"""What is never an endpoint: scanners' paths and static assets, whatever they are answered."""

import re
from typing import Final

_SCAN: Final = re.compile(
    r"(?:^|/)(?:\.(?!well-known(?:/|$))[^/]+|wp-[a-z]+(?:\.php)?|wordpress|xmlrpc\.php|phpmyadmin|pma|cgi-bin|boaform"
    r"|hnap1|gponform|_ignition|_profiler|autodiscover|ecp|owa|hudson|jenkins|solr|manager/html|struts|vendor/phpunit)(?:/|$)"
    r"|\.(?:php\d?|aspx?|jspx?|cgi|bak|old|orig|swp|sql|sqlite|env|pem|ini|log|conf|cfm|action|tar|tgz|gz|rar|7z)$"
    r"|(?:^|/)(?:etc/passwd|web-inf|server-status|server-info)(?:/|$)|\.\./|%2e%2e|%00|<script|\$\{jndi",
    re.IGNORECASE,
)
_ASSET: Final = re.compile(
    r"\.(?:css|js|mjs|map|woff2?|ttf|eot|otf|ico|webmanifest|scss|less|png|jpe?g|gif|svg|webp|avif)$",
    re.IGNORECASE,
)
_SERVICE_FILES: Final = frozenset({"/favicon.ico", "/robots.txt", "/sitemap.xml", "/security.txt"})


def is_scan(path: str) -> bool:
    """Whether only scanners ask for such a path (dot files, PHP and backup files, known products' consoles)."""
    return _SCAN.search(path) is not None


def is_asset(path: str) -> bool:
    """Whether the path names a static file of a web page; a host's well-known root files are not meant."""
    return path not in _SERVICE_FILES and _ASSET.search(path) is not None
