import { Alert, Button, Stack } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, problemOf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { ForgotPassword } from "./ForgotPassword";
import { FrontCard } from "./FrontCard";
import { linkToken, toWorkspace } from "./link";
import { NewPassword } from "./NewPassword";
import { namesIn, strength } from "./password";

/** Where the link in a mail about a forgotten password leads. */
export default function ResetPage() {
  const [token] = useState(linkToken);
  const [password, setPassword] = useState("");
  const [another, setAnother] = useState(false);
  const names = namesIn(window.location.hostname.split(".")[0] ?? "");
  const reset = useChange({
    run: () =>
      unwrap(
        api.POST("/account/password/reset/confirm", { params: { path: {} }, body: { token, password } }),
      ),
    touches: [],
    quiet: true,
  });
  const wait = useWait(reset.error);
  const spent = !token || (reset.error && problemOf(reset.error).code === "link-spent");
  if (another) return <ForgotPassword onBack={toWorkspace} />;
  if (reset.isSuccess)
    return (
      <FrontCard title="The password is set">
        <Stack gap={14}>
          <Alert color="green" role="status">
            You are signed out everywhere. Sign in with the new password; a second factor is asked for as
            always.
          </Alert>
          <Button onClick={toWorkspace}>Sign in</Button>
        </Stack>
      </FrontCard>
    );
  return (
    <FrontCard title="Set a new password" lead={window.location.host}>
      {spent ? (
        <Stack gap={14}>
          <Alert color="yellow" title="This link is not good any more" role="alert">
            It was used already, was replaced by a newer one or is older than 30 minutes. The password is as
            it was.
          </Alert>
          <Button onClick={() => setAnother(true)}>Mail me a new link</Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            reset.mutate();
          }}
        >
          <Stack gap={14}>
            <NewPassword
              label="New password"
              names={names}
              value={password}
              onChange={setPassword}
              error={fieldErrors(reset.error)["password"]}
            />
            <FormProblem error={reset.error} beside={["password"]} />
            <Button
              type="submit"
              loading={reset.isPending}
              disabled={strength(password, names).level === 0 || wait > 0}
            >
              Set the password
            </Button>
          </Stack>
        </form>
      )}
    </FrontCard>
  );
}
