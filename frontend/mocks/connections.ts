import type {
  Connection,
  ConnectionDetail,
  ConnectionTraffic,
  Connector,
  PermissionResult,
  Run,
  Setup,
} from "../src/api/types/index.ts";
import { organizationReading } from "./accounts.ts";
import { readingOf } from "./changes.ts";
import { days, hours, minutes, traffic } from "./clock.ts";

const perm = (action: string, purpose: string, access: "read" | "write" = "read") => ({
  action,
  purpose,
  access,
});

const awsPermissions = [
  perm("apigateway:GET", "Read APIs, routes, authorizers and stages"),
  perm("wafv2:GetWebACL", "Read firewall rules"),
  perm("logs:FilterLogEvents", "Read access logs"),
  perm("sts:AssumeRole", "Enter the role you create, with our external id only"),
  perm("wafv2:UpdateWebACL", "Add and remove our own rules when you block", "write"),
  perm("wafv2:CreateIPSet", "Keep the addresses of a block", "write"),
];

export const connectors: Connector[] = [
  {
    key: "aws",
    title: "Amazon API Gateway and AWS WAF",
    vendor: "AWS",
    kind: "gateway_and_firewall",
    summary:
      "Reads REST, HTTP and WebSocket APIs with their authorizers, access logs and firewall rules of one account.",
    capabilities: ["access", "config", "pull_calls", "enforce"],
    cannot: ["Bodies are not in API Gateway access logs."],
    settings_schema: {
      type: "object",
      required: ["role_arn", "regions"],
      properties: {
        external_id: { type: "string", title: "External id", generated: true },
        role_arn: {
          type: "string",
          title: "Role ARN",
          description: "Output of the stack or module on the left. ARN is AWS's name for a resource.",
          examples: ["arn:aws:iam::123456789012:role/portcullis-read"],
        },
        regions: {
          type: "array",
          items: { type: "string" },
          title: "Regions",
          description: "Where your APIs run.",
          default: ["eu-west-1"],
        },
        write_role_arn: {
          type: "string",
          title: "Write role ARN",
          description: "Optional: only needed to block.",
          advanced: true,
        },
        log_group: {
          type: "string",
          title: "Log group prefix",
          advanced: true,
          default: "API-Gateway-Access-Logs",
        },
      },
    },
    permissions: awsPermissions,
    field_matrix: [],
  },
  {
    key: "kong",
    title: "Kong Gateway",
    vendor: "Kong",
    kind: "gateway",
    summary:
      "Reads services, routes, plugins and consumers through the Admin API, and receives calls from the http-log plugin.",
    capabilities: ["access", "config", "receive_calls", "enforce"],
    cannot: [],
    settings_schema: {
      type: "object",
      required: ["admin_url", "admin_token"],
      properties: {
        admin_url: { type: "string", title: "Admin API address" },
        admin_token: { type: "string", title: "Admin token", secret: true },
      },
    },
    permissions: [
      perm("GET /services", "Read services and routes"),
      perm("POST /plugins", "Add our plugin when you block", "write"),
    ],
    field_matrix: [],
  },
  {
    key: "apigee",
    title: "Apigee X",
    vendor: "Google Apigee",
    kind: "gateway",
    summary: "Reads proxies, products, apps and deployments, and calls from message logging.",
    capabilities: ["access", "config", "receive_calls"],
    cannot: ["Blocking needs a shared flow that you deploy once."],
    settings_schema: {
      type: "object",
      properties: {
        organization: { type: "string", title: "Organisation" },
        sign_in: {
          type: "string",
          enum: ["key", "federation"],
          default: "key",
          title: "Sign in with",
          description:
            "federation: no key leaves your project; Google trusts this connection by name. key: a key file.",
        },
        service_account_key: {
          type: "string",
          title: "Service account key",
          description: "The whole JSON file of a key. Stored encrypted, never shown again.",
          secret: true,
          when: { sign_in: "key" },
        },
        workload_provider: {
          type: "string",
          title: "Workload identity provider",
          description: "Its full name, with the project's number, as the set-up text prints it.",
          when: { sign_in: "federation" },
        },
        federated_account: {
          type: "string",
          title: "Service account to take",
          description: "The e-mail address of the service account that has our roles.",
          when: { sign_in: "federation" },
        },
      },
    },
    permissions: [perm("apigee.proxies.get", "Read proxies")],
    field_matrix: [],
  },
  {
    key: "cloudflare",
    title: "Cloudflare",
    vendor: "Cloudflare",
    kind: "firewall",
    summary: "Reads zones, rules and API Shield, receives Logpush, and writes custom rules.",
    capabilities: ["access", "config", "receive_calls", "enforce"],
    cannot: [],
    settings_schema: {
      type: "object",
      properties: { api_token: { type: "string", title: "API token", secret: true } },
    },
    permissions: [perm("Zone:Read", "Read zones")],
    field_matrix: [],
  },
  {
    key: "cloudarmor",
    title: "Google Cloud Armor",
    vendor: "Google Cloud",
    kind: "firewall",
    summary: "Reads security policies and backend services; writes its own rules with priorities set apart.",
    capabilities: ["access", "config", "enforce"],
    cannot: ["Request logs need Cloud Logging export."],
    settings_schema: { type: "object", properties: {} },
    permissions: [],
    field_matrix: [],
  },
  {
    key: "azure",
    title: "Azure Front Door and WAF",
    vendor: "Microsoft Azure",
    kind: "firewall",
    summary: "Reads Front Door, API Management and firewall policies; writes custom rules.",
    capabilities: ["access", "config", "enforce"],
    cannot: [],
    settings_schema: { type: "object", properties: {} },
    permissions: [],
    field_matrix: [],
  },
  {
    key: "nginx",
    title: "nginx",
    vendor: "nginx",
    kind: "gateway",
    summary: "Access logs as JSON lines, by any log shipper.",
    capabilities: ["receive_calls"],
    cannot: [],
    settings_schema: { type: "object", properties: {} },
    permissions: [],
    field_matrix: [],
  },
  {
    key: "webhook",
    title: "Webhook",
    vendor: "Webhook",
    kind: "alert",
    summary: "Signed HTTPS requests.",
    capabilities: ["notify"],
    cannot: [],
    settings_schema: {
      type: "object",
      required: ["url"],
      properties: {
        url: {
          type: "string",
          title: "Address",
          description: "HTTPS only. Requests are signed as Standard Webhooks describes.",
          examples: ["https://hooks.example.com/portcullis"],
        },
      },
    },
    permissions: [],
    field_matrix: [],
  },
  {
    key: "email",
    title: "E-mail",
    vendor: "E-mail",
    kind: "alert",
    summary: "Mail.",
    capabilities: ["notify"],
    cannot: [],
    settings_schema: {
      type: "object",
      required: ["to"],
      properties: { to: { type: "array", items: { type: "string" }, title: "Recipients" } },
    },
    permissions: [],
    field_matrix: [],
  },
];

export const connections: Connection[] = [
  {
    id: "con_aws",
    name: "Production, eu-west-1",
    connector: "aws",
    vendor: "AWS",
    status: "connected",
    status_reason: null,
    created_at: days(40),
    last_sync_at: minutes(4),
    last_verified_at: hours(5),
    counts: { services: 2, endpoints: 61 },
    can_block: true,
    health: { state: "ok", sentence: "Read completely 4 minutes ago; calls arrive with 38 s lag." },
  },
  {
    id: "con_kong",
    name: "Partner gateway",
    connector: "kong",
    vendor: "Kong",
    status: "degraded",
    status_reason: "the Admin API refuses to list plugins since 09:14",
    created_at: days(31),
    last_sync_at: hours(5),
    last_verified_at: minutes(11),
    counts: { services: 1, endpoints: 18 },
    can_block: true,
    health: { state: "degraded", sentence: "Plugins are not known: the Admin API answers 403." },
  },
  {
    id: "con_apigee",
    name: "Legacy, Apigee",
    connector: "apigee",
    vendor: "Apigee",
    status: "connected",
    status_reason: null,
    created_at: days(12),
    last_sync_at: minutes(9),
    last_verified_at: hours(2),
    counts: { services: 1, endpoints: 12 },
    can_block: false,
    health: { state: "ok", sentence: "Configuration only; no traffic source is set up." },
  },
];

const results: PermissionResult[] = awsPermissions.map((p, i) => ({
  ...p,
  grant: i === 2 ? "denied" : i === 5 ? "unknown" : "granted",
  detail:
    i === 2
      ? "AccessDenied on log group API-Gateway-Access-Logs_a1b2c3d4e5/prod."
      : i === 5
        ? "AWS offers no way to try this without creating something."
        : null,
  fix:
    i === 2
      ? '{\n  "Effect": "Allow",\n  "Action": "logs:FilterLogEvents",\n  "Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:API-Gateway-Access-Logs_*:*"\n}'
      : null,
}));

export function connectionDetail(id: string): ConnectionDetail | undefined {
  const connection = connections.find((row) => row.id === id);
  if (!connection) return undefined;
  return {
    ...connection,
    runner: null,
    settings: {
      role_arn: "arn:aws:iam::123456789012:role/portcullis-read",
      regions: ["eu-west-1"],
      admin_token: { set: true },
    },
    permissions: connection.status === "draft" ? [] : results,
    sections: [
      { name: "apis", completeness: "complete", reason: null },
      { name: "routes", completeness: "complete", reason: null },
      { name: "authorizers", completeness: "complete", reason: null },
      {
        name: "usage_plans",
        completeness: "partial",
        reason: "2 of 3 regions answered; us-east-1 was not asked.",
      },
      {
        name: "web_acls",
        completeness: "unknown",
        reason: "wafv2:ListWebACLs is denied. Firewall coverage is therefore not known.",
      },
    ],
    targets: [
      {
        ref: "regional/webacl/globex-edge",
        name: "globex-edge",
        kind: "web_acl",
        note: "In front of 2 APIs",
      },
    ],
    changes: readingOf(id),
    organization: id === "con_aws" ? organizationReading : null,
  };
}

export const permissionResults = results;

export const setup: Setup = {
  generated: { external_id: "pcl-7Q2M-x81k-90fa" },
  texts: [
    {
      title: "Quick link",
      body: "Opens CloudFormation with everything filled in. Create the stack, then copy its output RoleArn into the settings.",
      language: "text",
      link: "https://eu-west-1.console.aws.amazon.com/cloudformation/home#/stacks/quickcreate?stackName=portcullis",
      access: "read",
    },
    {
      title: "Terraform",
      body: 'module "portcullis" {\n  source      = "portcullis/connect/aws"\n  external_id = "pcl-7Q2M-x81k-90fa"\n  principal   = "arn:aws:iam::210987654321:role/portcullis-reader"\n  allow_write = false\n}\n\noutput "role_arn" { value = module.portcullis.role_arn }',
      language: "hcl",
      link: null,
      access: "read",
    },
    {
      title: "Command line",
      body: "aws iam create-role --role-name portcullis-read \\\n  --assume-role-policy-document file://trust.json",
      language: "shell",
      link: null,
      access: "read",
    },
    {
      title: "Write role",
      body: "aws iam create-role --role-name portcullis-write \\\n  --assume-role-policy-document file://trust.json",
      language: "shell",
      link: null,
      access: "write",
    },
  ],
};

export const runs: Run[] = [
  {
    id: "run_3",
    kind: "config",
    state: "done",
    progress: { step: "done", done: 61, total: 61 },
    started_at: minutes(5),
    finished_at: minutes(4),
    counts: { services: 2, routes: 61, authorizers: 3, web_acls: 1 },
    error: null,
  },
  {
    id: "run_2",
    kind: "calls",
    state: "running",
    progress: { step: "reading log group orders/prod", done: 182_000, total: null },
    started_at: minutes(2),
    finished_at: null,
    counts: { calls: 182_000 },
    error: null,
  },
  {
    id: "run_1",
    kind: "config",
    state: "failed",
    progress: null,
    started_at: hours(7),
    finished_at: hours(7),
    counts: null,
    error:
      "AWS refused the role for 3 minutes (AccessDenied). The last good configuration is kept. Nothing was changed.",
  },
];

export const trafficOf = (): ConnectionTraffic => ({
  sources: [
    {
      source: "api_gateway_access_log",
      calls_last_hour: 31_240,
      rate_per_second: 8.7,
      lag_seconds: 38,
      last_call_at: minutes(0.6),
      quarantined: 14,
      gaps: [
        {
          from: hours(7),
          to: hours(6.95),
          reason: "The role was refused; read again afterwards without loss.",
        },
      ],
      known: ["status", "latency", "path", "method", "client_ip", "user_agent", "principal"],
      unknown: ["request_body", "response_body", "ja4"],
    },
    {
      source: "waf_log",
      calls_last_hour: 30_911,
      rate_per_second: 8.6,
      lag_seconds: 71,
      last_call_at: minutes(1.2),
      quarantined: 0,
      gaps: [],
      known: ["path", "method", "client_ip", "country", "ja4", "waf_rules"],
      unknown: ["status", "latency", "principal"],
    },
  ],
  series: traffic(48, 5, 2600).map((p) => ({ at: p.at, calls: p.calls })),
  waiting: { pushes: 2, records: 1830, oldest_seconds: 4, failed: 0, problem: "" },
});
