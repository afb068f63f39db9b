"""``python -m connectors.testkit.doubles.apigee --api-port A --proxy-port X``: run the double until stopped."""

import argparse

from connectors.testkit.doubles.apigee.api import Api
from connectors.testkit.doubles.apigee.edge import EdgeApi
from connectors.testkit.doubles.apigee.estate import ORGANISATION, seed
from connectors.testkit.doubles.apigee.flow_runtime import FlowRuntime
from connectors.testkit.doubles.apigee.proxy import Proxy
from connectors.testkit.doubles.apigee.store import Store
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.google.accounts import Accounts
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.apigee", description=__doc__)
    parser.add_argument("--api-port", type=int, required=True, help="token endpoint and APIs")
    parser.add_argument("--proxy-port", type=int, required=True, help="the proxies (the host picks a group)")
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--organisation", default=ORGANISATION, help="its name, and its project's")
    parser.add_argument(
        "--edge", action="store_true", help="the management API of Apigee Edge on the API port"
    )
    parser.add_argument("--hybrid", action="store_true", help="an organisation of Apigee hybrid")
    parser.add_argument("--no-addon", action="store_true", help="without Advanced API Security")
    parser.add_argument("--list-calls", type=int, default=60, help="entries:list a minute; 0 is no quota")
    parser.add_argument("--developers", type=int, default=0, help="this many more developers")
    parser.add_argument("--seed", action="store_true", help="put the sample company's estate in place")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    edge = options.edge
    store = Store(options.organisation, options.hybrid, not options.no_addon)
    logs = LogStore(options.organisation, options.list_calls)
    api: Api | EdgeApi = EdgeApi(store) if edge else Api(Accounts(options.organisation), store, logs)
    flows = FlowRuntime(store)
    proxy = Proxy(store, logs, Upstream(options.backend), flows)
    servers = [listen(wsgi(api.answer), options.api_port), listen(wsgi(proxy.answer), options.proxy_port)]
    if options.seed:
        seed(store, "secure" if edge else "")
    for number in range(options.developers):
        email = f"dev{number}@crowd.example"
        store.developers[email] = {"email": email, "developerId": f"crowd-{number}", "status": "active"}
    api.ready = True
    serve_until_stopped(servers)
    flows.engine.close()


if __name__ == "__main__":
    main()
