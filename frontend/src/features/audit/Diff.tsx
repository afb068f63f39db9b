import css from "./Diff.module.css";

type Values = Record<string, unknown> | null;

export interface Change {
  key: string;
  before: string | null;
  after: string | null;
}

const text = (value: unknown): string | null =>
  value === undefined ? null : typeof value === "string" ? value : JSON.stringify(value, null, 1);

/** The keys that differ between two states, in order; null means "was not there". */
export function changes(before: Values, after: Values): Change[] {
  const keys = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return keys
    .map((key) => ({ key, before: text(before?.[key]), after: text(after?.[key]) }))
    .filter((change) => change.before !== change.after);
}

export function Diff({ before, after }: { before: Values; after: Values }) {
  const rows = changes(before, after);
  if (!rows.length) return <p className="muted">Nothing differs.</p>;
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
        {rows.map((row) => (
          <tr key={row.key}>
            <td>{row.key}</td>
            <td className={row.before === null ? undefined : css["before"]}>{row.before ?? "not set"}</td>
            <td className={row.after === null ? undefined : css["after"]}>{row.after ?? "not set"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
