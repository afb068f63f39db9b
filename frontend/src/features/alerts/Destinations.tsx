import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { AlertDestination } from "@/api/types";
import { SeverityBadge, Tags } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { words } from "@/ui/format";
import { Panel } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { DestinationForm } from "./DestinationForm";

export function Destinations() {
  const can = useCan("alerts.write");
  const [editing, setEditing] = useState<AlertDestination | "new" | null>(null);
  const list = useList<AlertDestination>(["alerts", "destinations"], {}, (query) =>
    api.GET("/alert-destinations", { params: { path: {}, query } }),
  );
  const remove = useChange({
    run: (id: string) => unwrap(api.DELETE("/alert-destinations/{id}", { params: { path: { id } } })),
    touches: [["alerts"]],
    done: "Deleted. Nothing more is sent there.",
    quiet: true,
  });
  const test = useChange({
    run: (id: string) =>
      unwrap(api.POST("/alert-destinations/{id}/test", { params: { path: { id } }, body: {} })),
    touches: [["alerts"]],
    done: (answer) =>
      answer.state === "delivered"
        ? "The test message was delivered."
        : answer.last_error || "A test message is on its way. The delivery log shows what became of it.",
  });
  return (
    <>
      <Panel flush>
        <DataTable
          id="destinations"
          label="Alert destinations"
          query={list}
          rowId={(row) => row.id}
          tools={
            <Button size="xs" disabled={!can} onClick={() => setEditing("new")}>
              Add a destination
            </Button>
          }
          empty={
            <EmptyState
              title="Nobody is told about news yet"
              why="A destination gets a message when a finding opens, a threat is raised or a block changes: what, where, how bad, what to do."
              action={can ? { label: "Add a destination", onClick: () => setEditing("new") } : undefined}
            />
          }
          columns={[
            {
              id: "name",
              label: "Destination",
              value: (row) => row.name,
              cell: (row) => <strong style={{ fontWeight: 500 }}>{row.name}</strong>,
            },
            {
              id: "connector",
              label: "By",
              value: (row) => row.connector,
              cell: (row) => words(row.connector),
            },
            {
              id: "severity",
              label: "From severity",
              value: (row) => row.min_severity,
              cell: (row) => <SeverityBadge severity={row.min_severity} />,
            },
            {
              id: "events",
              label: "About",
              value: (row) => row.events.join(" "),
              cell: (row) => (
                <Tags values={row.events.map((event) => words(event.replace(".", " ")))} none="everything" />
              ),
            },
            {
              id: "do",
              label: "Actions",
              sortable: false,
              value: () => "",
              cell: (row) =>
                can ? (
                  <Group gap={6} wrap="nowrap">
                    <Button
                      size="compact-xs"
                      variant="default"
                      loading={test.isPending && test.variables === row.id}
                      onClick={() => test.mutate(row.id)}
                      aria-label={`Send a test to ${row.name}`}
                    >
                      Send a test
                    </Button>
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => setEditing(row)}
                      aria-label={`Edit ${row.name}`}
                    >
                      Edit
                    </Button>
                    <ConfirmButton
                      size="compact-xs"
                      danger
                      label="Delete"
                      title={`Delete ${row.name}?`}
                      body="Nothing more is sent there. The delivery log keeps what was sent."
                      confirm="Delete"
                      run={() => remove.mutateAsync(row.id)}
                    />
                  </Group>
                ) : null,
            },
          ]}
        />
      </Panel>
      {editing ? (
        <DestinationForm destination={editing === "new" ? null : editing} onClose={() => setEditing(null)} />
      ) : null}
    </>
  );
}
