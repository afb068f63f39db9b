"""Shared flows, hooks and key value maps: what Google would not take is refused, and what is deployed is what runs."""

from __future__ import annotations

import pytest

from connectors.testkit.doubles.apigee.bundles import bundle, step

MAP = "/environments/prod/keyvaluemaps"
DEPLOYMENT = "/environments/prod/sharedflows/own/revisions/{}/deployments"
HOOK = "/environments/prod/flowhooks/PreProxyFlowHook"
FAULT = "<FaultResponse><Set><StatusCode>418</StatusCode></Set></FaultResponse>"


def flow(script="", condition="", attributes=""):
    """A shared flow that runs a script, and refuses under a condition."""
    return bundle(
        "sharedflowbundle",
        "own",
        {
            "policies/JS": f'<Javascript name="JS" {attributes}><ResourceURL>jsc://a.js</ResourceURL></Javascript>',
            "policies/RF": f'<RaiseFault name="RF" continueOnError="true">{FAULT}</RaiseFault>',
            "resources/jsc/a.js": script,
            "sharedflows/default": f'<SharedFlow name="default">{step("JS")}{step("RF", condition)}</SharedFlow>',
        },
    )


def attached(organisation, archive, goes_on=False):
    assert organisation.put_flow("own", archive).status_code == 200
    assert organisation.send("POST", DEPLOYMENT.format(1)).status_code == 200
    body = {"sharedFlow": "own", "continueOnError": goes_on}
    assert organisation.send("PUT", HOOK, body).status_code == 200


@pytest.mark.parametrize(
    "archive",
    [
        b"not a zip",
        bundle("sharedflowbundle", "other", {"sharedflows/default": "<SharedFlow/>"}),
        bundle("sharedflowbundle", "own", {"sharedflows/default": "<SharedFlow/>"}),
        bundle(
            "sharedflowbundle", "own", {"sharedflows/default": f"<SharedFlow>{step('Gone')}</SharedFlow>"}
        ),
        bundle(
            "sharedflowbundle",
            "own",
            {
                "policies/JS": '<Javascript name="JS"><ResourceURL>jsc://gone.js</ResourceURL></Javascript>',
                "sharedflows/default": f"<SharedFlow>{step('JS')}</SharedFlow>",
            },
        ),
    ],
)
def test_a_bundle_that_could_not_run_is_not_imported(organisation, archive):
    assert organisation.put_flow("own", archive).status_code == 400


def test_a_bundle_is_imported_as_a_form_alone(organisation):
    assert organisation.send("POST", "/sharedflows?action=import&name=own", {"a": 1}).status_code == 400


def test_what_is_in_use_is_neither_undeployed_nor_deleted(organisation):
    assert organisation.send("PUT", HOOK, {"sharedFlow": "own"}).status_code == 400, "it is not deployed"
    attached(organisation, flow())
    assert organisation.send("DELETE", DEPLOYMENT.format(1)).status_code == 400
    assert organisation.send("DELETE", "/sharedflows/own").status_code == 400
    organisation.send("DELETE", HOOK)
    assert organisation.send("DELETE", DEPLOYMENT.format(1)).status_code == 200
    assert organisation.send("DELETE", "/sharedflows/own").status_code == 200


def test_another_revision_is_deployed_only_in_place_of_the_standing_one_and_is_ready_later(organisation):
    attached(organisation, flow())
    organisation.put_flow("own", flow("var a = 1;"))
    assert organisation.send("POST", DEPLOYMENT.format(2)).status_code == 400
    assert organisation.send("POST", DEPLOYMENT.format(2) + "?override=true").status_code == 200
    looks = [organisation.send("GET", DEPLOYMENT.format(2)).json["state"] for _ in range(2)]
    assert looks == ["PROGRESSING", "READY"]


@pytest.mark.parametrize(
    ("script", "attributes", "goes_on", "status"),
    [
        ('context.setVariable("stop", "1");', "", False, 418),
        ('context.setVariable("stop", "1");', "", True, 502),
        ("var nothing = 1;", "", False, 502),
        ('throw new Error("x");', "", False, 500),
        ('throw new Error("x");', 'continueOnError="true"', False, 502),
        ("for (;;) {}", 'timeLimit="50" continueOnError="true"', False, 502),
        ("new Map();", "", False, 500),
        ('"abc".startsWith("a");', "", False, 500),
    ],
)
def test_what_is_deployed_is_what_runs_without_what_came_after_ecmascript_5(
    organisation, script, attributes, goes_on, status
):
    attached(organisation, flow(script, "stop != null", attributes), goes_on)
    assert organisation.ask() == status


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"name": "m"}, 400),
        ("", {"name": "m", "encrypted": False}, 400),
        ("", {"name": "in use", "encrypted": True}, 400),
        ("", {"name": "own", "encrypted": True}, 409),
        ("/own/entries", {"name": "k", "value": "x" * (512 * 1024 + 1)}, 400),
        ("/own/entries", {"name": "k", "value": ""}, 400),
        ("/own/entries", {"name": "there", "value": "x"}, 409),
        ("/gone/entries", {"name": "k", "value": "x"}, 404),
    ],
)
def test_a_map_or_entry_that_google_would_not_take_is_refused(organisation, path, body, status):
    organisation.send("POST", MAP, {"name": "own", "encrypted": True})
    organisation.send("POST", f"{MAP}/own/entries", {"name": "there", "value": "v"})
    assert organisation.send("POST", MAP + path, body).status_code == status


def test_entries_are_paged(organisation):
    organisation.send("POST", MAP, {"name": "own", "encrypted": True})
    for number in range(103):
        organisation.send("POST", f"{MAP}/own/entries", {"name": f"k{number}", "value": "v"})
    first = organisation.send("GET", f"{MAP}/own/entries").json
    assert len(first["keyValueEntries"]) == 100
    rest = organisation.send("GET", f"{MAP}/own/entries?pageToken={first['nextPageToken']}").json
    assert len(rest["keyValueEntries"]) == 3
