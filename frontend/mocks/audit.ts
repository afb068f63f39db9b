import type { AuditEntry, AuditVerdict } from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";
import { CHROME, FIREFOX } from "./people.ts";

type Values = Record<string, unknown> | null;

/** As the server compares two documents: field by field, dotted paths, lists whole. */
function changes(before: Values, after: Values): AuditEntry["changes"] {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].sort();
  return fields
    .map((field) => ({ field, before: before?.[field] ?? null, after: after?.[field] ?? null }))
    .filter((change) => JSON.stringify(change.before) !== JSON.stringify(change.after));
}

let sequence = 1_284;

function entry(
  at: string,
  action: string,
  target: string,
  before: Values,
  after: Values,
  more: Partial<AuditEntry> = {},
): AuditEntry {
  sequence -= 1;
  return {
    sequence: sequence + 1,
    at,
    actor_kind: "user",
    actor_id: "usr_1",
    actor_name: "dana@globex.example",
    action,
    target,
    before,
    after,
    changes: changes(before, after),
    reason: "",
    client_address: "203.0.113.9",
    user_agent: FIREFOX,
    request_id: `req_01k${(sequence * 7919).toString(36)}`,
    hash: (sequence * 2_654_435_761).toString(16).padStart(12, "0").repeat(6).slice(0, 64),
    ...more,
  };
}

const okta = {
  actor_kind: "scim",
  actor_id: "sct_2",
  actor_name: "Okta",
  user_agent: "Okta SCIM Client 1.0",
};

export const audit: AuditEntry[] = [
  entry(
    minutes(92),
    "block.create",
    "blk_001",
    null,
    {
      stage: "count",
      targets: 2,
      match: { networks: ["198.18.4.7/32", "198.18.4.9/32"] },
      expires_at: days(-1),
    },
    { reason: "Order numbers tried one after the other" },
  ),
  entry(hours(2), "member.suspend", "mbr_7", { active: true }, { active: false }, okta),
  entry(
    hours(6),
    "finding.triage",
    "fnd_012",
    { status: "open" },
    { status: "risk_accepted", reason: "Sunset moved to January", expires_at: "2027-01-31" },
    {
      actor_id: "usr_2",
      actor_name: "mika.larsen@globex.example",
      client_address: "198.51.100.41",
      user_agent: CHROME,
      reason: "Sunset moved to January",
    },
  ),
  entry(days(1), "token.create", "tok_2", null, {
    name: "SIEM export",
    scopes: ["findings.read", "threats.read", "blocks.read"],
    networks: [],
  }),
  entry(days(1), "member.role", "mbr_3", { role: "viewer" }, { role: "analyst" }),
  entry(
    days(2),
    "sso.policy",
    "policy",
    { rules: [] },
    {
      rules: [
        { group: "Security", role: "responder" },
        { group: "Platform", role: "analyst" },
      ],
    },
  ),
  entry(
    days(2),
    "vault.rotate",
    "key_3",
    { key: "key_2" },
    { key: "key_3" },
    {
      actor_kind: "job",
      actor_id: "",
      actor_name: "vault.rotate_keys",
      client_address: "",
      user_agent: "",
      request_id: "",
    },
  ),
  entry(days(3), "session.end-others", "usr_1", null, { ended: 3 }),
  ...Array.from({ length: 120 }, (_, at) =>
    entry(
      hours(80 + at * 5),
      ["finding.triage", "block.promote", "connection.update", "invitation.send", "threat.close"][at % 5] ??
        "",
      ["fnd_0", "blk_0", "con_0", "inv_0", "thr_0"][at % 5] + String(at),
      { state: "open" },
      { state: "closed" },
      at % 3 ? {} : { actor_kind: "token", actor_id: "tok_3", actor_name: "Incident bot", user_agent: "" },
    ),
  ),
];

export const verdict: AuditVerdict = {
  ok: true,
  checked: 1_284,
  sequence: null,
  until: null,
  fault: "",
  signed: { sequence: 1_284, at: minutes(0), key: "ed25519-7f31c9", reason: "" },
  restored: [],
};
