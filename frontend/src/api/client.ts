/** The one door to the back end: typed calls, CSRF, and problems as exceptions. */
import createClient from "openapi-fetch";
import type { paths } from "./paths";
import { askForProof, canAsk } from "./stepUp";
import type { Page, Problem } from "./types";

export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ApiProblem";
  }
  get status(): number {
    return this.problem.status;
  }
}

let csrfToken: string | null = null;

/** Remembers the token that each answer about the session carries, also that nobody is signed in. */
export function rememberCsrf(token: string | null): void {
  csrfToken = token;
}

const base = (): string => `${window.location.origin}/api/v1`;

function unreachable(cause: unknown): Problem {
  return {
    type: "about:blank",
    title: "Portcullis could not be reached",
    status: 0,
    detail: "The request did not get an answer. The network or the server may be down.",
    unchanged: "As far as this page can tell, nothing was changed.",
    action:
      cause instanceof Error && cause.name === "AbortError"
        ? "Try again."
        : "Check the connection and try again.",
  };
}

/** What a request that waited for proof becomes when the person says no. */
export const CANCELLED = "step-up-cancelled";
export const cancelled: Problem = {
  type: "about:blank",
  title: "Cancelled",
  status: 403,
  code: CANCELLED,
  detail: "You did not show who you are, so it was not done.",
  unchanged: "Nothing was changed.",
};

async function send(request: Request): Promise<Response> {
  const token = request.method === "GET" ? null : csrfToken;
  if (token) request.headers.set("X-CSRFToken", token);
  try {
    return await fetch(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new ApiProblem(unreachable(cause));
  }
}

async function wantsProof(response: Response): Promise<boolean> {
  if (response.status !== 403) return false;
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return (body as Problem | null)?.code === "step-up-needed";
}

/** Every request goes through here. One that needs proof asks for it and is then sent once more as it was. */
export async function guardedFetch(request: Request): Promise<Response> {
  if (request.method === "POST") request.headers.set("Idempotency-Key", crypto.randomUUID());
  const again = request.clone();
  const response = await send(request);
  if (!canAsk() || !(await wantsProof(response))) return response;
  if (!(await askForProof())) throw new ApiProblem(cancelled);
  return send(again);
}

export const api = createClient<paths>({
  baseUrl: typeof window === "undefined" ? "/api/v1" : base(),
  credentials: "same-origin",
  fetch: guardedFetch,
});

/** Reads any failed answer as a problem, also one that a proxy wrote. */
export function asProblem(body: unknown, response: Response): Problem {
  const wait = Number(response.headers.get("Retry-After"));
  const retry_at = wait ? Date.now() + wait * 1000 : undefined;
  if (typeof body === "object" && body !== null && "title" in body) {
    // A refused sign-in brings the token for the next try.
    if ("csrf_token" in body) rememberCsrf(String(body.csrf_token));
    return { ...(body as Problem), retry_at, status: response.status };
  }
  const text = typeof body === "object" && body !== null && "detail" in body ? String(body.detail) : "";
  return {
    type: "about:blank",
    title: `The server answered ${response.status}`,
    status: response.status,
    detail: text || "The answer carried no explanation.",
    retry_at,
    request_id: response.headers.get("X-Request-ID") ?? undefined,
  };
}

interface Answer<R> {
  data?: R;
  error?: unknown;
  response: Response;
}

/** The answer's data, or the problem thrown. */
export async function unwrap<R>(call: Promise<Answer<R>>): Promise<R> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ApiProblem(asProblem(error, response));
  return data as R;
}

/** A page whichever name the rows travel under; `next` may be a cursor or a whole address. */
export async function unwrapPage<R>(call: Promise<Answer<Page<R>>>): Promise<Page<R>> {
  const body: unknown = await unwrap(call);
  if (Array.isArray(body)) return { data: body as R[], next: null };
  const page = body as { data?: R[]; results?: R[]; next?: string | null };
  const next = page.next ?? null;
  const cursor = next && next.includes("cursor=") ? new URL(next, base()).searchParams.get("cursor") : next;
  return { data: page.data ?? page.results ?? [], next: cursor };
}

/** Multipart upload; openapi-fetch would serialise it as JSON. */
export async function upload<R>(path: string, form: FormData): Promise<R> {
  const response = await guardedFetch(
    new Request(`${base()}${path}`, { method: "POST", body: form, credentials: "same-origin" }),
  );
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiProblem(asProblem(body, response));
  return body as R;
}

/** Problem pointers such as "/settings/role_arn" by field name. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!error) return {};
  return Object.fromEntries(
    (problemOf(error).errors ?? []).map((item) => [
      item.pointer.split(/[/.]/).filter(Boolean).at(-1) ?? "",
      item.detail,
    ]),
  );
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiProblem) return error.problem;
  return {
    type: "about:blank",
    title: "This page stopped working",
    status: 0,
    detail: error instanceof Error ? error.message : String(error),
    unchanged: "Nothing was changed.",
    action: "Reload the page. If it happens again, send us this text.",
  };
}
