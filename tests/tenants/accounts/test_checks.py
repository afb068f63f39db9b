"""A setting of sign-in that cannot be read stops the start; a proxy nobody named is told."""

from pathlib import Path
from typing import Any

import pytest
from django.test.utils import override_settings

from tenants.accounts.checks import check_sign_in


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({}, []),
        ({"TRUSTED_PROXIES": ["10.0.0.0/8", "proxy.internal"]}, ["accounts.E001"]),
        ({"EMAIL_URL": "mail.example.com:25"}, ["accounts.E002"]),
        ({"LEAKED_PASSWORDS": "/nowhere/pwned.txt"}, ["accounts.E003"]),
        ({"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https")}, ["accounts.W001"]),
        (
            {
                "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
                "TRUSTED_PROXIES": ["10.0.0.0/8"],
                "EMAIL_URL": "smtps://user:secret@mail.example.com",
                "LEAKED_PASSWORDS": str(Path(__file__)),
            },
            [],
        ),
    ],
)
def test_settings_are_checked_at_the_start(wrong: dict[str, Any], expected: list[str]) -> None:
    with override_settings(**wrong):
        assert [message.id for message in check_sign_in()] == expected
        assert not any("secret" in message.msg for message in check_sign_in())
