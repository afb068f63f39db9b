"""Each vendor's double as it is offered for hand use: what is to be entered in the form connects it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.base import registry
from connectors.base.capabilities import Capability, Grant
from connectors.testkit.doubles.offers import Offer, found
from connectors.testkit.running import local_egress, running_double

OFFERS = found()


def test_every_vendor_that_can_be_blocked_at_has_a_double_to_try_it_on():
    blocking = {
        key for key, manifest in registry.offered().items() if Capability.ENFORCE in manifest.capabilities
    }
    assert blocking - {"aws"} <= {offer.connector for offer in OFFERS}


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.name)
def test_the_values_offered_with_a_double_connect_it(offer: Offer) -> None:
    with running_double(offer.module, list(offer.arguments), offer.ports) as double:
        manifest = registry.offered()[offer.connector]
        settings = manifest.settings.model_validate(offer.settings(double.control_url))
        egress = local_egress(*double.ports, timeout=5.0)
        egress.policy = replace(egress.policy, total_timeout=30.0)
        checked = registry.implementation(offer.connector, Capability.ACCESS)(settings, egress).check()
        assert {found.action for found in checked if found.grant is not Grant.GRANTED} == set(offer.untold)
        assert Grant.DENIED not in {found.grant for found in checked}
        snapshot = registry.implementation(offer.connector, Capability.CONFIG)(settings, egress).read_config()
        assert snapshot.services
        assert snapshot.routes
        if Capability.ENFORCE in manifest.capabilities:
            enforcer = registry.implementation(offer.connector, Capability.ENFORCE)(settings, egress)
            assert enforcer.targets(snapshot)
