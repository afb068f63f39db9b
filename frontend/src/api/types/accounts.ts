import type { Iso } from "./shared";

export type Theme = "system" | "light" | "dark";

/** What somebody can show: a password, or a second factor of this type. */
export type FactorType = "totp" | "webauthn" | "recovery_codes";
export type Way = "password" | FactorType;

export interface Session {
  user: { id: string; email: string; email_verified: boolean; name: string; theme: Theme };
  tenant: { id: string; slug: string; name: string; status: string };
  role: string;
  /** Empty while `needs` is set: then nothing but one's own account can be used. */
  permissions: string[];
  needs: "second-factor" | null;
  by: string;
  provider: string | null;
  step_up: { until: Iso | null; ways: Way[] };
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

/** What the sign-in page may know; `problem` is the sentence for a code that came back with the browser. */
export interface SignInPage {
  required: boolean;
  providers: { id: string; name: string; href: string }[];
  problem: string | null;
}

/** One browser that is signed in. */
export interface OwnSession {
  id: string;
  by: string;
  address: string;
  agent: string;
  started_at: Iso;
  seen_at: Iso;
  expires_at: Iso;
  current: boolean;
}

/** A second factor as django-allauth describes it; times are epoch seconds. */
export interface Authenticator {
  type: FactorType;
  created_at: number;
  last_used_at: number | null;
  id?: number;
  name?: string;
  is_passwordless?: boolean;
  total_code_count?: number;
  unused_code_count?: number;
}

export interface RecoveryCodes {
  total_code_count: number;
  unused_code_count: number;
  /** The codes themselves, the first time only. */
  unused_codes?: string[];
}

/** What an invitation says to whoever opened its link. */
export interface Invited {
  email: string;
  role: string;
  invited_by: string;
  workspace: string;
  expires_at: Iso;
  password: boolean;
  providers: { id: string; name: string }[];
}

export interface Tenant {
  id: string;
  slug: string;
  name: string;
  status?: string;
}

/** The whole workspace as one file. */
export interface Archive {
  id: string;
  state: "queued" | "ready" | "failed" | "expired";
  size: number | null;
  sha256: string;
  problem: string;
  created_at: Iso;
  taken_at: Iso | null;
  expires_at: Iso | null;
}

export interface Deletion {
  delete_after: Iso | null;
  grace_hours: number;
}
