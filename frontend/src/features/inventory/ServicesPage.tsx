import { Link } from "@tanstack/react-router";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { Service } from "@/api/types";
import { Known } from "@/ui/Badges";
import { compact, words } from "@/ui/format";
import { PageHeader, Panel } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { SearchBox } from "@/ui/table/Facets";
import { NoMatch } from "@/ui/table/NoMatch";
import { useUrlState } from "@/ui/table/useUrlState";

const columns: Column<Service>[] = [
  {
    id: "name",
    label: "Service",
    value: (row) => row.name,
    cell: (row) => (
      <>
        <Link to="/services/$id" params={{ id: row.id }} style={{ fontWeight: 500 }}>
          {row.name}
        </Link>
        <div className="muted">{row.why[0]}</div>
      </>
    ),
  },
  { id: "kind", label: "Kind", value: (row) => row.kind, cell: (row) => words(row.kind) },
  {
    id: "vendor",
    label: "Runs on",
    value: (row) => row.vendor,
    cell: (row) => row.vendor ?? <span className="muted">known from calls only</span>,
  },
  {
    id: "hosts",
    label: "Hosts",
    value: (row) => row.hosts.join(" "),
    cell: (row) =>
      row.hosts.map((host) => (
        <div key={host} className="mono">
          {host}
        </div>
      )),
    sortable: false,
  },
  { id: "exposure", label: "Exposure", value: (row) => row.exposure, cell: (row) => words(row.exposure) },
  {
    id: "endpoints",
    label: "Endpoints",
    value: (row) => row.endpoint_count,
    cell: (row) => compact(row.endpoint_count),
    numeric: true,
  },
  { id: "findings", label: "Findings", value: (row) => row.findings_open, numeric: true },
  {
    id: "calls",
    label: "Calls, 24 h",
    value: (row) => row.calls_24h,
    cell: (row) => (
      <Known value={row.calls_24h} format={compact} reason="No traffic source covers this service." />
    ),
    numeric: true,
  },
];

export default function ServicesPage() {
  const [{ q }] = useUrlState();
  const list = useList<Service>(["services"], { q }, (query) =>
    api.GET("/services", { params: { path: {}, query } }),
  );
  return (
    <>
      <PageHeader title="Services" lead="Endpoints grouped by what runs them. Each grouping says why." />
      <Panel flush>
        <DataTable
          id="services"
          label="Services"
          inUrl
          columns={columns}
          query={list}
          rowId={(row) => row.id}
          rowHref={(row) => `/services/${row.id}`}
          tools={<SearchBox label="Search services" placeholder="Name or host" />}
          empty={
            q ? (
              <NoMatch title="No service matches the search" />
            ) : (
              <EmptyState
                title="Services appear here after the first read"
                why="A service is a gateway's API, a Kong service or a host. It is the unit that people own."
                action={{ label: "Connect a gateway", to: "/connections/new" }}
              />
            )
          }
        />
      </Panel>
    </>
  );
}
