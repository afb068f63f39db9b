"""The shared flow blocks for real, touches nothing of the customer's, and leaves the environment as it found it."""

from __future__ import annotations

import io
import json
import random
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from connectors.apigee.config import Config
from connectors.apigee.enforce import Enforce
from connectors.apigee.flow import package
from connectors.base.calls import calls_table
from connectors.base.enforcement import Program
from connectors.base.errors import ConflictError, RefusedError, TransientError, VendorAnswerError
from connectors.base.evaluate import matches
from connectors.base.intent import BlockAction, BlockIntent, HeaderMatch, Match
from connectors.testkit.enforcement_laws import check_enforcement
from connectors.testkit.running import Fault
from tests.connectors.apigee.conformance import subject
from tests.connectors.apigee.world import NAME
from tests.documented import commands, run

ENDS = datetime(2996, 12, 1, tzinfo=UTC)
ADDRESS = "198.51.100.7"
PATHS = Match(path_templates=("/payments/{id}/refund",), methods=("POST",))


def allow(change):
    """A guard that lets every change pass."""


def block(match=PATHS, number=1, action=BlockAction.BLOCK, ends=ENDS):
    return BlockIntent(f"blk_{number}", match, action, ends, "test")


BLOCKS = (
    block(),
    block(Match(networks=(ip_network("198.51.100.0/24"), ip_network("2001:db8::/48"))), 2),
    block(Match(hosts=("SHOP.acme.example",), headers=(HeaderMatch("X-Tool", "scan", "contains"),)), 3),
    block(Match(consumers=("partner-globex",)), 4),
    block(Match(path_templates=("/catalog/{rest+}",)), 5, BlockAction.COUNT),
    block(Match(networks=tuple(ip_network(f"10.{n // 250}.{n % 250}.0/25") for n in range(5000))), 6),
)


@pytest.fixture
def enforce(gateway):
    return Enforce(gateway.settings(enforcer="shared_flow"), gateway.egress, sleep=lambda seconds: None)


@pytest.fixture
def target(gateway, enforce):
    return enforce.targets(Config(gateway.settings(), gateway.egress).read_config())[0]


def push(enforce, target, *blocks):
    state = enforce.read_state(target)
    program = enforce.compile(blocks, target, state)
    return program, enforce.apply(enforce.diff(program, state), allow)


def test_the_laws_of_blocking_hold():
    with subject("shared_flow", BLOCKS) as apigee:
        check_enforcement(apigee)


def test_a_path_is_blocked_and_everything_is_as_it_was_after_the_last_block(gateway, enforce, target):
    before = gateway.estate()
    program, _ = push(enforce, target, block())
    assert program.outcomes[0].exactness == "exact"
    assert gateway.ask("/payments/p1/refund", "POST") == 403
    assert gateway.ask("/payments/p1/refund", "GET") == 502
    assert gateway.ask("/payments/p1", "POST") == 502
    assert gateway.ask("/payments/p1/refund", "POST", host="test.acme.example") == 502
    assert gateway.hook() == {
        "sharedFlow": package.NAME, "continueOnError": False, "description": package.DESCRIPTION
    }  # fmt: skip
    push(enforce, target)
    assert gateway.ask("/payments/p1/refund", "POST") == 502
    assert gateway.estate() == before


def test_a_flow_is_undeployed_only_some_time_after_its_hook_was_detached(gateway, enforce, target):
    push(enforce, target, block())
    seen = []

    def wait(seconds):
        deployed = gateway.owner("GET", "/deployments?sharedFlows=true")["deployments"]
        seen.append(
            (gateway.hook(), [e["apiProxy"] for e in deployed if e["environment"] == "prod"], seconds)
        )

    push(Enforce(gateway.settings(enforcer="shared_flow"), gateway.egress, sleep=wait), target)
    ((hook, deployed, seconds),) = seen
    assert hook == {}
    assert package.NAME in deployed
    assert seconds >= 10
    assert package.NAME not in json.dumps(gateway.estate())


def test_undo_of_a_page_that_somebody_edited_puts_back_what_is_ours(gateway, enforce, target):
    push(enforce, target, block(), block(number=2))
    place = f"/environments/prod/keyvaluemaps/{package.NAME}/entries/rules-1"
    page = json.loads(gateway.entries()["rules-1"])
    del page["rules"][0]["exp"]
    gateway.owner("PUT", place, {"name": "rules-1", "value": json.dumps(page)})
    _, applied = push(enforce, target, block(), block(number=2))
    enforce.restore(applied.before, allow)
    assert json.loads(gateway.entries()["rules-1"]) == page, "left as it is"


def test_an_app_is_known_only_before_the_target_and_that_hook_is_used_only_then(gateway, enforce, target):
    program, _ = push(enforce, target, block(Match(consumers=("partner-globex",), methods=("GET",))))
    assert program.outcomes[0].exactness == "approximated"
    assert gateway.ask("/payments/p1", X_Double_App="partner-globex") == 403
    assert gateway.ask("/payments/p1", X_Double_App="web-shop") == 502
    push(enforce, target, block())
    assert gateway.hook("PreTargetFlowHook") == {}
    assert gateway.hook()["sharedFlow"] == package.NAME


def test_a_counted_request_goes_on(gateway, enforce, target):
    program, _ = push(enforce, target, block(action=BlockAction.COUNT))
    assert program.outcomes[0].exactness == "exact"
    assert gateway.ask("/payments/p1/refund", "POST") == 502


def drawn(chosen):
    kinds = {
        "networks": (ip_network("198.51.100.0/25"), ip_network("203.0.113.9/32"), ip_network("2001:db8::/32")),
        "methods": ("GET", "POST", "DELETE"),
        "hosts": ("shop.acme.example", "other.example"),
        "path_templates": ("/payments/{id}", "/catalog/{rest+}", "/accounts/me"),
        "consumers": ("partner-globex", "web-shop"),
        "headers": (HeaderMatch("User-Agent", "EVIL", "prefix"), HeaderMatch("user-agent", "curl/8")),
    }  # fmt: skip
    names = chosen.sample(sorted(kinds), chosen.choice((1, 2, 3)))
    return Match(
        **{
            name: tuple(chosen.sample(kinds[name], 1 if name == "headers" else chosen.randint(1, 2)))
            for name in names
        }
    )


@pytest.mark.parametrize("seed", range(6))
def test_the_proxies_stop_exactly_what_the_evaluator_says(gateway, enforce, target, seed):
    chosen = random.Random(seed)
    wanted = [drawn(chosen) for _ in range(3)]
    push(enforce, target, *(block(match, number) for number, match in enumerate(wanted)))
    calls = [
        {
            "method": chosen.choice(("GET", "POST", "DELETE")),
            "path": chosen.choice(("/payments", "/payments/p1", "/catalog/products", "/accounts/me")),
            "host": "shop.acme.example",
            "client_ip": chosen.choice(
                (ADDRESS, "198.51.100.200", "203.0.113.9", "2001:db8::1", "2001:db9::1")
            ),
            "user_agent": chosen.choice(("evilbot/1", "curl/8", "Mozilla (x, like y)")),
            "consumer": chosen.choice(("partner-globex", "web-shop", "mobile-app")),
        }
        for _ in range(30)
    ]
    table = calls_table([{**call, "call_id": str(n), "ts": n} for n, call in enumerate(calls)])
    expected = [any(found) for found in zip(*(matches(m, table).to_pylist() for m in wanted), strict=True)]
    statuses = [
        gateway.ask(
            call["path"], call["method"], call["host"], call["client_ip"],
            User_Agent=call["user_agent"], X_Double_App=call["consumer"],
        )
        for call in calls
    ]  # fmt: skip
    assert [status == 403 for status in statuses] == expected


def callout(step=True, condition="", attributes=""):
    """A customer's own shared flow that calls ours."""
    when = f"<Condition>{condition}</Condition>" if condition else ""
    files = {
        "sharedflowbundle/theirs.xml": '<SharedFlowBundle name="theirs"/>',
        "sharedflowbundle/policies/FC.xml": f'<FlowCallout name="FC" {attributes}><SharedFlowBundle>{package.NAME}'
        "</SharedFlowBundle></FlowCallout>",
        "sharedflowbundle/policies/AM.xml": '<AssignMessage name="AM"/>',
        "sharedflowbundle/sharedflows/default.xml": '<SharedFlow name="default"><Step><Name>AM</Name></Step>'
        + (f"<Step><Name>FC</Name>{when}</Step>" if step else "")
        + "</SharedFlow>",
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return written.getvalue()


@pytest.mark.parametrize(
    ("made", "goes_on", "calls"),
    [
        (callout(), False, True),
        (callout(), True, False),
        (callout(step=False), False, False),
        (callout(condition='request.verb = "GET"'), False, False),
        (callout(attributes='continueOnError="true"'), False, False),
        (callout(attributes='enabled="false"'), False, False),
    ],
)
def test_a_hook_that_is_taken_is_never_replaced_and_blocks_work_once_its_flow_calls_ours(
    gateway, enforce, target, made, goes_on, calls
):
    gateway.put_flow(package.NAME, package.archive())
    gateway.put_flow("theirs", made)
    gateway.attach("theirs", continueOnError=goes_on)
    before = gateway.estate()
    program, applied = push(enforce, target, block())
    (outcome,) = program.outcomes
    if calls:
        assert outcome.exactness == "exact"
        assert gateway.ask("/payments/p1/refund", "POST") == 403
        assert gateway.hook() == {"sharedFlow": "theirs", "continueOnError": False}
        push(enforce, target)
    else:
        assert outcome.exactness == "refused"
        assert "FlowCallout" in outcome.reasons[0]
        assert "theirs" in outcome.reasons[0]
        assert applied.changes == ()
    assert gateway.ask("/payments/p1/refund", "POST") == 502
    assert gateway.estate() == before, "their hook, and the shared flow that theirs calls, stay"


def test_an_older_flow_of_ours_that_theirs_calls_is_refused_and_not_redeployed(gateway, enforce, target):
    gateway.put_flow(package.NAME, tampered())
    gateway.put_flow("theirs", callout())
    gateway.attach("theirs", continueOnError=False)
    program, applied = push(enforce, target, block())
    assert program.outcomes[0].exactness == "refused"
    assert "another version" in program.outcomes[0].reasons[0]
    assert applied.changes == ()


def test_only_blocks_of_apps_are_refused_where_only_the_later_hook_is_taken(gateway, enforce, target):
    gateway.put_flow("theirs", callout(step=False))
    gateway.attach("theirs", "PreTargetFlowHook")
    program, _ = push(enforce, target, block(), block(Match(consumers=("x",)), 2))
    assert [outcome.exactness for outcome in program.outcomes] == ["exact", "refused"]
    assert gateway.hook("PreTargetFlowHook") == {"sharedFlow": "theirs"}


@pytest.mark.parametrize("calls", [False, True])
def test_a_hook_that_somebody_takes_while_we_write_stays_theirs(gateway, enforce, target, calls):
    gateway.put_flow("theirs", callout(step=calls))
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block()], target, state), state)

    def meddle(change):
        if change.object_kind == "flow_hook":
            gateway.attach("theirs", continueOnError=False)

    with pytest.raises(ConflictError):
        enforce.apply(diff, meddle)
    assert gateway.hook() == {"sharedFlow": "theirs", "continueOnError": False}


def lend(gateway):
    """The customer deploys ours and attaches an own shared flow that calls it."""
    gateway.put_flow(package.NAME, package.archive())
    gateway.put_flow("theirs", callout())
    gateway.attach("theirs", continueOnError=False)


def test_undo_leaves_a_hook_and_a_flow_that_are_the_customers_by_now(gateway, enforce, target):
    push(enforce, target, block())
    _, ended = push(enforce, target)
    lend(gateway)
    before = gateway.estate()
    restored = enforce.restore(ended.before, allow)
    assert gateway.hook() == {"sharedFlow": "theirs", "continueOnError": False}
    assert {key: value for key, value in gateway.estate().items() if key != "map"} == {
        key: value for key, value in before.items() if key != "map"
    }
    assert "PreProxyFlowHook" in " ".join(restored.notes)
    assert gateway.ask("/payments/p1/refund", "POST") == 403, "the rules are back, and theirs calls ours"


def test_a_flow_that_is_lent_while_we_write_is_not_deployed_again(gateway, enforce, target):
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block()], target, state), state)

    def meddle(change):
        if change.object_kind == "shared_flow":
            lend(gateway)
            gateway.put_flow(package.NAME, older())

    with pytest.raises(ConflictError):
        enforce.apply(diff, meddle)
    deployed = gateway.owner("GET", "/deployments?sharedFlows=true")["deployments"]
    assert [entry["revision"] for entry in deployed if entry["apiProxy"] == package.NAME] == ["2"]


def test_a_deployed_revision_that_is_not_ours_is_not_displaced_by_ours(gateway, enforce, target):
    gateway.put_flow(package.NAME, tampered("made by hand"))
    place = f"/environments/prod/sharedflows/{package.NAME}/revisions"
    gateway.put_flow(package.NAME, package.archive())
    gateway.owner("DELETE", f"{place}/2/deployments")
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block()], target, state), state)
    with pytest.raises(RefusedError, match="not ours"):
        enforce.apply(diff, lambda change: change.object_kind == "shared_flow" and redeploy(gateway, "1"))
    deployed = gateway.owner("GET", "/deployments?sharedFlows=true")["deployments"]
    assert [entry["revision"] for entry in deployed if entry["apiProxy"] == package.NAME] == ["1"]


def redeploy(gateway, revision):
    """The customer deploys a revision of our name."""
    at = f"/environments/prod/sharedflows/{package.NAME}/revisions/{revision}/deployments"
    gateway.owner("POST", f"{at}?override=true")


class Killed(BaseException):
    """The worker ended in the middle."""


def test_a_hook_is_attached_only_to_a_deployment_that_is_ready(gateway, enforce, target):
    gateway.knob("POST", "deployments", {"outcome": "PROGRESSING"})

    def die(seconds):
        raise Killed

    settings = gateway.settings(enforcer="shared_flow")
    with pytest.raises(Killed):
        push(Enforce(settings, gateway.egress, sleep=die), target, block())
    with pytest.raises(TransientError, match="not ready"):
        push(enforce, target, block())
    assert gateway.hook() == {}, "no request may fail by a flow that is not there"
    gateway.knob("POST", "deployments", {"outcome": "ERROR"})
    with pytest.raises(VendorAnswerError, match="could not deploy"):
        push(enforce, target, block())
    assert gateway.hook() == {}
    gateway.knob("POST", "deployments", {"outcome": "READY"})
    push(enforce, target, block())
    assert gateway.ask("/payments/p1/refund", "POST") == 403


def test_a_deployment_that_stops_being_ready_before_the_hook_is_written_gets_none(gateway, enforce, target):
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block()], target, state), state)

    def meddle(change):
        if change.object_kind == "flow_hook":
            gateway.knob("POST", "deployments", {"outcome": "ERROR"})

    with pytest.raises(ConflictError):
        enforce.apply(diff, meddle)
    assert gateway.hook() == {}


def older():
    """An earlier release of ours: another script that decides the same."""
    return remade(package.script() + b"// earlier")


def test_a_release_of_ours_ends_no_block_where_theirs_calls_an_older_flow(gateway, enforce, target):
    lend(gateway)
    push(enforce, target, block())
    gateway.put_flow(package.NAME, older())
    program, applied = push(enforce, target, block(), block(number=2))
    assert applied.changes == ()
    assert [outcome.exactness for outcome in program.outcomes] == ["approximated", "refused"]
    assert all("another version" in outcome.reasons[-1] for outcome in program.outcomes)
    assert gateway.ask("/payments/p1/refund", "POST") == 403
    push(enforce, target)
    assert gateway.estate()["map"] is None, "what is not wanted any more goes"


@pytest.mark.parametrize("case", ["hook taken", "not ours"])
def test_what_stands_stays_where_nothing_new_can_be_made_and_covers_nothing(gateway, enforce, target, case):
    push(enforce, target, block())
    if case == "hook taken":
        gateway.put_flow("theirs", callout(step=False))
        gateway.attach("theirs", continueOnError=False)
    else:
        gateway.put_flow(package.NAME, tampered("made by hand"))
    program, applied = push(enforce, target, block(), block(number=2))
    assert applied.changes == ()
    assert [outcome.exactness for outcome in program.outcomes] == ["approximated", "refused"]
    assert program.outcomes[0].coverage.covered == ()


def tampered(description=package.DESCRIPTION):
    """Our bundle with a script that stops nothing."""
    return remade(b"var nothing = 1;", description)


def remade(script, description=package.DESCRIPTION):
    """Our bundle with another script."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package.archive())) as given, zipfile.ZipFile(written, "w") as made:
        for entry in given.infolist():
            content = given.read(entry)
            if entry.filename.endswith(".js"):
                content = script
            made.writestr(entry.filename, content.replace(package.DESCRIPTION.encode(), description.encode()))
    return written.getvalue()


def test_a_script_that_somebody_changed_is_put_right(gateway, enforce, target):
    push(enforce, target, block())
    gateway.put_flow(package.NAME, tampered())
    assert gateway.ask("/payments/p1/refund", "POST") == 502
    _, applied = push(enforce, target, block())
    assert [change.object_kind for change in applied.changes] == ["shared_flow"]
    assert gateway.ask("/payments/p1/refund", "POST") == 403


def test_a_hook_that_somebody_let_go_on_is_put_right(gateway, enforce, target):
    push(enforce, target, block())
    gateway.owner("PUT", "/environments/prod/flowhooks/PreProxyFlowHook", {"sharedFlow": package.NAME})
    assert gateway.ask("/payments/p1/refund", "POST") == 502, "the raised fault is passed over"
    push(enforce, target, block())
    assert gateway.ask("/payments/p1/refund", "POST") == 403


def test_a_flow_of_our_name_without_our_mark_is_left_alone(gateway, enforce, target):
    gateway.put_flow(package.NAME, tampered("made by hand"))
    before = gateway.estate()
    program, applied = push(enforce, target, block())
    assert program.outcomes[0].exactness == "refused"
    assert applied.changes == ()
    assert gateway.estate() == before
    gateway.owner("DELETE", f"/environments/prod/sharedflows/{package.NAME}/revisions/1/deployments")
    with pytest.raises(RefusedError, match="not ours"):
        push(enforce, target, block())
    assert gateway.owner("GET", f"/sharedflows/{package.NAME}")["revision"] == ["1"]


def test_entries_of_others_in_a_map_of_our_name_stay(gateway, enforce, target):
    place = f"/environments/prod/keyvaluemaps/{package.NAME}"
    gateway.owner("POST", "/environments/prod/keyvaluemaps", {"name": package.NAME, "encrypted": True})
    gateway.owner("POST", f"{place}/entries", {"name": "rules-1", "value": "theirs"})
    program, applied = push(enforce, target, block())
    assert program.outcomes[0].exactness == "refused"
    assert "no longer" in program.outcomes[0].reasons[0]
    assert applied.changes == ()
    assert gateway.entries() == {"rules-1": "theirs"}
    gateway.owner("DELETE", place)


def test_an_entry_of_a_name_that_we_do_not_use_changes_no_block_and_stays(gateway, enforce, target):
    push(enforce, target, block())
    place = f"/environments/prod/keyvaluemaps/{package.NAME}/entries"
    gateway.owner("POST", place, {"name": "note", "value": "hello"})
    program, applied = push(enforce, target, block())
    assert applied.changes == ()
    assert program.outcomes[0].exactness == "exact"
    push(enforce, target, block(), block(number=2))
    assert gateway.ask("/payments/p1/refund", "POST") == 403
    _, ended = push(enforce, target)
    assert gateway.entries() == {"note": "hello"}
    enforce.restore(ended.before, allow)
    assert gateway.ask("/payments/p1/refund", "POST") == 403
    push(enforce, target)
    assert gateway.entries() == {"note": "hello"}


def test_a_page_that_lost_its_mark_takes_nothing_down_and_is_left_alone(gateway, enforce, target):
    push(enforce, target, block(), block(number=2))
    place = f"/environments/prod/keyvaluemaps/{package.NAME}/entries/rules-1"
    changed = gateway.entries()["rules-1"].replace("portcullis: ", "")
    gateway.owner("PUT", place, {"name": "rules-1", "value": changed})
    program, applied = push(enforce, target, block(), block(number=3))
    assert applied.changes == ()
    assert [outcome.exactness for outcome in program.outcomes] == ["approximated", "refused"]
    assert "rules-1" in program.outcomes[0].reasons[0]
    assert gateway.ask("/payments/p1/refund", "POST") == 403
    assert gateway.entries()["rules-1"] == changed
    push(enforce, target)
    assert gateway.entries() == {"rules-1": changed}
    assert gateway.hook() == {}


def test_a_page_that_somebody_changed_between_reading_and_writing_is_not_overwritten(
    gateway, enforce, target
):
    push(enforce, target, block())
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block(), block(number=2)], target, state), state)
    value = {"name": "rules-1", "value": "mine now"}
    place = f"/environments/prod/keyvaluemaps/{package.NAME}/entries/rules-1"
    with pytest.raises(ConflictError):
        enforce.apply(diff, lambda change: gateway.owner("PUT", place, value))
    assert gateway.entries()["rules-1"] == "mine now"
    gateway.owner("DELETE", place)


def test_a_deployment_that_fails_leaves_none_of_ours_in_force(gateway, enforce, target):
    gateway.knob("POST", "deployments", {"outcome": "ERROR"})
    with pytest.raises(VendorAnswerError, match="could not deploy"):
        push(enforce, target, block())
    assert gateway.hook() == {}
    assert enforce.read_state(target).foreign[0].document["content"] == ""
    assert [flow["name"] for flow in gateway.owner("GET", "/sharedflows")["sharedFlows"]] == ["auth"]


def test_a_new_revision_that_fails_gives_way_to_the_one_before(gateway, enforce, target):
    push(enforce, target, block())
    gateway.put_flow(package.NAME, tampered())
    gateway.knob("POST", "deployments", {"outcome": "ERROR"})
    with pytest.raises(VendorAnswerError):
        push(enforce, target, block())
    deployed = gateway.owner("GET", "/deployments?sharedFlows=true")["deployments"]
    assert [entry["revision"] for entry in deployed if entry["apiProxy"] == package.NAME] == ["2"]


def test_two_environments_share_the_flow_and_the_last_one_removes_it(gateway, enforce):
    snapshot = Config(gateway.settings(), gateway.egress).read_config()
    prod, test = (next(t for t in enforce.targets(snapshot) if t.name == name) for name in ("prod", "test"))
    push(enforce, prod, block())
    push(enforce, test, block())
    assert gateway.owner("GET", f"/sharedflows/{package.NAME}")["revision"] == ["1"]
    push(enforce, prod)
    assert gateway.ask("/payments/p1/refund", "POST") == 502
    assert gateway.ask("/payments/p1/refund", "POST", host="test.acme.example") == 403
    push(enforce, test)
    assert package.NAME not in json.dumps(gateway.estate())


def test_undo_does_not_put_back_a_rule_whose_time_is_over(gateway, enforce, target):
    ends = datetime.now(UTC) + timedelta(minutes=10)
    push(enforce, target, block(ends=ends), block(number=2))
    _, ended = push(enforce, target)
    later = Enforce(
        gateway.settings(enforcer="shared_flow"), gateway.egress,
        clock=lambda: ends + timedelta(hours=1), sleep=lambda seconds: None,
    )  # fmt: skip
    restored = later.restore(ended.before, allow)
    ids = [rule["id"] for e in restored.after.objects for rule in e.document.get("rules", ())]
    assert ids == ["blk_2"]
    assert "ended" in restored.notes[-1]
    push(enforce, target, block(ends=ends))
    _, ended = push(enforce, target)
    assert later.restore(ended.before, allow).after.objects == ()


def test_the_documented_commands_undo_everything_without_us(gateway, enforce, target, tmp_path):
    before = gateway.estate()
    push(enforce, target, *BLOCKS)
    assert gateway.estate() != before
    (script,) = commands("apigee-flow")
    run(script, tmp_path, ORG=f"{gateway.base}/v1/{NAME}", ENVIRONMENT="prod", TOKEN=gateway.token)
    assert gateway.estate() == before


def undo_by_hand(gateway, tmp_path):
    (script,) = commands("apigee-flow")
    # As in a terminal, where nothing ends at the first command that fails.
    script = f"set +eu +o pipefail\n{script}"
    run(script, tmp_path, ORG=f"{gateway.base}/v1/{NAME}", ENVIRONMENT="prod", TOKEN=gateway.token)


def test_the_documented_commands_leave_entries_and_flows_of_others(gateway, enforce, target, tmp_path):
    push(enforce, target, *BLOCKS)
    place = f"/environments/prod/keyvaluemaps/{package.NAME}/entries"
    gateway.owner("POST", place, {"name": "note", "value": "hello"})
    gateway.put_flow(package.NAME, tampered("made by hand"))
    undo_by_hand(gateway, tmp_path)
    assert gateway.hook() == {}
    assert gateway.entries() == {"note": "hello"}
    deployed = gateway.owner("GET", "/deployments?sharedFlows=true")["deployments"]
    assert [entry["revision"] for entry in deployed if entry["apiProxy"] == package.NAME] == ["2"]


def test_the_documented_commands_delete_no_flow_when_they_cannot_read_where_it_is_deployed(
    gateway, enforce, target, tmp_path
):
    push(enforce, target, *BLOCKS)
    gateway.double.order(Fault(500, "GET organizations/acme-apis/deployments", times=9))
    undo_by_hand(gateway, tmp_path)
    assert gateway.owner("GET", f"/sharedflows/{package.NAME}")["revision"] == ["1"]
    assert gateway.hook() == {}, "nothing of ours is in force"


def test_rules_stay_on_their_page_when_others_come_and_go(gateway, enforce, target):
    many = [
        replace(BLOCKS[5], id=f"blk_{n}", match=Match(networks=tuple(
            ip_network(f"10.{n}.{m}.0/25") for m in range(250)
        )))
        for n in range(20)
    ]  # fmt: skip
    push(enforce, target, *many)
    state = enforce.read_state(target)
    diff = enforce.diff(enforce.compile([block(number=0), *many[5:]], target, state), state)
    homes = {rule["id"]: e.ref for e in state.objects for rule in e.document.get("rules", ())}
    for change in diff.changes:
        assert all(
            homes.get(rule["id"], change.name) == change.name for rule in change.after.document["rules"]
        )


def test_what_does_not_fit_is_refused_and_what_stands_stays(enforce, target):
    state = enforce.read_state(target)
    large = [
        block(Match(networks=tuple(ip_network(f"{n}.{m // 250}.{m % 250}.0/25") for m in range(3000))), n)
        for n in range(1, 8)
    ]
    program = enforce.compile(large, target, state)
    found = [outcome.exactness for outcome in program.outcomes]
    assert found.count("refused") > 0
    assert "does not fit" in program.outcomes[-1].reasons[0]
    standing = replace(state, objects=program.objects)
    again = enforce.compile([block(number=0), *large], target, standing)
    assert [o.exactness for o in again.outcomes][1:] == found
    assert enforce.diff(Program(target, again.objects, ()), standing).changes != ()
