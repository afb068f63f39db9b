import type { Iso } from "./shared";

/** Who gets in and what they may do: members, tokens, single sign-on, provisioning. */
export interface Member {
  id: string;
  user: string;
  email: string;
  name: string;
  role: string;
  /** False for a suspended one. */
  active: boolean;
  second_factor: boolean;
  created_at: Iso;
}

export interface Role {
  role: string;
  sentence: string;
  permissions: string[];
}

export interface Permission {
  name: string;
  sentence: string;
  roles: string[];
  for_tokens: boolean;
  step_up: boolean;
}

export interface Invitation {
  id: string;
  email: string;
  role: string;
  state: "open" | "expired";
  invited_by: string;
  created_at: Iso;
  /** Empty until the mail has left. */
  sent_at: Iso | null;
  expires_at: Iso;
}

export type SecondFactorRule = "nobody" | "admins" | "everyone";

export interface SignIn {
  id: string;
  at: Iso;
  /** As it was typed. */
  email: string;
  user: string | null;
  by: string;
  outcome: string;
  address: string;
  agent: string;
}

export interface Token {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  networks: string[];
  state: "active" | "expired" | "revoked";
  made_by: string;
  expires_at: Iso;
  created_at: Iso;
  last_used_at: Iso | null;
  last_used_address: string;
  last_used_agent: string;
  revoked_at: Iso | null;
}

/** The only time a token is shown. */
export interface NewToken {
  id: string;
  token: string;
  expires_at: Iso;
}

/** How the last test sign-in ended; on failure `code` and `detail` say why. */
export interface ProviderTest {
  ok: boolean;
  at: Iso;
  email?: string;
  name?: string;
  groups?: string[];
  known?: boolean;
  role?: string;
  code?: string;
  detail?: string;
}

export interface Provider {
  id: string;
  protocol: "oidc" | "saml";
  name: string;
  creates_members: boolean;
  settings: Record<string, string>;
  secret_set: boolean;
  discovered: Record<string, unknown>;
  discovered_at: Iso | null;
  enabled: boolean;
  tested: ProviderTest | null;
  problem: { code: string; detail: string; at: Iso } | null;
  people: number;
  /** To copy into the provider's own settings. */
  addresses: { start: string; callback: string; metadata: string };
  created_at: Iso;
}

export interface ProviderDraft {
  protocol: "oidc" | "saml";
  name: string;
  creates_members: boolean;
  settings: Record<string, string>;
  client_secret?: string;
  metadata?: string;
}

export interface Domain {
  id: string;
  name: string;
  record_name: string;
  record_value: string;
  verified_at: Iso | null;
  created_at: Iso;
}

/** Which subject of a provider is which member. */
export interface ProviderLink {
  id: string;
  provider: string;
  user: string;
  email: string;
  subject: string;
  last_sign_in_at: Iso | null;
}

export interface GroupRule {
  group: string;
  role: string;
}

export interface SsoPolicy {
  required: boolean;
  break_glass: string;
  default_role: string;
  rules: GroupRule[];
}

export interface Provisioning {
  base_url: string;
  active: boolean;
  tokens: number;
  users: number;
  provisioned: number;
  suspended: number;
  groups: number;
  last_request_at: Iso | null;
  last_change_at: Iso | null;
  last_error_at: Iso | null;
}

export interface ScimToken {
  id: string;
  name: string;
  prefix: string;
  expires_at: Iso;
  created_at: Iso;
  last_used_at: Iso | null;
  revoked_at: Iso | null;
}

/** A write that the identity provider asked for; `status` is the answer's. */
export interface ScimEvent {
  id: string;
  at: Iso;
  method: string;
  resource: string;
  resource_id: string;
  label: string;
  status: number;
  detail: string;
  token: string | null;
}

export interface ScimGroup {
  id: string;
  name: string;
  members: number;
  /** Null: no rule names it. */
  role: string | null;
}
