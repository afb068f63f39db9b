import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Known, Pill } from "@/ui/Badges";
import { compact } from "@/ui/format";
import { PageHeader, Panel, Time } from "@/ui/Layout";
import { EmptyState, Loaded } from "@/ui/States";
import { ButtonLink } from "@/ui/ButtonLink";
import { DataTable } from "@/ui/table/DataTable";
import { ConnectionStatusPill, VendorMark } from "./names";
import { connectionsQuery } from "./query";

export default function ConnectionsPage() {
  const connections = useQuery(connectionsQuery);
  const notRead = "Nothing has been read yet.";
  return (
    <>
      <PageHeader
        title="Connections"
        lead="Gateways and firewalls that Portcullis reads, and may write to where you allow it."
        actions={
          <>
            <ButtonLink to="/imports" variant="default">
              Import a file
            </ButtonLink>
            <ButtonLink to="/connections/new">Connect</ButtonLink>
          </>
        }
      />
      <Panel flush>
        <Loaded query={connections}>
          {(rows) => (
            <DataTable
              id="connections"
              label="Connections"
              rows={rows}
              rowId={(row) => row.id}
              rowHref={(row) =>
                row.status === "draft" ? `/connections/new?connection=${row.id}` : `/connections/${row.id}`
              }
              empty={
                <EmptyState
                  title="No gateway or firewall is connected"
                  why="A connection reads configuration with a least-privilege role or token. Endpoints appear within minutes; the right to block is a separate, optional permission. You can also start from a log file or an API document."
                  action={{ label: "Connect a gateway", to: "/connections/new" }}
                />
              }
              columns={[
                {
                  id: "name",
                  label: "Connection",
                  value: (row) => row.name,
                  cell: (row) => (
                    <div style={{ display: "flex", gap: 12 }}>
                      <VendorMark vendor={row.vendor} />
                      <div>
                        <Link
                          to={row.status === "draft" ? "/connections/new" : "/connections/$id"}
                          params={{ id: row.id }}
                          search={row.status === "draft" ? { connection: row.id } : {}}
                          style={{ fontWeight: 500 }}
                        >
                          {row.name}
                        </Link>
                        <div className="soft">{row.health?.sentence ?? row.vendor}</div>
                      </div>
                    </div>
                  ),
                },
                {
                  id: "status",
                  label: "Status",
                  value: (row) => row.status,
                  cell: (row) => <ConnectionStatusPill status={row.status} />,
                },
                {
                  id: "services",
                  label: "Services",
                  value: (row) => row.counts.services,
                  cell: (row) => <Known value={row.counts.services} format={compact} reason={notRead} />,
                  numeric: true,
                },
                {
                  id: "endpoints",
                  label: "Endpoints",
                  value: (row) => row.counts.endpoints,
                  cell: (row) => <Known value={row.counts.endpoints} format={compact} reason={notRead} />,
                  numeric: true,
                },
                {
                  id: "block",
                  label: "Can block",
                  value: (row) => (row.can_block ? "yes" : "no"),
                  cell: (row) =>
                    row.can_block === null ? (
                      <Pill tone="unknown">Not known</Pill>
                    ) : row.can_block ? (
                      <Pill tone="accent">Yes</Pill>
                    ) : (
                      <span className="muted">no, reads only</span>
                    ),
                },
                {
                  id: "sync",
                  label: "Last read",
                  value: (row) => row.last_sync_at,
                  cell: (row) => <Time at={row.last_sync_at} />,
                },
                {
                  id: "verified",
                  label: "Last verified",
                  value: (row) => row.last_verified_at,
                  cell: (row) => <Time at={row.last_verified_at} />,
                },
              ]}
            />
          )}
        </Loaded>
      </Panel>
    </>
  );
}
