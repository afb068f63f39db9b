"""``python -m connectors.testkit.doubles.cloudflare --api-port A --edge-port E``: run the double until stopped."""

import argparse

from connectors.testkit.doubles.cloudflare.api import Api
from connectors.testkit.doubles.cloudflare.edge import Edge
from connectors.testkit.doubles.cloudflare.estate import seed
from connectors.testkit.doubles.cloudflare.lists import Lists
from connectors.testkit.doubles.cloudflare.state import Account
from connectors.testkit.doubles.cloudflare.tokens import ALL, Tokens
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream

ACCOUNT = "9a7806061c88ada191ed06f989cc3dac"


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.cloudflare", description=__doc__)
    parser.add_argument("--api-port", type=int, required=True, help="API v4, below /client/v4")
    parser.add_argument("--edge-port", type=int, required=True, help="the edge (Host header picks the zone)")
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--token", default="acme-admin-token", help="a token that may do everything")
    parser.add_argument("--budget", type=int, default=1200, help="requests allowed per window")
    parser.add_argument("--budget-window", type=float, default=300.0, help="seconds")
    parser.add_argument("--bulk-delay", type=float, default=0.05, help="seconds a bulk operation takes")
    parser.add_argument("--list-changes", type=int, default=10_000, help="list item changes per 5 minutes")
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    account = Account(ACCOUNT)
    lists = Lists(account, options.bulk_delay, options.list_changes)
    tokens = Tokens({options.token: ALL}, options.budget, options.budget_window)
    api = Api(account, lists, tokens)
    edge = Edge(account, lists, Upstream(options.backend))
    servers = [listen(wsgi(api.answer), options.api_port), listen(wsgi(edge.answer), options.edge_port)]

    def seeded() -> None:
        if options.seed:
            seed(f"http://127.0.0.1:{options.api_port}", options.token)
        api.ready = True

    serve_until_stopped(servers, seeded)


if __name__ == "__main__":
    main()
