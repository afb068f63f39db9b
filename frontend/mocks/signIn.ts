import type { Authenticator, Session } from "../src/api/types/index.ts";
import { providers } from "./access.ts";
import { minutes } from "./clock.ts";
import { codes, factors, invited, ownSessions, session } from "./people.ts";
import { gone, list, made, ok, problem, refusal, type Reply, type Route } from "./reply.ts";

/** Signing in, one's own account and second factors. */
let signedIn = true;
let half = false;
let proved = true;

export function setSignedIn(value: boolean): void {
  signedIn = value;
  half = false;
}
/** Whether a dangerous act goes through, or asks who it is first. */
export function setProved(value: boolean): void {
  proved = value;
}

const who = (): Session => ({
  ...session,
  step_up: { ...session.step_up, until: proved ? minutes(-8) : null },
});
const nobody = (): Reply =>
  half
    ? refusal(
        401,
        "second-factor-needed",
        "Not signed in yet",
        "The password is right; a factor is needed.",
        {
          factors: ["recovery_codes", "totp", "webauthn"],
          csrf_token: "mock",
        },
      )
    : refusal(401, "not-signed-in", "Not signed in", "Sign in with your email address and password.", {
        csrf_token: "mock",
      });

const STEP_UP: [RegExp, RegExp][] = [
  [/POST|PATCH|DELETE/, /^\/(tokens|members|invitations|sso|protected-networks)\b/],
  [/POST/, /^\/blocks(\/undo-all|\/[^/]+\/(promote|approve|extend))?$/],
  [/POST/, /^\/(archives|tenant\/deletion|account\/email)$/],
  [/PATCH/, /^\/sign-in-policy$/],
  [/POST|PUT|DELETE/, /^\/_allauth\/browser\/v1\/account\//],
];
const FREE = /^\/_allauth\/browser\/v1\/account\/authenticators$/;

/** The answer to a dangerous act while nobody has shown of late who they are. */
export function stepUp(method: string, path: string): Reply | null {
  if (proved || FREE.test(path)) return null;
  const keys = path.endsWith("/webauthn") || path.endsWith("/recovery-codes");
  const asks = STEP_UP.some(([verbs, where]) => verbs.test(method) && where.test(path)) || keys;
  return asks && path.includes("/auth/") === false
    ? refusal(
        403,
        "step-up-needed",
        "Not allowed",
        "This needs you to show once more who you are; nothing was changed.",
      )
    : null;
}

const wrongCode = (): Reply =>
  refusal(400, "incorrect-code", "Invalid request", "Incorrect code. Nothing was changed.");
const enter = (): Reply => {
  signedIn = true;
  half = false;
  proved = true;
  return ok({ status: 200, data: {}, meta: { is_authenticated: true } });
};
const prove = (): Reply => {
  proved = true;
  return ok({ status: 200, data: {}, meta: { is_authenticated: true } });
};
const options = ok({
  status: 200,
  data: { request_options: { publicKey: { challenge: "bW9jaw", userVerification: "required" } } },
});
const codeOf = (body: unknown): string => (body as { code?: string }).code ?? "";
/** Every code is right but this one. */
const WRONG = "000000";
const A = "/_allauth/browser/v1";
const at = (path: string): RegExp => new RegExp(`^${A}${path}$`);
const remove = (gone: (factor: Authenticator) => boolean): Reply => {
  const kept = factors.filter((factor) => !gone(factor));
  const main = kept.some((factor) => factor.type !== "recovery_codes");
  factors.splice(0, factors.length, ...(main ? kept : []));
  return ok({ status: 200 });
};
const add = (factor: Partial<Authenticator> & { type: Authenticator["type"] }): boolean => {
  const first = !factors.some((other) => other.type === "recovery_codes");
  const now = Date.now() / 1000;
  factors.push({ created_at: now, last_used_at: null, ...factor });
  if (first)
    factors.push({
      type: "recovery_codes",
      created_at: now,
      last_used_at: null,
      total_code_count: 10,
      unused_code_count: 10,
    });
  return first;
};
let seen = true;

export const signInRoutes: Route[] = [
  [
    "GET",
    /^\/session$/,
    ({ host }) =>
      host.startsWith("localhost")
        ? problem(404, "No workspace here", "This host has no workspace.")
        : signedIn
          ? ok(who())
          : nobody(),
  ],
  [
    "POST",
    /^\/session$/,
    ({ body }) => {
      const { email, password } = body as { email: string; password: string };
      if (password === "slow down")
        return {
          ...refusal(
            429,
            "too-many-tries",
            "Too many requests",
            "Too many failed sign-ins; nobody was signed in. Try again in 3 minutes.",
          ),
          headers: { "Retry-After": "180" },
        };
      if (password.length < 4)
        return refusal(
          403,
          "wrong-credentials",
          "Not allowed",
          "The email address or the password is wrong.",
        );
      if (email.startsWith("factor")) {
        half = true;
        return nobody();
      }
      signedIn = true;
      return made(who());
    },
  ],
  ["PATCH", /^\/session$/, () => ok(who())],
  [
    "DELETE",
    /^\/session$/,
    () => {
      setSignedIn(false);
      return gone;
    },
  ],
  [
    "POST",
    /^\/session\/step-up$/,
    ({ body }) =>
      (body as { password: string }).password === "wrong"
        ? refusal(403, "wrong-password", "Not allowed", "The password is wrong; nothing was unlocked.")
        : (prove(), ok(who())),
  ],
  ["GET", at("/auth/webauthn/(?:login|authenticate|reauthenticate)"), () => options],
  ["POST", at("/auth/webauthn/(?:login|authenticate)"), enter],
  ["POST", at("/auth/webauthn/reauthenticate"), prove],
  ["POST", at("/auth/2fa/authenticate"), ({ body }) => (codeOf(body) === WRONG ? wrongCode() : enter())],
  ["POST", at("/auth/2fa/reauthenticate"), ({ body }) => (codeOf(body) === WRONG ? wrongCode() : prove())],
  ["GET", at("/account/authenticators"), () => ok({ status: 200, data: factors })],
  [
    "GET",
    at("/account/authenticators/totp"),
    () => ({
      status: 404,
      body: {
        status: 404,
        meta: {
          secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
          totp_url:
            "otpauth://totp/Portcullis%20Globex:dana%40globex.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Portcullis%20Globex",
        },
      },
    }),
  ],
  [
    "POST",
    at("/account/authenticators/totp"),
    ({ body }) => {
      if (codeOf(body) === WRONG) return wrongCode();
      seen = !add({ type: "totp" });
      return ok({ status: 200, data: {} });
    },
  ],
  ["DELETE", at("/account/authenticators/totp"), () => remove((factor) => factor.type === "totp")],
  [
    "GET",
    at("/account/authenticators/webauthn"),
    () =>
      ok({
        status: 200,
        data: {
          creation_options: {
            publicKey: {
              rp: { name: "Portcullis" },
              user: { id: "dXNyXzE", name: "dana@globex.example", displayName: "Dana" },
              challenge: "bW9jaw",
              pubKeyCredParams: [{ type: "public-key", alg: -7 }],
            },
          },
        },
      }),
  ],
  [
    "POST",
    at("/account/authenticators/webauthn"),
    ({ body }) => {
      const { name } = body as { name: string };
      const id = factors.length + 10;
      seen = !add({ type: "webauthn", id, name, is_passwordless: true });
      return ok({
        status: 200,
        data: { id, name, is_passwordless: true },
        meta: { recovery_codes_generated: !seen },
      });
    },
  ],
  [
    "PUT",
    at("/account/authenticators/webauthn"),
    ({ body }) => {
      const { id, name } = body as { id: number; name: string };
      const key = factors.find((factor) => factor.id === id);
      if (key) key.name = name;
      return ok({ status: 200, data: key });
    },
  ],
  [
    "DELETE",
    at("/account/authenticators/webauthn"),
    ({ body }) =>
      remove((factor) => (body as { authenticators: number[] }).authenticators.includes(factor.id ?? -1)),
  ],
  [
    "GET",
    at("/account/authenticators/recovery-codes"),
    () => {
      const shown = seen ? {} : { unused_codes: codes };
      seen = true;
      return ok({ status: 200, data: { total_code_count: 10, unused_code_count: 10, ...shown } });
    },
  ],
  [
    "POST",
    at("/account/authenticators/recovery-codes"),
    () => ok({ status: 200, data: { total_code_count: 10, unused_code_count: 10, unused_codes: codes } }),
  ],
  ["GET", /^\/account\/sessions$/, ({ q }) => list(ownSessions, q)],
  [
    "DELETE",
    /^\/account\/sessions\/([^/]+)$/,
    ({ id }) => {
      ownSessions.splice(0, ownSessions.length, ...ownSessions.filter((row) => row.id !== id));
      return gone;
    },
  ],
  [
    "POST",
    /^\/account\/sessions\/end-others$/,
    () => {
      const ended = ownSessions.length - 1;
      ownSessions.splice(0, ownSessions.length, ...ownSessions.filter((row) => row.current));
      return ok({ ended });
    },
  ],
  [
    "POST",
    /^\/account\/password$/,
    ({ body }) =>
      (body as { current_password: string }).current_password === "wrong"
        ? refusal(422, "wrong-password", "Invalid values", "Nothing was changed.", {
            errors: [{ pointer: "/current_password", detail: "This is not your current password." }],
          })
        : gone,
  ],
  ["POST", /^\/account\/password\/reset$/, () => ({ status: 202 })],
  [
    "POST",
    /^\/account\/password\/reset\/confirm$/,
    ({ body }) => {
      const { token, password } = body as { token: string; password: string };
      if (token === "spent")
        return refusal(412, "link-spent", "Out of date", "This link was used already. Nothing was changed.");
      return /leaked/.test(password)
        ? refusal(422, "weak-password", "Invalid values", "Nothing was changed.", {
            errors: [{ pointer: "/password", detail: "This password was leaked by another service." }],
          })
        : gone;
    },
  ],
  [
    "POST",
    /^\/account\/email$/,
    ({ body }) => ({ status: 202, body: { email: (body as { email: string }).email } }),
  ],
  ["POST", /^\/account\/email\/verification$/, () => ({ status: 202 })],
  [
    "POST",
    /^\/account\/email\/confirm$/,
    ({ body }) =>
      (body as { token: string }).token === "spent"
        ? refusal(412, "link-spent", "Out of date", "This link was used already. Nothing was changed.")
        : ok({ email: "dana@globex.example" }),
  ],
  [
    "POST",
    /^\/invitation\/open$/,
    ({ body }) =>
      (body as { token: string }).token === "spent"
        ? refusal(412, "invitation-spent", "Out of date", "This invitation was accepted already.")
        : ok(invited),
  ],
  [
    "POST",
    /^\/invitation\/accept$/,
    ({ body }) => {
      const { provider } = body as { provider?: string };
      if (provider) return ok({ href: `/sso/${provider}/start` });
      signedIn = true;
      return made(who());
    },
  ],
  [
    "GET",
    /^\/sso\/sign-in$/,
    ({ q }) =>
      ok({
        required: false,
        providers: providers
          .filter((provider) => provider.enabled)
          .map(({ id, name }) => ({ id, name, href: `/sso/${id}/start` })),
        problem:
          q.get("problem") === "sso-domain"
            ? "Your e-mail address is not in a domain this workspace has verified. Ask your administrator."
            : null,
      }),
  ],
  ["POST", /^\/session\/handoff$/, () => made(who())],
  [
    "GET",
    /^\/signup\/slug$/,
    ({ q }) =>
      ok({
        slug: q.get("slug"),
        available: q.get("slug") !== "globex",
        reason: q.get("slug") === "globex" ? "This address is taken." : null,
      }),
  ],
  [
    "POST",
    /^\/signup$/,
    () =>
      made({
        tenant: { slug: "globex", name: "Globex" },
        url: "http://globex.localhost:5199/",
        handoff_url: "http://globex.localhost:5199/welcome#hand-over",
      }),
  ],
];
