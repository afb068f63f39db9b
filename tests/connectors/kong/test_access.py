"""The access check: permission by permission, without writing."""

from __future__ import annotations

import pytest

from connectors.base.capabilities import Grant
from connectors.base.errors import SettingsError, TransientError
from connectors.kong.access import Access
from connectors.kong.form import KongSettings, ManagedBy
from connectors.testkit.running import Fault, local_egress, running_double


def _by_action(kong, settings: KongSettings | None = None):
    return {found.action: found for found in Access(settings or kong.settings, kong.egress).check()}


def test_a_good_token_is_granted_every_read_and_open_source_kong_can_be_written(kong):
    found = _by_action(kong)
    assert {entry.grant for entry in found.values()} == {Grant.GRANTED}
    assert found["PUT, DELETE /routes"].access == "write"


def test_one_refused_endpoint_is_named_with_its_fix(kong):
    kong.double.order(Fault(status=403, operation="GET /consumers", body={"message": "no"}))
    denied = _by_action(kong)["GET /consumers"]
    assert denied.grant is Grant.DENIED
    assert "GET /consumers" in denied.detail
    assert denied.fix


def test_a_failing_endpoint_is_unknown_and_neither_granted_nor_denied(kong):
    kong.double.order(Fault(status=500, operation="GET /upstreams"))
    assert _by_action(kong)["GET /upstreams"].grant is Grant.UNKNOWN


def test_a_read_only_front_door_denies_writing_without_a_write(kong):
    before = kong.all("plugins")
    kong.double.order(Fault(status=405, operation="POST /schemas", body={"message": "Method not allowed"}))
    assert _by_action(kong)["PUT, PATCH, DELETE /plugins"].grant is Grant.DENIED
    assert kong.all("plugins") == before


def test_a_kong_under_gitops_is_not_written(kong):
    settings = kong.settings.model_copy(update={"managed_by": ManagedBy.GITOPS})
    assert _by_action(kong, settings)["PUT, DELETE /routes"].grant is Grant.DENIED


@pytest.mark.asvs("16.5.1")
def test_a_wrong_token_is_a_settings_error_that_does_not_repeat_it(kong):
    settings = KongSettings(admin_url=kong.settings.admin_url, admin_token="wr0ng-s3cret")
    with pytest.raises(SettingsError) as caught:
        Access(settings, kong.egress).check()
    assert "wr0ng-s3cret" not in caught.value.sentence()


def test_an_unreachable_admin_api_is_transient(kong):
    settings = KongSettings(admin_url="http://127.0.0.1:9")
    with pytest.raises(TransientError):
        Access(settings, local_egress(9)).check()


def test_an_admin_api_that_answers_strangers_is_granted_with_a_warning():
    with running_double("connectors.testkit.doubles.kong", [], ("--admin-port", "--proxy-port")) as double:
        found = Access(KongSettings(admin_url=double.control_url), local_egress(*double.ports)).check()
    warning = next(entry for entry in found if entry.action.startswith("Admin API asks"))
    assert warning.detail.startswith("Warning:")
    assert "loopback" in warning.fix
