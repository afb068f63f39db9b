import type { Iso } from "./shared";

export interface BlockMatch {
  networks: string[];
  principals: string[];
  methods: string[];
  path_templates: string[];
  hosts: string[];
  consumers: string[];
  headers: { name: string; value: string; operator: string }[];
  ja4: string[];
  countries: string[];
  asns: number[];
}

export type BlockAction = "count" | "block" | "rate_limit" | "challenge";
export type Stage = "count" | "block";

export interface TargetRef {
  connection_id: string;
  ref: string;
}

export interface BlockTarget extends TargetRef {
  connection?: string;
  name: string;
  kind: string;
  vendor: string;
  can_write: boolean | null;
  note: string | null;
}

export interface BlockDraft {
  match: BlockMatch;
  action: BlockAction;
  rate?: { requests: number; per_seconds: number } | null;
  ttl_seconds: number;
  targets: TargetRef[];
  window_days: number;
}

export interface Gate {
  gate: string;
  verdict: "pass" | "refuse" | "needs_approval";
  sentence: string;
  /** Counts, shares, lists of networks, or requests by partner: whatever the gate weighed. */
  numbers: Record<string, unknown> | null;
}

export interface PreviewTarget extends TargetRef {
  name: string;
  exactness: "exact" | "approximated" | "refused";
  reasons: string[];
  covered: number;
  uncovered: { ref: string; reason: string }[];
  cost: string | number | Record<string, unknown> | null;
  note: string | null;
}

export interface Preview {
  preview_id: string;
  expires_at: Iso;
  window: { from: Iso; to: Iso; calls: number; history_seconds?: number };
  effect: {
    requests: number;
    /** Hits whose caller nobody can call good or bad. */
    unknown_requests?: number;
    principals: number | null;
    addresses: number | null;
    share_of_traffic: number;
    good_requests: number;
    share_of_good: number;
    endpoints: { label: string; requests: number }[];
    partners: { name: string; requests: number }[];
    examples: {
      at: Iso;
      method: string;
      host?: string;
      path: string;
      status: number | null;
      client_ip?: string | null;
      principal?: string | null;
      good?: boolean;
    }[];
    series: { at: Iso; total: number; hit: number }[];
  };
  unevaluable: { field: string; reason: string }[];
  gates: Gate[];
  targets: PreviewTarget[];
  allowed: boolean;
}

export type BlockStatus =
  | "pending"
  | "awaiting_approval"
  | "counting"
  | "blocking"
  | "expiring"
  | "expired"
  | "undone"
  | "undoing"
  | "failed"
  | "refused";

export interface LiveTarget extends TargetRef {
  name: string;
  kind?: string;
  vendor?: string;
  state: "pending" | "enforced" | "observed" | "drifted" | "failed" | "refused" | "removed" | "lost";
  read_back_at: Iso | null;
  vendor_objects: { kind: string; name: string; document: unknown }[];
  error: string | null;
  exactness?: string;
}

export interface Block {
  id: string;
  match: BlockMatch;
  action: BlockAction;
  stage: Stage;
  status: BlockStatus;
  reason: { kind: "threat" | "finding" | "manual"; id: string | null; text: string };
  author: string | { id: string; name?: string; email?: string } | null;
  rate?: { requests: number; per_seconds: number } | null;
  needs_approval: boolean;
  approved_by: string;
  fingerprint?: string;
  created_at: Iso;
  expires_at: Iso | null;
  ended_at: Iso | null;
  targets: LiveTarget[];
  events?: { at: Iso; kind: string; sentence: string; actor: string | null }[];
  hits?: {
    total: number | null;
    refused?: number | null;
    last_at?: Iso | null;
    series: { at: Iso; hits: number }[];
  } | null;
  preview?: Omit<Preview, "preview_id" | "expires_at"> | null;
}

export interface ProtectedNetwork {
  id: string;
  cidr: string;
  label: string;
  kind: string;
  created_at?: Iso;
  builtin?: boolean;
}
