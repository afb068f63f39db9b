"""``python -m connectors.testkit.doubles.azure --port P --proxy-port X``: run the Azure double until stopped."""

import argparse

from connectors.testkit.doubles.azure.estate import (
    ADMIN,
    CLIENT,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
    seed,
)
from connectors.testkit.doubles.azure.identity import Directory
from connectors.testkit.doubles.azure.log_tables import LogTables
from connectors.testkit.doubles.azure.proxy import Proxy
from connectors.testkit.doubles.azure.roles import Roles
from connectors.testkit.doubles.azure.service import Service
from connectors.testkit.doubles.azure.store import Store
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.azure", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="sign-in, Resource Manager and Log Analytics")
    parser.add_argument(
        "--proxy-port", type=int, required=True, help="the data plane (Host header picks the entry)"
    )
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--page", type=int, default=50, help="the most entries of one list answer")
    parser.add_argument("--polls", type=int, default=1, help="how often a write is answered as still running")
    parser.add_argument("--log-rows", type=int, default=500_000, help="the most rows of one query's answer")
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    store = Store(SUBSCRIPTION, options.polls)
    directory = Directory(TENANT, {CLIENT: SECRET, ADMIN: SECRET})
    everything = {"actions": ["*"], "notActions": []}
    roles = Roles({CLIENT: [everything], ADMIN: [everything]})
    logs = LogTables(WORKSPACE, directory, roles, options.log_rows)
    service = Service(store, directory, roles, logs, options.page)
    proxy = Proxy(store, logs, Upstream(options.backend))
    servers = [listen(wsgi(service.answer), options.port), listen(wsgi(proxy.answer), options.proxy_port)]

    def seeded() -> None:
        if options.seed:
            seed(store)
        service.ready = True

    serve_until_stopped(servers, seeded)


if __name__ == "__main__":
    main()
