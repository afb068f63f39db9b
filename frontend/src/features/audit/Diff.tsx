import type { AuditChange } from "@/api/types";
import css from "./Diff.module.css";

const text = (value: unknown): string | null => {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
};

/** Field by field, before and after; a field that was not there is not the same as an empty one. */
export function Diff({ changes }: { changes: AuditChange[] }) {
  if (!changes.length) return <p className="muted">Nothing differs: it was an act without values.</p>;
  return (
    <table className={css["table"]} aria-label="What changed">
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <td>{change.field}</td>
            <Value value={text(change.before)} side="before" />
            <Value value={text(change.after)} side="after" />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Value({ value, side }: { value: string | null; side: "before" | "after" }) {
  if (value === null) return <td className="muted">not set</td>;
  return <td className={css[side]}>{value === "" ? "(empty)" : value}</td>;
}
