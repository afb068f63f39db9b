import type { ReactNode } from "react";
import css from "./Bars.module.css";

export interface Bar {
  key: string;
  label: ReactNode;
  value: number;
  text: string;
  color?: string;
}

/** Horizontal bars with their numbers in text: readable without seeing the bars. */
export function Bars({ items, max, label }: { items: Bar[]; max?: number; label: string }) {
  const top = max ?? Math.max(...items.map((item) => item.value), 1);
  return (
    <ul className={css["list"]} aria-label={label}>
      {items.map((item) => (
        <li key={item.key} className={css["row"]}>
          <span>{item.label}</span>
          <span className={css["value"]}>{item.text}</span>
          <span className={css["track"]} aria-hidden>
            <span
              className={css["fill"]}
              style={{
                width: `${(100 * item.value) / top}%`,
                background: `var(--${item.color ?? "accent"})`,
              }}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}

export interface StackPart {
  key: string;
  value: number;
  color: string;
  legend: ReactNode;
}

/** One bar of parts that add up, with a legend in words and numbers. */
export function StackBar({ parts, label, total }: { parts: StackPart[]; label: string; total?: number }) {
  const sum = parts.reduce((all, part) => all + part.value, 0);
  const rest = Math.max(0, (total ?? sum) - sum);
  return (
    <div role="group" aria-label={label}>
      <div className={css["stack"]} aria-hidden>
        {parts
          .filter((part) => part.value > 0)
          .map((part) => (
            <span
              key={part.key}
              style={{ flexGrow: part.value, flexBasis: 0, background: `var(--${part.color})` }}
            />
          ))}
        {rest > 0 ? <span style={{ flexGrow: rest, flexBasis: 0 }} /> : null}
      </div>
      {parts.some((part) => part.legend) ? (
        <ul className={css["legend"]}>
          {parts.map((part) => (
            <li key={part.key}>
              <span className={css["swatch"]} style={{ background: `var(--${part.color})` }} aria-hidden />
              {part.legend}
            </li>
          ))}
        </ul>
      ) : (
        <div style={{ height: 14 }} />
      )}
    </div>
  );
}
