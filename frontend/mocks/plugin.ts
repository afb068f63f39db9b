import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import { answer, setProved } from "./server.ts";

async function body(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

const serve: Connect.NextHandleFunction = (request, response: ServerResponse, next) => {
  const url = new URL(request.url ?? "/", "http://mock");
  if (!/^\/(api\/v1|_allauth)\//.test(url.pathname)) {
    next();
    return;
  }
  void body(request).then((sent) => {
    const host = request.headers.host ?? "";
    const reply = answer(
      request.method ?? "GET",
      url.pathname.replace("/api/v1", ""),
      url.searchParams,
      sent,
      host,
    );
    response.statusCode = reply.status;
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
    response.setHeader("Content-Type", reply.status >= 400 ? "application/problem+json" : "application/json");
    setTimeout(() => response.end(reply.body === undefined ? "" : JSON.stringify(reply.body)), 60);
  });
};

/** Answers /api/v1 from recorded shapes: for design work and component tests, in `--mode mock` only. */
export function mockApi(): Plugin {
  setProved(false);
  return {
    name: "portcullis-mock-api",
    configureServer(server) {
      server.middlewares.use(serve);
    },
    configurePreviewServer(server) {
      server.middlewares.use(serve);
    },
  };
}
