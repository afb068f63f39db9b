import { Alert, Button, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { FrontCard } from "./FrontCard";

/** Asks for a link by mail. Whether somebody has the address is not said. */
export function ForgotPassword({ onBack }: { onBack: () => void }) {
  const [email, setEmail] = useState("");
  const ask = useChange({
    run: () => unwrap(api.POST("/account/password/reset", { params: { path: {} }, body: { email } })),
    touches: [],
    quiet: true,
  });
  const wait = useWait(ask.error);
  return (
    <FrontCard
      title="Set a new password"
      lead={ask.isSuccess ? undefined : "We mail you a link. It is good once, for 30 minutes."}
    >
      {ask.isSuccess ? (
        <Stack gap={14}>
          <Alert color="green" title="Look into your mailbox" role="status">
            If somebody here has the address {email}, a link is on its way. Nothing came after some minutes?
            Look into the spam folder, or ask an administrator which address your account has.
          </Alert>
          <Button variant="default" onClick={onBack}>
            Back to sign-in
          </Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            ask.mutate();
          }}
        >
          <Stack gap={14}>
            <TextInput
              label="E-mail"
              type="email"
              required
              autoComplete="username"
              value={email}
              onChange={(event) => setEmail(event.currentTarget.value)}
            />
            <FormProblem error={ask.error} />
            <Button type="submit" loading={ask.isPending} disabled={wait > 0}>
              Mail me a link
            </Button>
            <Button variant="default" onClick={onBack}>
              Back to sign-in
            </Button>
          </Stack>
        </form>
      )}
    </FrontCard>
  );
}
