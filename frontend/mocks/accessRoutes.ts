import type { AuditEntry, Domain, Invitation, Member, Provider, SsoPolicy } from "../src/api/types/index.ts";
import {
  BASE,
  domains,
  links,
  policy,
  providers,
  runners,
  scim,
  scimEvents,
  scimGroups,
  scimTokens,
} from "./access.ts";
import { audit, verdict } from "./audit.ts";
import { days, minutes } from "./clock.ts";
import { archives, deletion, invitations, members, rawWindow, session, signIns, tokens } from "./people.ts";
import { permissions, roles } from "./permissions.ts";
import { found, gone, list, made, ok, refusal, type Route } from "./reply.ts";

/** Members, tokens, single sign-on, provisioning, the audit trail and the workspace itself. */
let rule = "nobody";

const drop = <T extends { id: string }>(rows: T[], id: string) => {
  rows.splice(0, rows.length, ...rows.filter((row) => row.id !== id));
  return gone;
};
const one = <T extends { id: string }>(rows: T[], id: string): T | undefined =>
  rows.find((row) => row.id === id);

function fits(entry: AuditEntry, q: URLSearchParams): boolean {
  const is = (key: string, value: string): boolean => !q.get(key) || q.get(key) === value;
  const text = JSON.stringify(entry).toLowerCase();
  return (
    is("actor", entry.actor_id) &&
    is("actor_kind", entry.actor_kind) &&
    is("target", entry.target) &&
    entry.action.startsWith(q.get("action") ?? "") &&
    entry.at >= (q.get("since") ?? "") &&
    (!q.get("until") || entry.at < (q.get("until") ?? "")) &&
    text.includes((q.get("q") ?? "").toLowerCase())
  );
}

export const accessRoutes: Route[] = [
  ["GET", /^\/members$/, ({ q }) => list(members, q)],
  [
    "PATCH",
    /^\/members\/([^/]+)$/,
    ({ id, body }) => {
      const row = one(members, id);
      if (row) row.role = (body as Member).role;
      return found(row, "Member");
    },
  ],
  [
    "POST",
    /^\/members\/([^/]+)\/clear-factors$/,
    ({ id }) => {
      const row = one(members, id);
      if (row) row.second_factor = false;
      return found(row, "Member");
    },
  ],
  ["DELETE", /^\/members\/([^/]+)$/, ({ id }) => drop(members, id)],
  ["POST", /^\/members\/[^/]+\/end-sessions$/, () => ok({ ended: 2 })],
  ["GET", /^\/invitations$/, ({ q }) => list(invitations, q)],
  [
    "POST",
    /^\/invitations$/,
    ({ body }) => {
      const { email, role } = body as { email: string; role: string };
      if (members.some((row) => row.email === email))
        return refusal(
          409,
          "already-member",
          "Conflict with the current state",
          "Someone with this email address is already here; no mail was sent.",
        );
      const row: Invitation = {
        id: `inv_${invitations.length + 10}`,
        email,
        role,
        state: "open",
        invited_by: session.user.email,
        created_at: minutes(0),
        sent_at: null,
        expires_at: days(-7),
      };
      invitations.unshift(row);
      return made(row);
    },
  ],
  ["POST", /^\/invitations\/([^/]+)\/resend$/, ({ id }) => found(one(invitations, id), "Invitation")],
  ["DELETE", /^\/invitations\/([^/]+)$/, ({ id }) => drop(invitations, id)],
  ["GET", /^\/roles$/, ({ q }) => list(roles, q)],
  ["GET", /^\/permissions$/, ({ q }) => list(permissions, q)],
  ["GET", /^\/sign-in-policy$/, () => ok({ second_factor: rule })],
  [
    "PATCH",
    /^\/sign-in-policy$/,
    ({ body }) => {
      rule = (body as { second_factor: string }).second_factor;
      return ok({ second_factor: rule });
    },
  ],
  [
    "GET",
    /^\/sign-ins$/,
    ({ q }) =>
      list(
        signIns.filter(
          (row) =>
            (!q.get("user") || row.user === q.get("user")) &&
            (!q.get("outcome") || row.outcome === q.get("outcome")),
        ),
        q,
      ),
  ],
  ["GET", /^\/tokens$/, ({ q }) => list(tokens, q)],
  [
    "POST",
    /^\/tokens$/,
    ({ body }) =>
      made({
        id: "tok_new",
        token: "pcl_7q2mx81k90_zT4bW9uVxC2nR8kL5mJ7pQ1sD3fG6hY0aE4iO9tUwXzq8k2m",
        expires_at: (body as { expires_at: string }).expires_at,
      }),
  ],
  [
    "DELETE",
    /^\/tokens\/([^/]+)$/,
    ({ id }) => {
      const row = one(tokens, id);
      if (row) Object.assign(row, { state: "revoked", revoked_at: minutes(0) });
      return gone;
    },
  ],
  ["GET", /^\/sso\/providers$/, ({ q }) => list(providers, q)],
  [
    "POST",
    /^\/sso\/providers$/,
    ({ body }) => {
      const draft = body as Provider;
      if (draft.settings["issuer"]?.includes("wrong"))
        return refusal(422, "provider-not-read", "Invalid values", "Nothing was saved.", {
          errors: [{ pointer: "/issuer", detail: "The address answered 404 instead of its description." }],
        });
      const id = `idp_${providers.length + 1}`;
      const row: Provider = {
        ...(providers[0] as Provider),
        ...draft,
        id,
        enabled: false,
        tested: null,
        problem: null,
        people: 0,
        addresses: {
          start: `https://globex.portcullis.example/sso/${id}/start`,
          callback: `https://globex.portcullis.example/sso/${id}/callback`,
          metadata: `https://globex.portcullis.example/sso/${id}/metadata`,
        },
        created_at: minutes(0),
      };
      providers.push(row);
      return made(row);
    },
  ],
  [
    "PATCH",
    /^\/sso\/providers\/([^/]+)$/,
    ({ id, body }) => {
      const row = one(providers, id);
      if (row) Object.assign(row, body);
      return found(row, "Provider");
    },
  ],
  ["POST", /^\/sso\/providers\/([^/]+)\/refresh$/, ({ id }) => found(one(providers, id), "Provider")],
  ["DELETE", /^\/sso\/providers\/([^/]+)$/, ({ id }) => drop(providers, id)],
  ["GET", /^\/sso\/domains$/, ({ q }) => list(domains, q)],
  [
    "POST",
    /^\/sso\/domains$/,
    ({ body }) => {
      const { name } = body as { name: string };
      const row: Domain = {
        id: `dom_${domains.length + 1}`,
        name,
        record_name: `_portcullis-challenge.${name}`,
        record_value: "portcullis=d3f1e0b9a8770c2d4e52a2c75b1f4c6f",
        verified_at: null,
        created_at: minutes(0),
      };
      domains.unshift(row);
      return made(row);
    },
  ],
  [
    "POST",
    /^\/sso\/domains\/([^/]+)\/verify$/,
    ({ id }) =>
      refusal(
        409,
        "record-not-found",
        "Conflict with the current state",
        `At ${one(domains, id)?.record_name ?? ""} no TXT record was found; the domain is not verified. Publish the record and try again; name servers may need an hour.`,
      ),
  ],
  ["DELETE", /^\/sso\/domains\/([^/]+)$/, ({ id }) => drop(domains, id)],
  ["GET", /^\/sso\/links$/, ({ q }) => list(links, q)],
  ["DELETE", /^\/sso\/links\/([^/]+)$/, ({ id }) => drop(links, id)],
  ["GET", /^\/sso\/policy$/, () => ok(policy)],
  ["PATCH", /^\/sso\/policy$/, ({ body }) => ok(Object.assign(policy, body as SsoPolicy))],
  ["GET", /^\/runners$/, ({ q }) => list(runners, q)],
  [
    "POST",
    /^\/runners(?:\/[^/]+\/renew)?$/,
    () =>
      made({
        runner: runners[2],
        token: "pclrun_zT4bW9uVxC2nR8kL5mJ7pQ1sD3fG6hY0aE4iO9tUwXz",
        expires_at: days(0),
        command: `portcullis-runner enrol --url ${BASE} --token pclrun_zT4bW9uVxC2nR8kL5mJ7pQ1sD3fG6hY0aE4iO9tUwXz`,
      }),
  ],
  ["DELETE", /^\/runners\/([^/]+)$/, ({ id }) => drop(runners, id)],
  ["GET", /^\/sso\/scim$/, () => ok(scim)],
  ["DELETE", /^\/sso\/scim$/, () => (Object.assign(scim, { active: false, tokens: 0, groups: 0 }), gone)],
  ["GET", /^\/sso\/scim\/tokens$/, ({ q }) => list(scimTokens, q)],
  [
    "POST",
    /^\/sso\/scim\/tokens(?:\/[^/]+\/rotate)?$/,
    () =>
      made({
        id: "sct_new",
        token: "pcs_4m2q8x9f3k_zT4bW9uVxC2nR8kL5mJ7pQ1sD3fG6hY0aE4iO9tUwXzq8k2m",
        expires_at: days(-365),
      }),
  ],
  [
    "DELETE",
    /^\/sso\/scim\/tokens\/([^/]+)$/,
    ({ id }) => {
      const row = one(scimTokens, id);
      if (row) row.revoked_at = minutes(0);
      return gone;
    },
  ],
  ["GET", /^\/sso\/scim\/events$/, ({ q }) => list(scimEvents, q)],
  ["GET", /^\/sso\/scim\/groups$/, ({ q }) => list(scimGroups, q)],
  [
    "GET",
    /^\/audit$/,
    ({ q }) =>
      list(
        audit.filter((entry) => fits(entry, q)),
        q,
      ),
  ],
  ["POST", /^\/audit\/verify$/, () => ok(verdict)],
  [
    "GET",
    /^\/audit\/key$/,
    () => ok({ id: "ed25519-7f31c9", algorithm: "Ed25519", pem: "-----BEGIN PUBLIC KEY-----\n…\n" }),
  ],
  ["GET", /^\/raw-window$/, () => ok(rawWindow)],
  ["PATCH", /^\/raw-window$/, ({ body }) => ok(Object.assign(rawWindow, body))],
  ["GET", /^\/tenant$/, () => ok(session.tenant)],
  ["PATCH", /^\/tenant$/, () => ok(session.tenant)],
  ["GET", /^\/tenant\/deletion$/, () => ok(deletion)],
  ["POST", /^\/tenant\/deletion$/, () => ok(Object.assign(deletion, { delete_after: days(-7) }))],
  ["DELETE", /^\/tenant\/deletion$/, () => (Object.assign(deletion, { delete_after: null }), gone)],
  ["GET", /^\/archives$/, ({ q }) => list(archives, q)],
  [
    "POST",
    /^\/archives$/,
    () => {
      const row = {
        id: `arc_${archives.length + 1}`,
        state: "queued" as const,
        size: null,
        sha256: "",
        problem: "",
        created_at: minutes(0),
        taken_at: null,
        expires_at: null,
      };
      archives.unshift(row);
      return { status: 202, body: row };
    },
  ],
];
