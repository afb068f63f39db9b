import type { HistoryEntry, Iso } from "./shared";

export type EndpointState = "active" | "idle" | "shadow" | "zombie" | "orphan" | "gone" | "unknown";
export type AuthVerdict = "enforced" | "open" | "contradiction" | "unknown";

export interface Service {
  id: string;
  name: string;
  kind: string;
  connection_id: string | null;
  vendor: string | null;
  exposure: string;
  hosts: string[];
  endpoint_count: number;
  findings_open: number;
  calls_24h: number | null;
  why: string[];
}

export interface Endpoint {
  id: string;
  method: string;
  host: string;
  template: string;
  service: { id: string; name: string } | null;
  state: EndpointState;
  states_why: string[];
  facts: Record<"config" | "spec" | "traffic" | "code", boolean | null>;
  auth_declared: string[];
  auth_observed: { authenticated: number; anonymous: number; anonymous_success: number; unknown: number };
  auth_verdict: AuthVerdict;
  data_classes: string[];
  exposure: string;
  risk: number | null;
  findings_open: number;
  calls_24h: number | null;
  error_rate: number | null;
  first_seen: Iso | null;
  last_seen: Iso | null;
}

export interface Parameter {
  name: string;
  location: string;
  type: string;
  required: boolean | null;
  confidence: number | null;
  n_seen: number | null;
  provenance: string[];
}

export interface Caller {
  principal: string | null;
  consumer: string | null;
  client_ip: string | null;
  calls: number;
  errors: number;
  addresses: number;
  first_seen: Iso | null;
  last_seen: Iso | null;
}

export interface RiskPart {
  name: string;
  count: number;
  points: number;
  sentence: string;
}

export interface EndpointDetail extends Endpoint {
  risk_parts: RiskPart[];
  replaced_by: string | null;
  parameters: Parameter[];
  routes: {
    connection_id: string;
    ref: string;
    stage: string | null;
    upstream: string | null;
    evidence: unknown;
  }[];
  /** `limit` requests in `window_seconds` for each `key` (ip, consumer, stage …). */
  rate_limits: { limit: number; window_seconds: number; key: string; source: string }[] | null;
  waf: { state: string; policy: string | null; note: string | null } | null;
  callers: Caller[];
  history: HistoryEntry[];
}

export interface CallSample {
  id?: string;
  call_id?: string;
  /** Samples of an endpoint name the time `ts`. */
  at?: Iso;
  ts?: Iso | number;
  method: string;
  host?: string;
  consumer?: string | null;
  path: string;
  status: number | null;
  principal?: string | null;
  client_ip?: string | null;
  latency_ms?: number | null;
  user_agent?: string | null;
  waf_action?: string | null;
}

export interface FacetCount {
  value: string;
  label?: string;
  count: number;
}

/** Each facet is either value → count or a list of counted values. */
export type Facets = Record<string, Record<string, number> | FacetCount[]>;
