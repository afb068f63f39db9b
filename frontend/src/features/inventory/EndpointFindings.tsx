import { Link } from "@tanstack/react-router";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { Finding } from "@/api/types";
import { SeverityBadge } from "@/ui/Badges";
import { words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { DataTable } from "@/ui/table/DataTable";

export function EndpointFindings({ id }: { id: string }) {
  const findings = useList<Finding>(["findings", "of-endpoint"], { endpoint: id }, (query) =>
    api.GET("/findings", { params: { path: {}, query } }),
  );
  return (
    <Panel title="Findings" flush>
      <DataTable
        plain
        id="endpoint-findings"
        label="Findings of this endpoint"
        query={findings}
        rowId={(row) => row.id}
        rowHref={(row) => `/findings/${row.id}`}
        empty={
          <p className="muted" style={{ padding: "0 16px" }}>
            No check reports a weakness in what could be read.
          </p>
        }
        columns={[
          {
            id: "severity",
            label: "Severity",
            value: (row) => row.severity,
            cell: (row) => <SeverityBadge severity={row.severity} />,
            width: 110,
          },
          {
            id: "title",
            label: "Finding",
            value: (row) => row.title,
            cell: (row) => (
              <Link to="/findings/$id" params={{ id: row.id }}>
                {row.title}
              </Link>
            ),
          },
          { id: "status", label: "Status", value: (row) => row.status, cell: (row) => words(row.status) },
          {
            id: "last_seen",
            label: "Last read",
            value: (row) => row.last_seen,
            cell: (row) => <Time at={row.last_seen} />,
          },
        ]}
      />
    </Panel>
  );
}
