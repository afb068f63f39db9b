import type { AuthVerdict, EndpointState } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";

const states: Record<EndpointState, { tone: Tone; label: string; means: string }> = {
  active: { tone: "ok", label: "Active", means: "Documented and called." },
  idle: { tone: "info", label: "Idle", means: "Configured, but neither documented nor called." },
  shadow: { tone: "high", label: "Shadow", means: "Called, but in no configuration or document." },
  zombie: { tone: "medium", label: "Zombie", means: "Retired or replaced, yet still called." },
  orphan: { tone: "medium", label: "Orphan", means: "Documented, but not called." },
  gone: { tone: "info", label: "Gone", means: "No longer configured, documented or called." },
  unknown: { tone: "unknown", label: "Not known", means: "A fact that would decide could not be read." },
};

export const stateName = (state: string): string => states[state as EndpointState]?.label ?? state;

export function StatePill({ state }: { state: EndpointState }) {
  const known = states[state];
  return known ? (
    <Pill tone={known.tone} title={known.means}>
      {known.label}
    </Pill>
  ) : (
    <Pill tone="unknown">{state}</Pill>
  );
}

const verdicts: Record<AuthVerdict, { tone: Tone; label: string; means: string }> = {
  enforced: { tone: "ok", label: "Enforced", means: "Authentication is declared and calls without it fail." },
  open: { tone: "high", label: "Open", means: "No authentication is declared and anonymous calls succeed." },
  contradiction: {
    tone: "critical",
    label: "Contradiction",
    means: "Authentication is declared, yet anonymous calls succeed.",
  },
  unknown: {
    tone: "unknown",
    label: "Not known",
    means: "No source tells whether calls carried a credential.",
  },
};

export const verdictName = (verdict: string): string => verdicts[verdict as AuthVerdict]?.label ?? verdict;

export function AuthPill({ verdict }: { verdict: AuthVerdict }) {
  const known = verdicts[verdict] ?? verdicts.unknown;
  return (
    <Pill tone={known.tone} icon title={known.means}>
      {known.label}
    </Pill>
  );
}
