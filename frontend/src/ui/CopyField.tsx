import type { ReactNode } from "react";
import { CopyButton } from "./CodeBlock";
import css from "./Layout.module.css";

interface CopyFieldProps {
  label: string;
  value: string;
  note?: ReactNode;
}

/** A value to take somewhere else: never typed, copied by one button. */
export function CopyField({ label, value, note }: CopyFieldProps) {
  return (
    <div>
      <div className={css["copyLabel"]}>
        {label} {note ? <span className="muted">{note}</span> : null}
      </div>
      <div className={css["copyValue"]}>
        <span>{value}</span>
        <CopyButton value={value} label={`Copy ${label.charAt(0).toLowerCase()}${label.slice(1)}`} />
      </div>
    </div>
  );
}
