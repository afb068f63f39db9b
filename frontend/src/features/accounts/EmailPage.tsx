import { Alert, Button, Stack } from "@mantine/core";
import { useState } from "react";
import { api, problemOf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { FrontCard } from "./FrontCard";
import { linkToken, toWorkspace } from "./link";

/** Where the link that proves an e-mail address leads. A click spends it: programs that follow links in mails do not. */
export default function EmailPage() {
  const [token] = useState(linkToken);
  const confirm = useChange({
    run: () => unwrap(api.POST("/account/email/confirm", { params: { path: {} }, body: { token } })),
    touches: [],
    quiet: true,
  });
  const wait = useWait(confirm.error);
  const spent = !token || (confirm.error && problemOf(confirm.error).code === "link-spent");
  if (confirm.data)
    return (
      <FrontCard title="The address is confirmed">
        <Stack gap={14}>
          <Alert color="green" role="status">
            {confirm.data.email} is the address of your account.
          </Alert>
          <Button onClick={toWorkspace}>Go to the workspace</Button>
        </Stack>
      </FrontCard>
    );
  return (
    <FrontCard title="Confirm your e-mail address" lead={window.location.host}>
      <Stack gap={14}>
        {spent ? (
          <>
            <Alert color="yellow" title="This link is not good any more" role="alert">
              It was used already, was replaced by a newer one or is too old. Nothing was changed. Ask for a
              new one under Settings, Account and security.
            </Alert>
            <Button onClick={toWorkspace}>Go to the workspace</Button>
          </>
        ) : (
          <>
            <p className="soft" style={{ margin: 0 }}>
              The address this link was mailed to becomes the confirmed address of your account.
            </p>
            <FormProblem error={confirm.error} />
            <Button loading={confirm.isPending} disabled={wait > 0} onClick={() => confirm.mutate()}>
              Confirm this address
            </Button>
          </>
        )}
      </Stack>
    </FrontCard>
  );
}
