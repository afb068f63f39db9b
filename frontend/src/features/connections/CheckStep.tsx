import { Alert, Button, Group } from "@mantine/core";
import { useEffect, useRef } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { ConnectionDetail } from "@/api/types";
import { Panel, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loading } from "@/ui/States";
import css from "./Connections.module.css";
import { PermissionResults } from "./Permissions";

interface CheckStepProps {
  connection: ConnectionDetail;
  /** What the button to the next step says. */
  next: string;
  onBack: () => void;
  onDone: () => void;
}

/** Tries each permission for real. A missing one is named with its fix. */
export function CheckStep({ connection, next, onBack, onDone }: CheckStepProps) {
  const started = useRef(false);
  const check = useChange({
    run: () =>
      unwrap(api.POST("/connections/{id}/check", { params: { path: { id: connection.id } }, body: {} })),
    touches: [["connections"]],
    quiet: true,
  });
  const { mutate } = check;
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    mutate();
  }, [mutate]);
  const answer = check.data;
  const denied = answer?.permissions.filter((p) => p.grant === "denied" && p.access === "read").length ?? 0;
  return (
    <>
      <Panel
        title="Permissions"
        note={
          answer ? (
            <>
              checked <Time at={answer.checked_at} />
            </>
          ) : (
            "asking the vendor"
          )
        }
      >
        {check.isPending && !answer ? <Loading rows={5} label="Checking permissions" /> : null}
        {answer?.error ? (
          <Alert color="red" title="The permissions could not be checked" mb={12}>
            {[answer.error.detail, answer.error.unchanged, answer.error.action].filter(Boolean).join(" ")}
          </Alert>
        ) : null}
        {answer && !answer.error ? <PermissionResults permissions={answer.permissions} /> : null}
        <FormProblem error={check.error} />
      </Panel>
      <div className={css["foot"]}>
        <Button variant="default" onClick={onBack}>
          Back to the settings
        </Button>
        <Group>
          <Button
            variant={answer && !answer.ok ? "filled" : "default"}
            loading={check.isPending}
            onClick={() => mutate()}
          >
            Check again
          </Button>
          <Button
            disabled={!answer || Boolean(answer.error)}
            variant={answer?.ok ? "filled" : "default"}
            onClick={onDone}
          >
            {answer && !answer.ok && denied ? "Continue with what is granted" : next}
          </Button>
        </Group>
      </div>
    </>
  );
}
