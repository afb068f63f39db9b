import type {
  AlertDelivery,
  AlertDestination,
  AuditEntry,
  Import,
  Member,
  Role,
  Session,
  Token,
} from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";

const all =
  "inventory.read connections.read connections.write findings.read findings.write threats.read threats.write blocks.read blocks.preview blocks.push blocks.approve alerts.read alerts.write imports.write tokens.read tokens.write members.read members.write audit.read tenant.write billing.read billing.write".split(
    " ",
  );
const reads = all.filter((p) => p.endsWith(".read") && !/tokens|audit|billing/.test(p));

export const session: Session = {
  user: { id: "usr_1", email: "dana@globex.example", name: "Dana Okafor", theme: "system" },
  tenant: { id: "ten_1", slug: "globex", name: "Globex", status: "active" },
  role: "owner",
  permissions: all,
  csrf_token: "mock",
};

export const members: Member[] = [
  { id: "mem_1", email: "dana@globex.example", name: "Dana Okafor", role: "owner", created_at: minutes(1) },
  {
    id: "mem_2",
    email: "mika@globex.example",
    name: "Mika Larsen",
    role: "responder",
    created_at: hours(6),
  },
  { id: "mem_3", email: "noor@globex.example", name: "Noor Haddad", role: "analyst", created_at: days(2) },
  { id: "mem_4", email: "accounts@globex.example", name: "", role: "billing", created_at: days(2) },
];

export const roles: Role[] = [
  { role: "owner", permissions: all },
  { role: "admin", permissions: all.filter((p) => !p.startsWith("billing")) },
  {
    role: "responder",
    permissions: [
      ...reads,
      "findings.write",
      "threats.write",
      "blocks.preview",
      "imports.write",
      "blocks.push",
      "blocks.approve",
    ],
  },
  {
    role: "analyst",
    permissions: [...reads, "findings.write", "threats.write", "blocks.preview", "imports.write"],
  },
  { role: "viewer", permissions: reads },
  { role: "billing", permissions: ["billing.read", "billing.write"] },
];

export const tokens: Token[] = [
  {
    id: "tok_1",
    name: "CI pipeline",
    prefix: "pcl_9f3k",
    scopes: ["inventory.read", "findings.read"],
    expires_at: days(-61),
    last_used_at: minutes(22),
    created_at: days(29),
  },
  {
    id: "tok_2",
    name: "SIEM export",
    prefix: "pcl_2m8x",
    scopes: ["findings.read", "threats.read", "blocks.read"],
    expires_at: days(-300),
    last_used_at: null,
    created_at: days(3),
  },
];

export const audit: AuditEntry[] = [
  {
    sequence: 9,
    at: minutes(92),
    action: "block.push",
    actor_kind: "user",
    actor_id: "usr_1",
    actor_name: "dana@globex.example",
    target: "blk_001",
    reason: "Order numbers tried one after the other",
    before: { status: "pending" },
    after: { status: "counting", targets: 2, expires_at: "2026-11-25T13:10:00Z" },
  },
  {
    sequence: 8,
    at: hours(6),
    action: "finding.triage",
    actor_kind: "user",
    actor_id: "usr_1",
    actor_name: "mika@globex.example",
    target: "fnd_012",
    reason: "Sunset moved to January",
    before: { status: "open", reason: null },
    after: { status: "risk_accepted", reason: "Sunset moved to January", expires_at: "2027-01-31" },
  },
  {
    sequence: 7,
    at: days(1),
    action: "token.create",
    actor_kind: "user",
    actor_id: "usr_1",
    actor_name: "dana@globex.example",
    target: "tok_2",
    reason: "",
    before: null,
    after: { name: "SIEM export", scopes: ["findings.read", "threats.read"] },
  },
  {
    sequence: 6,
    at: days(2),
    action: "session.start",
    actor_kind: "user",
    actor_id: "usr_1",
    actor_name: "noor@globex.example",
    target: "",
    reason: "",
    before: null,
    after: null,
  },
];

export const destinations: AlertDestination[] = [
  {
    id: "dst_1",
    connector: "webhook",
    name: "Security channel",
    settings: { url: "https://hooks.example.com/portcullis" },
    enabled: true,
    min_severity: "high",
    events: ["finding.opened", "threat.raised", "block.changed"],
  },
  {
    id: "dst_2",
    connector: "email",
    name: "On-call mail",
    settings: { to: ["oncall@globex.example"] },
    enabled: true,
    min_severity: "critical",
    events: ["threat.raised"],
  },
];

export const deliveries: AlertDelivery[] = [
  {
    id: "dlv_3",
    destination: { id: "dst_1", name: "Security channel" },
    severity: "critical",
    event: "threat.raised",
    subject: "Critical: order numbers tried one after the other by user:7f31c9…",
    state: "delivered",
    attempts: 1,
    last_error: null,
    created_at: minutes(14),
    delivered_at: minutes(14),
  },
  {
    id: "dlv_2",
    destination: { id: "dst_2", name: "On-call mail" },
    severity: "critical",
    event: "threat.raised",
    subject: "Critical: credential stuffing from 512 addresses",
    state: "failed",
    attempts: 8,
    last_error: "The mail server answered 550: mailbox full. It is not tried again.",
    created_at: hours(9),
    delivered_at: null,
  },
  {
    id: "dlv_1",
    destination: { id: "dst_1", name: "Security channel" },
    severity: "high",
    event: "finding.opened",
    subject: "High: the custom domain accepts TLS 1.0",
    state: "pending",
    attempts: 0,
    last_error: null,
    created_at: minutes(1),
    delivered_at: null,
  },
];

export const imports: Import[] = [
  {
    id: "imp_1",
    filename: "access-2026-11-23.log.gz",
    format: "nginx",
    state: "done",
    format_title: "nginx access log",
    size: 41_200_118,
    duplicates: 0,
    routes: 0,
    failure: "",
    finished_at: hours(30),
    calls: 184_220,
    endpoints: 46,
    findings: 5,
    quarantined: 12,
    errors: [
      { line: 20_118, detail: "The line ends in the middle of a field." },
      { line: 99_002, detail: "The time has no year." },
    ],
    connection_id: "con_imp",
    created_at: hours(30),
  },
];
