"""``python -m connectors.testkit.doubles.gcp --api-port A --proxy-port X``: run the double until stopped."""

import argparse

from connectors.testkit.doubles.gcp.address_groups import AddressGroups
from connectors.testkit.doubles.gcp.api import Api
from connectors.testkit.doubles.gcp.audit import Audit
from connectors.testkit.doubles.gcp.compute import Compute
from connectors.testkit.doubles.gcp.estate import PROJECT, seed
from connectors.testkit.doubles.gcp.log_entries import LogStore
from connectors.testkit.doubles.gcp.proxy import Proxy
from connectors.testkit.doubles.gcp.security_policies import Policies, Quotas
from connectors.testkit.doubles.gcp.store import Store
from connectors.testkit.doubles.google.accounts import Accounts
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.gcp", description=__doc__)
    parser.add_argument("--api-port", type=int, required=True, help="token endpoint and APIs")
    parser.add_argument(
        "--proxy-port", type=int, required=True, help="the load balancers (the host picks one)"
    )
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--project", default=PROJECT, help="the project's id")
    parser.add_argument("--rules", type=int, default=200, help="quota SECURITY_POLICY_RULES")
    parser.add_argument("--expressions", type=int, default=20, help="quota SECURITY_POLICY_CEVAL_RULES")
    parser.add_argument("--list-calls", type=int, default=60, help="entries:list a minute; 0 is no quota")
    parser.add_argument("--operation-ms", type=int, default=50, help="how long an operation takes")
    parser.add_argument("--most-per-page", type=int, default=500, help="most resources of a page of a list")
    parser.add_argument("--no-enterprise", action="store_true", help="not enrolled in Cloud Armor Enterprise")
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    store = Store(options.project, options.operation_ms / 1000)
    groups = AddressGroups(options.project, not options.no_enterprise)
    logs = LogStore(options.project, options.list_calls)
    audit = Audit(logs, options.project)
    policies = Policies(store, Quotas(options.rules, options.expressions), groups.known)
    accounts = Accounts(options.project)
    compute = Compute(store, policies, audit, set(), options.most_per_page)
    api = Api(accounts, compute, groups, logs, audit)
    proxy = Proxy(store, groups, logs, Upstream(options.backend))
    servers = [listen(wsgi(api.answer), options.api_port), listen(wsgi(proxy.answer), options.proxy_port)]

    def seeded() -> None:
        if options.seed:
            owner, _ = accounts.make("owner", None)
            seed(f"http://127.0.0.1:{options.api_port}", options.project, accounts.token_for(owner))
        api.ready = True

    serve_until_stopped(servers, seeded)


if __name__ == "__main__":
    main()
