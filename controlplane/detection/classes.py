"""Attack classes in words."""

from __future__ import annotations

from typing import Final

_TITLES: Final = {
    "sqli": "SQL injection",
    "nosql": "NoSQL injection",
    "ldap": "LDAP injection",
    "xpath": "XPath injection",
    "orm": "ORM injection",
    "mail": "Mail header injection",
    "ssi": "Server-side includes",
    "log4j": "JNDI lookup (Log4Shell)",
    "deserialisation": "Unsafe deserialisation",
    "prototype-pollution": "Prototype pollution",
    "php": "PHP code injection",
    "java": "Java code injection",
    "redirect": "Open redirect",
    "session-fixation": "Session fixation",
    "graphql": "GraphQL abuse",
    "scanner": "Vulnerability scanning",
    "sensitive-file": "Search for sensitive files",
    "protocol": "Protocol abuse",
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
    "otp_brute_force": "Guessing of one-time codes",
    "account_takeover": "Account takeover",
    "user_enumeration": "User enumeration",
    "recon_scan": "Vulnerability scanning",
    "scraping": "Scraping",
    "rate_abuse": "Abnormal request rate",
    "error_burst": "Abnormal errors",
    "mass_assignment": "Mass assignment",
    "jwt_tamper": "Token forgery",
}


def title_of(attack_class: str) -> str:
    """The class's name for people."""
    return _TITLES.get(attack_class, attack_class.replace("_", " ").capitalize())
