import type { Endpoint, EndpointDetail, Facets, Service } from "../src/api/types/index.ts";
import { days, dice, hours, minutes } from "./clock.ts";

export const services: Service[] = [
  {
    id: "svc_orders",
    name: "orders",
    kind: "rest_api",
    connection_id: "con_aws",
    vendor: "Amazon API Gateway",
    exposure: "public",
    hosts: ["api.globex.example"],
    endpoint_count: 34,
    findings_open: 9,
    calls_24h: 412_330,
    why: [
      "All routes belong to API “orders” (a1b2c3d4e5), stage prod.",
      "Custom domain api.globex.example maps /orders to this API.",
    ],
  },
  {
    id: "svc_accounts",
    name: "accounts",
    kind: "rest_api",
    connection_id: "con_aws",
    vendor: "Amazon API Gateway",
    exposure: "public",
    hosts: ["api.globex.example"],
    endpoint_count: 27,
    findings_open: 7,
    calls_24h: 288_904,
    why: ["All routes belong to API “accounts” (f6g7h8i9j0), stage prod."],
  },
  {
    id: "svc_partner",
    name: "partner-feed",
    kind: "kong_service",
    connection_id: "con_kong",
    vendor: "Kong Gateway",
    exposure: "partner",
    hosts: ["partners.globex.example"],
    endpoint_count: 18,
    findings_open: 4,
    calls_24h: 61_775,
    why: ["Kong service partner-feed with tags partner, b2b."],
  },
  {
    id: "svc_legacy",
    name: "legacy-soap",
    kind: "apigee_proxy",
    connection_id: "con_apigee",
    vendor: "Apigee X",
    exposure: "internal",
    hosts: ["legacy.internal.globex.example"],
    endpoint_count: 12,
    findings_open: 3,
    calls_24h: null,
    why: ["Apigee proxy legacy-soap, revision 41, deployed to prod."],
  },
  {
    id: "svc_media",
    name: "media.globex.example",
    kind: "host",
    connection_id: null,
    vendor: null,
    exposure: "public",
    hosts: ["media.globex.example"],
    endpoint_count: 9,
    findings_open: 2,
    calls_24h: 19_320,
    why: ["Seen in calls to media.globex.example only; no configuration names this host."],
  },
];

type Row = [
  string,
  string,
  string,
  number,
  Endpoint["state"],
  Endpoint["auth_verdict"],
  string[],
  number | null,
  number | null,
];

const rows: Row[] = [
  [
    "GET",
    "/orders/{order_id}",
    "svc_orders",
    96_220,
    "active",
    "contradiction",
    ["email_address", "postal_address"],
    91,
    3,
  ],
  [
    "GET",
    "/accounts/{account_id}/cards",
    "svc_accounts",
    18_412,
    "active",
    "enforced",
    ["payment_card"],
    84,
    2,
  ],
  ["POST", "/session", "svc_accounts", 41_008, "active", "open", ["email_address", "password"], 79, 1],
  [
    "GET",
    "/internal/export",
    "svc_orders",
    212,
    "shadow",
    "open",
    ["email_address", "phone_number", "iban"],
    88,
    3,
  ],
  ["GET", "/orders", "svc_orders", 71_332, "active", "enforced", ["email_address"], 42, 1],
  ["POST", "/orders", "svc_orders", 39_870, "active", "enforced", ["postal_address"], 38, 0],
  ["PATCH", "/orders/{order_id}", "svc_orders", 8_440, "active", "enforced", ["postal_address"], 47, 1],
  ["DELETE", "/orders/{order_id}", "svc_orders", 391, "active", "enforced", [], 51, 0],
  ["GET", "/v1/orders/{order_id}", "svc_orders", 1_204, "zombie", "open", ["email_address"], 74, 2],
  [
    "GET",
    "/accounts/{account_id}",
    "svc_accounts",
    64_118,
    "active",
    "enforced",
    ["email_address", "date_of_birth"],
    63,
    1,
  ],
  [
    "PUT",
    "/accounts/{account_id}/password",
    "svc_accounts",
    2_215,
    "active",
    "enforced",
    ["password"],
    58,
    0,
  ],
  [
    "GET",
    "/accounts/{account_id}/statements/{month}",
    "svc_accounts",
    9_771,
    "active",
    "unknown",
    ["iban"],
    55,
    1,
  ],
  ["GET", "/feed/{partner}/prices.csv", "svc_partner", 22_407, "active", "enforced", [], 29, 1],
  ["POST", "/feed/{partner}/orders", "svc_partner", 14_986, "active", "enforced", ["postal_address"], 33, 0],
  ["GET", "/feed/{partner}/status", "svc_partner", 24_382, "active", "open", [], 18, 1],
  ["POST", "/soap/CustomerService", "svc_legacy", 0, "active", "unknown", [], null, 2],
  ["GET", "/health", "svc_orders", 86_400, "active", "open", [], 4, 0],
  ["GET", "/promotions/{campaign}", "svc_orders", 0, "idle", "enforced", [], 12, 0],
  ["POST", "/refunds", "svc_orders", 0, "orphan", "unknown", ["iban"], 36, 1],
  ["GET", "/images/{image_id}", "svc_media", 17_004, "shadow", "open", [], 22, 0],
  ["GET", "/debug/vars", "svc_media", 31, "shadow", "open", ["api_key"], 86, 2],
  ["POST", "/graphql", "svc_accounts", 48_313, "active", "enforced", ["email_address"], 49, 0],
];

const hostOf = (id: string): string => services.find((s) => s.id === id)?.hosts[0] ?? "api.globex.example";

export const endpoints: Endpoint[] = rows.map(
  ([method, template, service, calls, state, auth, data, risk, findings], index) => {
    const found = services.find((s) => s.id === service);
    const blind = service === "svc_legacy";
    return {
      id: `ep_${String(index + 1).padStart(3, "0")}`,
      method,
      host: hostOf(service),
      template,
      service: { id: service, name: found?.name ?? "" },
      state,
      states_why: whyState(state),
      facts: {
        config: state !== "shadow",
        spec: state === "orphan" || state === "active",
        traffic: blind ? null : calls > 0,
        code: null,
      },
      auth_declared:
        auth === "open" || state === "shadow"
          ? []
          : auth === "unknown"
            ? ["api key"]
            : ["JWT authorizer “globex-idp”"],
      auth_observed: blind
        ? { authenticated: 0, anonymous: 0, anonymous_success: 0, unknown: 0 }
        : {
            authenticated:
              auth === "open" ? 0 : Math.round(calls * (auth === "contradiction" ? 0.962 : 0.998)),
            anonymous_success: auth === "contradiction" ? Math.round(calls * 0.038) : 0,
            anonymous: auth === "contradiction" ? Math.round(calls * 0.038) : auth === "open" ? calls : 0,
            unknown: auth === "unknown" ? calls : 0,
          },
      auth_verdict: auth,
      data_classes: data,
      exposure: found?.exposure ?? "public",
      risk,
      findings_open: findings ?? 0,
      calls_24h: blind ? null : calls,
      error_rate: blind ? null : ([0.004, 0.021, 0.34, 0.0, 0.012][index % 5] ?? 0),
      first_seen: days(40 - index),
      last_seen: calls > 0 ? minutes(index * 3 + 1) : null,
    };
  },
);

function whyState(state: Endpoint["state"]): string[] {
  return {
    active: ["Declared in gateway configuration, read 4 minutes ago.", "Called in the last 24 hours."],
    idle: ["Declared in gateway configuration.", "No call in the last 30 days."],
    shadow: [
      "Calls succeed, 212 in the last 24 hours.",
      "No connected configuration and no API document names it.",
    ],
    zombie: [
      "The API document marks it deprecated since March.",
      "Still called by 14 principals in the last 24 hours.",
    ],
    orphan: ["The API document “orders.yaml” describes it.", "No gateway route serves it."],
    gone: ["No source names it any longer."],
    unknown: ["The configuration was read in part."],
  }[state];
}

export function endpointDetail(id: string): EndpointDetail | undefined {
  const endpoint = endpoints.find((row) => row.id === id);
  if (!endpoint) return undefined;
  return {
    ...endpoint,
    parameters: [
      {
        name: "order_id",
        location: "path",
        type: "integer (8 digits)",
        required: true,
        confidence: 0.999,
        n_seen: 96_220,
        provenance: ["spec", "traffic"],
      },
      {
        name: "expand",
        location: "query",
        type: "enum: items, customer, payments",
        required: false,
        confidence: 0.974,
        n_seen: 12_004,
        provenance: ["traffic"],
      },
      {
        name: "currency",
        location: "query",
        type: "string (3 letters)",
        required: false,
        confidence: 0.91,
        n_seen: 318,
        provenance: ["traffic"],
      },
      {
        name: "Authorization",
        location: "header",
        type: "bearer token",
        required: null,
        confidence: null,
        n_seen: null,
        provenance: ["config"],
      },
      {
        name: "customer.email",
        location: "response",
        type: "e-mail address",
        required: true,
        confidence: null,
        n_seen: null,
        provenance: ["spec"],
      },
    ],
    routes: [
      {
        connection_id: "con_aws",
        ref: "apigateway/a1b2c3d4e5/resources/k9x2/GET",
        stage: "prod",
        upstream: "lambda:orders-read",
        evidence: {
          httpMethod: "GET",
          resourceId: "k9x2",
          authorizationType: "CUSTOM",
          authorizerId: "u4v5w6",
          apiKeyRequired: false,
          methodIntegration: {
            type: "AWS_PROXY",
            uri: "arn:aws:lambda:eu-west-1:123456789012:function:orders-read",
          },
        },
      },
    ],
    rate_limits: [{ limit: 100, window_seconds: 1, key: "key", source: "usage plan standard" }],
    waf: {
      state: "covered",
      policy: "globex-edge (AWS WAF, regional)",
      note: "14 rules, 3 of them count only",
    },
    risk_parts: [
      {
        name: "authentication",
        count: 1,
        points: 48,
        sentence: "Anonymous calls succeed although a credential is declared.",
      },
      {
        name: "sensitive_data",
        count: 2,
        points: 28,
        sentence: "Answers carry e-mail and postal addresses.",
      },
      { name: "exposure", count: 1, points: 15, sentence: "Reachable from the internet." },
    ],
    replaced_by: null,
    callers: [
      {
        principal: "user:7f31c9",
        consumer: null,
        client_ip: null,
        calls: 8_112,
        errors: 12,
        addresses: 2,
        first_seen: days(6),
        last_seen: minutes(2),
      },
      {
        principal: null,
        consumer: "mobile-app",
        client_ip: null,
        calls: 61_400,
        errors: 310,
        addresses: 4_118,
        first_seen: days(6),
        last_seen: minutes(1),
      },
      {
        principal: null,
        consumer: null,
        client_ip: "198.18.4.7",
        calls: 4_310,
        errors: 3_902,
        addresses: 1,
        first_seen: hours(3),
        last_seen: minutes(14),
      },
    ],
    history: [
      {
        at: hours(3),
        kind: "auth",
        detail: "First anonymous call answered 200 although a credential is declared.",
      },
      { at: days(6), kind: "parameter", detail: "Query parameter “expand” seen for the first time." },
      { at: days(12), kind: "config", detail: "Authorizer changed from “globex-idp-old” to “globex-idp”." },
      { at: days(40), kind: "new", detail: "First seen in gateway configuration." },
    ],
  };
}

const tally = (values: string[]): Record<string, number> => {
  const out: Record<string, number> = {};
  for (const value of values) out[value] = (out[value] ?? 0) + 1;
  return out;
};

export function endpointFacets(list: Endpoint[]): Facets {
  return {
    state: tally(list.map((row) => row.state)),
    method: tally(list.map((row) => row.method)),
    auth: tally(list.map((row) => row.auth_verdict)),
    data_class: tally(list.flatMap((row) => row.data_classes)),
    exposure: tally(list.map((row) => row.exposure)),
    service: services.map((s) => ({
      value: s.id,
      label: s.name,
      count: list.filter((row) => row.service?.id === s.id).length,
    })),
  };
}

export function calls(count: number, address = "198.18.4.7") {
  const roll = dice(11);
  return Array.from({ length: count }, (_, index) => ({
    id: `call_${index}`,
    at: minutes(20 + index * 0.4),
    method: index % 9 === 8 ? "POST" : "GET",
    host: "api.globex.example",
    path: `/orders/${10_048_211 + index}`,
    status: roll() > 0.9 ? 200 : roll() > 0.3 ? 403 : 404,
    client_ip: address,
    principal: "user:7f31c9…",
    latency_ms: Math.round(20 + roll() * 60),
    user_agent: "python-requests/2.32",
  }));
}
