import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { ConnectionDetail } from "@/api/types";
import { Panel } from "@/ui/Layout";
import { ButtonLink } from "@/ui/ButtonLink";
import { FormProblem } from "@/ui/Problem";
import css from "./Connections.module.css";
import { runsQuery } from "./query";
import { RunProgress } from "./RunProgress";

/** The first read, with real counts as they grow. */
export function SyncStep({ connection }: { connection: ConnectionDetail }) {
  const started = useRef(false);
  const runs = useQuery({ ...runsQuery(connection.id), refetchInterval: 1_500 });
  const sync = useChange({
    run: () =>
      unwrap(api.POST("/connections/{id}/sync", { params: { path: { id: connection.id } }, body: {} })),
    touches: [["connections"], ["overview"]],
    quiet: true,
  });
  const { mutate } = sync;
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    mutate();
  }, [mutate]);
  const latest = runs.data?.find((run) => run.kind === "config") ?? runs.data?.[0];
  const done = latest?.state === "done";
  return (
    <>
      <Panel title={done ? "Connected" : "First read"}>
        <FormProblem error={sync.error} />
        {latest ? <RunProgress run={latest} /> : <p className="soft">The first read is being queued.</p>}
      </Panel>
      <div className={css["foot"]}>
        <ButtonLink to="/connections/$id" params={{ id: connection.id }} variant="default">
          Go to the connection
        </ButtonLink>
        <Group>
          {latest?.state === "failed" ? (
            <Button variant="default" onClick={() => mutate()}>
              Read again
            </Button>
          ) : null}
          <ButtonLink to="/endpoints" disabled={!done}>
            See the endpoints
          </ButtonLink>
        </Group>
      </div>
    </>
  );
}
