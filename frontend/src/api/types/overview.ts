import type { Iso, Severity } from "./shared";

export interface SetupStep {
  step: string;
  done: boolean;
  sentence: string;
  href: string;
}

export interface TrafficPoint {
  at: Iso;
  calls: number;
  errors: number;
  blocked: number;
  p50?: number | null;
  p95?: number | null;
}

export interface Overview {
  counts: {
    services: number;
    endpoints: number;
    shadow: number;
    zombie: number;
    orphan: number;
    findings_open: number;
    critical: number;
    threats_open: number;
    blocks_active: number;
  };
  findings_by_severity: Partial<Record<Severity, number>>;
  risk: { score: number | null; previous: number | null };
  calls_series: TrafficPoint[];
  top_endpoints: {
    id: string;
    label: string;
    method?: string;
    template?: string;
    risk: number | null;
    calls_24h: number | null;
  }[];
  top_actors: { id: string; label: string; kind: string; score: number; sentence?: string }[];
  setup: SetupStep[];
  recent: { at: Iso; kind: string; sentence: string; href: string | null; severity: Severity | null }[];
}
