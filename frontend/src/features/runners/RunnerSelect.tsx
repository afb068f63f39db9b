import { Select } from "@mantine/core";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { Runner } from "@/api/types";

interface RunnerSelectProps {
  value: string | null;
  onChange: (runner: string | null) => void;
  error?: string | undefined;
}

/** Where a connection's requests are sent from. Shown once there is a choice. */
export function RunnerSelect({ value, onChange, error }: RunnerSelectProps) {
  const list = useList<Runner>(["runners"], {}, (query) =>
    api.GET("/runners", { params: { path: {}, query } }),
  );
  const runners = list.data?.pages.flatMap((page) => page.data) ?? [];
  if (!runners.length && value === null) return null;
  return (
    <Select
      label="Requests are sent"
      description="A runner in your network sends them where we cannot reach: Settings, Runners."
      data={[
        { value: "", label: "by Portcullis, directly" },
        ...runners.map((runner) => ({
          value: runner.id,
          label: `by the runner ${runner.name}${runner.state === "online" ? "" : ` (${runner.state})`}`,
        })),
      ]}
      value={value ?? ""}
      allowDeselect={false}
      error={error}
      onChange={(chosen) => onChange(chosen || null)}
    />
  );
}
