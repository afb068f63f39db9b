"""What is kept beside tables is one tenant's each: files, caches, keys, log lines, mails, webhooks, archives, exports."""

from __future__ import annotations

import io
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from structlog.stdlib import ProcessorFormatter

from controlplane.alerts import services as alerts
from controlplane.traffic.engine import duck
from tenants.accounts.cache import TenantCache
from tenants.accounts.services import limits, mail
from tenants.archives import contents
from tenants.isolation import context, storage
from tenants.isolation.context import tenant_context
from tenants.orgs.queries import all_tenants
from tenants.orgs.types import OrgInfo
from tenants.vault import datakeys
from tenants.vault.datakeys import VaultError
from tenants.vault.services import unseal
from tests.database import TestDatabases
from tests.isolation import twins
from tests.isolation.contents import files, folder, seen
from tests.isolation.twins import Life, foreign

Jobs = Callable[..., int]
#: Files of the installation, and why they are no tenant's.
INSTALLATION = {
    "vault/root.key": "wraps the tenants' keys",
    "vault/audit-signing.json": "signs the heads of every tenant's audit trail",
    "vault/lock": "empty; held while keys of the installation are changed",
}
#: Log lines outside every tenant, and why.
OUTSIDE: dict[str, str] = {}


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the product's own handler writes, line by line."""
    root, written = logging.getLogger(), io.StringIO()
    shipped = next(h.formatter for h in root.handlers if isinstance(h.formatter, ProcessorFormatter))
    handler = logging.StreamHandler(written)
    handler.setFormatter(shipped)
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.removeHandler(handler)


@pytest.fixture
def live(
    committed_db: TestDatabases, acme: OrgInfo, globex: OrgInfo, run_jobs: Jobs, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[dict[str, Any]]],
) -> Iterator[Callable[[], Life]]:  # fmt: skip
    """Let acme and globex live, with a data folder of their own."""
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path)
    with twins.outside() as reached:
        ports = (reached.mail_port, reached.hook_port)
        monkeypatch.setattr(settings, "EGRESS_ALLOW", ",".join(f"127.0.0.1:{port}" for port in ports))
        monkeypatch.setattr(settings, "EMAIL_URL", f"smtp://127.0.0.1:{reached.mail_port}")
        monkeypatch.setattr(settings, "EMAIL_BACKEND", "tenants.accounts.outgoing.EgressMail")
        yield lambda: twins.live((acme, globex), reached, run_jobs, lines)


def in_files(life: Life) -> list[str]:
    """Every file below the data folder is one tenant's or a named one of the installation."""
    owned = {org.schema_name for org in all_tenants(status=None)}
    wrong = []
    for path in Path(settings.DATA_DIR).rglob("*"):
        name = path.relative_to(settings.DATA_DIR).as_posix()
        owner = name.split("/")[1] if name.startswith("tenants/") else ""
        if path.is_file() and name not in INSTALLATION and owner not in owned:
            wrong.append(f"the file {name} is nobody's")
    for twin, marks in life.pairs():
        for name, content in files(folder(twin.org)).items():
            wrong += foreign(f"file {name} of {twin.org.slug}", f"{name}\n".encode() + content, marks)
    return wrong


def in_answers(life: Life) -> list[str]:
    """Pages, exports and archives."""
    return [
        line
        for twin, marks in life.pairs()
        for name, content in twin.answers.items()
        for line in foreign(f"{name} of {twin.org.slug}", content, marks)
    ]


def in_messages(life: Life) -> list[str]:
    """Mails by recipient, webhooks by address: each goes to one tenant's people and is about that tenant."""
    wrong = []
    for twin, marks in life.pairs():
        for recipients, text in life.outside.mails:
            if any(address.endswith(f"@{twin.org.slug}.test") for address in recipients):
                wrong += foreign(f"mail to {recipients}", f"{recipients}\n{text}", marks)
        for path, text in life.outside.hooks:
            if path == f"/{twin.org.slug}":
                wrong += foreign(f"webhook to {path}", text, marks)
    return wrong


def in_lines(life: Life) -> list[str]:
    """A line written within a tenant says so and holds nothing of the other; there are no others."""
    wrong = []
    for line in life.lines:
        if line["logger"] == "mail.log":
            continue  # the mail server's own
        text = json.dumps(line)
        if line.get("tenant") is None and line["event"] not in OUTSIDE:
            wrong.append(f"line of nobody: {text[:300]}")
        for twin, marks in life.pairs():
            if line.get("tenant") == twin.org.schema_name:
                wrong += foreign(f"line of {twin.org.slug}: {text[:300]}", text, marks)
    return wrong


def in_caches(life: Life) -> list[str]:
    """Kept values, data keys, keyed hashes and limits of the same names."""
    one, other = (twin.said for twin in life.twins)
    wrong = []
    for twin in life.twins:
        if (twin.said["cached"], twin.said["unsealed"]) != (twin.org.slug, twin.org.slug):
            wrong.append(f"{twin.org.slug} read {twin.said['cached']!r} from the cache")
        if twin.said["guesses"] != [403] * 5:
            wrong.append(f"guesses elsewhere were counted in {twin.org.slug}: {twin.said['guesses']}")
        if twin.said["pushed"]["records"] != 300 + twin.extra:
            wrong.append(f"calls of {twin.org.slug}: {twin.said['pushed']}")
        series = json.loads(twin.answers["traffic"])["series"]
        if sum(point["calls"] for point in series) != 300 + twin.extra:
            wrong.append(f"the engine counts calls of another in {twin.org.slug}: {series}")
    if one["hash"] == other["hash"] or one["sealed"] == other["sealed"]:
        wrong.append("both tenants have the same key")
    return wrong


def in_rows(life: Life) -> list[str]:
    """Tables and queued jobs."""
    return [
        f"row of {twin.org.slug}: {line}"
        for twin, marks in life.pairs()
        for line in seen(twin.org, [mark.encode() for mark in marks])
    ]


def leaks(life: Life) -> list[str]:
    """Everything that is wrong, of every kind."""
    looks = (in_files, in_answers, in_messages, in_lines, in_caches, in_rows)
    return [line for look in looks for line in look(life)]


@dataclass(frozen=True)
class Broken:
    """A build in which one thing is not kept apart: what is replaced by what, and how that is told."""

    place: object
    name: str
    make: Callable[[Any], Any]
    told: str


def remembered(key: Callable[..., object]) -> Callable[[Any], Any]:
    """Ask once for each key, whoever asks."""

    def make(real: Any) -> Any:
        kept: dict[object, Any] = {}

        def ask(*args: Any, **more: Any) -> Any:
            name = key(*args, **more)
            if name not in kept:
                kept[name] = real(*args, **more)
            return kept[name]

        return ask

    return make


@contextmanager
def silent(ref: context.TenantRef | None) -> Iterator[None]:
    """Enter a tenant without telling the log."""
    token = context._current.set(ref)
    try:
        yield
    finally:
        context._current.reset(token)


def counting(_: Any) -> Any:
    """A limit that counts in the process, by name."""
    tries: Counter[str] = Counter()

    def take(cursor: Any, table: str, key: str, limit: Any, now: Any) -> int:
        tries[key] += 1
        return 60 if tries[key] > limit.most else 0

    return take


BROKEN = {
    "files in one folder": Broken(storage, "require_tenant", remembered(lambda: 0), "file calls/"),
    "archives of the folder above": Broken(
        contents, "_write_files", lambda real: lambda zipped, told, root: real(zipped, told, root.parent), "archive"
    ),
    "lines that do not say whose they are": Broken(context, "_bound", lambda real: silent, "line of nobody"),
    "values kept by name": Broken(TenantCache, "get", remembered(lambda cache, key: key), "from the cache"),
    "one key for all": Broken(datakeys, "_unwrap", lambda real: lambda wrapped, tenant: b"k" * 32, "the same key"),
    "limits by name": Broken(limits, "take", counting, "guesses elsewhere"),
    "segments by connection": Broken(
        duck, "segment_files", remembered(lambda window, where: where.connection), "the engine counts"
    ),
    "pages by name": Broken(mail, "page", remembered(lambda path, secret="": path), "mail to"),
    "destinations by name": Broken(alerts, "_opened", remembered(lambda row: row.name), "webhook to"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_a_build_that_does_not_keep_one_of_them_apart_is_noticed(
    kind: str, live: Callable[[], Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = BROKEN[kind]
    monkeypatch.setattr(broken.place, broken.name, broken.make(getattr(broken.place, broken.name)))
    found = leaks(live())
    assert [line for line in found if broken.told in line], found


@pytest.mark.timeout(300)
@pytest.mark.asvs("8.4.1")
def test_nothing_of_one_tenant_is_in_whatever_is_another_ones(live: Callable[[], Life]) -> None:
    life = live()
    assert (found := leaks(life)) == [], "\n".join(found)
    for twin in life.twins:  # there was something to look into
        slug = twin.org.slug
        assert {name.split("/")[0] for name in files(folder(twin.org))} >= {
            "archives",
            "calls",
            "heads",
            "imports",
        }
        assert sum(slug.encode() in content for content in twin.answers.values()) > 15
        to = [address for recipients, _ in life.outside.mails for address in recipients]
        assert {f"soc@{slug}.test", f"analyst@{slug}.test", f"new@{slug}.test"} <= set(to)
        assert f"/{slug}" in {path for path, _ in life.outside.hooks}
        assert sum(line.get("tenant") == twin.org.schema_name for line in life.lines) > 50
    with tenant_context(life.twins[1].org.schema_name), pytest.raises(VaultError):
        unseal(life.twins[0].said["sealed"], **twins.PLACE)
