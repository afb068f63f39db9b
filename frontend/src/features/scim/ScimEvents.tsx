import { SegmentedControl, Tooltip } from "@mantine/core";
import { useCallback } from "react";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { ScimEvent } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { useUrlState } from "@/ui/table/useUrlState";

const DID: Record<string, string> = {
  POST: "Added",
  PUT: "Replaced",
  PATCH: "Changed",
  DELETE: "Removed",
};
const WHAT: Record<string, string> = { User: "person", Group: "group" };
const what = (row: ScimEvent): string =>
  `${DID[row.method] ?? row.method} ${WHAT[row.resource] ?? row.resource}`;

const tone = (status: number): Tone => (status < 400 ? "ok" : status < 500 ? "high" : "critical");

/** Writes the identity provider asked for; reads are not kept. */
export function ScimEvents() {
  const [search, patch] = useUrlState();
  const refused = search["show"] === "refused";
  const keep = useCallback((row: ScimEvent) => !refused || row.status >= 400, [refused]);
  const list = useList<ScimEvent>(["sso", "scim", "events"], {}, (query) =>
    api.GET("/sso/scim/events", { params: { path: {}, query } }),
  );
  return (
    <DataTable
      id="scim-events"
      label="Provisioning events"
      query={list}
      keep={keep}
      show={15}
      rowId={(row) => row.id}
      tools={
        <SegmentedControl
          size="xs"
          aria-label="Which events"
          data={[
            { value: "all", label: "All" },
            { value: "refused", label: "Refused" },
          ]}
          value={refused ? "refused" : "all"}
          onChange={(value) => patch({ show: value === "refused" ? "refused" : undefined })}
        />
      }
      empty={
        <EmptyState
          title="The provider has not asked for anything"
          why="Each person or group it makes, changes or removes is listed here, and for what was refused the reason it was given."
        />
      }
      columns={[
        { id: "at", label: "When", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
        {
          id: "what",
          label: "What",
          value: what,
          cell: (row) => (
            <Tooltip label={`${row.method} ${row.resource}, answered ${row.status}`}>
              <span className="nowrap">{what(row)}</span>
            </Tooltip>
          ),
        },
        {
          id: "who",
          label: "Whom",
          value: (row) => row.label || row.resource_id,
          cell: (row) => (
            <>
              {row.label || <span className="mono">{row.resource_id}</span>}
              {row.detail ? <div className="soft">{row.detail}</div> : null}
            </>
          ),
        },
        {
          id: "status",
          label: "Answer",
          value: (row) => row.status,
          cell: (row) => (
            <Pill tone={tone(row.status)} icon>
              {row.status < 400 ? "Done" : row.status < 500 ? "Refused" : "Failed"}
            </Pill>
          ),
        },
        { id: "token", label: "Token", value: (row) => row.token ?? "removed" },
      ]}
    />
  );
}
