/** Shapes every part of the API uses. Times are ISO-8601 UTC text. */
export type Iso = string;

export type Severity = "critical" | "high" | "medium" | "low" | "info";

/** `application/problem+json` (RFC 9457) with what was left unchanged and what to do. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Stable, for programs; the texts are for people. */
  code?: string;
  unchanged?: string;
  action?: string;
  /** When it may be tried again, in epoch milliseconds; with a 429. */
  retry_at?: number;
  errors?: { pointer: string; detail: string }[];
  request_id?: string;
}

export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface HistoryEntry {
  at: Iso;
  kind: string;
  detail: string;
  actor?: string | null;
}

/** JSON Schema as far as settings forms use it. */
export interface SettingsField {
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  title?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  examples?: unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  secret?: boolean;
  generated?: boolean;
  advanced?: boolean;
  /** Another field and the value it needs for this one to be asked for. */
  when?: Record<string, string>;
  items?: SettingsField;
  anyOf?: SettingsField[];
}

export interface SettingsSchema {
  type?: "object";
  properties?: Record<string, SettingsField>;
  required?: string[];
}
