import type { Actor } from "@/api/types";
import { Operation } from "@/ui/Badges";
import { moment } from "@/ui/format";
import { Panel } from "@/ui/Layout";
import { DataTable } from "@/ui/table/DataTable";
import { StatusPill } from "./CallTable";

/** Attempts that were answered: the calls to look at first. */
export function GotThrough({ calls }: { calls: Actor["got_through"] }) {
  return (
    <Panel
      title="What got through"
      note={calls.length ? `${calls.length} calls to look at first` : undefined}
      flush
    >
      <DataTable
        plain
        show={8}
        id="got-through"
        label="What got through"
        rows={calls}
        rowId={(row) => `${row.at}${row.method}${row.path}`}
        empty={
          <p className="muted" style={{ padding: "0 16px" }}>
            No successful answer was seen among this actor's suspicious calls.
          </p>
        }
        columns={[
          {
            id: "at",
            label: "Time",
            value: (row) => row.at,
            cell: (row) => <span className="nowrap">{moment(row.at)}</span>,
          },
          {
            id: "call",
            label: "Call",
            value: (row) => `${row.method} ${row.host}${row.path}`,
            cell: (row) => <Operation method={row.method} host={row.host} path={row.path} />,
          },
          {
            id: "status",
            label: "Status",
            value: (row) => row.status,
            cell: (row) => <StatusPill status={row.status} />,
          },
          { id: "why", label: "Why it stands out", value: (row) => row.why },
        ]}
      />
    </Panel>
  );
}
