import { Select } from "@mantine/core";
import { useState } from "react";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { ConfigChange, ConnectionDetail } from "@/api/types";
import { RANGES } from "@/features/audit/asked";
import { Pill, Unknown } from "@/ui/Badges";
import { moment, words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { FilterChips, type FacetSpec } from "@/ui/table/Facets";
import { useUrlState } from "@/ui/table/useUrlState";
import { Author, Changed, ChangeEntry, channels } from "./ChangeEntry";
import { NotKnown } from "./NotKnown";

const FILTERS: FacetSpec[] = [
  { key: "author", label: "Who", name: (value) => value, single: true },
  { key: "object", label: "On", name: (value) => value, single: true },
  { key: "range", label: "Time", name: (value) => RANGES[value]?.label ?? value, single: true },
];

/** Who changed what at the vendor. What its audit trail did not tell is not known, never "none". */
export function Changes({ connection }: { connection: ConnectionDetail }) {
  if (connection.changes.state === "unsupported")
    return (
      <Panel>
        <EmptyState
          title="Who changes what here is not known"
          why={`No audit trail is read for ${connection.vendor}. Changes are seen when the configuration is read again, but not who made them or through what.`}
        />
      </Panel>
    );
  return <Trail connection={connection} />;
}

function Trail({ connection }: { connection: ConnectionDetail }) {
  const { id, changes } = connection;
  const [search, patch] = useUrlState();
  const [open, setOpen] = useState<ConfigChange | null>(null);
  const [opened] = useState(() => Date.now());
  const range = RANGES[search["range"] ?? ""];
  const asked = {
    author: search["author"],
    object: search["object"],
    since: range ? new Date(opened - range.hours * 3_600_000).toISOString() : undefined,
  };
  const list = useList<ConfigChange>(["connections", "changes", id], asked, (query) =>
    api.GET("/connections/{id}/changes", { params: { path: { id }, query } }),
  );
  const filtered = FILTERS.some((spec) => search[spec.key]);
  const clear = (): void => patch(Object.fromEntries(FILTERS.map((spec) => [spec.key, undefined])));
  return (
    <>
      {changes.state === "failed" ? (
        <NotKnown
          title={
            changes.read_at
              ? `Changes since ${moment(changes.read_at)} are not known`
              : "Who changed what is not known"
          }
          error={changes.error}
          after={`It is tried again every two minutes${changes.read_at ? "; what was read before stays below." : "."}`}
        />
      ) : null}
      <Panel
        title="Changes at the vendor"
        note={
          changes.read_at ? (
            <>
              read <Time at={changes.read_at} />
            </>
          ) : (
            "not read to its end yet"
          )
        }
        flush
      >
        <DataTable
          id="changes"
          label="Changes at the vendor"
          query={list}
          rowId={(row) => row.id}
          tools={
            <Select
              size="xs"
              w={150}
              aria-label="Time"
              placeholder="Any time"
              clearable
              data={Object.entries(RANGES).map(([value, { label }]) => ({ value, label }))}
              value={search["range"] ?? null}
              onChange={(value) => patch({ range: value ?? undefined })}
            />
          }
          chips={<FilterChips specs={FILTERS} facets={undefined} />}
          empty={
            filtered ? (
              <EmptyState
                title="No change matches"
                why="Other changes may be there under other filters."
                action={{ label: "Clear filters", onClick: clear }}
              />
            ) : (
              <Nothing connection={connection} />
            )
          }
          columns={[
            { id: "at", label: "When", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
            {
              id: "author",
              label: "Who",
              value: (row) => row.author,
              cell: (row) => <Author change={row} />,
            },
            {
              id: "action",
              label: "What",
              value: (row) => row.action,
              cell: (row) => (
                <>
                  <button type="button" className="textbutton mono" onClick={() => setOpen(row)}>
                    {row.action}
                  </button>{" "}
                  {row.succeeded ? null : <Pill tone="medium">Refused</Pill>}
                </>
              ),
            },
            {
              id: "object",
              label: "On",
              value: (row) => row.object_ref,
              cell: (row) => <Changed change={row} />,
            },
            {
              id: "channel",
              label: "Through",
              value: (row) => row.channel,
              cell: (row) => channels[row.channel] ?? <Unknown reason="The vendor does not say." />,
            },
            {
              id: "address",
              label: "From",
              value: (row) => row.source_address,
              cell: (row) =>
                row.source_address ? (
                  <span className="mono">{row.source_address}</span>
                ) : (
                  <span className="muted">not given</span>
                ),
            },
            { id: "kind", label: "Kind", value: (row) => words(row.object_kind), hidden: true },
          ]}
        />
      </Panel>
      {open ? <ChangeEntry change={open} onClose={() => setOpen(null)} /> : null}
    </>
  );
}

function Nothing({ connection }: { connection: ConnectionDetail }) {
  const { state, since } = connection.changes;
  if (state === "read" && since)
    return (
      <EmptyState
        title={`No changes since ${moment(since)}`}
        why={`The audit trail of ${connection.vendor} was read to its end and names no change of what this connection reads.`}
      />
    );
  if (state === "failed")
    return (
      <EmptyState
        title="Nothing can be said of changes"
        why="The audit trail could not be read, so this list is empty because nothing is known, not because nobody changed anything."
      />
    );
  return (
    <EmptyState
      title="The audit trail has not been read yet"
      why="Whether anybody changed something is known once it was read to its end; that takes a few minutes. This page fills by itself."
    />
  );
}
