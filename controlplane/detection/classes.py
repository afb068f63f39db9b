"""Attack classes in words."""

from __future__ import annotations

from typing import Final

_TITLES: Final = {
    "sqli": "SQL injection",
    "nosqli": "NoSQL injection",
    "xss": "Cross-site scripting",
    "rce": "Command injection",
    "lfi": "Path traversal",
    "rfi": "Remote file inclusion",
    "ssrf": "Server-side request forgery",
    "xxe": "XML external entities",
    "ssti": "Template injection",
    "bola_enum": "Object enumeration (BOLA)",
    "bola_write": "Writes to others' objects (BOLA)",
    "bfla": "Use of functions above one's role (BFLA)",
    "credential_stuffing": "Credential stuffing",
    "brute_force": "Password guessing",
    "account_takeover": "Account takeover",
    "user_enumeration": "User enumeration",
    "recon_scan": "Vulnerability scanning",
    "scraping": "Scraping",
    "rate_abuse": "Abnormal request rate",
    "jwt_tamper": "Token forgery",
}


def title_of(attack_class: str) -> str:
    """The class's name for people."""
    return _TITLES.get(attack_class, attack_class.replace("_", " ").capitalize())
