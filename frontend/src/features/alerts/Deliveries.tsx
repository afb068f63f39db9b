import { Button } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { FAST, useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { AlertDelivery } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

const FAILED = /fail|dead/;
const tone = (state: string): Tone =>
  /deliver|sent/.test(state) ? "ok" : FAILED.test(state) ? "critical" : "info";

export function Deliveries() {
  const can = useCan("alerts.write");
  const list = useList<AlertDelivery>(
    ["alerts", "deliveries"],
    {},
    (query) => api.GET("/alert-deliveries", { params: { path: {}, query } }),
    FAST,
  );
  const resend = useChange({
    run: (id: string) =>
      unwrap(api.POST("/alert-deliveries/{id}/resend", { params: { path: { id } }, body: {} })),
    touches: [["alerts"]],
    done: "Queued again.",
  });
  return (
    <Panel flush>
      <DataTable
        id="deliveries"
        label="Alert deliveries"
        query={list}
        rowId={(row) => row.id}
        empty={
          <EmptyState
            title="No message has been sent yet"
            why="Each message is listed here with its attempts and what the receiver answered. A test message to a destination shows up as well."
            action={{ label: "See the destinations", to: "/alerts" }}
          />
        }
        columns={[
          {
            id: "state",
            label: "State",
            value: (row) => row.state,
            cell: (row) => (
              <Pill tone={tone(row.state)} icon>
                {words(row.state)}
              </Pill>
            ),
          },
          {
            id: "subject",
            label: "Message",
            value: (row) => row.subject,
            cell: (row) => (
              <>
                <div>{row.subject}</div>
                {row.last_error ? <div className="soft">{row.last_error}</div> : null}
              </>
            ),
          },
          {
            id: "event",
            label: "About",
            value: (row) => row.event,
            cell: (row) => words(row.event.replace(".", " ")),
          },
          {
            id: "destination",
            label: "To",
            value: (row) => (typeof row.destination === "string" ? row.destination : row.destination.name),
          },
          { id: "attempts", label: "Attempts", value: (row) => row.attempts, numeric: true },
          {
            id: "created",
            label: "Created",
            value: (row) => row.created_at,
            cell: (row) => <Time at={row.created_at} />,
          },
          {
            id: "delivered",
            label: "Delivered",
            value: (row) => row.delivered_at,
            cell: (row) => (
              <Time at={row.delivered_at} none={FAILED.test(row.state) ? "not delivered" : "not yet"} />
            ),
          },
          {
            id: "resend",
            label: "Actions",
            sortable: false,
            value: () => "",
            cell: (row) =>
              can ? (
                <Button
                  size="compact-xs"
                  variant="default"
                  loading={resend.isPending && resend.variables === row.id}
                  onClick={() => resend.mutate(row.id)}
                  aria-label={`Send again: ${row.subject}`}
                >
                  Send again
                </Button>
              ) : null,
          },
        ]}
      />
    </Panel>
  );
}
