import type { Threat } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";

const tones: Record<Threat["status"], Tone> = { open: "high", blocked: "accent", closed: "info" };

export function ThreatStatusPill({ status }: { status: Threat["status"] }) {
  return <Pill tone={tones[status] ?? "unknown"}>{words(status)}</Pill>;
}

const kinds: Record<string, string> = {
  principal: "Known by its credential",
  ip: "Known by its address",
  network: "A network",
  campaign: "Many addresses acting as one",
};

export const actorName = (kind: string): string => (kind === "ip" ? "Address" : words(kind));
export const actorKind = (kind: string): string => kinds[kind] ?? words(kind);
