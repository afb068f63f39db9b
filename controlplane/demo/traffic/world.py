"""The people and machines of the sample world: addresses, networks, devices.

Home users have an address each; mobile users share a handful of carrier addresses, offices share one;
partners and monitors have fixed addresses. Attackers use their own ranges.
"""

import random
from dataclasses import dataclass

from controlplane.demo import company
from controlplane.demo.traffic.calls import Client

WEB_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
MOBILE_AGENTS = (
    "AcmeShop/7.4.1 (iPhone; iOS 19.1)",
    "AcmeShop/7.4.0 (Android 16; Pixel 9)",
    "AcmeShop/7.2.3 (Android 15)",
)
CHROME_JA4, SAFARI_JA4 = "t13d1516h2_8daaf6152771_02713d6af862", "t13d2014h2_a09f3c656075_14788d8d241b"
FIREFOX_JA4, OKHTTP_JA4 = "t13d1715h2_5b57614c22b0_5c2c66f702b0", "t13d1513h2_8daaf6152771_eca864cca44a"
PYTHON_JA4, GO_JA4 = "t13d1812h1_85036bcba153_b26ce05bbdd6", "t13d1311h1_f57a46bbacb6_ab7e3b40a677"
WEB_JA4 = (CHROME_JA4, SAFARI_JA4, FIREFOX_JA4)
COUNTRIES = ("NL", "NL", "NL", "DE", "DE", "BE", "FR", "GB")
CARRIER_ADDRESSES = tuple(f"198.19.0.{n}" for n in range(1, 7))
OFFICE_ADDRESSES = tuple(f"198.51.100.{n}" for n in range(1, 5))
PARTNER_ADDRESSES = {
    "partner-globex": "203.0.113.10",
    "partner-initech": "203.0.113.20",
    "partner-umbrella": "203.0.113.30",
}
MONITOR_ADDRESSES = ("192.0.2.10", "192.0.2.11")
CRAWLER_ADDRESSES = tuple(f"192.0.2.{n}" for n in range(64, 72))


@dataclass(frozen=True)
class Person:
    """A customer with a device: ``mobile`` decides which application is used."""

    number: int
    mobile: bool
    client: Client


def person(number: int) -> Person:
    """The customer ``number`` with the device and network they always use."""
    chance = random.Random(f"device:{number}")  # noqa: S311
    country = chance.choice(COUNTRIES)
    if chance.random() < 0.45:
        agent, address = chance.choice(MOBILE_AGENTS), chance.choice(CARRIER_ADDRESSES)
        if chance.random() < 0.25:
            address = f"2001:db8:{chance.randrange(1, 0x4FF):x}::{chance.randrange(1, 0xFFFF):x}"
        return Person(number, True, Client(address, country, 64_510, OKHTTP_JA4, agent))
    kind = chance.randrange(len(WEB_AGENTS))
    office = chance.random() < 0.2
    address = (
        chance.choice(OFFICE_ADDRESSES) if office else f"198.18.{number % 97}.{chance.randrange(1, 255)}"
    )
    asn = 64_520 if office else 64_500
    return Person(number, False, Client(address, country, asn, WEB_JA4[kind], WEB_AGENTS[kind]))


def any_person(chance: random.Random) -> Person:
    """A random customer; a few are much more active than most."""
    index = min(int(chance.paretovariate(0.9) * 7) + chance.randrange(60), len(company.CUSTOMERS) - 1)
    return person(company.CUSTOMERS[index])


def machine(
    address: str, user_agent: str, country: str = "US", ja4: str = GO_JA4, asn: int = 64_496
) -> Client:
    """A client that is no person."""
    return Client(address, country, asn, ja4, user_agent)
