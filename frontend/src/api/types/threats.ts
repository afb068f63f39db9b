import type { BlockAction, BlockMatch } from "./blocks";
import type { Iso, Severity } from "./shared";

export interface Threat {
  id: string;
  title: string;
  kind: string;
  severity: Severity;
  status: "open" | "blocked" | "closed";
  actor: { id: string; label: string; kind: string };
  score: number;
  first_seen: Iso;
  last_seen: Iso;
  requests: number;
  succeeded: number | null;
  endpoints: number | { id?: string; label: string }[];
  spoofable: boolean | null;
  confidence: number | string | null;
  sentence: string;
}

export interface Contribution {
  detector: string;
  points: number;
  at: Iso;
  decayed: number;
  sentence: string;
}

export interface TimelineEntry {
  at: Iso;
  detector: string;
  severity: Severity;
  sentence: string;
  endpoints: (string | { id?: string; label: string })[];
  requests: number;
  succeeded: number | null;
  evidence_id: string | null;
}

export interface Actor {
  id: string;
  kind: "principal" | "ip" | "network" | "campaign";
  label: string;
  addresses: string[];
  address_count: number;
  score: number;
  contributions: Contribution[];
  half_life_hours: number;
  timeline: TimelineEntry[];
  got_through: { at: Iso; method: string; host: string; path: string; status: number; why: string }[];
  threats: Threat[];
  blocks: { id: string; status: string; stage?: string; expires_at?: Iso | null }[];
  spoofable: boolean | null;
  suggested_block: {
    match: Partial<BlockMatch>;
    action: BlockAction;
    ttl_seconds: number;
    reason: string;
  } | null;
}
