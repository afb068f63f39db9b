import type { Actor } from "@/api/types";
import { Bars, StackBar } from "@/ui/charts/Bars";
import { plural, words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";

const round = (value: number): string => value.toFixed(1);
const PALETTE = ["c1", "c2", "c3", "c4", "c5", "c6"];

/** The score as its parts: decayed points that add up to the number shown. */
export function ScorePanel({ actor }: { actor: Actor }) {
  const parts = [...actor.contributions].sort((a, b) => b.decayed - a.decayed);
  const sum = parts.reduce((total, part) => total + part.decayed, 0);
  const capped = sum > actor.score + 0.5;
  return (
    <Panel title="How the score adds up" note={`points halve every ${actor.half_life_hours} h`}>
      <p style={{ margin: "0 0 12px" }}>
        <strong style={{ fontSize: 28, fontWeight: 500 }}>{Math.round(actor.score)}</strong>{" "}
        <span className="soft">
          of 100: {plural(parts.length, "piece")} of evidence, {round(sum)} points after decay
          {capped ? ", limited to 100" : ""}
        </span>
      </p>
      <StackBar
        label="Share of each piece of evidence in the score"
        total={Math.max(100, sum)}
        parts={parts.map((part, index) => ({
          key: `${part.detector}${part.at}${index}`,
          value: part.decayed,
          color: PALETTE[index % PALETTE.length] ?? "accent",
          legend: null,
        }))}
      />
      <Bars
        label="Evidence by points"
        max={Math.max(...parts.map((part) => part.points), 1)}
        items={parts.map((part, index) => ({
          key: `${part.detector}${part.at}${index}`,
          color: PALETTE[index % PALETTE.length],
          value: part.decayed,
          text: `${round(part.decayed)} points`,
          label: (
            <>
              <strong style={{ fontWeight: 500 }}>{words(part.detector)}</strong>{" "}
              <span className="soft">{part.sentence}</span>{" "}
              <span className="muted">
                {round(part.points)} at first, <Time at={part.at} />
              </span>
            </>
          ),
        }))}
      />
    </Panel>
  );
}
