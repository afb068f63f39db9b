import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { CALM, useList } from "@/api/queries";
import type { Endpoint } from "@/api/types";
import { Known, Operation, Score, Tags } from "@/ui/Badges";
import { compact, percent, words } from "@/ui/format";
import { PageHeader, Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { FacetBar, FilterChips, SearchBox, type FacetSpec } from "@/ui/table/Facets";
import { NoMatch } from "@/ui/table/NoMatch";
import { filtersOf, useUrlState } from "@/ui/table/useUrlState";
import { AuthPill, StatePill, stateName, verdictName } from "./names";

const specs: FacetSpec[] = [
  { key: "state", label: "State", name: stateName },
  { key: "method", label: "Method", name: (value) => value },
  { key: "auth", label: "Authentication", name: verdictName },
  { key: "data_class", label: "Data", single: true },
  { key: "service", label: "Service", name: (value) => value },
  { key: "exposure", label: "Exposure" },
];

const noTraffic = "No traffic source covers this endpoint.";

const columns: Column<Endpoint>[] = [
  {
    id: "template",
    order: "path",
    label: "Endpoint",
    value: (row) => `${row.method} ${row.host}${row.template}`,
    cell: (row) => (
      <Link to="/endpoints/$id" params={{ id: row.id }}>
        <Operation method={row.method} host={row.host} path={row.template} />
      </Link>
    ),
  },
  { id: "state", label: "State", value: (row) => row.state, cell: (row) => <StatePill state={row.state} /> },
  {
    id: "auth",
    label: "Authentication",
    value: (row) => row.auth_verdict,
    cell: (row) => <AuthPill verdict={row.auth_verdict} />,
  },
  {
    id: "data",
    label: "Data",
    value: (row) => row.data_classes.join(" "),
    cell: (row) => <Tags values={row.data_classes.map(words)} none="none seen" limit={2} />,
    sortable: false,
  },
  {
    id: "service",
    label: "Service",
    value: (row) => row.service?.name,
    cell: (row) =>
      row.service ? (
        <Link to="/services/$id" params={{ id: row.service.id }}>
          {row.service.name}
        </Link>
      ) : (
        <span className="muted">none</span>
      ),
    hidden: true,
  },
  { id: "exposure", label: "Exposure", value: (row) => row.exposure, cell: (row) => words(row.exposure) },
  { id: "findings", label: "Findings", value: (row) => row.findings_open, numeric: true },
  {
    id: "calls_24h",
    order: "calls",
    label: "Calls, 24 h",
    value: (row) => row.calls_24h,
    cell: (row) => <Known value={row.calls_24h} format={compact} reason={noTraffic} />,
    numeric: true,
  },
  {
    id: "error_rate",
    label: "Errors",
    value: (row) => row.error_rate,
    cell: (row) => <Known value={row.error_rate} format={percent} reason={noTraffic} />,
    numeric: true,
    hidden: true,
  },
  {
    id: "last_seen",
    label: "Last call",
    value: (row) => row.last_seen,
    cell: (row) => <Time at={row.last_seen} none="no call seen" />,
    hidden: true,
  },
  {
    id: "first_seen",
    order: "new",
    label: "First seen",
    value: (row) => row.first_seen,
    cell: (row) => <Time at={row.first_seen} none="not known" />,
    hidden: true,
  },
  {
    id: "risk",
    order: "risk",
    label: "Risk",
    value: (row) => row.risk,
    cell: (row) => <Score value={row.risk} reason="Not scored yet." />,
    numeric: true,
  },
];

const none = { path: {} };

export default function EndpointsPage() {
  const [search] = useUrlState();
  const filters = filtersOf(search);
  const list = useList<Endpoint>(
    ["endpoints"],
    search,
    (query) => api.GET("/endpoints", { params: { ...none, query } }),
    CALM,
  );
  const facets = useQuery({
    queryKey: ["endpoints", "facets", filters],
    queryFn: () => unwrap(api.GET("/endpoints/facets", { params: { ...none, query: filters } })),
    placeholderData: (before) => before,
  });
  const filtered = Object.keys(filters).length > 0;
  return (
    <>
      <PageHeader
        title="Endpoints"
        lead="Every operation found in configuration, API documents or calls. An endpoint never disappears; its state changes."
      />
      <Panel flush>
        <DataTable
          id="endpoints"
          label="Endpoints"
          inUrl
          sorting="server"
          columns={columns}
          query={list}
          rowId={(row) => row.id}
          rowHref={(row) => `/endpoints/${row.id}`}
          tools={
            <>
              <SearchBox label="Search endpoints" placeholder="Path, host or method" />
              <FacetBar specs={specs} facets={facets.data} />
            </>
          }
          chips={<FilterChips specs={specs} facets={facets.data} />}
          empty={
            filtered ? (
              <NoMatch title="No endpoint matches these filters" />
            ) : (
              <EmptyState
                title="Endpoints appear here after the first read"
                why="They come from gateway configuration and API documents, and from calls. Knowing all of them is the ground for every finding and threat."
                action={{ label: "Connect a gateway", to: "/connections/new" }}
              />
            )
          }
        />
      </Panel>
    </>
  );
}
