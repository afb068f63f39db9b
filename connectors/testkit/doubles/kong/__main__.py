"""``python -m connectors.testkit.doubles.kong --admin-port A --proxy-port X``: run the Kong double until
stopped.
"""

import argparse

from connectors.testkit.doubles.kong.admin import AdminApi
from connectors.testkit.doubles.kong.audit import AuditLog
from connectors.testkit.doubles.kong.estate import seed
from connectors.testkit.doubles.kong.information import VERSION, Ports, Release
from connectors.testkit.doubles.kong.proxy import Proxy
from connectors.testkit.doubles.kong.store import Store
from connectors.testkit.doubles.kong.workspaces import Workspaces
from connectors.testkit.doubles.serving import listen, serve_until_stopped, wsgi
from connectors.testkit.doubles.upstream import Upstream


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="connectors.testkit.doubles.kong", description=__doc__)
    parser.add_argument("--admin-port", type=int, required=True, help="the Admin API")
    parser.add_argument(
        "--proxy-port", type=int, required=True, help="the proxy (Host header and path pick a route)"
    )
    parser.add_argument("--backend", default="http://127.0.0.1:9", help="base URL of the sample backend")
    parser.add_argument("--admin-token", default="", help="require this value in the Kong-Admin-Token header")
    parser.add_argument(
        "--audit-log",
        action="store_true",
        help="be Kong Enterprise with audit_log on, where --admin-token is user acme",
    )
    parser.add_argument(
        "--enterprise", default="", help="be Kong Enterprise of this version, such as 3.15.0.0"
    )
    parser.add_argument("--forget-conditions", action="store_true", help="take plugin conditions, keep none")
    parser.add_argument("--data-plane", action="append", default=[], help="version of a hybrid data plane")
    parser.add_argument("--workspace", action="append", default=[], help="one more workspace (Enterprise)")
    parser.add_argument(
        "--reach", default="", help="workspaces the portcullis token's role reaches, by commas"
    )
    parser.add_argument(
        "--portcullis-token",
        default="",
        help="accept this value, too: with the audit log, user portcullis holds it",
    )
    parser.add_argument("--seed", action="store_true", help="create the sample company's estate at start")
    return parser.parse_args()


def main() -> None:
    """Run both listeners in this process."""
    options = arguments()
    version = options.enterprise or (f"{VERSION}.2" if options.audit_log else VERSION)
    enterprise = bool(options.enterprise or options.audit_log)
    release = Release(version, enterprise, tuple(options.data_plane))
    store = Store(conditions=release.conditions, forgetful=options.forget_conditions)
    stores = {name: Store(conditions=release.conditions) for name in options.workspace}
    reach = {options.portcullis_token: frozenset(options.reach.split(","))} if options.reach else {}
    spaces = Workspaces({"default": store, **stores} if stores else {}, reach)
    users = {options.admin_token: "acme", options.portcullis_token: "portcullis"}
    users.pop("", None)
    ports = Ports(options.admin_port, options.proxy_port)
    admin = AdminApi(
        store, ports, frozenset(users), AuditLog(users) if options.audit_log else None, release, spaces
    )
    own_admin = Upstream(f"http://127.0.0.1:{options.admin_port}")
    proxy = Proxy({"default": store, **stores}, Upstream(options.backend), options.proxy_port, own_admin)
    servers = [listen(wsgi(admin.answer), options.admin_port), listen(wsgi(proxy.answer), options.proxy_port)]

    def seeded() -> None:
        if options.seed:
            seed(f"http://127.0.0.1:{options.admin_port}", options.admin_token)
        admin.ready = True

    serve_until_stopped(servers, seeded)


if __name__ == "__main__":
    main()
