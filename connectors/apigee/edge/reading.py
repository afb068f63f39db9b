"""What is read of an organization at Edge, in the shape Apigee X is read in; what Edge does not have is told as not there.

Apps are read by their names alone, from their developers: the list of apps itself would come with keys and secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.apigee.bundle import Bundle, opened
from connectors.apigee.edge.client import EdgeOrganization, quoted
from connectors.apigee.reading import HOOKS, Document, Read, revisions_of, servers_of
from connectors.apigee.routes import base_path
from connectors.base.errors import VendorAnswerError

_TRUTH: Final = {"true": True, "false": False}


def read_edge(edge: EdgeOrganization) -> Read:
    """All of the organization that is deployed, and its consumers by name."""
    read = Read(edge.name)
    read.organization = read.attempt("environments", lambda: _named(edge), read.organization)
    read.environments = tuple(sorted(str(name) for name in read.organization.get("environments", ())))
    read.addons = dict.fromkeys(read.environments, False)
    _read_deployments(edge, read)
    _read_environments(edge, read)
    read.products = read.attempt("products", lambda: products(edge), [])
    read.developers = read.attempt("developers", lambda: developers(edge), [])
    if "developers" in read.unread:
        read.unread["apps"] = read.unread["developers"]
    read.apps = [
        {"appId": f"{developer['email']}/{name}", "name": name}
        for developer in read.developers
        for name in developer.get("apps") or ()
    ]
    return read


def deployments(edge: EdgeOrganization) -> list[Document]:
    """What is deployed of proxies: each with proxy, revision and environment."""
    found = edge.document("/deployments", "read deployments")
    return [
        entry
        for place in _objects(found, "environment")
        for proxy in _objects(place, "aPIProxy")
        for entry in _deployed(proxy, place["name"], proxy["name"])
    ]


def products(edge: EdgeOrganization) -> list[dict[str, Any]]:
    """The API products."""
    return edge.keyed("/apiproducts", "apiProduct", "name", "read API products")


def developers(edge: EdgeOrganization) -> list[dict[str, Any]]:
    """The developers, each with the names of its apps."""
    return edge.keyed("/developers", "developer", "email", "read developers")


def _named(edge: EdgeOrganization) -> Document:
    found = edge.document("", "read the organization")
    names = found.get("environments")
    if not isinstance(found.get("name"), str) or not isinstance(names, list):
        raise VendorAnswerError("The answer is no organization of Apigee Edge.")
    return {**found, "runtimeType": "EDGE"}


def _read_deployments(edge: EdgeOrganization, read: Read) -> None:
    def bundle(kind: str, key: tuple[str, str]) -> Bundle:
        return opened(edge.bundle(kind, *key), f"{kind}/{key[0]} revision {key[1]}")

    def server(key: tuple[str, str]) -> Document:
        path = f"/environments/{quoted(key[0])}/targetservers/{quoted(key[1])}"
        return _truths(edge.document(path, f"read the target server {key[1]}"))

    read.deployments = read.attempt("deployments", lambda: deployments(edge), read.deployments)
    read.shared_deployments = read.attempt("shared_deployments", lambda: _shared(edge), [])
    for source, entries in (
        ("deployments", read.deployments),
        ("shared_deployments", read.shared_deployments),
    ):
        unsettled = [entry for entry in entries if entry["state"] != "deployed"]
        if unsettled:
            first = unsettled[0]
            read.partly[source] = (
                f"{len(unsettled)} of {len(entries)} deployments are neither deployed nor undeployed, so it is not known "
                f"what runs: {first['apiProxy']} in {first['environment']} is in the state {first['state']}."
            )
    read.bundles = read.each("bundles", revisions_of(read.deployments), lambda key: bundle("apis", key))
    read.shared_bundles = read.each(
        "shared_bundles", revisions_of(read.shared_deployments), lambda key: bundle("sharedflows", key)
    )
    servers = dict.fromkeys(
        (str(entry["environment"]), name)
        for entry in read.deployments
        for name in servers_of(read.bundles.get((str(entry["apiProxy"]), str(entry["revision"]))))
    )
    read.target_servers = read.each("target_servers", servers, server)


def _read_environments(edge: EdgeOrganization, read: Read) -> None:
    def hooks(name: str) -> dict[str, str]:
        found = {
            hook: edge.document(
                f"/environments/{quoted(name)}/flowhooks/{hook}", f"read flow hooks of {name}"
            )
            for hook in HOOKS
        }
        return {hook: str(one["sharedFlow"]) for hook, one in found.items() if one.get("sharedFlow")}

    def hosts(name: str) -> dict[str, list[str]]:
        place, action = f"/environments/{quoted(name)}/virtualhosts", f"read virtual hosts of {name}"
        found = {host: edge.document(f"{place}/{quoted(host)}", action) for host in edge.names(place, action)}
        return {host: [str(alias) for alias in one.get("hostAliases") or ()] for host, one in found.items()}

    read.hooks = read.each("hooks", read.environments, hooks)
    virtual = read.each("ingress", read.environments, hosts)
    read.groups = [group for entry in read.deployments for group in _groups(read, entry, virtual)]


def _groups(read: Read, entry: Document, virtual: Mapping[str, Mapping[str, list[str]]]) -> list[Document]:
    """How a deployment is reached: per proxy endpoint the aliases of the virtual hosts it names, else of all."""
    bundle = read.bundles.get((str(entry["apiProxy"]), str(entry["revision"])))
    aliases = virtual.get(str(entry["environment"]), {})
    made: list[Document] = []
    for endpoint in bundle.proxies.values() if bundle else ():
        named = [(host.text or "").strip() for host in endpoint.iter("VirtualHost")] or list(aliases)
        rule = {
            "basepath": base_path(endpoint),
            "environment": f"{read.name}/environments/{entry['environment']}",
            "receiver": f"{read.name}/apis/{entry['apiProxy']}/revisions/{entry['revision']}",
        }
        hostnames = list(dict.fromkeys(alias for host in named for alias in aliases.get(host, ())))
        made.append({"hostnames": hostnames, "routingRules": [rule]})
    return made


def _shared(edge: EdgeOrganization) -> list[Document]:
    found: list[Document] = []
    for name in edge.names("/sharedflows", "list shared flows"):
        answer = edge.document(f"/sharedflows/{quoted(name)}/deployments", f"read deployments of {name}")
        for place in _objects(answer, "environment"):
            found += _deployed(place, place["name"], name)
    return found


def _deployed(held: Mapping[str, Any], environment: str, name: str) -> list[Document]:
    return [
        {
            "environment": environment,
            "apiProxy": name,
            "revision": revision["name"],
            "state": str(revision.get("state")),
        }
        for revision in _objects(held, "revision")
        if revision.get("state") != "undeployed"
    ]


def _objects(held: Mapping[str, Any], member: str) -> list[dict[str, Any]]:
    found = held.get(member, [])
    if not isinstance(found, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in found
    ):
        raise VendorAnswerError(f"Apigee's answer on deployments has no list of {member}s with names.")
    return found


def _truths(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document whose truths are written as texts here and there."""
    return {
        name: _truths(value)
        if isinstance(value, dict)
        else _TRUTH.get(value, value)
        if isinstance(value, str)
        else value
        for name, value in document.items()
    }
