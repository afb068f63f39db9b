"""``python -m connectors.testkit.doubles.konnect --api-port A --proxy-port X``: run the double until stopped."""

import argparse

from connectors.testkit.doubles.kong.estate import seed
from connectors.testkit.doubles.kong.exchange import Exchange
from connectors.testkit.doubles.kong.http_log import Answered
from connectors.testkit.doubles.kong.proxy import Proxy
from connectors.testkit.doubles.konnect.analytics import Requests, row_of
from connectors.testkit.doubles.konnect.api import ROLES, KonnectApi
from connectors.testkit.doubles.konnect.control_planes import ControlPlane
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream

#: The sample company's token, and the name of the control plane that has its estate.
TOKEN, CONTROL_PLANE = "kpat_acme-admin", "acme-shop"
READER = "spat_acme-reader"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.konnect", description=__doc__)
    parser.add_argument("--api-port", type=int, required=True, help="the API of one region")
    parser.add_argument("--proxy-port", type=int, required=True, help="the data plane")
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--data-plane", action="append", default=[], help="version of a data plane")
    parser.add_argument("--in-group", action="store_true", help="the control plane is in a group")
    parser.add_argument(
        "--per-minute", type=int, default=0, help="requests a minute and token; 0 is no quota"
    )
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    versions = tuple(options.data_plane or ["3.15.0.0"])
    shop = ControlPlane(CONTROL_PLANE, versions=versions, member=options.in_group)
    others = [ControlPlane(f"team-{number:03}") for number in range(120)]
    group = ControlPlane("everything", "CLUSTER_TYPE_CONTROL_PLANE_GROUP")
    ingress = ControlPlane("cluster", "CLUSTER_TYPE_K8S_INGRESS_CONTROLLER")
    requests = Requests()

    def record(exchange: Exchange, answered: Answered) -> None:
        node = shop.nodes()[0]
        served_in = group.id if options.in_group else None
        requests.add(row_of(shop.id, node["id"], node["version"], exchange, answered, served_in))

    tokens = {TOKEN: ROLES, READER: frozenset({"Viewer", "Analytics Viewer"})}
    api = KonnectApi([*others, shop, group, ingress], tokens, requests, options.per_minute)
    proxy = Proxy({"default": shop.store}, Upstream(options.backend), options.proxy_port, record=record)
    servers = [listen(wsgi(api.answer), options.api_port), listen(wsgi(proxy.answer), options.proxy_port)]

    def seeded() -> None:
        if options.seed:
            base = f"http://127.0.0.1:{options.api_port}/v2/control-planes/{shop.id}/core-entities"
            seed(base, headers={"Authorization": f"Bearer {TOKEN}"})
        api.ready = True

    serve_until_stopped(servers, seeded)


if __name__ == "__main__":
    main()
