import { answer, setProved, setSignedIn, type Reply } from "@mocks/server";
import { vi } from "vitest";

export interface Sent {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

type Override = (sent: Sent) => Reply | undefined;

let sent: Sent[] = [];

/** Every request that the page under test made, in order. */
export const requests = (): Sent[] => sent;

/** Answers the network from the recorded estate; `override` replaces single answers. */
export function serveRecorded(override?: Override, host = "globex.localhost"): void {
  sent = [];
  setSignedIn(true);
  setProved(true);
  vi.stubGlobal("fetch", async (input: Request) => {
    const url = new URL(input.url);
    const text = await input.text();
    const one: Sent = {
      method: input.method,
      path: url.pathname.replace("/api/v1", ""),
      query: url.searchParams,
      body: text.startsWith("{") ? JSON.parse(text) : text,
      headers: input.headers,
    };
    sent.push(one);
    const reply = override?.(one) ?? answer(one.method, one.path, one.query, one.body, host);
    return new Response(reply.status === 204 ? null : JSON.stringify(reply.body), {
      status: reply.status,
      headers: {
        ...reply.headers,
        "Content-Type": reply.status >= 400 ? "application/problem+json" : "application/json",
      },
    });
  });
}
