import { Link } from "@tanstack/react-router";
import { api } from "@/api/client";
import { FAST, useList } from "@/api/queries";
import type { Threat } from "@/api/types";
import { Known, Pill, Score, SEVERITIES, SeverityBadge } from "@/ui/Badges";
import { compact } from "@/ui/format";
import { PageHeader, Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { FacetBar, FilterChips, SearchBox, type FacetSpec } from "@/ui/table/Facets";
import { NoMatch } from "@/ui/table/NoMatch";
import { filtersOf, useUrlState } from "@/ui/table/useUrlState";
import { actorName, ThreatStatusPill } from "./names";

const specs: FacetSpec[] = [
  { key: "severity", label: "Severity", single: true },
  { key: "status", label: "Status", single: true },
];

const columns: Column<Threat>[] = [
  {
    id: "severity",
    label: "Severity",
    value: (row) => SEVERITIES.length - SEVERITIES.indexOf(row.severity),
    cell: (row) => <SeverityBadge severity={row.severity} />,
    width: 108,
  },
  {
    id: "title",
    label: "Threat",
    width: "38%",
    value: (row) => row.title,
    cell: (row) => (
      <>
        <Link to="/actors/$id" params={{ id: row.actor.id }} style={{ fontWeight: 500 }}>
          {row.title}
        </Link>
        <div className="soft">{row.sentence}</div>
      </>
    ),
  },
  {
    id: "actor",
    label: "Actor",
    value: (row) => row.actor.label,
    cell: (row) => (
      <>
        <span className="mono">{row.actor.label}</span>
        <div className="muted">
          {actorName(row.actor.kind)}
          {row.spoofable ? (
            <>
              {" "}
              ·{" "}
              <Pill
                tone="medium"
                title="The source address comes from a header that a caller can set. Do not block on it alone."
              >
                Spoofable
              </Pill>
            </>
          ) : null}
        </div>
      </>
    ),
  },
  {
    id: "requests",
    label: "Requests",
    value: (row) => row.requests,
    cell: (row) => compact(row.requests),
    numeric: true,
  },
  {
    id: "succeeded",
    label: "Got through",
    value: (row) => row.succeeded,
    cell: (row) => (
      <Known value={row.succeeded} format={compact} reason="The source does not carry the status." />
    ),
    numeric: true,
  },
  {
    id: "status",
    label: "Status",
    value: (row) => row.status,
    cell: (row) => <ThreatStatusPill status={row.status} />,
  },
  {
    id: "last_seen",
    label: "Last seen",
    value: (row) => row.last_seen,
    cell: (row) => <Time at={row.last_seen} />,
  },
  {
    id: "first_seen",
    label: "First seen",
    value: (row) => row.first_seen,
    cell: (row) => <Time at={row.first_seen} />,
    hidden: true,
  },
  {
    id: "score",
    label: "Score",
    value: (row) => row.score,
    cell: (row) => <Score value={row.score} />,
    numeric: true,
  },
];

const all = {
  severity: Object.fromEntries(SEVERITIES.map((s) => [s, 0])),
  status: { open: 0, blocked: 0, closed: 0 },
};

/** The API has no facet counts for threats: the loaded rows are counted. */
function count(rows: Threat[]): Record<string, Record<string, number>> {
  const out: Record<string, Record<string, number>> = {
    severity: { ...all.severity },
    status: { ...all.status },
  };
  for (const row of rows) {
    for (const key of ["severity", "status"] as const) {
      const bucket = out[key];
      if (bucket) bucket[row[key]] = (bucket[row[key]] ?? 0) + 1;
    }
  }
  return out;
}

export default function ThreatsPage() {
  const [search] = useUrlState();
  const filters = filtersOf(search);
  const list = useList<Threat>(
    ["threats"],
    filters,
    (query) => api.GET("/threats", { params: { path: {}, query } }),
    FAST,
  );
  const facets = count(list.data?.pages.flatMap((page) => page.data) ?? []);
  return (
    <>
      <PageHeader
        title="Threats"
        lead="Actors whose calls add up to an attack. Each score is a sum you can open."
      />
      <Panel flush>
        <DataTable
          id="threats"
          label="Threats"
          inUrl
          columns={columns}
          query={list}
          rowId={(row) => row.id}
          rowHref={(row) => `/actors/${row.actor.id}`}
          tools={
            <>
              <SearchBox label="Search threats" placeholder="Title, actor or address" />
              <FacetBar specs={specs} facets={facets} />
            </>
          }
          chips={<FilterChips specs={specs} facets={facets} />}
          empty={
            Object.keys(filters).length ? (
              <NoMatch title="No threat matches these filters" />
            ) : (
              <EmptyState
                title="No threat in the calls seen so far"
                why="Threats come from calls. If no traffic source is connected, nobody has been judged, which is not the same as quiet."
                action={{ label: "See traffic sources", to: "/connections" }}
              />
            )
          }
        />
      </Panel>
    </>
  );
}
