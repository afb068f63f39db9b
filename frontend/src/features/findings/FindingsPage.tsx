import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { useList } from "@/api/queries";
import type { Finding } from "@/api/types";
import { SEVERITIES, SeverityBadge } from "@/ui/Badges";
import { PageHeader, Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { FacetBar, FilterChips, SearchBox, type FacetSpec } from "@/ui/table/Facets";
import { NoMatch } from "@/ui/table/NoMatch";
import { filtersOf, useUrlState } from "@/ui/table/useUrlState";
import { FindingStatusPill } from "./names";
import { Where } from "./Where";

const specs: FacetSpec[] = [
  { key: "severity", label: "Severity" },
  { key: "status", label: "Status" },
  { key: "check", label: "Check" },
  { key: "service", label: "Service", name: (value) => value },
  { key: "endpoint", label: "Endpoint", name: (value) => value },
];

const columns: Column<Finding>[] = [
  {
    id: "severity",
    label: "Severity",
    value: (row) => SEVERITIES.length - SEVERITIES.indexOf(row.severity),
    cell: (row) => <SeverityBadge severity={row.severity} />,
    width: 108,
    numeric: false,
  },
  {
    id: "title",
    label: "Finding",
    value: (row) => row.title,
    cell: (row) => (
      <>
        <Link to="/findings/$id" params={{ id: row.id }} style={{ fontWeight: 500 }}>
          {row.title}
        </Link>
        <div className="soft">{row.sentence}</div>
      </>
    ),
  },
  {
    id: "subject",
    label: "Where",
    value: (row) => row.subject.label,
    cell: (row) => <Where finding={row} />,
  },
  {
    id: "status",
    label: "Status",
    value: (row) => row.status,
    cell: (row) => <FindingStatusPill status={row.status} />,
  },
  {
    id: "check",
    label: "Check",
    value: (row) => row.check,
    cell: (row) => <span className="mono">{row.check}</span>,
    hidden: true,
  },
  {
    id: "first_seen",
    label: "First seen",
    value: (row) => row.first_seen,
    cell: (row) => <Time at={row.first_seen} />,
  },
  {
    id: "last_seen",
    label: "Last read",
    value: (row) => row.last_seen,
    cell: (row) => <Time at={row.last_seen} />,
    hidden: true,
  },
];

const none = { path: {} };

export default function FindingsPage() {
  const [search] = useUrlState();
  const filters = filtersOf(search);
  const shown = specs.filter((spec) => spec.key !== "endpoint" || filters["endpoint"]);
  const list = useList<Finding>(["findings"], filters, (query) =>
    api.GET("/findings", { params: { ...none, query } }),
  );
  const facets = useQuery({
    queryKey: ["findings", "facets", filters],
    queryFn: () => unwrap(api.GET("/findings/facets", { params: { ...none, query: filters } })),
    placeholderData: (before) => before,
  });
  return (
    <>
      <PageHeader
        title="Findings"
        lead="Weaknesses in configuration and behaviour. Each has evidence, a reason and a fix; two clean reads resolve it by itself."
      />
      <Panel flush>
        <DataTable
          id="findings"
          label="Findings"
          inUrl
          columns={columns}
          query={list}
          rowId={(row) => row.id}
          rowHref={(row) => `/findings/${row.id}`}
          tools={
            <>
              <SearchBox label="Search findings" placeholder="Title, path or check" />
              <FacetBar specs={shown} facets={facets.data} />
            </>
          }
          chips={<FilterChips specs={shown} facets={facets.data} />}
          empty={
            Object.keys(filters).length ? (
              <NoMatch title="No finding matches these filters" />
            ) : (
              <EmptyState
                title="No finding so far"
                why="Checks run after each configuration read. If no connection has been read yet, nothing has been checked, which is not the same as clean."
                action={{ label: "See what has been read", to: "/connections" }}
              />
            )
          }
        />
      </Panel>
    </>
  );
}
