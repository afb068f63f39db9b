import type { Connection, ConnectionStatus, PermissionResult } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";
import css from "./Connections.module.css";

const tones: Record<ConnectionStatus, Tone> = {
  draft: "info",
  checking: "accent",
  connected: "ok",
  degraded: "high",
  failed: "critical",
  disabled: "info",
};

export function ConnectionStatusPill({ status }: { status: Connection["status"] }) {
  return (
    <Pill tone={tones[status] ?? "unknown"} icon>
      {words(status)}
    </Pill>
  );
}

const grants: Record<string, { tone: Tone; label: string }> = {
  granted: { tone: "ok", label: "Granted" },
  denied: { tone: "critical", label: "Denied" },
  unknown: { tone: "unknown", label: "Not known" },
};

export function GrantPill({ grant }: { grant: PermissionResult["grant"] }) {
  const known = grants[grant ?? "unknown"] ?? grants["unknown"];
  return (
    <Pill tone={known?.tone ?? "unknown"} icon>
      {known?.label}
    </Pill>
  );
}

const vendors: Record<string, { short: string; color: string }> = {
  aws: { short: "AWS", color: "#b35c00" },
  kong: { short: "Kg", color: "#0f5c57" },
  apigee: { short: "Ap", color: "#b3401d" },
  google: { short: "GC", color: "#2a5db0" },
  cloudarmor: { short: "CA", color: "#2a5db0" },
  cloudflare: { short: "CF", color: "#a84a00" },
  azure: { short: "Az", color: "#1d5fa8" },
};

/** A quiet mark of the vendor: letters, not a borrowed logo. */
export function VendorMark({ vendor }: { vendor: string }) {
  const key = Object.keys(vendors).find((name) => vendor.toLowerCase().includes(name));
  const known = key ? vendors[key] : undefined;
  return (
    <span className={css["mark"]} style={{ background: known?.color ?? "#4b5565" }} aria-hidden>
      {known?.short ?? vendor.slice(0, 2)}
    </span>
  );
}

const capabilities: Record<string, string> = {
  access: "Checks its permissions",
  config: "Reads configuration",
  pull_calls: "Reads calls",
  receive_calls: "Receives calls",
  changes: "Reads changes",
  organization: "Connects every account of an organisation",
  enforce: "Can block",
  notify: "Sends alerts",
};

export const capabilityName = (key: string): string => capabilities[key] ?? words(key);
