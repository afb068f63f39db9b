import type { Iso } from "./shared";

export type Theme = "auto" | "light" | "dark";

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
  last_seen_at: Iso | null;
  created_at?: Iso;
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
  token?: string;
}

export interface AuditEntry {
  id: string;
  at: Iso;
  action: string;
  actor: string;
  target: string | null;
  address: string | null;
  reason: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

export interface AuditVerdict {
  ok: boolean;
  entries: number;
  sentence?: string;
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  status?: string;
  created_at?: Iso;
}
