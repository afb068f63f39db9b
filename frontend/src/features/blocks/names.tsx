import type { Block, BlockAction, BlockMatch, BlockStatus, LiveTarget } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { integer, words } from "@/ui/format";

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
  return `${values.slice(0, 3).join(" or ")} or ${integer(values.length - 3)} more`;
}

/** "198.18.4.7" rather than "198.18.4.7/32". */
const single = (network: string): string => network.replace(/^([\d.]+)\/32$|^([\da-f:]+)\/128$/i, "$1$2");

const COMPARED: Record<string, string> = {
  equals: "equal to",
  contains: "containing",
  prefix: "beginning with",
};

/** The match in words, after "calls": every part must hold; within a part any value will do. */
export function describeMatch(match: Partial<BlockMatch>): string {
  const list = (label: string, values: (string | number)[] | undefined): string[] =>
    values?.length ? [`${label} ${some(values)}`] : [];
  const parts = [
    ...list("from", match.networks?.map(single)),
    ...list("by", match.principals),
    ...list("by consumer", match.consumers),
    ...list("with method", match.methods),
    ...list("to path", match.path_templates),
    ...list("to host", match.hosts),
    ...(match.headers ?? []).map(
      (header) =>
        `with header ${header.name} ${COMPARED[header.operator] ?? header.operator} ${header.value}`,
    ),
    ...list("with TLS fingerprint", match.ja4),
    ...list("from country", match.countries),
    ...list(
      "from network operator",
      match.asns?.map((asn) => `AS${asn}`),
    ),
  ];
  return parts.join(", ");
}

const DOES: Record<BlockAction, string> = {
  block: "Block calls",
  count: "Count calls",
  rate_limit: "Limit the rate of calls",
  challenge: "Challenge calls",
};

/** "Block calls from 198.18.4.7, with method GET": what a block does, as its name. */
export const blockTitle = ({ action, match }: Pick<Block, "action" | "match">): string =>
  `${DOES[action]} ${describeMatch(match)}`.trimEnd();

export function authorName(author: Block["author"]): string {
  if (!author) return "not known";
  return typeof author === "string" ? author : (author.name ?? author.email ?? author.id);
}
