import type {
  AlertDelivery,
  AlertDestination,
  Archive,
  Authenticator,
  Deletion,
  Import,
  Invitation,
  Invited,
  Member,
  OwnSession,
  RawWindow,
  Session,
  SignIn,
  Token,
} from "../src/api/types/index.ts";
import { days, dice, hours, minutes } from "./clock.ts";
import { roles } from "./permissions.ts";

export const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
export const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
export const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";
const AGENTS = [FIREFOX, CHROME, SAFARI];

export const permissionsOf = (role: string): string[] =>
  roles.find((row) => row.role === role)?.permissions ?? [];

export const session: Session = {
  user: {
    id: "usr_1",
    email: "dana@globex.example",
    email_verified: true,
    name: "Dana Okafor",
    theme: "system",
  },
  tenant: { id: "ten_1", slug: "globex", name: "Globex", status: "active" },
  role: "owner",
  permissions: permissionsOf("owner"),
  needs: null,
  by: "password-and-factor",
  provider: null,
  step_up: { until: minutes(-8), ways: ["password", "totp", "webauthn", "recovery_codes"] },
  csrf_token: "mock",
};

const FIRST =
  "Mika Noor Ines Tariq Lena Oskar Yuki Amara Felix Salma Jonas Priya Marek Olga Bruno Aisha".split(" ");
const LAST = "Larsen Haddad Moreau Aziz Brandt Nilsson Tanaka Diallo Weber Karim Novak Sharma".split(" ");
const roll = dice(11);

const member = (n: number, name: string, role: string, more: Partial<Member> = {}): Member => ({
  id: `mbr_${n}`,
  user: `usr_${n}`,
  email: name ? `${name.toLowerCase().replace(/\s+/g, ".")}@globex.example` : "accounts@globex.example",
  name,
  role,
  active: true,
  second_factor: roll() > 0.4,
  created_at: days(200 - n * 3),
  ...more,
});

/** Two owners, some of each role, one suspended by the identity provider. */
export const members: Member[] = [
  member(1, "Dana Okafor", "owner", { email: "dana@globex.example", second_factor: true }),
  member(2, "Mika Larsen", "responder", { second_factor: true }),
  member(3, "Noor Haddad", "analyst", { second_factor: false }),
  member(4, "", "billing", { second_factor: false }),
  member(5, "Ines Moreau", "owner", { second_factor: true }),
  member(6, "Tariq Aziz", "admin", { second_factor: false }),
  member(7, "Lena Brandt", "viewer", { active: false }),
  ...Array.from({ length: 51 }, (_, at) =>
    member(
      at + 8,
      `${FIRST[at % FIRST.length] ?? ""} ${LAST[(at * 5 + Math.floor(at / 16)) % LAST.length] ?? ""}`,
      ["analyst", "viewer", "responder", "viewer", "analyst", "admin"][at % 6] ?? "viewer",
    ),
  ),
];

const invitation = (n: number, email: string, role: string, age: number): Invitation => ({
  id: `inv_${n}`,
  email,
  role,
  state: age > 7 ? "expired" : "open",
  invited_by: "dana@globex.example",
  created_at: days(age),
  sent_at: n === 1 ? null : days(age),
  expires_at: days(age - 7),
});

export const invitations: Invitation[] = [
  invitation(1, "sam@globex.example", "analyst", 0),
  invitation(2, "kim.park@globex.example", "responder", 2),
  invitation(3, "auditor@northwind.example", "viewer", 9),
];

export const invited: Invited = {
  email: "sam@globex.example",
  role: "analyst",
  invited_by: "Dana Okafor",
  workspace: "Globex",
  expires_at: days(-7),
  password: true,
  providers: [{ id: "idp_okta", name: "Okta" }],
};

const token = (n: number, name: string, scopes: string[], more: Partial<Token> = {}): Token => ({
  id: `tok_${n}`,
  name,
  prefix: `9f3k${(n * 7919).toString(36).padStart(6, "0")}`,
  scopes,
  networks: [],
  state: "active",
  made_by: "dana@globex.example",
  expires_at: days(-61 - n * 9),
  created_at: days(29 + n),
  last_used_at: minutes(22 + n * n * 40),
  last_used_address: "203.0.113.18",
  last_used_agent: "python-requests/2.32.5",
  revoked_at: null,
  ...more,
});

export const tokens: Token[] = [
  token(1, "CI pipeline", ["inventory.read", "findings.read"], { networks: ["203.0.113.0/24"] }),
  token(2, "SIEM export", ["findings.read", "threats.read", "blocks.read"], {
    last_used_at: null,
    last_used_address: "",
    last_used_agent: "",
  }),
  token(
    3,
    "Incident bot",
    ["blocks.preview", "blocks.push", "blocks.read", "findings.read", "inventory.read", "threats.read"],
    { made_by: "mika.larsen@globex.example", networks: ["198.51.100.7/32", "2001:db8:7::/48"] },
  ),
  token(4, "Old pipeline", ["inventory.read"], { state: "revoked", revoked_at: days(12) }),
  token(5, "Migration script", ["connections.read", "connections.write"], {
    state: "expired",
    expires_at: days(3),
    made_by: "tariq.aziz@globex.example",
  }),
  ...Array.from({ length: 18 }, (_, at) =>
    token(at + 6, `Report job ${at + 1}`, ["findings.read", "posture.read", "traffic.read"]),
  ),
];

export const ownSessions: OwnSession[] = [
  {
    id: "ses_1",
    by: "password-and-factor",
    address: "203.0.113.9",
    agent: FIREFOX,
    started_at: hours(3),
    seen_at: minutes(0),
    expires_at: days(-7),
    current: true,
  },
  {
    id: "ses_2",
    by: "passkey",
    address: "2001:db8:52:1::7",
    agent: SAFARI,
    started_at: days(2),
    seen_at: hours(5),
    expires_at: days(-5),
    current: false,
  },
  {
    id: "ses_3",
    by: "password-and-factor",
    address: "198.51.100.41",
    agent: CHROME,
    started_at: days(4),
    seen_at: days(1),
    expires_at: days(-3),
    current: false,
  },
];

const epoch = (iso: string): number => Date.parse(iso) / 1000;

export const factors: Authenticator[] = [
  { type: "totp", created_at: epoch(days(80)), last_used_at: epoch(hours(3)) },
  {
    type: "webauthn",
    id: 1,
    name: "Firefox on Linux",
    is_passwordless: true,
    created_at: epoch(days(40)),
    last_used_at: epoch(days(2)),
  },
  {
    type: "webauthn",
    id: 2,
    name: "Blue security key",
    is_passwordless: true,
    created_at: epoch(days(40)),
    last_used_at: null,
  },
  {
    type: "recovery_codes",
    created_at: epoch(days(80)),
    last_used_at: epoch(days(30)),
    total_code_count: 10,
    unused_code_count: 8,
  },
];

export const codes = Array.from({ length: 10 }, (_, at) =>
  String(Math.floor(100_000_000_000 + (at + 1) * 81_234_567_891)).slice(0, 12),
);

const OUTCOMES = ["signed-in", "factor-asked", "signed-in", "wrong-password", "signed-in", "wrong-factor"];
export const signIns: SignIn[] = Array.from({ length: 140 }, (_, at) => {
  const person = members[(at * 7) % 23];
  const stranger = at % 29 === 11;
  const outcome = stranger ? "wrong-password" : (OUTCOMES[at % OUTCOMES.length] ?? "signed-in");
  return {
    id: `sgn_${1000 - at}`,
    at: minutes(at * at * 3 + at * 17),
    email: stranger ? "administrator@globex.example" : (person?.email ?? ""),
    user: stranger ? null : (person?.user ?? null),
    by: outcome === "signed-in" && at % 4 === 0 ? "sso" : "password",
    outcome,
    address: `203.0.113.${9 + (at % 40)}`,
    agent: AGENTS[at % 3] ?? "",
  };
});

export const archives: Archive[] = [
  {
    id: "arc_2",
    state: "ready",
    size: 412_880_119,
    sha256: "9b74c9897bac770ffc029102a200c5de8c1e1f4f6a3f5d0c2c9b7c1d2e3f4a5b",
    problem: "",
    created_at: hours(5),
    taken_at: hours(5),
    expires_at: days(-6),
  },
  {
    id: "arc_1",
    state: "expired",
    size: 398_100_420,
    sha256: "1f4f6a3f5d0c2c9b7c1d2e3f4a5b9b74c9897bac770ffc029102a200c5de8c1e",
    problem: "",
    created_at: days(30),
    taken_at: days(30),
    expires_at: days(23),
  },
];

export const deletion: Deletion = { delete_after: null, grace_hours: 168 };

export const rawWindow: RawWindow = {
  hours: 72,
  default_hours: 72,
  max_hours: 720,
  records: 184_220,
  bytes: 14_410_000,
  oldest_at: days(2.9),
};

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
