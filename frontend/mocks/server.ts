import { accessRoutes } from "./accessRoutes.ts";
import { any, found, has, list, ok, problem, type Reply, type Route } from "./reply.ts";
import { setProved, setSignedIn, signInRoutes, stepUp } from "./signIn.ts";
import type { BlockDraft, Connection, Endpoint, Finding, Import, Threat } from "../src/api/types/index.ts";
import { blocks, preview, protectedNetworks, targets } from "./blocks.ts";
import { accountsOf } from "./accounts.ts";
import { changesOf } from "./changes.ts";
import { minutes, traffic } from "./clock.ts";
import {
  connectionDetail,
  connections,
  connectors,
  permissionResults,
  runs,
  setup,
  trafficOf,
} from "./connections.ts";
import { findingDetail, findings } from "./findings.ts";
import { calls, endpointDetail, endpointFacets, endpoints, services } from "./inventory.ts";
import { overview } from "./overview.ts";
import { deliveries, destinations, imports } from "./people.ts";
import { actor, threats } from "./threats.ts";

function filterEndpoints(q: URLSearchParams): Endpoint[] {
  const rows = endpoints.filter(
    (e) =>
      any(q, "state", e.state) &&
      any(q, "method", e.method) &&
      any(q, "auth", e.auth_verdict) &&
      any(q, "exposure", e.exposure) &&
      any(q, "service", e.service?.id) &&
      (!q.get("data_class") || e.data_classes.some((d) => any(q, "data_class", d))) &&
      has(q, `${e.method} ${e.host}${e.template}`),
  );
  const order = { risk: "risk", calls: "calls_24h", new: "first_seen", path: "template" } as const;
  const key = order[(q.get("sort") ?? "risk") as keyof typeof order];
  const sign = key === "template" ? 1 : -1;
  return rows.sort((a, b) => sign * compare(a[key], b[key]));
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" || typeof b === "number") return (Number(a) || -1) - (Number(b) || -1);
  return String(a).localeCompare(String(b));
}

const filterFindings = (q: URLSearchParams): Finding[] =>
  findings.filter(
    (f) =>
      any(q, "severity", f.severity) &&
      any(q, "status", f.status) &&
      any(q, "check", f.check) &&
      (!q.get("endpoint") || f.subject.id === q.get("endpoint")) &&
      (!q.get("service") || f.subject.id === q.get("service")) &&
      has(q, `${f.title} ${f.subject.label} ${f.check}`),
  );
const filterThreats = (q: URLSearchParams): Threat[] =>
  threats.filter(
    (t) =>
      any(q, "severity", t.severity) && any(q, "status", t.status) && has(q, `${t.title} ${t.actor.label}`),
  );

const tally = (values: string[]): Record<string, number> =>
  values.reduce<Record<string, number>>((out, v) => ({ ...out, [v]: (out[v] ?? 0) + 1 }), {});

const started: Record<string, number> = {};

const made = (id: string): Reply => {
  const block = blocks.find((row) => row.id === id);
  return found(block, "Block");
};

const routes: Route[] = [
  ...signInRoutes,
  ...accessRoutes,
  ["GET", /^\/overview$/, () => ok(overview())],
  [
    "GET",
    /^\/services$/,
    ({ q }) =>
      list(
        services.filter((s) => has(q, s.name + s.hosts.join(" "))),
        q,
      ),
  ],
  [
    "GET",
    /^\/services\/([^/]+)$/,
    ({ id }) =>
      found(
        services.find((s) => s.id === id),
        "Service",
      ),
  ],
  [
    "PATCH",
    /^\/services\/([^/]+)$/,
    ({ id }) =>
      found(
        services.find((s) => s.id === id),
        "Service",
      ),
  ],
  ["GET", /^\/endpoints$/, ({ q }) => list(filterEndpoints(q), q)],
  ["GET", /^\/endpoints\/facets$/, () => ok(endpointFacets(endpoints))],
  [
    "GET",
    /^\/endpoints\/([^/]+)\/series$/,
    ({ q }) => ok({ data: traffic(96, (Number(q.get("hours") ?? 24) * 60) / 96, 900) }),
  ],
  ["GET", /^\/endpoints\/([^/]+)\/callers$/, ({ id, q }) => list(endpointDetail(id)?.callers ?? [], q)],
  ["GET", /^\/endpoints\/([^/]+)\/calls$/, ({ q }) => list(calls(25), q)],
  ["GET", /^\/endpoints\/([^/]+)$/, ({ id }) => found(endpointDetail(id), "Endpoint")],
  ["GET", /^\/findings$/, ({ q }) => list(filterFindings(q), q)],
  [
    "GET",
    /^\/findings\/facets$/,
    () =>
      ok({
        severity: tally(findings.map((f) => f.severity)),
        status: tally(findings.map((f) => f.status)),
        check: tally(findings.map((f) => f.check)),
        service: services.map((s) => ({ value: s.id, label: s.name, count: s.findings_open })),
      }),
  ],
  [
    "POST",
    /^\/findings\/([^/]+)\/verify$/,
    () =>
      ok({
        still_present: true,
        sentence: "Read again just now: the authorizer still has no validation expression.",
        evidence: null,
      }),
  ],
  ["GET", /^\/findings\/([^/]+)$/, ({ id }) => found(findingDetail(id), "Finding")],
  [
    "PATCH",
    /^\/findings\/([^/]+)$/,
    ({ id, body }) => {
      const f = findings.find((row) => row.id === id);
      if (f) f.status = (body as Finding).status;
      return found(findingDetail(id), "Finding");
    },
  ],
  ["GET", /^\/threats$/, ({ q }) => list(filterThreats(q), q)],
  [
    "GET",
    /^\/threats\/([^/]+)$/,
    ({ id }) =>
      found(
        threats.find((t) => t.id === id),
        "Threat",
      ),
  ],
  [
    "PATCH",
    /^\/threats\/([^/]+)$/,
    ({ id, body }) => {
      const t = threats.find((row) => row.id === id);
      if (t) t.status = (body as Threat).status;
      return found(t, "Threat");
    },
  ],
  ["GET", /^\/actors\/([^/]+)\/calls$/, ({ q }) => list(calls(50), q)],
  ["GET", /^\/actors\/([^/]+)$/, ({ id }) => found(actor(id), "Actor")],
  ["GET", /^\/blocks\/targets$/, ({ q }) => list(targets, q)],
  ["POST", /^\/blocks\/preview$/, ({ body }) => ok(preview(body as BlockDraft))],
  [
    "GET",
    /^\/blocks$/,
    ({ q }) =>
      list(
        blocks.filter((b) => any(q, "status", b.status)),
        q,
      ),
  ],
  ["POST", /^\/blocks$/, () => ({ status: 201, body: blocks[0] })],
  ["GET", /^\/blocks\/([^/]+)$/, ({ id }) => made(id)],
  [
    "POST",
    /^\/blocks\/([^/]+)\/undo$/,
    ({ id }) => {
      const b = blocks.find((row) => row.id === id);
      if (b) b.status = "undone";
      return made(id);
    },
  ],
  [
    "POST",
    /^\/blocks\/([^/]+)\/promote$/,
    ({ id }) => {
      const b = blocks.find((row) => row.id === id);
      if (b) {
        b.stage = "block";
        b.status = "blocking";
      }
      return made(id);
    },
  ],
  ["POST", /^\/blocks\/([^/]+)\/(?:extend|approve)$/, ({ id }) => made(id)],
  ["GET", /^\/protected-networks$/, ({ q }) => list(protectedNetworks, q)],
  [
    "POST",
    /^\/protected-networks$/,
    ({ body }) => {
      const row = { ...(body as object), id: `prn_${Date.now()}` };
      protectedNetworks.push(row as never);
      return { status: 201, body: row };
    },
  ],
  ["GET", /^\/connectors$/, ({ q }) => list(connectors, q)],
  ["GET", /^\/connections$/, ({ q }) => list(connections, q)],
  [
    "POST",
    /^\/connections$/,
    ({ body }) => {
      const { connector, name } = body as { connector: string; name: string };
      const row: Connection = {
        id: `con_${connections.length + 1}`,
        name,
        connector,
        vendor: connectors.find((c) => c.key === connector)?.vendor ?? connector,
        status: "draft",
        status_reason: null,
        created_at: minutes(0),
        last_sync_at: null,
        last_verified_at: null,
        counts: { services: null, endpoints: null },
        can_block: null,
        health: null,
      };
      connections.push(row);
      return { status: 201, body: connectionDetail(row.id) };
    },
  ],
  ["GET", /^\/connections\/([^/]+)\/setup$/, () => ok(setup)],
  [
    "POST",
    /^\/connections\/([^/]+)\/check$/,
    () =>
      ok({ ok: false, checked_at: new Date().toISOString(), permissions: permissionResults, error: null }),
  ],
  [
    "POST",
    /^\/connections\/([^/]+)\/sync$/,
    ({ id }) => {
      started[id] = Date.now();
      return { status: 202, body: { run: runs[0] } };
    },
  ],
  [
    "GET",
    /^\/connections\/([^/]+)\/runs$/,
    ({ id, q }) => {
      const since = started[id];
      if (!since) return list(runs, q);
      const done = Math.min(61, Math.round((Date.now() - since) / 120));
      const over = done >= 61;
      return list(
        [
          {
            id: "run_new",
            kind: "config",
            state: over ? "done" : "running",
            progress: { step: over ? "done" : "reading routes", done, total: 61 },
            started_at: new Date(since).toISOString(),
            finished_at: null,
            counts: { services: done > 20 ? 2 : 1, routes: done, authorizers: done > 30 ? 3 : 0 },
            error: null,
          },
          ...runs,
        ],
        q,
      );
    },
  ],
  ["GET", /^\/connections\/([^/]+)\/changes$/, ({ id, q }) => list(changesOf(id, q), q)],
  ["GET", /^\/connections\/([^/]+)\/accounts$/, ({ id, q }) => list(accountsOf(id, q), q)],
  ["POST", /^\/connections\/([^/]+)\/roll-out$/, ({ id }) => found(connectionDetail(id), "Connection")],
  ["GET", /^\/connections\/([^/]+)\/traffic$/, () => ok(trafficOf())],
  [
    "GET",
    /^\/connections\/([^/]+)\/quarantine$/,
    ({ q }) =>
      list(
        [
          {
            id: "qua_1",
            at: minutes(31),
            source: "api_gateway_access_log",
            reason: "The record is not valid JSON: it ends after 4,096 bytes.",
            sample: '{"requestId":"b2c1…","ip":"198.18',
          },
        ],
        q,
      ),
  ],
  ["GET", /^\/connections\/([^/]+)$/, ({ id }) => found(connectionDetail(id), "Connection")],
  ["PATCH", /^\/connections\/([^/]+)$/, ({ id }) => found(connectionDetail(id), "Connection")],
  ["GET", /^\/imports$/, ({ q }) => list(imports, q)],
  ["POST", /^\/imports$/, () => ({ status: 202, body: imports[0] as Import })],
  [
    "GET",
    /^\/imports\/([^/]+)$/,
    ({ id }) =>
      found(
        imports.find((i) => i.id === id),
        "Import",
      ),
  ],
  ["GET", /^\/alert-destinations$/, ({ q }) => list(destinations, q)],
  [
    "POST",
    /^\/alert-destinations$/,
    ({ body }) => ({
      status: 201,
      body: { ...(body as object), id: "dst_new", generated: { secret: "whsec_mock" } },
    }),
  ],
  [
    "PATCH",
    /^\/alert-destinations\/([^/]+)$/,
    ({ id }) =>
      found(
        destinations.find((d) => d.id === id),
        "Destination",
      ),
  ],
  ["POST", /^\/alert-destinations\/([^/]+)\/test$/, () => ok({ ...deliveries[0], subject: "Test message" })],
  ["GET", /^\/alert-deliveries$/, ({ q }) => list(deliveries, q)],
  ["POST", /^\/alert-deliveries\/([^/]+)\/resend$/, () => ok(deliveries[0])],
  ["DELETE", /^\/.+$/, () => ({ status: 204 })],
];

/** One request against the recorded estate. `path` is under /api/v1, or begins with /_allauth. */
export function answer(method: string, path: string, q: URLSearchParams, body: unknown, host: string): Reply {
  const asks = stepUp(method, path);
  if (asks) return asks;
  for (const [verb, pattern, handle] of routes) {
    const match = verb === method ? pattern.exec(path) : null;
    if (match) return handle({ id: match[1] ?? "", q, body: body as never, host });
  }
  return problem(404, "Nothing here", `${method} ${path} is not part of the API.`);
}

export { setProved, setSignedIn };
export type { Reply };
