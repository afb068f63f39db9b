import type { Iso } from "./shared";

export type Theme = "system" | "light" | "dark";

export interface Session {
  user: { id: string; email: string; name: string; theme: Theme };
  tenant: { id: string; slug: string; name: string; status: string };
  role: string;
  permissions: string[];
  csrf_token: string;
}

export interface SignUp {
  tenant: { slug: string; name: string };
  url: string;
  handoff_url: string;
}

export interface SlugAnswer {
  slug: string;
  available: boolean;
  reason: string | null;
}

export interface Member {
  id: string;
  email: string;
  name: string;
  role: string;
  user?: string;
  created_at: Iso;
}

export interface Role {
  role: string;
  title?: string;
  permissions: string[];
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  expires_at: Iso | null;
  last_used_at: Iso | null;
  created_at: Iso;
  revoked_at?: Iso | null;
}

/** The only time a token is shown. */
export interface NewToken {
  id: string;
  token: string;
  expires_at: Iso;
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
}

/** `fault` is empty when the chain holds; else `sequence` is where it breaks. */
export interface AuditVerdict {
  checked: number;
  sequence: number | null;
  fault: string;
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  status?: string;
  created_at?: Iso;
}
