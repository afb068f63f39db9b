import type { Iso } from "./shared";

export interface AuditChange {
  field: string;
  before: unknown;
  after: unknown;
}

export interface AuditEntry {
  sequence: number;
  at: Iso;
  action: string;
  actor_kind: string;
  actor_id: string;
  actor_name: string;
  target: string;
  reason: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  changes: AuditChange[];
  client_address: string;
  user_agent: string;
  request_id: string;
  hash: string;
}

/** How far the trail was signed. */
export interface AuditHead {
  sequence: number;
  at: Iso;
  key: string;
  reason: string;
}

/** `fault` is empty when the trail holds; else it is about the entries from `sequence` to `until`. */
export interface AuditVerdict {
  ok: boolean;
  checked: number;
  sequence: number | null;
  until: number | null;
  fault: string;
  signed: AuditHead | null;
  restored: AuditHead[];
}

export interface AuditKey {
  id: string;
  algorithm: string;
  pem: string;
}
