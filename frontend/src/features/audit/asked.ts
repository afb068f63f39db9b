import { useState } from "react";
import { useUrlState, type UrlState } from "@/ui/table/useUrlState";

/** Everything of the address that narrows the trail. */
export const FILTERS = ["q", "actor", "actor_kind", "action", "target", "range", "since", "until"] as const;

export const RANGES: Record<string, { label: string; hours: number }> = {
  hour: { label: "Last hour", hours: 1 },
  day: { label: "Last 24 hours", hours: 24 },
  week: { label: "Last 7 days", hours: 24 * 7 },
  month: { label: "Last 30 days", hours: 24 * 30 },
};

export type Asked = Partial<
  Record<"q" | "actor" | "actor_kind" | "action" | "target" | "since" | "until", string>
>;

/** The address's filters as the API takes them; a range becomes a time. */
export function askedFor(search: UrlState, now: number): Asked {
  const range = RANGES[search["range"] ?? ""];
  const since = range ? new Date(now - range.hours * 3_600_000).toISOString() : search["since"];
  const asked: Asked = {
    q: search["q"],
    actor: search["actor"],
    actor_kind: search["actor_kind"],
    action: search["action"],
    target: search["target"],
    since,
    until: range ? undefined : search["until"],
  };
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
}

/** What this page asks for. "Last hour" counts from when the page was opened. */
export function useAsked(): Asked {
  const [search] = useUrlState();
  const [now] = useState(() => Date.now());
  return askedFor(search, now);
}
