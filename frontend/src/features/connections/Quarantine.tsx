import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { QuarantinedRecord } from "@/api/types";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

/** Records we took but could not read: kept, counted and explained. */
export function Quarantine({ id }: { id: string }) {
  const list = useList<QuarantinedRecord>(["connections", "quarantine", id], {}, (query) =>
    api.GET("/connections/{id}/quarantine", { params: { path: { id }, query } }),
  );
  return (
    <Panel flush>
      <DataTable
        id="quarantine"
        label="Quarantined records"
        query={list}
        rowId={(row) => row.id}
        empty={
          <EmptyState
            title="No record is in quarantine"
            why="Records that arrive but cannot be read are kept here with the reason, so that nothing is lost in silence."
          />
        }
        columns={[
          { id: "at", label: "Arrived", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
          { id: "source", label: "Source", value: (row) => row.source },
          { id: "reason", label: "Why it could not be read", value: (row) => row.reason },
          {
            id: "sample",
            label: "Start of the record",
            value: (row) => row.sample,
            cell: (row) => <span className="mono">{row.sample}</span>,
          },
        ]}
      />
    </Panel>
  );
}
