import type { Iso, Severity } from "./shared";

export interface AlertDestination {
  id: string;
  connector: string;
  name: string;
  settings: Record<string, unknown>;
  min_severity: Severity;
  events: string[];
  enabled?: boolean;
  status?: string | null;
  secret?: string;
}

export interface AlertDelivery {
  id: string;
  destination: string | { id: string; name: string };
  event: string;
  subject: string;
  state: string;
  attempts: number;
  last_error: string | null;
  created_at: Iso;
  delivered_at: Iso | null;
}

export interface TestAnswer {
  ok?: boolean;
  state?: string;
  detail?: string;
  sentence?: string;
  last_error?: string | null;
}
