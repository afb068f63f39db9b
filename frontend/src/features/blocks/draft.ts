import type { BlockAction, BlockDraft, BlockMatch, TargetRef } from "@/api/types";
import { emptyMatch } from "./names";

export const TTL_PRESETS = [
  { value: "3600", label: "1 hour" },
  { value: "14400", label: "4 hours" },
  { value: "86400", label: "24 hours" },
  { value: "259200", label: "3 days" },
  { value: "604800", label: "7 days" },
];

export interface Draft {
  match: BlockMatch;
  action: BlockAction;
  rate: { requests: number; per_seconds: number };
  ttl: number;
  targets: TargetRef[];
  days: number;
  reason: { kind: "threat" | "finding" | "manual"; id: string | null; text: string };
}

export function newDraft(match: Partial<BlockMatch> = {}): Draft {
  return {
    match: { ...emptyMatch, ...match },
    action: "block",
    rate: { requests: 100, per_seconds: 60 },
    ttl: 86_400,
    targets: [],
    days: 7,
    reason: { kind: "manual", id: null, text: "" },
  };
}

export function matchIsEmpty(match: BlockMatch): boolean {
  return Object.values(match).every((values: unknown[]) => values.length === 0);
}

export function toRequest(draft: Draft): BlockDraft {
  return {
    match: draft.match,
    action: draft.action,
    ...(draft.action === "rate_limit" ? { rate: draft.rate } : {}),
    ttl_seconds: draft.ttl,
    targets: draft.targets,
    window_days: draft.days,
  };
}
