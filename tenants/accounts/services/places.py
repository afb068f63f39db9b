"""Where people sign in from, and telling them of a place they never signed in from before (ASVS 6.3.5)."""

import ipaddress
import re
from datetime import timedelta
from typing import Final

from django.utils import timezone

from tenants.accounts import jobs
from tenants.accounts.models import SignIn
from tenants.accounts.types import Notice, Outcome

REMEMBERED: Final = timedelta(days=90)
MOST: Final = 500
#: A browser changes its version every few weeks and stays the same one; an address changes within its network.
VERSION: Final = re.compile(r"[\d._]+")
PREFIX: Final = {4: 24, 6: 48}


def tell_of_new_place(user_id: str, address: str, agent: str) -> None:
    """Mail a person who signs in from a network or with a program that none of their sign-ins of 90 days had.

    The first sign-in of an account tells nothing. Call it before the sign-in is written down, in its transaction.
    """
    since = timezone.now() - REMEMBERED
    rows = SignIn.objects.filter(user_id=user_id, outcome=Outcome.SIGNED_IN, at__gt=since)
    known = list(rows.order_by().values_list("address", "agent").distinct()[:MOST])
    if not known:
        return
    networks = {network_of(seen) for seen, _ in known}
    programs = {program_of(seen) for _, seen in known}
    if network_of(address) not in networks or program_of(agent) not in programs:
        place = f"from {address or 'an unknown address'} with “{agent or 'an unnamed program'}”"
        jobs.mail_notice.enqueue(user_id, Notice.NEW_PLACE, place)


def network_of(address: str) -> str:
    """The network an address is in, as far as one can tell: /24, or /48 of IPv6."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found}/{PREFIX[found.version]}", strict=False))


def program_of(agent: str) -> str:
    """What a browser calls itself, without versions."""
    return VERSION.sub("", agent)
