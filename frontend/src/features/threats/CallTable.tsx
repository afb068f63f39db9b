import type { CallSample } from "@/api/types";
import { Operation, Pill, Unknown, type Tone } from "@/ui/Badges";
import { integer, moment } from "@/ui/format";
import { DataTable, type ListQuery } from "@/ui/table/DataTable";

const tone = (status: number): Tone =>
  status >= 500 ? "high" : status >= 400 ? "medium" : status >= 300 ? "info" : "ok";

export function StatusPill({ status }: { status: number | null }) {
  return status === null ? (
    <Unknown reason="This source does not carry the status." />
  ) : (
    <Pill tone={tone(status)}>{status}</Pill>
  );
}

/** The time of a call under either name. */
const timeOf = (row: CallSample): string => row.at ?? String(row.ts ?? "");

/** Stored calls, already redacted when they were stored. */
export function CallTable({ query, label }: { query: ListQuery<CallSample>; label: string }) {
  return (
    <DataTable
      id="calls"
      label={label}
      query={query}
      show={15}
      rowId={(row) => row.id ?? row.call_id ?? `${timeOf(row)}${row.path}${row.client_ip ?? ""}`}
      empty={
        <p className="muted" style={{ padding: 16 }}>
          No stored call matches.
        </p>
      }
      columns={[
        {
          id: "at",
          label: "Time",
          value: timeOf,
          cell: (row) => <span className="nowrap">{moment(timeOf(row))}</span>,
        },
        {
          id: "call",
          label: "Call",
          value: (row) => `${row.method} ${row.path}`,
          cell: (row) => <Operation method={row.method} path={row.path} />,
        },
        {
          id: "status",
          label: "Status",
          value: (row) => row.status,
          cell: (row) => <StatusPill status={row.status} />,
        },
        {
          id: "address",
          label: "Address",
          value: (row) => row.client_ip,
          cell: (row) => (row.client_ip ? <span className="mono">{row.client_ip}</span> : <Unknown />),
        },
        {
          id: "principal",
          label: "Principal",
          value: (row) => row.principal,
          cell: (row) =>
            row.principal ? (
              <span className="mono">{row.principal}</span>
            ) : (
              <span className="muted">none</span>
            ),
        },
        {
          id: "latency",
          label: "Latency, ms",
          value: (row) => row.latency_ms,
          cell: (row) => (row.latency_ms == null ? <Unknown /> : integer(row.latency_ms)),
          numeric: true,
          hidden: true,
        },
        { id: "agent", label: "User agent", value: (row) => row.user_agent, hidden: true },
      ]}
    />
  );
}
