import { Link } from "@tanstack/react-router";
import type { Overview } from "@/api/types";
import { Known, Operation, Score } from "@/ui/Badges";
import { compact } from "@/ui/format";
import { Panel } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { actorName } from "../threats/names";

export function TopActors({ actors }: { actors: Overview["top_actors"] }) {
  return (
    <Panel title="Actors with the highest scores" note={<Link to="/threats">All threats</Link>} flush>
      <DataTable
        plain
        id="top-actors"
        label="Actors with the highest scores"
        rows={actors}
        rowId={(row) => row.id}
        rowHref={(row) => `/actors/${row.id}`}
        empty={
          <EmptyState
            title="No actor stands out"
            why="Actors appear when detectors see evidence in calls: enumeration, credential stuffing, injection. Without a traffic source nobody can be judged."
            action={{ label: "Add a traffic source", to: "/connections" }}
          />
        }
        columns={[
          {
            id: "label",
            label: "Actor",
            value: (row) => row.label,
            cell: (row) => (
              <>
                <Link to="/actors/$id" params={{ id: row.id }} className="mono">
                  {row.label}
                </Link>
                {row.sentence ? <div className="soft">{row.sentence}</div> : null}
              </>
            ),
          },
          {
            id: "kind",
            label: "Kind",
            value: (row) => row.kind,
            cell: (row) => actorName(row.kind),
            width: 100,
          },
          {
            id: "score",
            label: "Score",
            value: (row) => row.score,
            cell: (row) => <Score value={row.score} />,
            numeric: true,
            width: 100,
          },
        ]}
      />
    </Panel>
  );
}

export function TopEndpoints({ endpoints }: { endpoints: Overview["top_endpoints"] }) {
  return (
    <Panel
      title="Endpoints at most risk"
      note={
        <Link to="/endpoints" search={{ sort: "risk" }}>
          All endpoints
        </Link>
      }
      flush
    >
      <DataTable
        plain
        id="top-endpoints"
        label="Endpoints at most risk"
        rows={endpoints}
        rowId={(row) => row.id}
        rowHref={(row) => `/endpoints/${row.id}`}
        empty={
          <EmptyState
            title="No endpoints yet"
            why="They appear after the first configuration read."
            action={{ label: "Connect a gateway", to: "/connections/new" }}
          />
        }
        columns={[
          {
            id: "label",
            label: "Endpoint",
            value: (row) => row.label,
            cell: (row) => (
              <Link to="/endpoints/$id" params={{ id: row.id }}>
                {row.method && row.template ? (
                  <Operation method={row.method} path={row.template} />
                ) : (
                  <LabelledOperation label={row.label} />
                )}
              </Link>
            ),
          },
          {
            id: "calls",
            label: "Calls, 24 h",
            value: (row) => row.calls_24h,
            cell: (row) => (
              <Known
                value={row.calls_24h}
                format={compact}
                reason="No traffic source covers this endpoint."
              />
            ),
            numeric: true,
            width: 110,
          },
          {
            id: "risk",
            label: "Risk",
            value: (row) => row.risk,
            cell: (row) => <Score value={row.risk} />,
            numeric: true,
            width: 100,
          },
        ]}
      />
    </Panel>
  );
}

/** "GET host/path" in one text, split for display. */
export function LabelledOperation({ label }: { label: string }) {
  const match = /^([A-Z]+)\s+(.+)$/.exec(label);
  return match?.[1] && match[2] ? (
    <Operation method={match[1]} path={match[2]} />
  ) : (
    <span className="mono">{label}</span>
  );
}
