"""The traffic generator's actors and its clockwork."""

import ipaddress
import random
import threading
from collections import Counter
from itertools import islice

import pytest

from controlplane.demo import company
from controlplane.demo.traffic import sessions
from controlplane.demo.traffic.__main__ import chosen_attacks
from controlplane.demo.traffic.attacks import ATTACKS, Waves
from controlplane.demo.traffic.calls import Actor, Answer, Call
from controlplane.demo.traffic.sender import Sender
from controlplane.demo.traffic.simulation import Simulation
from controlplane.demo.traffic.status import Status
from controlplane.demo.traffic.world import person

ALLOWED = [
    ipaddress.ip_network(n)
    for n in ("198.18.0.0/15", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
LOGGED_IN = Answer(200, b'{"token": "t"}')


def calls(actor: Actor, answer: Answer, count: int) -> list[Call]:
    """The first ``count`` calls of an actor that always gets the same answer."""
    found: list[Call] = []
    step = next(actor, None)
    while step is not None and len(found) < count:
        found += [step.call] if step.call else []
        try:
            step = actor.send(answer)
        except StopIteration:
            break
    return found


def attack(name: str) -> Actor:
    make, waves, _ = ATTACKS[name]
    return make(random.Random(1), waves)


@pytest.mark.parametrize("name", [*ATTACKS, "web_session", "mobile_session", "monitor", "crawler", "noise"])
def test_only_documentation_and_benchmark_addresses_are_used(name: str) -> None:
    for seed in range(20):
        actor = attack(name) if name in ATTACKS else getattr(sessions, name)(random.Random(seed))
        for call in calls(actor, LOGGED_IN, 60):
            address = ipaddress.ip_address(call.client.address)
            assert any(address.version == net.version and address in net for net in ALLOWED), (
                call.client.address
            )


def test_stuffing_comes_from_many_addresses_with_few_tries_each() -> None:
    found = calls(attack("credential_stuffing"), Answer(401), 400)
    tries = Counter(call.client.address for call in found)
    assert len(tries) > 100
    assert {call.path for call in found} == {"/login", "/accounts/login"}


def test_a_stolen_account_is_used_at_once() -> None:
    first, second, third = calls(attack("credential_stuffing"), LOGGED_IN, 3)
    assert first.method == "POST"
    assert [second.path, third.path] == ["/me", "/orders"]
    assert {second.client, third.client} == {first.client}


def test_enumeration_reads_consecutive_objects_of_others_with_one_login() -> None:
    found = calls(attack("object_enumeration"), LOGGED_IN, 30)
    orders = [call for call in found if call.path.startswith("/orders/")]
    numbers = [int(call.path.rpartition("/")[2]) for call in orders]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len({call.headers["Authorization"] for call in orders}) == 1
    assert len({company.owner_of(number) for number in numbers}) > 3


def test_an_attack_pauses_between_waves() -> None:
    waves = Waves(10, 2.0, 60)
    pauses = [waves.pause(done, random.Random(1)) for done in range(1, 21)]
    assert [index for index, pause in enumerate(pauses, 1) if pause == 60] == [10, 20]


def test_a_person_keeps_their_device_and_many_share_an_address() -> None:
    assert person(1100) == person(1100)
    shared = Counter(person(number).client.address for number in company.CUSTOMERS)
    assert max(shared.values()) > 20
    assert sum(1 for count in shared.values() if count == 1) > 200


def test_a_shopper_who_mistypes_tries_again() -> None:
    seeds = range(200)
    logins = [calls(sessions.mobile_session(random.Random(seed)), LOGGED_IN, 20) for seed in seeds]
    twice = [c for c in logins if sum(call.path == "/login" for call in c) == 2]
    assert 0 < len(twice) < len(logins) / 5


def test_the_same_seed_gives_the_same_session() -> None:
    first, second = (
        list(islice(calls(sessions.web_session(random.Random(5)), LOGGED_IN, 30), 30)) for _ in "ab"
    )
    assert first == second


def test_the_past_ends_at_the_present_without_a_gateway() -> None:
    status = Status(None)
    simulation = Simulation(Sender("http://127.0.0.1:9", "http://127.0.0.1:9"), status, 2.0, 1, start=1_000.0)
    simulation.past(1_030.0, threading.Event())
    assert status.describe(set(ATTACKS))["attacks"] == {}


def test_the_status_tells_attacks_and_populations_apart() -> None:
    status = Status(None)
    call = calls(attack("scraping"), Answer(200), 1)[0]
    for code in (200, 403, 403):
        status.count("scraping", call, Answer(code))
    status.count("web", call, Answer(200))
    shown = status.describe(set(ATTACKS))
    assert shown["attacks"]["scraping"]["statuses"] == {"2xx": 1, "403": 2}
    assert shown["attacks"]["scraping"]["recent_statuses"] == [200, 403, 403]
    assert shown["attacks"]["scraping"]["blocked_addresses"] == [call.client.address]
    assert list(shown["populations"]) == ["web"]


def test_a_403_for_a_missing_resource_blocks_nobody() -> None:
    status, call = Status(None), calls(attack("vulnerability_scan"), Answer(403), 1)[0]
    status.count("vulnerability_scan", call, Answer(403, b'{"message":"Missing Authentication Token"}'))
    status.count("vulnerability_scan", call, Answer(403, b'{"message":"Forbidden"}'))
    shown = status.describe(set(ATTACKS))["attacks"]["vulnerability_scan"]
    assert (shown["statuses"], shown["blocked"]) == ({"403": 2}, 1)


@pytest.mark.parametrize(
    ("text", "names"),
    [("all", set(ATTACKS)), ("none", set()), ("scraping,sql_injection", {"scraping", "sql_injection"})],
)
def test_attacks_are_chosen_by_name(text: str, names: set[str]) -> None:
    assert chosen_attacks(text) == names


def test_an_unknown_attack_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown attacks: ddos"):
        chosen_attacks("ddos")
