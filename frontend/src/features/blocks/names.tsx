import type { Block, BlockAction, BlockMatch, BlockStatus, LiveTarget } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";

const statusTones: Record<BlockStatus, Tone> = {
  pending: "info",
  awaiting_approval: "medium",
  counting: "accent",
  blocking: "critical",
  expiring: "medium",
  expired: "info",
  undone: "info",
  undoing: "medium",
  failed: "high",
  refused: "high",
};

export const OVER: BlockStatus[] = ["expired", "undone", "failed", "refused"];

export function BlockStatusPill({ status }: { status: string }) {
  return <Pill tone={statusTones[status as BlockStatus] ?? "unknown"}>{words(status)}</Pill>;
}

const targetTones: Record<LiveTarget["state"], Tone> = {
  pending: "info",
  enforced: "ok",
  observed: "accent",
  drifted: "high",
  failed: "critical",
  refused: "high",
  lost: "critical",
  removed: "info",
};
const targetMeans: Record<LiveTarget["state"], string> = {
  pending: "Not read back from the vendor yet.",
  enforced: "Read back from the vendor: in force as intended.",
  drifted: "The vendor holds something else than intended. Somebody may have edited it by hand.",
  failed: "The vendor did not take it. Nothing was left half-way.",
  observed: "The target cannot count; hits are counted from its logs, nothing is written there.",
  refused: "A gate or the target said no; nothing of it stands there.",
  lost: "The connection or the target is gone; what stands there can no longer be read. See the offline undo.",
  removed: "Read back from the vendor: gone.",
};

export function TargetStatePill({ state }: { state: LiveTarget["state"] }) {
  return (
    <Pill tone={targetTones[state] ?? "unknown"} icon title={targetMeans[state]}>
      {words(state)}
    </Pill>
  );
}

export const actionName: Record<BlockAction, string> = {
  block: "Block",
  count: "Count only",
  rate_limit: "Limit the rate",
  challenge: "Challenge",
};

export const emptyMatch: BlockMatch = {
  networks: [],
  principals: [],
  methods: [],
  path_templates: [],
  hosts: [],
  consumers: [],
  headers: [],
  ja4: [],
  countries: [],
  asns: [],
};

/** A few values in full, the rest as a number. */
function some(values: (string | number)[]): string {
  if (values.length <= 4) return values.join(" or ");
  return `${values.slice(0, 3).join(" or ")} or ${values.length - 3} more`;
}

/** The match in words: every part must hold; within a part any value will do. */
export function describeMatch(match: Partial<BlockMatch>): string {
  const list = (label: string, values: (string | number)[] | undefined): string[] =>
    values?.length ? [`${label} ${some(values)}`] : [];
  const parts = [
    ...list("from", match.networks),
    ...list("principal", match.principals),
    ...list("consumer", match.consumers),
    ...list("method", match.methods),
    ...list("path", match.path_templates),
    ...list("host", match.hosts),
    ...(match.headers ?? []).map((header) => `header ${header.name} ${header.operator} ${header.value}`),
    ...list("TLS fingerprint", match.ja4),
    ...list("country", match.countries),
    ...list("network operator AS", match.asns),
  ];
  return parts.length ? parts.join(", and ") : "nothing yet";
}

export function authorName(author: Block["author"]): string {
  if (!author) return "not known";
  return typeof author === "string" ? author : (author.name ?? author.email ?? author.id);
}
