import { useQuery } from "@tanstack/react-query";
import { integer, words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { runsQuery } from "./query";
import { runError, RunProgress, RunStatePill } from "./RunProgress";

export function Runs({ id }: { id: string }) {
  const runs = useQuery(runsQuery(id));
  return (
    <Loaded query={runs}>
      {(rows) => {
        const running = rows.find((run) => run.state === "running");
        return (
          <>
            {running ? (
              <div style={{ marginBottom: 16 }}>
                <Panel title="Running now">
                  <RunProgress run={running} />
                </Panel>
              </div>
            ) : null}
            <Panel flush>
              <DataTable
                id="runs"
                label="Runs"
                rows={rows}
                rowId={(row) => row.id}
                empty={
                  <p className="muted" style={{ padding: 16 }}>
                    Nothing has been read yet.
                  </p>
                }
                columns={[
                  {
                    id: "state",
                    label: "State",
                    value: (row) => row.state,
                    cell: (row) => <RunStatePill state={row.state} />,
                  },
                  {
                    id: "kind",
                    label: "What",
                    value: (row) => row.kind,
                    cell: (row) => (row.kind === "config" ? "Configuration" : "Calls"),
                  },
                  {
                    id: "started",
                    label: "Started",
                    value: (row) => row.started_at,
                    cell: (row) => <Time at={row.started_at} none="not yet" />,
                  },
                  {
                    id: "finished",
                    label: "Finished",
                    value: (row) => row.finished_at,
                    cell: (row) => <Time at={row.finished_at} none="not yet" />,
                  },
                  {
                    id: "counts",
                    label: "Read",
                    value: (row) => JSON.stringify(row.counts ?? {}),
                    cell: (row) =>
                      Object.entries(row.counts ?? {})
                        .map(([key, n]) => `${integer(n)} ${words(key).toLowerCase()}`)
                        .join(", "),
                    sortable: false,
                  },
                  { id: "error", label: "Problem", value: (row) => runError(row.error) },
                ]}
              />
            </Panel>
          </>
        );
      }}
    </Loaded>
  );
}
