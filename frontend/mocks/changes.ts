import type { ChangeReading, ConfigChange } from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";

const UNSUPPORTED: ChangeReading = {
  state: "unsupported",
  since: null,
  read_at: null,
  failed_at: null,
  error: null,
};

const readings: Record<string, ChangeReading> = {
  con_aws: { state: "read", since: days(40), read_at: minutes(1.2), failed_at: null, error: null },
  con_kong: {
    state: "failed",
    since: days(31),
    read_at: hours(5),
    failed_at: minutes(2),
    error: {
      detail: "Kong refused GET /audit/requests for this token.",
      unchanged: "Nothing was changed.",
      action: "Add this endpoint to the role.",
    },
  },
};

/** How far a connection's audit trail is known. */
export const readingOf = (id: string): ChangeReading => readings[id] ?? UNSUPPORTED;

type Given = Partial<ConfigChange> & Pick<ConfigChange, "at" | "action" | "object_kind" | "object_ref">;

const change = (given: Given, index: number): ConfigChange => ({
  id: `chg_${index}`,
  object_name: "",
  author: "AWSReservedSSO_ApiAdmin_4f1c/ines.moreau@globex.example",
  author_kind: "person",
  channel: "console",
  source_address: "198.51.100.24",
  succeeded: true,
  ...given,
  evidence: {
    eventID: `8c1f2a4e-5b7d-4c3e-9a10-6f2b7d9e${1000 + index}`,
    eventSource: given.object_kind === "web_acl" ? "wafv2.amazonaws.com" : "apigateway.amazonaws.com",
    awsRegion: "eu-west-1",
    userIdentity: { type: "AssumedRole" },
    link: `https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/8c1f2a4e-5b7d-4c3e-9a10-6f2b7d9e${1000 + index}`,
    ...given.evidence,
  },
});

const acl =
  "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/globex-edge/5f1d2c3b-8a47-4c1e-b1a2-93d0c0ffee01";
const group =
  "arn:aws:wafv2:eu-west-1:123456789012:regional/rulegroup/portcullis-5f1d2c3b/77aa0c1d-0000-4000-8000-1234567890ab";
const pipeline = {
  author: "deploy-apis/gha-8842113",
  author_kind: "service",
  channel: "automation",
  source_address: "203.0.113.80",
} as const;
const ours = {
  author: "portcullis-blocking/portcullis",
  author_kind: "portcullis",
  channel: "api",
  source_address: "192.0.2.14",
} as const;

const told: Given[] = [
  {
    at: minutes(9),
    action: "UpdateStage",
    object_kind: "stage",
    object_ref: "a1b2c3d4e5/prod",
    object_name: "prod",
    evidence: {
      changed: ["/*/*/throttling/rateLimit", "/webAclArn"],
      given: ["patchOperations", "restApiId", "stageName"],
    },
  },
  {
    at: minutes(41),
    action: "UpdateWebACL",
    object_kind: "web_acl",
    object_ref: acl,
    object_name: "globex-edge",
    ...ours,
  },
  {
    at: minutes(41),
    action: "CreateRuleGroup",
    object_kind: "rule_group",
    object_ref: group,
    object_name: "portcullis-5f1d2c3b",
    ...ours,
  },
  {
    at: hours(3),
    action: "CreateDeployment",
    object_kind: "stage",
    object_ref: "a1b2c3d4e5/prod",
    object_name: "prod",
    ...pipeline,
  },
  {
    at: hours(3.02),
    action: "PutMethod",
    object_kind: "route",
    object_ref: "a1b2c3d4e5/9xk2p7/POST",
    ...pipeline,
  },
  {
    at: hours(6),
    action: "DeleteWebACL",
    object_kind: "web_acl",
    object_ref: acl,
    object_name: "globex-edge",
    author: "old-ci-user",
    author_kind: "unknown",
    channel: "api",
    source_address: "203.0.113.199",
    succeeded: false,
    evidence: { errorCode: "AccessDeniedException" },
  },
  {
    at: days(1.2),
    action: "UpdateWebACL",
    object_kind: "web_acl",
    object_ref: acl,
    object_name: "globex-edge",
    author: "fms.amazonaws.com",
    author_kind: "vendor",
    channel: "automation",
    source_address: "",
  },
  {
    at: days(2.5),
    action: "DeleteAuthorizer",
    object_kind: "rest_api",
    object_ref: "a1b2c3d4e5",
    object_name: "orders",
    author: "root",
    evidence: { userIdentity: { type: "Root" } },
  },
  {
    at: days(6),
    action: "CreateRestApi",
    object_kind: "rest_api",
    object_ref: "z9y8x7w6v5",
    object_name: "partner-api",
    ...pipeline,
  },
  {
    at: days(9),
    action: "UpdateAccount",
    object_kind: "account",
    object_ref: "eu-west-1/account",
    author: "",
    author_kind: "unknown",
    channel: "unknown",
    source_address: "",
  },
];

const changes = told.map(change);

const atKong: ConfigChange[] = [
  {
    at: hours(6),
    action: "update",
    object_kind: "route",
    object_ref: "b8a3c1e4-17f2-4d0a-9c55-2f1e7d6a9b01",
    object_name: "partner-orders",
    author: "lena",
    author_kind: "unknown",
    channel: "console",
  } as const,
  {
    at: days(2),
    action: "create",
    object_kind: "plugin",
    object_ref: "0d7c2f9a-6a1b-4b7e-8f30-c5a4e2b1d702",
    object_name: "rate-limiting",
    author: "ci-deck",
    author_kind: "unknown",
    channel: "api",
  } as const,
].map((given, index) => ({
  ...change(given, 100 + index),
  evidence: { request_id: `q7Xw0m${index}dJ`, dao_name: `${given.object_kind}s`, operation: given.action },
}));

export function changesOf(id: string, q: URLSearchParams): ConfigChange[] {
  const rows = id === "con_aws" ? changes : id === "con_kong" ? atKong : [];
  const since = q.get("since") ?? "";
  return rows.filter(
    (row) =>
      (!q.get("author") || row.author === q.get("author")) &&
      (!q.get("object") || row.object_ref === q.get("object")) &&
      row.at >= since,
  );
}
