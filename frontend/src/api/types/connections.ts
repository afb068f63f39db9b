import type { Iso, Problem, SettingsSchema } from "./shared";

export interface PermissionSpec {
  action: string;
  purpose: string;
  access: "read" | "write";
}

export interface PermissionResult extends PermissionSpec {
  grant: "granted" | "denied" | "unknown" | null;
  detail: string | null;
  fix: string | null;
}

export interface Connector {
  key: string;
  title: string;
  vendor: string;
  kind: string;
  summary: string;
  capabilities: string[];
  cannot: string[];
  settings_schema: SettingsSchema;
  permissions: PermissionSpec[];
  field_matrix: { source: string; known: string[]; unknown: string[]; note: string | null }[];
}

export type ConnectionStatus = "draft" | "checking" | "connected" | "degraded" | "failed" | "disabled";

export interface Connection {
  id: string;
  name: string;
  connector: string;
  vendor: string;
  status: ConnectionStatus;
  status_reason: string | null;
  created_at: Iso;
  last_sync_at: Iso | null;
  last_verified_at: Iso | null;
  counts: { services: number | null; endpoints: number | null };
  can_block: boolean | null;
  health: { state: string; sentence: string } | null;
}

export interface ConnectionDetail extends Connection {
  settings: Record<string, unknown>;
  /** Id of the runner that sends its requests; null: we do. */
  runner: string | null;
  permissions: PermissionResult[];
  sections: { name: string; completeness: "complete" | "partial" | "unknown"; reason: string | null }[];
  targets: { ref: string; name: string; kind: string; note: string | null }[];
  permissions_checked_at?: Iso | null;
  error?: Problem | null;
  changes: ChangeReading;
  /** Null: the connection reads one account. */
  organization: OrganizationReading | null;
}

/** Why something could not be read. */
export type ReadingProblem = Pick<Problem, "detail" | "unchanged" | "action">;

export type AccountState = "connected" | "waiting" | "refused" | "left_out" | "gone";

/** How listing the organisation's accounts stands; `accounts` counts them by state. */
export interface OrganizationReading {
  state: "never" | "read" | "failed";
  read_at: Iso | null;
  failed_at: Iso | null;
  error: ReadingProblem | null;
  accounts: Partial<Record<AccountState, number>>;
}

/** One account of an organisation. Of a *waiting* one nothing is known, for `reason`. */
export interface OrganizationAccount {
  id: string;
  ref: string;
  name: string;
  state: AccountState;
  reason: string;
  connection: { id: string; name: string; status: ConnectionStatus } | null;
  checked_at: Iso | null;
}

/** How reading the vendor's audit trail stands. No rows mean "none" only when it was read. */
export interface ChangeReading {
  state: "unsupported" | "never" | "read" | "failed";
  /** When it was read to its end first, and last. */
  since: Iso | null;
  read_at: Iso | null;
  failed_at: Iso | null;
  error: ReadingProblem | null;
}

/** One change at the vendor, as its audit trail tells. */
export interface ConfigChange {
  id: string;
  at: Iso;
  action: string;
  object_kind: string;
  object_ref: string;
  object_name: string;
  author: string;
  author_kind: "person" | "service" | "vendor" | "portcullis" | "unknown";
  channel: "console" | "api" | "automation" | "unknown";
  source_address: string;
  succeeded: boolean;
  evidence: Record<string, unknown>;
}

export interface Setup {
  texts: {
    title: string;
    body: string;
    language: string;
    link: string | null;
    access: "read" | "write" | string | null;
  }[];
  generated: Record<string, string>;
}

export interface CheckAnswer {
  ok: boolean;
  checked_at: Iso;
  permissions: PermissionResult[];
  error?: Problem | null;
}

export interface Run {
  id: string;
  kind: "config" | "calls";
  state: "queued" | "running" | "done" | "failed";
  progress: { step: string; done: number; total: number | null } | null;
  started_at: Iso | null;
  finished_at: Iso | null;
  counts: Record<string, number> | null;
  error: Problem | string | null;
}

export interface TrafficSource {
  source: string;
  calls_last_hour: number | null;
  rate_per_second: number | null;
  lag_seconds: number | null;
  last_call_at: Iso | null;
  quarantined: number;
  gaps?: { from: Iso; to: Iso; reason: string }[];
  note?: string;
  known: string[];
  unknown: string[];
}

export interface ConnectionTraffic {
  sources: TrafficSource[];
  series: { at: Iso; calls: number }[];
  /** Pushed and acknowledged, not read into calls yet; `failed` were set aside because of `problem`. */
  waiting: { pushes: number; records: number; oldest_seconds: number; failed: number; problem: string };
}

/** Records kept sealed as they came. */
export interface RawWindow {
  hours: number;
  default_hours: number;
  max_hours: number;
  records: number;
  bytes: number;
  oldest_at: Iso | null;
}

export interface QuarantinedRecord {
  id: string;
  at: Iso;
  source?: string;
  reason: string;
  sample?: string | null;
  count?: number;
}

export interface Import {
  id: string;
  filename: string;
  format: string | null;
  state: "queued" | "running" | "done" | "failed";
  format_title: string;
  size: number;
  calls: number;
  duplicates: number;
  routes: number;
  endpoints: number;
  findings: number;
  quarantined: number;
  failure: string;
  errors: { line: number | null; detail: string }[];
  connection_id: string | null;
  created_at: Iso;
  finished_at: Iso | null;
}
