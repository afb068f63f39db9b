import type { Iso, Severity } from "./shared";

export interface AlertDestination {
  id: string;
  connector: string;
  name: string;
  settings: Record<string, unknown>;
  min_severity: Severity;
  events: string[];
  enabled: boolean;
  /** Secrets we made, in the answer to the creation only. */
  generated?: Record<string, string>;
}

export interface AlertDelivery {
  id: string;
  destination: string | { id: string; name: string };
  event: string;
  subject: string;
  severity: Severity;
  state: string;
  attempts: number;
  last_error: string | null;
  created_at: Iso;
  delivered_at: Iso | null;
}
