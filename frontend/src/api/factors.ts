/**
 * Second factors and passkeys, at django-allauth's addresses. What went well is its `{status, data, meta}`; what went wrong is a
 * problem as everywhere.
 */
import { ApiProblem, asProblem, guardedFetch } from "./client";
import { createPasskey, askPasskey, type CreationOptions, type RequestOptions } from "./passkeys";
import type { Authenticator, RecoveryCodes } from "./types";

interface Said<D = unknown, M = unknown> {
  data: D;
  meta: M;
}

async function raw(method: string, path: string, body?: unknown): Promise<Response> {
  return guardedFetch(
    new Request(`${window.location.origin}/_allauth/browser/v1${path}`, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? undefined : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }),
  );
}

async function call<D = unknown, M = unknown>(
  method: string,
  path: string,
  body?: unknown,
): Promise<Said<D, M>> {
  const response = await raw(method, path, body);
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiProblem(asProblem(answer, response));
  return answer as Said<D, M>;
}

/** allauth has one word for every wrong answer; what it means depends on what was given. */
async function worded<R>(given: "code" | "passkey", step: Promise<R>): Promise<R> {
  try {
    return await step;
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.problem.code !== "incorrect-code") throw error;
    const [title, detail] =
      given === "code"
        ? [
            "This code does not fit",
            "A code of the app is good for 30 seconds and once; a recovery code once. Wait for the next code, or take another recovery code.",
          ]
        : ["This passkey does not fit", "It does not belong to this account, or was removed from it."];
    throw new ApiProblem({ ...error.problem, title, detail, errors: undefined });
  }
}

/** Asks for options at an address, lets the person use a passkey and sends what it says back there. */
async function withPasskey(path: string): Promise<void> {
  const { data } = await call<{ request_options: RequestOptions }>("GET", path);
  const credential = await askPasskey(data.request_options);
  await worded("passkey", call("POST", path, { credential }));
}

const withCode = (path: string, code: string) => worded("code", call("POST", path, { code }));

/** The second half of signing in; the session is there afterwards. */
export const giveCode = (code: string) => withCode("/auth/2fa/authenticate", code);
export const givePasskey = () => withPasskey("/auth/webauthn/authenticate");

/** Signs in by a passkey alone. */
export const signInByPasskey = () => withPasskey("/auth/webauthn/login");

/** Shows once more who it is. */
export const proveByCode = (code: string) => withCode("/auth/2fa/reauthenticate", code);
export const proveByPasskey = () => withPasskey("/auth/webauthn/reauthenticate");

export const authenticators = async (): Promise<Authenticator[]> =>
  (await call<Authenticator[]>("GET", "/account/authenticators")).data;

export interface AppSecret {
  secret: string;
  totp_url: string;
}

const APP = "/account/authenticators/totp";
const KEYS = "/account/authenticators/webauthn";
const CODES = "/account/authenticators/recovery-codes";

/** The secret of an app to be set up: the one 404 that is an answer. */
export async function newAppSecret(): Promise<AppSecret> {
  const response = await raw("GET", APP);
  const answer = (await response.json().catch(() => null)) as Said<unknown, AppSecret> | null;
  if (response.status === 404 && answer?.meta?.secret) return answer.meta;
  throw new ApiProblem(
    response.ok
      ? {
          type: "about:blank",
          title: "There is an app already",
          status: 409,
          detail: "Remove it first to set up another one.",
          unchanged: "Nothing was changed.",
        }
      : asProblem(answer, response),
  );
}
export const addApp = (code: string) => withCode(APP, code);
export const removeApp = () => call("DELETE", APP);

/** Makes a passkey in this browser or on a key and keeps it with the account; says whether recovery codes came with it. */
export async function addPasskey(name: string): Promise<boolean> {
  const { data } = await call<{ creation_options: CreationOptions }>("GET", `${KEYS}?passwordless`);
  const credential = await createPasskey(data.creation_options);
  const made = await call<unknown, { recovery_codes_generated: boolean }>("POST", KEYS, { name, credential });
  return made.meta.recovery_codes_generated;
}
export const renamePasskey = (id: number, name: string) => call("PUT", KEYS, { id, name });
export const removePasskey = (id: number) => call("DELETE", KEYS, { authenticators: [id] });

/** The codes themselves come the first time only. */
export const recoveryCodes = async (): Promise<RecoveryCodes> =>
  (await call<RecoveryCodes>("GET", CODES)).data;
export const renewRecoveryCodes = async (): Promise<RecoveryCodes> =>
  (await call<RecoveryCodes>("POST", CODES, {})).data;
