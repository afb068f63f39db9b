import { Link } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { FAST, useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Block } from "@/api/types";
import { Known } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { compact, plural } from "@/ui/format";
import { PageHeader, Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import type { Column } from "@/ui/table/columns";
import { DataTable } from "@/ui/table/DataTable";
import { FacetBar, FilterChips, type FacetSpec } from "@/ui/table/Facets";
import { ButtonLink } from "@/ui/ButtonLink";
import { NoMatch } from "@/ui/table/NoMatch";
import { filtersOf, useUrlState } from "@/ui/table/useUrlState";
import { Countdown } from "./Countdown";
import { authorName, blockTitle, BlockStatusPill, describeMatch, OVER, TargetStatePill } from "./names";

const specs: FacetSpec[] = [{ key: "status", label: "Status", single: true }];
const statuses = [
  "pending",
  "counting",
  "blocking",
  "expiring",
  "expired",
  "undone",
  "undoing",
  "failed",
  "refused",
];

const columns: Column<Block>[] = [
  {
    id: "status",
    label: "Status",
    value: (row) => row.status,
    cell: (row) => <BlockStatusPill status={row.status} />,
    width: 110,
  },
  {
    id: "match",
    label: "What is matched",
    value: (row) => describeMatch(row.match),
    cell: (row) => (
      <>
        <Link to="/blocks/$id" params={{ id: row.id }} style={{ fontWeight: 500 }}>
          {blockTitle(row)}
        </Link>
        <div className="soft">{row.reason.text}</div>
      </>
    ),
  },
  {
    id: "targets",
    label: "Where",
    value: (row) => row.targets.map((target) => `${target.name}: ${target.state}`).join("; "),
    cell: (row) =>
      row.targets.map((target) => (
        <div key={target.connection_id + target.ref} className="nowrap">
          <TargetStatePill state={target.state} /> {target.name}
        </div>
      )),
    sortable: false,
  },
  {
    id: "hits",
    label: "Hits",
    value: (row) => row.hits?.total,
    cell: (row) => (
      <Known
        value={row.hits?.total}
        format={compact}
        reason="No traffic source reports what this target did."
      />
    ),
    numeric: true,
  },
  {
    id: "expires",
    label: "Time left",
    value: (row) => row.expires_at,
    cell: (row) =>
      OVER.includes(row.status) ? <span className="muted">over</span> : <Countdown to={row.expires_at} />,
    numeric: true,
  },
  { id: "author", label: "By", value: (row) => authorName(row.author), hidden: true },
  {
    id: "created",
    label: "Created",
    value: (row) => row.created_at,
    cell: (row) => <Time at={row.created_at} />,
  },
];

export default function BlocksPage() {
  const [search] = useUrlState();
  const filters = filtersOf(search);
  const list = useList<Block>(
    ["blocks"],
    filters,
    (query) => api.GET("/blocks", { params: { path: {}, query } }),
    FAST,
  );
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  const facets = {
    status: Object.fromEntries(
      statuses.map((status) => [status, rows.filter((row) => row.status === status).length]),
    ),
  };
  return (
    <>
      <PageHeader
        title="Blocks"
        lead="Each block is previewed on past calls, checked by gates, ends by itself and can be undone in one click."
        actions={
          <>
            <UndoAll active={rows.filter((row) => !OVER.includes(row.status)).length} />
            <ButtonLink to="/blocks/protected" variant="default">
              Protected networks
            </ButtonLink>
            <ButtonLink to="/blocks/new">Preview a block</ButtonLink>
          </>
        }
      />
      <Panel flush>
        <DataTable
          id="blocks"
          label="Blocks"
          inUrl
          columns={columns}
          query={list}
          rowId={(row) => row.id}
          rowHref={(row) => `/blocks/${row.id}`}
          tools={<FacetBar specs={specs} facets={facets} />}
          chips={<FilterChips specs={specs} facets={facets} />}
          empty={
            filters["status"] ? (
              <NoMatch title="No block has this status" />
            ) : (
              <EmptyState
                title="No block yet"
                why="A block stops an actor at your own firewall or gateway for a limited time. The preview shows what it would have hit in the past days before anything is changed."
                action={{ label: "Preview a block", to: "/blocks/new" }}
              />
            )
          }
        />
      </Panel>
    </>
  );
}

/** The way out when something is wrong and nobody knows what. */
function UndoAll({ active }: { active: number }) {
  const can = useCan("blocks.push");
  const undo = useChange({
    run: () => unwrap(api.POST("/blocks/undo-all", { params: { path: {} }, body: {} })),
    touches: [["blocks"], ["overview"], ["actors"]],
    done: (answer) => `${plural(answer.undone.length, "block")} being undone.`,
    quiet: true,
  });
  if (!can || active === 0) return null;
  return (
    <ConfirmButton
      danger
      label="Undo all"
      title="Undo every block?"
      body={`${plural(active, "block")} will be taken away at every target. Attackers they hold back can call again at once.`}
      confirm="Undo every block"
      run={() => undo.mutateAsync()}
    />
  );
}
