import type {
  Domain,
  Provider,
  ProviderLink,
  Provisioning,
  Runner,
  ScimEvent,
  ScimGroup,
  ScimToken,
  SsoPolicy,
} from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";
import { members } from "./people.ts";

export const BASE = "https://globex.portcullis.example";
const addresses = (id: string): Provider["addresses"] => ({
  start: `${BASE}/sso/${id}/start`,
  callback: `${BASE}/sso/${id}/callback`,
  metadata: `${BASE}/sso/${id}/metadata`,
});

export const providers: Provider[] = [
  {
    id: "idp_okta",
    protocol: "oidc",
    name: "Okta",
    creates_members: true,
    settings: {
      issuer: "https://globex.okta.example",
      client_id: "0oa1b2c3d4",
      scopes: "openid email profile groups",
      groups_claim: "groups",
    },
    secret_set: true,
    discovered: {
      issuer: "https://globex.okta.example",
      algorithms: ["RS256"],
      keys: ["kid-2026-10 (RS256)", "kid-2026-11 (RS256)"],
    },
    discovered_at: hours(7),
    enabled: true,
    tested: {
      ok: true,
      at: days(20),
      email: "dana@globex.example",
      name: "Dana Okafor",
      groups: ["Security", "Everyone"],
      known: true,
      role: "owner",
    },
    problem: {
      code: "sso-domain",
      detail: "northwind.example is not a verified domain of this workspace.",
      at: hours(19),
    },
    people: 41,
    addresses: addresses("idp_okta"),
    created_at: days(21),
  },
  {
    id: "idp_entra",
    protocol: "saml",
    name: "Entra ID",
    creates_members: false,
    settings: {
      metadata_url: "https://login.example.com/globex/federationmetadata.xml",
      email_attribute: "",
      name_attribute: "",
      groups_attribute: "",
    },
    secret_set: false,
    discovered: {
      entity_id: "https://sts.example.com/7c2f/",
      sign_in_url: "https://login.example.com/7c2f/saml2",
      certificates: 2,
      expires_at: days(-400),
    },
    discovered_at: hours(7),
    enabled: false,
    tested: {
      ok: false,
      at: minutes(40),
      code: "sso-not-believed",
      detail: "The audience of the assertion is https://globex.portcullis.example, not our entity ID.",
    },
    problem: null,
    people: 0,
    addresses: addresses("idp_entra"),
    created_at: days(1),
  },
];

export const domains: Domain[] = [
  {
    id: "dom_2",
    name: "globex-labs.example",
    record_name: "_portcullis-challenge.globex-labs.example",
    record_value: "portcullis=5b1f4c6f0c2d4e52a2c7d3f1e0b9a877",
    verified_at: null,
    created_at: hours(2),
  },
  {
    id: "dom_1",
    name: "globex.example",
    record_name: "_portcullis-challenge.globex.example",
    record_value: "portcullis=0c2d4e52a2c7d3f1e0b9a8775b1f4c6f",
    verified_at: days(21),
    created_at: days(21),
  },
];

export const policy: SsoPolicy = {
  required: false,
  break_glass: "",
  default_role: "viewer",
  rules: [
    { group: "Security", role: "responder" },
    { group: "Platform", role: "analyst" },
  ],
};

export const links: ProviderLink[] = members.slice(0, 41).map((member, at) => ({
  id: `idn_${at}`,
  provider: "idp_okta",
  user: member.user,
  email: member.email,
  subject: `00u${(at * 7_654_321 + 1_234_567).toString(36)}`,
  last_sign_in_at: hours(at * 5 + 1),
}));

export const scim: Provisioning = {
  base_url: `${BASE}/scim/v2`,
  active: true,
  tokens: 1,
  users: members.length,
  provisioned: 41,
  suspended: 1,
  groups: 4,
  last_request_at: minutes(6),
  last_change_at: hours(2),
  last_error_at: hours(26),
};

export const scimTokens: ScimToken[] = [
  {
    id: "sct_2",
    name: "Okta",
    prefix: "4m2q8x9f3k",
    expires_at: days(-340),
    created_at: days(25),
    last_used_at: minutes(6),
    revoked_at: null,
  },
  {
    id: "sct_1",
    name: "Okta trial",
    prefix: "2c9b7c1d2e",
    expires_at: days(-300),
    created_at: days(60),
    last_used_at: days(26),
    revoked_at: days(25),
  },
];

export const scimEvents: ScimEvent[] = [
  {
    id: "sce_9",
    at: hours(2),
    method: "PATCH",
    resource: "User",
    resource_id: "mbr_7",
    label: "lena.brandt@globex.example",
    status: 200,
    detail: "",
    token: "Okta",
  },
  {
    id: "sce_8",
    at: hours(26),
    method: "DELETE",
    resource: "User",
    resource_id: "mbr_1",
    label: "dana@globex.example",
    status: 409,
    detail: "The last owner cannot leave; make someone else owner first.",
    token: "Okta",
  },
  ...Array.from({ length: 46 }, (_, at) => {
    const member = members[at + 8];
    return {
      id: `sce_${at + 100}`,
      at: hours(30 + at * 3),
      method: at % 9 === 4 ? "PATCH" : "POST",
      resource: at % 9 === 4 ? "Group" : "User",
      resource_id: member?.id ?? "",
      label: at % 9 === 4 ? "Platform" : (member?.email ?? ""),
      status: at % 9 === 4 ? 204 : 201,
      detail: "",
      token: "Okta",
    };
  }),
];

export const scimGroups: ScimGroup[] = [
  { id: "grp_1", name: "Everyone", members: 41, role: null },
  { id: "grp_2", name: "Platform", members: 14, role: "analyst" },
  { id: "grp_3", name: "Security", members: 6, role: "responder" },
  { id: "grp_4", name: "Finance", members: 3, role: null },
];

export const runners: Runner[] = [
  {
    id: "rnr_1",
    name: "Frankfurt, beside Kong",
    state: "online",
    version: "1",
    allowed: ["kong-admin.internal:8444"],
    read_only: false,
    enrolled_at: days(40),
    last_seen_at: days(0),
    created_at: days(40),
  },
  {
    id: "rnr_2",
    name: "Test network",
    state: "away",
    version: "1",
    allowed: ["10.20.0.7:8001", "10.20.0.8:8001"],
    read_only: true,
    enrolled_at: days(90),
    last_seen_at: days(2),
    created_at: days(90),
  },
  {
    id: "rnr_3",
    name: "Singapore",
    state: "invited",
    version: "",
    allowed: [],
    read_only: false,
    enrolled_at: null,
    last_seen_at: null,
    created_at: days(0),
  },
];
