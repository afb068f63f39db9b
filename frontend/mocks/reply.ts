/** How the recorded back end answers. */
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export type Context = { id: string; q: URLSearchParams; body: never; host: string };
export type Handler = (context: Context) => Reply;
export type Route = [string, RegExp, Handler];

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const made = (body: unknown): Reply => ({ status: 201, body });
export const gone: Reply = { status: 204 };

export const list = (data: unknown[], q: URLSearchParams): Reply => {
  const from = Number(q.get("cursor") ?? 0);
  const limit = Number(q.get("limit") ?? 50);
  return ok({
    data: data.slice(from, from + limit),
    next: data.length > from + limit ? String(from + limit) : null,
  });
};

export const problem = (status: number, title: string, detail: string, more: object = {}): Reply => ({
  status,
  body: {
    type: "about:blank",
    title,
    status,
    detail,
    unchanged: "Nothing was changed.",
    action: "Check the address or go back to the list.",
    request_id: "req_01mock",
    ...more,
  },
});

/** As the server writes the problems of its services: a code, and what was not changed within the sentence. */
export const refusal = (
  status: number,
  code: string,
  title: string,
  detail: string,
  more: object = {},
): Reply => ({
  status,
  body: {
    type: `urn:portcullis:problem:${code}`,
    title,
    status,
    code,
    detail,
    request_id: "req_01mock",
    ...more,
  },
});

export const found = (body: unknown, what: string): Reply =>
  body
    ? ok(body)
    : problem(404, `${what} not found`, `No ${what.toLowerCase()} has this id in this workspace.`);

export const any = (q: URLSearchParams, key: string, value: string | undefined): boolean =>
  !q.get(key) || (q.get(key) ?? "").split(",").includes(value ?? "");
export const has = (q: URLSearchParams, text: string): boolean =>
  text.toLowerCase().includes((q.get("q") ?? "").toLowerCase());
