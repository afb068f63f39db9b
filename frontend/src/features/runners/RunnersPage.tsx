import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { NewRunner as Made, Runner } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { CodeBlock } from "@/ui/CodeBlock";
import { ConfirmButton } from "@/ui/Confirm";
import { Grid, Panel, Time } from "@/ui/Layout";
import { ShownOnce } from "@/ui/ShownOnce";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { NewRunner } from "./NewRunner";

const STATES: Record<Runner["state"], [Tone, string]> = {
  invited: ["info", "Waits for its enrolment"],
  online: ["ok", "Online"],
  away: ["high", "Away"],
};

export default function RunnersPage() {
  const can = useCan("connections.write");
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const list = useList<Runner>(["runners"], {}, (query) =>
    api.GET("/runners", { params: { path: {}, query } }),
  );
  return (
    <Grid>
      <Panel title="Runners" flush>
        <p className="soft" style={{ margin: 0, padding: "0 16px 12px", maxWidth: "90ch" }}>
          A runner is a small program in your network. It only calls out to us, and sends our requests to the
          addresses you list when you start it, and to no others: to a Kong Admin API that is not reachable
          from outside, for instance. Choose it in a connection's settings.
        </p>
        <DataTable
          id="runners"
          label="Runners"
          query={list}
          rowId={(row) => row.id}
          tools={
            <Button size="xs" disabled={!can} onClick={() => setAdding(true)}>
              Add a runner
            </Button>
          }
          empty={
            <EmptyState
              title="No runner yet"
              why="Connections send their requests directly. Add a runner for what we cannot reach."
              {...(can ? { action: { label: "Add a runner", onClick: () => setAdding(true) } } : {})}
            />
          }
          columns={[
            {
              id: "name",
              label: "Name",
              value: (row) => row.name,
              cell: (row) => <strong style={{ fontWeight: 500 }}>{row.name}</strong>,
            },
            {
              id: "state",
              label: "State",
              value: (row) => row.state,
              cell: (row) => (
                <Pill tone={STATES[row.state][0]} icon>
                  {STATES[row.state][1]}
                </Pill>
              ),
            },
            {
              id: "seen",
              label: "Last heard of",
              value: (row) => row.last_seen_at,
              cell: (row) => <Time at={row.last_seen_at} />,
            },
            {
              id: "allowed",
              label: "May reach",
              value: (row) => row.allowed.join(" "),
              cell: (row) =>
                row.allowed.length ? (
                  <>
                    <span className="mono">{row.allowed.join(", ")}</span>
                    {row.read_only ? <div className="soft">reads only</div> : null}
                  </>
                ) : (
                  <span className="muted">not known yet</span>
                ),
            },
            {
              id: "acts",
              label: "Actions",
              sortable: false,
              value: () => "",
              cell: (row) => (can ? <Acts runner={row} onMade={setMade} /> : null),
            },
          ]}
        />
      </Panel>
      {adding ? (
        <NewRunner
          onClose={() => setAdding(false)}
          onMade={(fresh) => {
            setAdding(false);
            setMade(fresh);
          }}
        />
      ) : null}
      {made ? (
        <ShownOnce
          title={`Enrol ${made.runner.name}`}
          secret={made.command}
          what="command"
          onClose={() => setMade(null)}
        >
          <p className="soft" style={{ margin: 0 }}>
            Run it where the runner will live, within an hour; the token in it is good once. Then start it
            with the addresses it may reach:
          </p>
          <CodeBlock code="portcullis-runner run --reach kong-admin.internal:8444" title="Start" />
        </ShownOnce>
      ) : null}
    </Grid>
  );
}

function Acts({ runner, onMade }: { runner: Runner; onMade: (made: Made) => void }) {
  const params = { path: { id: runner.id } };
  const renew = useChange({
    run: () => unwrap(api.POST("/runners/{id}/renew", { params, body: {} })),
    touches: [["runners"]],
    quiet: true,
    onDone: onMade,
  });
  const remove = useChange({
    run: () => unwrap(api.DELETE("/runners/{id}", { params })),
    touches: [["runners"]],
    done: "Removed. It gets no work any more.",
    quiet: true,
  });
  return (
    <Group gap={6} wrap="nowrap">
      <ConfirmButton
        size="compact-xs"
        label="Enrol anew"
        title={`Enrol ${runner.name} anew?`}
        body="The runner enrolled so far is known no longer, at once. Its connections wait until the new one runs."
        confirm="Make a new token"
        run={() => renew.mutateAsync()}
      />
      <ConfirmButton
        size="compact-xs"
        danger
        label="Remove"
        title={`Remove ${runner.name}?`}
        body="It gets no work any more and stops. A runner that connections go through cannot be removed."
        confirm="Remove"
        run={() => remove.mutateAsync()}
      />
    </Group>
  );
}
