import type { Overview } from "../src/api/types/index.ts";
import { days, hours, minutes, traffic } from "./clock.ts";
import { endpoints } from "./inventory.ts";
import { threats } from "./threats.ts";

export function overview(): Overview {
  return {
    counts: {
      services: 5,
      endpoints: 100,
      shadow: 3,
      zombie: 1,
      orphan: 1,
      findings_open: 24,
      critical: 3,
      threats_open: 4,
      blocks_active: 2,
    },
    findings_by_severity: { critical: 3, high: 6, medium: 8, low: 5, info: 2 },
    risk: { score: 72, previous: 64 },
    calls_series: traffic(96, 15, 9_000),
    top_endpoints: [...endpoints]
      .sort((a, b) => (b.risk ?? 0) - (a.risk ?? 0))
      .slice(0, 5)
      .map((e) => ({
        id: e.id,
        label: `${e.method} ${e.host}${e.template}`,
        risk: e.risk,
        calls_24h: e.calls_24h,
      })),
    top_actors: threats.slice(0, 5).map((t) => ({
      id: t.actor.id,
      label: t.actor.label,
      kind: t.actor.kind,
      score: t.score,
      sentence: t.title,
    })),
    setup: [
      { step: "connect", done: true, sentence: "Connect a gateway", href: "/connections/new" },
      { step: "inventory", done: true, sentence: "See your endpoints", href: "/endpoints" },
      { step: "traffic", done: true, sentence: "Receive calls", href: "/connections" },
      { step: "alerts", done: false, sentence: "Send alerts to your team", href: "/alerts" },
      { step: "block", done: false, sentence: "Preview a block", href: "/blocks/new" },
    ],
    recent: [
      {
        at: minutes(14),
        kind: "threat",
        sentence: "user:7f31c9… reached score 92: order numbers tried one after the other",
        href: "/actors/act_001",
        severity: "critical",
      },
      {
        at: minutes(31),
        kind: "block",
        sentence: "Kong production no longer holds the block of 198.18.4.7 and 198.18.4.9",
        href: "/blocks/blk_001",
        severity: "high",
      },
      {
        at: minutes(92),
        kind: "block",
        sentence: "Dana Okafor started counting GET /orders/{order_id} from 2 addresses",
        href: "/blocks/blk_001",
        severity: null,
      },
      {
        at: hours(3),
        kind: "finding",
        sentence: "Authentication is declared but anonymous calls succeed",
        href: "/findings/fnd_001",
        severity: "critical",
      },
      {
        at: hours(5),
        kind: "connection",
        sentence: "Partner gateway is degraded: plugins cannot be listed",
        href: "/connections/con_kong",
        severity: "high",
      },
      {
        at: days(1),
        kind: "endpoint",
        sentence: "New shadow endpoint GET /internal/export",
        href: "/endpoints/ep_004",
        severity: "high",
      },
    ],
  };
}
