import { Button, Group } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Invitation } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { words } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

export function Invitations() {
  const can = useCan("members.write");
  const list = useList<Invitation>(["invitations"], {}, (query) =>
    api.GET("/invitations", { params: { path: {}, query } }),
  );
  const resend = useChange({
    run: (id: string) => unwrap(api.POST("/invitations/{id}/resend", { params: { path: { id } }, body: {} })),
    touches: [["invitations"]],
    done: (row) => `A new link is on its way to ${row.email}. The one before has ended.`,
  });
  const revoke = useChange({
    run: (id: string) => unwrap(api.DELETE("/invitations/{id}", { params: { path: { id } } })),
    touches: [["invitations"]],
    done: "Taken back. The link has ended.",
    quiet: true,
  });
  return (
    <DataTable
      id="invitations"
      label="Open invitations"
      query={list}
      rowId={(row) => row.id}
      empty={
        <EmptyState
          title="No invitation is open"
          why="People you invite are listed here until they join, with the day their link ends."
        />
      }
      columns={[
        { id: "email", label: "Address", value: (row) => row.email },
        { id: "role", label: "Role", value: (row) => row.role, cell: (row) => words(row.role) },
        {
          id: "state",
          label: "State",
          value: (row) => row.state,
          cell: (row) =>
            row.state === "expired" ? (
              <Pill tone="medium" icon>
                Expired
              </Pill>
            ) : (
              <Pill tone={row.sent_at ? "ok" : "info"} icon>
                {row.sent_at ? "Sent" : "On its way"}
              </Pill>
            ),
        },
        { id: "by", label: "Invited by", value: (row) => row.invited_by },
        {
          id: "sent",
          label: "Mailed",
          value: (row) => row.sent_at,
          cell: (row) => <Time at={row.sent_at} none="not yet" />,
        },
        {
          id: "expires",
          label: "Link ends",
          value: (row) => row.expires_at,
          cell: (row) => <Time at={row.expires_at} />,
        },
        {
          id: "acts",
          label: "Actions",
          sortable: false,
          value: () => "",
          cell: (row) =>
            can ? (
              <Group gap={6} wrap="nowrap">
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={resend.isPending && resend.variables === row.id}
                  aria-label={`Send again to ${row.email}`}
                  onClick={() => resend.mutate(row.id)}
                >
                  Send again
                </Button>
                <ConfirmButton
                  size="compact-xs"
                  danger
                  label="Take back"
                  title={`Take back the invitation to ${row.email}?`}
                  body="The link in their mail stops working at once. They are not told."
                  confirm="Take back"
                  run={() => revoke.mutateAsync(row.id)}
                />
              </Group>
            ) : null,
        },
      ]}
    />
  );
}
