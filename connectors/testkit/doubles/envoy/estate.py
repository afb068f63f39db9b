"""The sample company's edge as Envoy's configuration dump tells it: one listener of its own, one from a control plane.

Shapes: ``envoy.admin.v3.ConfigDump`` with ``?resource=``, protobuf JSON with the proto field names.
"""

from typing import Any, Final

_TYPE: Final = "type.googleapis.com/envoy"
_HTTP: Final = f"{_TYPE}.extensions.filters.http"


def _filter(name: str, message: str, **settings: Any) -> dict[str, Any]:
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": f"{_HTTP}.{message}", **settings}}


_MANAGER: Final = f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TOKENS: Final = _filter(
    "jwt_authn", "jwt_authn.v3.JwtAuthentication",
    providers={"acme": {"issuer": "https://id.acme.example"}},
    requirement_map={"staff": {"provider_name": "acme"}},
    rules=[
        {"match": {"prefix": "/public"}},
        {"match": {"prefix": "/profile"}, "requires": {"requires_any": {"requirements": [
            {"provider_name": "acme"}, {"allow_missing": {}}]}}},
        {"match": {"prefix": "/orders"}, "requires": {"provider_name": "acme"}},
    ],
)  # fmt: skip
_LIMIT: Final = {"max_tokens": 300, "tokens_per_fill": 100, "fill_interval": "60s"}


def _listener(name: str, port: int, manager: dict[str, Any], tls: dict[str, Any] | None) -> dict[str, Any]:
    chain: dict[str, Any] = {
        "filters": [
            {
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": {"@type": _MANAGER, "stat_prefix": name, **manager},
            }
        ]
    }
    if tls is not None:
        message = f"{_TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
        chain["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": message, **tls},
        }
    address = {"socket_address": {"address": "10.0.0.5", "port_value": port}}
    return {"name": name, "address": address, "filter_chains": [chain]}


def _cluster(name: str, host: str, port: int, tls: dict[str, Any] | None = None) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}
    made: dict[str, Any] = {
        "name": name,
        "type": "STRICT_DNS",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if tls is not None:
        message = f"{_TYPE}.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
        made["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": message, **tls},
        }
    return {"cluster": made}


SHOP_ROUTES: Final[dict[str, Any]] = {
    "name": "shop",
    "virtual_hosts": [
        {
            "name": "shop",
            "domains": ["shop.acme.example", "shop.acme.example:8443"],
            "typed_per_filter_config": {
                "envoy.filters.http.cors": {
                    "allow_origin_string_match": [{"exact": "https://acme.example"}],
                    "allow_methods": "GET, POST",
                    "allow_credentials": True,
                }
            },
            "routes": [
                {"match": {"prefix": "/public"}, "route": {"cluster": "catalog"}},
                {
                    "name": "search",
                    "match": {"path": "/catalog/search", "headers": [
                        {"name": ":method", "string_match": {"exact": "GET"}}]},
                    "route": {"cluster": "catalog"},
                    "typed_per_filter_config": {"envoy.filters.http.local_ratelimit": {"token_bucket": _LIMIT}},
                },
                {"match": {"path_separated_prefix": "/profile"}, "route": {"cluster": "accounts"}},
                {
                    "match": {"safe_regex": {"regex": "/orders/[0-9]+"}, "headers": [
                        {"name": ":method", "string_match": {"safe_regex": {"regex": "GET|DELETE"}}}]},
                    "route": {"weighted_clusters": {"clusters": [{"name": "orders", "weight": 90},
                                                                 {"name": "orders-next", "weight": 10}]}},
                },
                {"match": {"path_match_policy": {"name": "envoy.path.match.uri_template.uri_template_matcher",
                    "typed_config": {"path_template": "/stores/{id}/items/{item=*}"}}},
                 "route": {"cluster": "catalog"}},
                {"match": {"prefix": "/"}, "route": {"cluster": "catalog"}},
            ],
        }
    ],
}  # fmt: skip
PARTNER_ROUTES: Final[dict[str, Any]] = {
    "name": "partners",
    "virtual_hosts": [
        {
            "name": "partners",
            "domains": ["partners.acme.example"],
            "routes": [
                {"match": {"prefix": "/v1"}, "route": {"cluster": "orders"}},
                {
                    "match": {"path": "/status"},
                    "direct_response": {"status": 200},
                    "typed_per_filter_config": {"envoy.filters.http.ext_authz": {"disabled": True}},
                },
                {"match": {"connect_matcher": {}}, "route": {"cluster": "orders"}},
            ],
        }
    ],
}
ROUTER: Final = _filter("router", "router.v3.Router")
DUMP: Final[dict[str, list[dict[str, Any]]]] = {
    "static_listeners": [
        {
            "listener": _listener(
                "shop", 8443,
                {
                    "route_config": SHOP_ROUTES,
                    "http_filters": [
                        _filter("cors", "cors.v3.Cors"), _TOKENS,
                        _filter("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", stat_prefix="all"), ROUTER,
                    ],
                    "access_log": [{"name": "envoy.access_loggers.file"}],
                },
                {},
            )
        }
    ],
    "dynamic_listeners": [
        {
            "name": "partners",
            "active_state": {
                "listener": _listener(
                    "partners", 9443,
                    {
                        "rds": {"route_config_name": "partners"},
                        "http_filters": [
                            _filter("ext_authz", "ext_authz.v3.ExtAuthz", failure_mode_allow=True), ROUTER,
                        ],
                    },
                    {"require_client_certificate": True},
                )
            },
        }
    ],
    "static_route_configs": [{"route_config": SHOP_ROUTES}],
    "dynamic_route_configs": [{"route_config": PARTNER_ROUTES}],
    "static_clusters": [
        _cluster("catalog", "catalog.internal.acme.example", 8080),
        _cluster("accounts", "accounts.internal.acme.example", 8443, {"sni": "accounts"}),
    ],
    "dynamic_active_clusters": [
        _cluster(
            "orders", "orders.internal.acme.example", 8443,
            {"common_tls_context": {"validation_context": {"trusted_ca": {"filename": "/etc/ca.pem"}}}},
        )
    ],
}  # fmt: skip
