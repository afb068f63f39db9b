import { Button } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { FAST, useChange, useList } from "@/api/queries";
import { useProof } from "@/api/useProof";
import type { Archive } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { bytes, words } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

const tones: Record<Archive["state"], Tone> = {
  queued: "accent",
  ready: "ok",
  failed: "critical",
  expired: "info",
};
const names: Record<string, string> = { queued: "Being made" };

/** Everything the workspace has, as one file. */
export function Archives() {
  const list = useList<Archive>(
    ["archives"],
    {},
    (query) => api.GET("/archives", { params: { path: {}, query } }),
    FAST,
  );
  const ask = useChange({
    run: () => unwrap(api.POST("/archives", { params: { path: {} }, body: {} })),
    touches: [["archives"]],
    done: "The archive is being made. It appears here when it is ready.",
  });
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <DataTable
      id="archives"
      label="Archives"
      query={list}
      rowId={(row) => row.id}
      tools={
        <Button
          size="xs"
          loading={ask.isPending}
          disabled={rows[0]?.state === "queued"}
          onClick={() => ask.mutate()}
        >
          Make an archive
        </Button>
      }
      empty={
        <EmptyState
          title="No archive yet"
          why="An archive holds all data of the workspace as JSON lines and Parquet in one ZIP file: inventory, findings, threats, blocks, calls, people and the audit log, but no secrets. It is kept for seven days."
          action={{ label: "Make an archive", onClick: () => ask.mutate() }}
        />
      }
      columns={[
        {
          id: "state",
          label: "State",
          value: (row) => row.state,
          cell: (row) => (
            <>
              <Pill tone={tones[row.state]} icon>
                {names[row.state] ?? words(row.state)}
              </Pill>
              {row.problem ? <div className="soft">{row.problem}</div> : null}
            </>
          ),
        },
        {
          id: "taken",
          label: "Data as of",
          value: (row) => row.taken_at ?? row.created_at,
          cell: (row) => <Time at={row.taken_at ?? row.created_at} />,
        },
        {
          id: "size",
          label: "Size",
          value: (row) => row.size,
          cell: (row) => (row.size === null ? <span className="muted">not yet</span> : bytes(row.size)),
          numeric: true,
        },
        {
          id: "sha",
          label: "SHA-256",
          value: (row) => row.sha256,
          cell: (row) => (
            <span className="mono" title={row.sha256}>
              {row.sha256 ? `${row.sha256.slice(0, 16)}…` : ""}
            </span>
          ),
        },
        {
          id: "expires",
          label: "Kept until",
          value: (row) => row.expires_at,
          cell: (row) => <Time at={row.expires_at} none="" />,
        },
        {
          id: "acts",
          label: "Actions",
          sortable: false,
          value: () => "",
          cell: (row) => (row.state === "ready" ? <Download archive={row} /> : null),
        },
      ]}
    />
  );
}

/** The browser fetches the file itself, as it may be large; who sits there is asked before. */
function Download({ archive }: { archive: Archive }) {
  const prove = useProof();
  const fetchFile = useChange({
    run: async () => {
      await prove();
      const link = document.createElement("a");
      link.href = `/api/v1/archives/${archive.id}/file`;
      link.download = "";
      link.click();
    },
    touches: [],
  });
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={fetchFile.isPending}
      onClick={() => fetchFile.mutate()}
    >
      Download
    </Button>
  );
}
