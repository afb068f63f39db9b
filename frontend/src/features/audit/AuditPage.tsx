import { useState } from "react";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { AuditEntry } from "@/api/types";
import { words } from "@/ui/format";
import { Grid, Panel, Time } from "@/ui/Layout";
import { EmptyState, Forbidden } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { useUrlState } from "@/ui/table/useUrlState";
import { Entry } from "./Entry";
import { ActiveFilters, Filters } from "./Filters";
import { Export } from "./Export";
import { FILTERS, useAsked } from "./asked";
import { kindName } from "./kinds";
import { Verification } from "./Verification";

export default function AuditPage() {
  return useCan("audit.read") ? <AuditLog /> : <Forbidden what="The audit log" who="Owners and admins" />;
}

function AuditLog() {
  const [search, patch] = useUrlState();
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const asked = useAsked();
  const list = useList<AuditEntry>(["audit"], asked, (query) =>
    api.GET("/audit", { params: { path: {}, query } }),
  );
  const filtered = FILTERS.some((key) => search[key]);
  const clear = (): void => patch(Object.fromEntries(FILTERS.map((key) => [key, undefined])));
  return (
    <Grid>
      <Panel title="Is it whole?" note="Each entry holds the hash of the one before">
        <Verification />
      </Panel>
      <Panel flush>
        <DataTable
          id="audit"
          label="Audit log"
          query={list}
          rowId={(row) => String(row.sequence)}
          tools={
            <>
              <Filters />
              <Export asked={asked} />
            </>
          }
          chips={<ActiveFilters />}
          empty={
            <EmptyState
              title={filtered ? "No entry matches" : "Nothing has been changed yet"}
              why="Every change is written here with who, what, before and after, and from where. Nobody can change or remove an entry."
              action={filtered ? { label: "Clear filters", onClick: clear } : undefined}
            />
          }
          columns={[
            { id: "at", label: "When", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
            {
              id: "actor",
              label: "Who",
              value: (row) => row.actor_name || row.actor_kind,
              cell: (row) => (
                <>
                  {row.actor_name || words(row.actor_kind)}
                  {row.actor_kind === "user" ? null : <div className="muted">{kindName(row.actor_kind)}</div>}
                </>
              ),
            },
            {
              id: "action",
              label: "What",
              value: (row) => row.action,
              cell: (row) => (
                <button type="button" className="textbutton mono" onClick={() => setOpen(row)}>
                  {row.action}
                </button>
              ),
            },
            {
              id: "target",
              label: "On",
              value: (row) => row.target,
              cell: (row) => <span className="mono">{row.target || "the workspace"}</span>,
            },
            {
              id: "changes",
              label: "Change",
              sortable: false,
              value: (row) => row.changes.map((change) => change.field).join(" "),
              cell: (row) => <Summary entry={row} />,
            },
            { id: "reason", label: "Reason", value: (row) => row.reason },
            {
              id: "address",
              label: "From",
              value: (row) => row.client_address,
              cell: (row) => <span className="mono">{row.client_address}</span>,
            },
            {
              id: "sequence",
              label: "Entry",
              value: (row) => row.sequence,
              numeric: true,
              hidden: true,
            },
          ]}
        />
      </Panel>
      {open ? <Entry entry={open} onClose={() => setOpen(null)} /> : null}
    </Grid>
  );
}

const SHORT = 40;

/** One changed value in place, several by the names of their fields. */
function Summary({ entry }: { entry: AuditEntry }) {
  const [first, ...more] = entry.changes;
  if (!first) return <span className="muted">nothing differs</span>;
  const text = `${plain(first.before)} → ${plain(first.after)}`;
  if (!more.length && text.length <= SHORT)
    return (
      <>
        <span className="muted">{words(first.field)}:</span> {text}
      </>
    );
  const names = entry.changes.map((change) => words(change.field).toLowerCase());
  return (
    <span className="soft">
      {names.slice(0, 4).join(", ")}
      {names.length > 4 ? ` and ${names.length - 4} more` : ""}
    </span>
  );
}

const plain = (value: unknown): string =>
  value === null || value === undefined
    ? "not set"
    : typeof value === "string"
      ? value
      : JSON.stringify(value);
