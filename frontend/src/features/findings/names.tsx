import type { FindingStatus } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";

const tones: Record<FindingStatus, Tone> = {
  open: "high",
  reopened: "high",
  under_review: "accent",
  remediating: "accent",
  risk_accepted: "info",
  false_positive: "info",
  resolved: "ok",
};

export function FindingStatusPill({ status }: { status: FindingStatus }) {
  return <Pill tone={tones[status] ?? "unknown"}>{words(status)}</Pill>;
}
