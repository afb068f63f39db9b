import type { HistoryEntry, Iso, Severity } from "./shared";

export type FindingStatus =
  "open" | "under_review" | "remediating" | "risk_accepted" | "false_positive" | "resolved" | "reopened";

export interface Finding {
  id: string;
  check: string;
  title: string;
  severity: Severity;
  status: FindingStatus;
  subject: { kind: string; id: string; label: string };
  connection_id: string | null;
  service_id: string | null;
  endpoint_ids: string[];
  first_seen: Iso;
  last_seen: Iso;
  sentence: string;
}

export interface Evidence {
  label: string;
  document: unknown;
  source_ref: string | null;
  read_at: Iso | null;
  /** Path of the decisive part inside the document, as keys. */
  highlight?: string[] | string | null;
}

export interface Fix {
  tool: "terraform" | "deck" | "console" | "cli";
  body: string;
  language: string;
}

export interface FindingDetail extends Finding {
  why: string;
  evidence: Evidence[];
  fix: Fix[];
  references: (string | { title: string; url: string })[];
  reason: string;
  expires_at: Iso | null;
  clean_reads: number;
  history: HistoryEntry[];
}

export interface Verification {
  still_present: boolean | null;
  sentence: string;
  evidence: unknown;
}
