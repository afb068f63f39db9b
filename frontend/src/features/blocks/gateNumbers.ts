import type { Gate } from "@/api/types";
import { integer, percent, plural, spelled, words } from "@/ui/format";

const GATES: Record<string, string> = {
  protected: "Protected networks",
  breadth: "How wide the match is",
  blast_radius: "Known-good traffic hit",
  partners: "Partners",
  lifetime: "How long it lasts",
  growth: "Blocks made in the last hour",
};
export const gateName = (gate: string): string => GATES[gate] ?? words(gate);

const NUMBERS: Record<string, string> = {
  good_requests: "Known-good requests hit",
  good_total: "Known-good requests in all",
  share_of_good: "Share",
  ttl_seconds: "Lasts",
  blocks_last_hour: "Made",
  checked: "Networks compared",
  clashes: "Overlaps",
};

interface Clash {
  network: string;
  protected: string;
  label: string;
}

function shown(gate: string, key: string, value: unknown): string {
  if (value === null || value === undefined) return "not known";
  if (Array.isArray(value))
    return value
      .map((item: Clash | string) =>
        typeof item === "string" ? item : `${item.network} with ${item.protected} (${item.label})`,
      )
      .join(", ");
  if (typeof value === "object")
    return Object.entries(value)
      .map(([name, count]) => `${name}: ${plural(Number(count), "request")}`)
      .join(", ");
  if (typeof value !== "number") return String(value);
  if (key === "ttl_seconds" || (gate === "lifetime" && key === "limit")) return spelled(value);
  if (key === "share_of_good" || (gate === "blast_radius" && key === "limit")) return percent(value);
  return integer(value);
}

/** What a gate weighed, each as a label and a value a person can read. */
export function gateNumbers({ gate, numbers }: Gate): [string, string][] {
  return Object.entries(numbers ?? {}).map(([key, value]) => [
    NUMBERS[key] ?? words(key),
    shown(gate, key, value),
  ]);
}
