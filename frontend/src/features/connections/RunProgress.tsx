import { Alert, Progress } from "@mantine/core";
import type { Run } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { integer, words } from "@/ui/format";
import { Stats } from "@/ui/Layout";

const tones: Record<Run["state"], Tone> = {
  queued: "info",
  running: "accent",
  done: "ok",
  failed: "critical",
};

export function RunStatePill({ state }: { state: Run["state"] }) {
  return (
    <Pill tone={tones[state] ?? "unknown"} icon>
      {words(state)}
    </Pill>
  );
}

export function runError(error: Run["error"]): string | null {
  if (!error) return null;
  return typeof error === "string"
    ? error
    : [error.detail || error.title, error.action].filter(Boolean).join(" ");
}

export function RunProgress({ run }: { run: Run }) {
  const { progress, counts } = run;
  const share = progress?.total
    ? Math.min(100, (100 * progress.done) / progress.total)
    : run.state === "done"
      ? 100
      : 8;
  const problem = runError(run.error);
  return (
    <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: 14 }}>
      <div role="status" aria-live="polite">
        <RunStatePill state={run.state} />{" "}
        {progress ? (
          <span className="soft">
            {words(progress.step)}
            {progress.total
              ? `: ${integer(progress.done)} of ${integer(progress.total)}`
              : progress.done
                ? `: ${integer(progress.done)}`
                : ""}
          </span>
        ) : null}
      </div>
      <Progress
        value={share}
        animated={run.state === "running"}
        color={run.state === "failed" ? "red" : undefined}
        aria-label="Progress of the read"
      />
      {counts && Object.keys(counts).length ? (
        <Stats
          label="Read so far"
          items={Object.entries(counts).map(([key, value]) => ({ label: words(key), value: integer(value) }))}
        />
      ) : null}
      {problem ? <Alert color="red">{problem}</Alert> : null}
    </div>
  );
}
