import { Group } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import type { OwnSession } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { plural } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { beganBy, device } from "./device";

export function Sessions() {
  const list = useList<OwnSession>(["own-sessions"], {}, (query) =>
    api.GET("/account/sessions", { params: { path: {}, query } }),
  );
  const end = useChange({
    run: (id: string) => unwrap(api.DELETE("/account/sessions/{id}", { params: { path: { id } } })),
    touches: [["own-sessions"]],
    done: "That session has ended.",
    quiet: true,
  });
  const others = useChange({
    run: () => unwrap(api.POST("/account/sessions/end-others", { params: { path: {} }, body: {} })),
    touches: [["own-sessions"]],
    done: ({ ended }) => `${plural(ended, "session")} ended.`,
    quiet: true,
  });
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <DataTable
      id="own-sessions"
      label="Where you are signed in"
      query={list}
      rowId={(row) => row.id}
      tools={
        <ConfirmButton
          size="xs"
          label="End all others"
          title="End every session but this one?"
          body="Every other browser has to sign in again at its next request."
          confirm="End all others"
          disabled={rows.filter((row) => !row.current).length === 0}
          run={() => others.mutateAsync()}
        />
      }
      empty={<EmptyState title="No session" why="Each browser that is signed in is listed here." />}
      columns={[
        {
          id: "device",
          label: "Device",
          value: (row) => device(row.agent),
          cell: (row) => (
            <Group gap={8} wrap="nowrap">
              <span className="nowrap" title={row.agent}>
                {device(row.agent)}
              </span>
              {row.current ? <Pill tone="accent">This one</Pill> : null}
            </Group>
          ),
        },
        {
          id: "address",
          label: "Address",
          value: (row) => row.address,
          cell: (row) => <span className="mono">{row.address || "not known"}</span>,
        },
        { id: "by", label: "Signed in by", value: (row) => beganBy(row.by) },
        {
          id: "seen",
          label: "Last seen",
          value: (row) => row.seen_at,
          cell: (row) => <Time at={row.seen_at} />,
        },
        {
          id: "started",
          label: "Began",
          value: (row) => row.started_at,
          cell: (row) => <Time at={row.started_at} />,
        },
        {
          id: "expires",
          label: "Ends by itself",
          value: (row) => row.expires_at,
          cell: (row) => <Time at={row.expires_at} />,
        },
        {
          id: "end",
          label: "Actions",
          sortable: false,
          value: () => "",
          cell: (row) =>
            row.current ? null : (
              <ConfirmButton
                size="compact-xs"
                label="End"
                title={`End the session on ${device(row.agent)}?`}
                body={`It came from ${row.address || "an address not known"}. If it was not you, change your password as well.`}
                confirm="End the session"
                run={() => end.mutateAsync(row.id)}
              />
            ),
        },
      ]}
    />
  );
}
