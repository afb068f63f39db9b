import { Group, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { afterDays, dayAfter, dayOf, endOf } from "./days";

const LIFETIMES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
  { value: "day", label: "On a day" },
];

interface ExpiryProps {
  value: string;
  onChange: (iso: string) => void;
  initial?: string;
  error?: string;
}

/** When a token ends: after so long or on a day, at most a year away. `value` is a time in UTC. */
export function Expiry({ value, onChange, initial = "90", error }: ExpiryProps) {
  const [chosen, setChosen] = useState(initial);
  return (
    <Group gap={8} align="flex-start" wrap="nowrap">
      <Select
        style={{ flex: 1 }}
        label="Expires"
        description="At most a year from now."
        data={LIFETIMES}
        value={chosen}
        allowDeselect={false}
        error={error}
        onChange={(next) => {
          const lifetime = next ?? initial;
          setChosen(lifetime);
          onChange(lifetime === "day" ? endOf(dayAfter(30)) : afterDays(Number(lifetime)));
        }}
      />
      {chosen === "day" ? (
        <TextInput
          type="date"
          label="Last day"
          description="Your time."
          min={dayAfter(0)}
          max={dayAfter(365)}
          required
          value={dayOf(value)}
          onChange={(event) => event.currentTarget.value && onChange(endOf(event.currentTarget.value))}
        />
      ) : null}
    </Group>
  );
}
