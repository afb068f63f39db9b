import { PasswordInput } from "@mantine/core";
import { useId } from "react";
import { strength } from "./password";

const color = ["var(--ink-2)", "var(--high)", "var(--ink-2)", "var(--ok)"];

interface NewPasswordProps {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  /** Names connected with the account, as `namesIn` finds them. */
  names: string[];
  /** What the server said of the last one. */
  error?: string;
}

/** A password to be chosen, judged in words while it is typed. */
export function NewPassword({ label = "Password", value, onChange, names, error }: NewPasswordProps) {
  const id = useId();
  const judged = strength(value, names);
  return (
    <div>
      <PasswordInput
        label={label}
        required
        autoComplete="new-password"
        aria-describedby={id}
        error={error}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <div id={id} aria-live="polite" style={{ fontSize: 13, marginTop: 4, color: color[judged.level] }}>
        {judged.sentence}
      </div>
    </div>
  );
}
