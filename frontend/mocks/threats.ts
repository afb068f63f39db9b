import type { Actor, Threat } from "../src/api/types/index.ts";
import { days, hours, minutes } from "./clock.ts";

const t = (id: string, title: string, kind: string, severity: Threat["severity"], status: Threat["status"], actor: Threat["actor"], score: number, requests: number, succeeded: number | null, spoofable: boolean | null, sentence: string, first: string, last: string): Threat => ({ id, title, kind, severity, status, actor, score, first_seen: first, last_seen: last, requests, succeeded, endpoints: 3, spoofable, confidence: 0.97, sentence });

export const threats: Threat[] = [
  t("thr_001", "Order numbers tried one after the other", "bola", "critical", "open", { id: "act_001", label: "user:7f31c9…", kind: "principal" }, 92, 4_310, 408, false, "One account asked for 4,310 order numbers in sequence; 408 belonged to other customers and were answered.", hours(3), minutes(14)),
  t("thr_002", "Credential stuffing from 512 addresses", "credential_stuffing", "critical", "open", { id: "act_002", label: "campaign 512 addresses", kind: "campaign" }, 88, 1_024, 6, false, "Two sign-in attempts per address with the same timing and fingerprint; 6 succeeded.", hours(9), minutes(2)),
  t("thr_003", "SQL injection attempts in search", "injection", "high", "blocked", { id: "act_003", label: "203.0.113.77", kind: "ip" }, 71, 233, 0, false, "Quote and UNION patterns in “q”; the firewall stopped none, the service answered 400.", hours(20), hours(6)),
  t("thr_004", "Scan for well-known files", "scan", "medium", "open", { id: "act_004", label: "198.51.100.0/24", kind: "network" }, 44, 2_918, 3, true, "/.env, /.git/config and 1,402 more; 3 answered 200 from media.globex.example.", days(1), hours(2)),
  t("thr_005", "Price list copied every minute", "scraping", "medium", "open", { id: "act_005", label: "consumer:acme-compare", kind: "principal" }, 39, 1_440, 1_440, false, "A partner key fetches the whole price list 60 times an hour; its contract says 4.", days(3), minutes(1)),
  t("thr_006", "Unusual calls to an admin route", "bfla", "low", "closed", { id: "act_006", label: "user:19be02…", kind: "principal" }, 17, 12, null, null, "12 calls to /internal/export from an account that never did so.", days(5), days(4)),
];

const emptyMatch = { networks: [], methods: [], path_templates: [], hosts: [], consumers: [], headers: [], ja4: [], countries: [], asns: [] };

export function actor(id: string): Actor | undefined {
  const own = threats.filter((threat) => threat.actor.id === id);
  const first = own[0];
  if (!first) return undefined;
  const share = first.score / 92;
  const c = (detector: string, points: number, decayed: number, at: string, sentence: string) => ({ detector, points: points * share, decayed: decayed * share, at, sentence });
  return {
    id,
    kind: first.actor.kind as Actor["kind"],
    label: first.actor.label,
    addresses: ["198.18.4.7", "198.18.4.9"],
    score: first.score,
    half_life_hours: 6,
    contributions: [
      c("object_enumeration", 52, 46.4, minutes(52), "4,310 sequential order numbers, 408 of other owners answered 200."),
      c("success_after_denials", 30, 24.1, hours(1.9), "200 after a run of 3,902 answers with 403 or 404."),
      c("rate_anomaly", 16, 13.2, hours(1.7), "71 requests a minute where this account makes 2."),
      c("scripted_client", 10, 8.3, hours(1.6), "No browser sends python-requests."),
    ],
    timeline: [
      { at: minutes(14), detector: "object_enumeration", severity: "critical", sentence: "Range 10,048,211 to 10,052,520 walked in order.", endpoints: ["GET /orders/{order_id}"], requests: 4_310, succeeded: 408, evidence_id: "evd_1" },
      { at: hours(1.7), detector: "rate_anomaly", severity: "medium", sentence: "71 requests a minute; the 99th percentile of this account is 4.", endpoints: ["GET /orders/{order_id}", "GET /orders"], requests: 1_980, succeeded: 201, evidence_id: "evd_2" },
      { at: hours(1.9), detector: "success_after_denials", severity: "high", sentence: "First answer 200 on somebody else's order after 44 denials.", endpoints: ["GET /orders/{order_id}"], requests: 45, succeeded: 1, evidence_id: "evd_3" },
      { at: hours(3), detector: "scripted_client", severity: "low", sentence: "The account's client changed from the mobile app to a script.", endpoints: ["POST /session"], requests: 1, succeeded: 1, evidence_id: "evd_4" },
    ],
    got_through: [
      { at: minutes(14), method: "GET", host: "api.globex.example", path: "/orders/10052488", status: 200, why: "Order of another customer; answer holds an address and an e-mail." },
      { at: minutes(21), method: "GET", host: "api.globex.example", path: "/orders/10051902", status: 200, why: "Order of another customer." },
      { at: minutes(38), method: "GET", host: "api.globex.example", path: "/orders/10050117", status: 200, why: "Order of another customer." },
      { at: hours(1.9), method: "GET", host: "api.globex.example", path: "/orders/10048255", status: 200, why: "First success after 44 denials." },
    ],
    threats: own,
    blocks: first.status === "blocked" ? [{ id: "blk_002", status: "blocking" }] : [],
    spoofable: first.spoofable,
    suggested_block: { match: { ...emptyMatch, networks: ["198.18.4.7/32", "198.18.4.9/32"], path_templates: ["/orders/{order_id}"], methods: ["GET"] }, action: "block", reason: "Both addresses were used by this account only. Matching the path as well keeps other calls untouched." },
  };
}
