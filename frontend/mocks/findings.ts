import type { Finding, FindingDetail } from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";

type Row = [string, string, Finding["severity"], Finding["status"], string, string, string, string, number];

const rows: Row[] = [
  ["auth.contradiction", "Authentication is declared but anonymous calls succeed", "critical", "open", "endpoint", "ep_001", "GET api.globex.example/orders/{order_id}", "3,656 of 96,220 calls in the last day carried no credential and were answered 200.", 0.1],
  ["exposure.shadow_sensitive", "An undeclared endpoint returns bank details", "critical", "open", "endpoint", "ep_004", "GET api.globex.example/internal/export", "No configuration names it, 212 calls succeeded, and answers carry IBANs.", 0.6],
  ["secret.in_response", "A debug page answers with API keys", "critical", "reopened", "endpoint", "ep_021", "GET media.globex.example/debug/vars", "31 answers in the last day carried a value shaped like a live API key.", 1.2],
  ["auth.none", "No authentication on a login-protected host", "high", "open", "endpoint", "ep_009", "GET api.globex.example/v1/orders/{order_id}", "The old version has no authorizer; the current one has.", 3],
  ["waf.count_only", "Firewall rules only count", "high", "under_review", "policy", "waf_globex", "globex-edge", "3 of 14 rules have been in count mode for 61 days.", 5],
  ["rate.none_on_login", "No rate limit on sign-in", "high", "open", "endpoint", "ep_003", "POST api.globex.example/session", "Neither a usage plan nor a firewall rule limits attempts per address.", 8],
  ["tls.legacy_version", "The custom domain accepts TLS 1.0", "high", "remediating", "domain", "api.globex.example", "api.globex.example", "Security policy TLS_1_0 is set on the custom domain.", 12],
  ["key.in_query", "API key travels in the address", "medium", "open", "endpoint", "ep_013", "GET partners.globex.example/feed/{partner}/prices.csv", "The key-auth plugin accepts the key as a query parameter; addresses end up in logs.", 14],
  ["cors.any_origin", "Any website may read answers", "medium", "open", "service", "svc_accounts", "accounts", "Access-Control-Allow-Origin is * together with credentials.", 15],
  ["logging.off", "Access logging is off for one stage", "medium", "open", "stage", "legacy/prod", "legacy-soap prod", "Without it nobody can see who calls this service.", 18],
  ["spec.undocumented", "9 operations are in no API document", "low", "open", "service", "svc_media", "media.globex.example", "They were seen in calls only.", 21],
  ["version.deprecated", "A deprecated version is still called", "low", "risk_accepted", "endpoint", "ep_009", "GET api.globex.example/v1/orders/{order_id}", "14 principals still use it; sunset was in March.", 30],
  ["tag.owner_missing", "No owner is tagged", "info", "open", "service", "svc_legacy", "legacy-soap", "The proxy has no team or owner attribute.", 33],
];

export const findings: Finding[] = rows.map(([check, title, severity, status, kind, id, label, sentence, age], index) => ({
  id: `fnd_${String(index + 1).padStart(3, "0")}`,
  check,
  title,
  severity,
  status,
  subject: { kind, id, label },
  connection_id: kind === "service" && id === "svc_media" ? null : "con_aws",
  first_seen: days(age),
  last_seen: minutes(4),
  sentence,
}));

export function findingDetail(id: string): FindingDetail | undefined {
  const finding = findings.find((row) => row.id === id);
  if (!finding) return undefined;
  return {
    ...finding,
    why: "Whoever knows or guesses an order number can read the order with its delivery address and e-mail. The declared authorizer gives a false sense of safety: reviews of the configuration will pass. In OWASP's API list this is broken authentication (API2:2023).",
    evidence: [
      {
        label: "Method as declared",
        source_ref: "apigateway/a1b2c3d4e5/resources/k9x2/GET",
        read_at: minutes(4),
        highlight: ["authorizationType", "identityValidationExpression"],
        document: { httpMethod: "GET", resourcePath: "/orders/{order_id}", authorizationType: "CUSTOM", authorizer: { id: "u4v5w6", name: "globex-idp", type: "REQUEST", identitySource: "method.request.header.Authorization", identityValidationExpression: null, authorizerResultTtlInSeconds: 300 }, apiKeyRequired: false },
      },
      {
        label: "Calls that contradict it",
        source_ref: "traffic: last 24 h",
        read_at: minutes(4),
        highlight: ["anonymous_200"],
        document: { window: "24 h", calls: 96_220, with_credential: 92_564, anonymous_200: 3_656, anonymous_401: 0, distinct_addresses: 41 },
      },
    ],
    fix: [
      { tool: "terraform", language: "hcl", body: 'resource "aws_api_gateway_authorizer" "globex_idp" {\n  name                             = "globex-idp"\n  rest_api_id                      = "a1b2c3d4e5"\n  type                             = "REQUEST"\n  identity_source                  = "method.request.header.Authorization"\n  identity_validation_expression   = "^Bearer [-0-9A-Za-z_.]+$"\n  authorizer_result_ttl_in_seconds = 0\n}' },
      { tool: "cli", language: "shell", body: "aws apigateway update-authorizer \\\n  --rest-api-id a1b2c3d4e5 --authorizer-id u4v5w6 \\\n  --patch-operations op=replace,path=/identityValidationExpression,value='^Bearer [-0-9A-Za-z_.]+$'" },
      { tool: "console", language: "text", body: "1. Open API Gateway, API “orders”, Authorizers, globex-idp.\n2. Set Token validation to ^Bearer [-0-9A-Za-z_.]+$ and caching to 0 seconds.\n3. Deploy the stage prod." },
    ],
    references: [
      { title: "OWASP API2:2023 Broken Authentication", url: "https://owasp.org/API-Security/editions/2023/en/0xa2-broken-authentication/" },
      { title: "API Gateway Lambda authorizers", url: "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html" },
    ],
    history: [
      { at: hours(2), kind: "seen", detail: "Still present: 3,656 anonymous calls answered 200.", actor: null },
      { at: hours(3), kind: "opened", detail: "Opened by the check after the first anonymous success.", actor: null },
    ],
  };
}
