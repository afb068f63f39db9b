import type { Block, BlockDraft, Preview, ProtectedNetwork } from "../src/api/types/index.ts";
import { days, hours, minutes, now, traffic } from "./clock.ts";

const none = {
  networks: [],
  principals: [],
  methods: [],
  path_templates: [],
  hosts: [],
  consumers: [],
  headers: [],
  ja4: [],
  countries: [],
  asns: [],
};
const later = (h: number): string => new Date(now + h * 3_600_000).toISOString();

export const targets = [
  {
    connection_id: "con_aws",
    ref: "regional/webacl/globex-edge",
    name: "globex-edge",
    kind: "web_acl",
    vendor: "AWS WAF",
    can_write: true,
    note: "In front of 2 APIs",
  },
  {
    connection_id: "con_kong",
    ref: "default",
    name: "Kong production",
    kind: "gateway",
    vendor: "Kong",
    can_write: true,
    note: "All services of the workspace default",
  },
  {
    connection_id: "con_apigee",
    ref: "env/prod",
    name: "Apigee prod",
    kind: "environment",
    vendor: "Apigee",
    can_write: false,
    note: "Read only: the connection has no write permission",
  },
];

export function preview(draft: BlockDraft): Preview {
  const wide =
    draft.match.networks.some((n) => Number(n.split("/")[1]) < 24) ||
    (draft.match.networks.length === 0 && draft.match.path_templates.length > 0);
  const series = traffic(84, 120, 34_000, 3);
  const approved = draft.ttl_seconds > 86_400 * 2;
  return {
    preview_id: "prv_01",
    expires_at: later(0.25),
    window: { from: days(7), to: minutes(1), calls: 5_482_114 },
    effect: {
      requests: wide ? 412_008 : 4_310,
      principals: wide ? 18_220 : 1,
      addresses: wide ? 16_004 : 2,
      share_of_traffic: wide ? 0.0751 : 0.000786,
      good_requests: wide ? 396_114 : 0,
      share_of_good: wide ? 0.0733 : 0,
      endpoints: [
        { label: "GET api.globex.example/orders/{order_id}", requests: wide ? 401_200 : 4_266 },
        { label: "GET api.globex.example/orders", requests: wide ? 10_808 : 44 },
      ],
      partners: wide ? [{ name: "Logistics partner", requests: 2_118 }] : [],
      examples: Array.from({ length: 10 }, (_, i) => ({
        at: minutes(14 + i * 5),
        method: "GET",
        host: "api.globex.example",
        path: `/orders/${10_052_488 - i * 97}`,
        status: i % 4 ? 403 : 200,
        client_ip: i % 3 ? "198.18.4.7" : "198.18.4.9",
        principal: "user:7f31c9…",
      })),
      series: series.map((p, i) => ({
        at: p.at,
        total: p.calls,
        hit: i > 76 ? Math.round(280 + ((i * 137) % 420)) : 0,
      })),
    },
    unevaluable: draft.match.ja4.length
      ? [
          {
            field: "ja4",
            reason: "The Kong log does not carry the TLS fingerprint, so its calls were counted as matching.",
          },
        ]
      : [],
    gates: [
      {
        gate: "protected",
        verdict: "pass",
        sentence: "No protected network is hit.",
        numbers: { checked: 14 },
      },
      {
        gate: "breadth",
        verdict: wide ? "refuse" : "pass",
        sentence: wide
          ? "198.18.0.0/16 is too wide; the widest range that can be blocked is /20 for IPv4 and /40 for IPv6."
          : "The match names its callers narrowly.",
        numbers: { networks: wide ? ["198.18.0.0/16"] : draft.match.networks.length },
      },
      wide
        ? {
            gate: "blast_radius",
            verdict: "refuse",
            sentence: "It would have hit 7.3 % of known-good traffic; the limit is 0.5 %.",
            numbers: { good_requests: 396_114, good_total: 5_426_219, share_of_good: 0.073, limit: 0.005 },
          }
        : {
            gate: "blast_radius",
            verdict: "pass",
            sentence: "It would have hit 0 % of known-good traffic.",
            numbers: { good_requests: 0, good_total: 5_426_219, share_of_good: 0, limit: 0.005 },
          },
      wide
        ? {
            gate: "partners",
            verdict: "refuse",
            sentence: "It would have cut off Logistics partner. Narrow the match so that it spares them.",
            numbers: { partners: { "Logistics partner": 1_204 } },
          }
        : { gate: "partners", verdict: "pass", sentence: "No partner would have been hit.", numbers: {} },
      {
        gate: "lifetime",
        verdict: approved ? "needs_approval" : "pass",
        sentence: approved ? "Blocks longer than 2 days need a second person." : "It ends by itself.",
        numbers: { ttl_seconds: draft.ttl_seconds, limit: 2_592_000 },
      },
    ],
    targets: draft.targets.map((ref) => {
      const target = targets.find((x) => x.ref === ref.ref);
      const kong = ref.connection_id === "con_kong";
      return {
        ...ref,
        name: target?.name ?? ref.ref,
        exactness: kong ? ("approximated" as const) : ("exact" as const),
        reasons: kong
          ? [
              "Kong's ip-restriction has no path condition per address: enforced on the routes /orders/{order_id} only.",
            ]
          : [],
        covered: kong ? 18 : 61,
        uncovered: kong ? [] : [{ ref: "legacy-soap", reason: "Not behind this firewall." }],
        cost: kong ? null : "4 WCU of 1,500, 1 of 100 address sets",
        note: null,
      };
    }),
    allowed: !wide,
  };
}

const vendorRule = (count: boolean) => ({
  Name: "portcullis-blk-01",
  Priority: 0,
  Action: count ? { Count: {} } : { Block: {} },
  Statement: {
    AndStatement: {
      Statements: [
        {
          IPSetReferenceStatement: {
            ARN: "arn:aws:wafv2:eu-west-1:123456789012:regional/ipset/portcullis-blk-01/7d1e",
          },
        },
        {
          RegexMatchStatement: {
            RegexString: "^/orders/[0-9]{8}$",
            FieldToMatch: { UriPath: {} },
            TextTransformations: [{ Priority: 0, Type: "NORMALIZE_PATH" }],
          },
        },
      ],
    },
  },
  VisibilityConfig: {
    SampledRequestsEnabled: true,
    CloudWatchMetricsEnabled: true,
    MetricName: "portcullis-blk-01",
  },
});

const hits = traffic(24, 5, 60, 19).map((p, i) => ({ at: p.at, hits: i < 6 ? 0 : p.calls }));

export const blocks: Block[] = [
  {
    id: "blk_001",
    match: {
      ...none,
      networks: ["198.18.4.7/32", "198.18.4.9/32"],
      methods: ["GET"],
      path_templates: ["/orders/{order_id}"],
    },
    action: "block",
    stage: "count",
    status: "counting",
    reason: {
      kind: "threat",
      id: "thr_001",
      text: "Order numbers tried one after the other by user:7f31c9…",
    },
    author: "Dana Okafor",
    needs_approval: false,
    approved_by: "",
    ended_at: null,
    created_at: minutes(92),
    expires_at: later(22.4),
    targets: [
      {
        connection_id: "con_aws",
        ref: "regional/webacl/globex-edge",
        name: "globex-edge (AWS WAF)",
        state: "enforced",
        read_back_at: minutes(0.4),
        error: null,
        vendor_objects: [
          { kind: "Rule", name: "portcullis-blk-01", document: vendorRule(true) },
          {
            kind: "IPSet",
            name: "portcullis-blk-01",
            document: {
              Name: "portcullis-blk-01",
              Scope: "REGIONAL",
              IPAddressVersion: "IPV4",
              Addresses: ["198.18.4.7/32", "198.18.4.9/32"],
            },
          },
        ],
      },
      {
        connection_id: "con_kong",
        ref: "default",
        name: "Kong production",
        state: "drifted",
        read_back_at: minutes(0.6),
        error:
          "Somebody removed the plugin portcullis-blk-01 by hand at 14:02. It is put back with the next run.",
        vendor_objects: [],
      },
    ],
    events: [
      {
        at: minutes(31),
        kind: "drift",
        sentence: "Kong production no longer holds our plugin.",
        actor: null,
      },
      { at: minutes(90), kind: "enforced", sentence: "Read back from both targets: counting.", actor: null },
      {
        at: minutes(91),
        kind: "pushed",
        sentence: "Pushed to 2 targets after all gates passed again.",
        actor: null,
      },
      {
        at: minutes(92),
        kind: "created",
        sentence: "Created in stage count for 24 hours.",
        actor: "Dana Okafor",
      },
    ],
    hits: { total: hits.reduce((n, p) => n + p.hits, 0), series: hits },
    preview: null,
  },
  {
    id: "blk_002",
    match: { ...none, networks: ["203.0.113.77/32"] },
    action: "block",
    stage: "block",
    status: "blocking",
    reason: { kind: "threat", id: "thr_003", text: "SQL injection attempts in search" },
    author: "Mika Larsen",
    needs_approval: false,
    approved_by: "",
    ended_at: null,
    created_at: hours(6),
    expires_at: later(18),
    targets: [
      {
        connection_id: "con_aws",
        ref: "regional/webacl/globex-edge",
        name: "globex-edge (AWS WAF)",
        state: "enforced",
        read_back_at: minutes(0.5),
        error: null,
        vendor_objects: [{ kind: "Rule", name: "portcullis-blk-02", document: vendorRule(false) }],
      },
    ],
    events: [{ at: hours(6), kind: "created", sentence: "Created and enforced.", actor: "Mika Larsen" }],
    hits: { total: 233, series: hits },
    preview: null,
  },
  {
    id: "blk_003",
    match: { ...none, networks: ["192.0.2.0/28"], hosts: ["partners.globex.example"] },
    action: "rate_limit",
    stage: "block",
    status: "expired",
    reason: { kind: "manual", id: null, text: "Load test of a supplier got out of hand" },
    author: "Dana Okafor",
    needs_approval: false,
    approved_by: "",
    ended_at: null,
    created_at: days(4),
    expires_at: days(3),
    targets: [
      {
        connection_id: "con_kong",
        ref: "default",
        name: "Kong production",
        state: "removed",
        read_back_at: days(3),
        error: null,
        vendor_objects: [],
      },
    ],
    events: [],
    hits: { total: null, series: [] },
    preview: null,
  },
];

export const protectedNetworks: ProtectedNetwork[] = [
  { id: "prn_1", cidr: "10.0.0.0/8", label: "Private range", kind: "private", builtin: true },
  { id: "prn_2", cidr: "203.0.113.128/28", label: "Logistics partner", kind: "partner" },
  { id: "prn_3", cidr: "198.51.100.12/32", label: "Own outgoing address, eu-west-1", kind: "own_egress" },
];
