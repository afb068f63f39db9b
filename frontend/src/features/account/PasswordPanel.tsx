import { Alert, Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { PLACE, useSession } from "@/api/session";
import { NewPassword } from "@/features/accounts/NewPassword";
import { namesIn, strength } from "@/features/accounts/password";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";

export function PasswordPanel() {
  const { step_up } = useSession();
  const [changing, setChanging] = useState(false);
  if (!step_up.ways.includes("password")) return <NoPassword />;
  if (changing) return <ChangePassword onClose={() => setChanging(false)} />;
  return (
    <Group gap={16} justify="space-between">
      <span className="soft">A change ends every other session of yours.</span>
      <Button variant="default" onClick={() => setChanging(true)}>
        Change the password
      </Button>
    </Group>
  );
}

function ChangePassword({ onClose }: { onClose: () => void }) {
  const { user, tenant } = useSession();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const names = namesIn(user.email, user.name, tenant.slug, tenant.name);
  const change = useChange({
    run: () =>
      unwrap(
        api.POST("/account/password", {
          params: { path: {} },
          body: { current_password: current, new_password: fresh },
        }),
      ),
    touches: [PLACE, ["own-sessions"]],
    done: "The password is changed. Your other sessions have ended.",
    quiet: true,
    onDone: onClose,
  });
  const wait = useWait(change.error);
  const problems = fieldErrors(change.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Stack gap={14} maw={420}>
        <input type="hidden" autoComplete="username" value={user.email} readOnly />
        <PasswordInput
          label="Current password"
          required
          autoComplete="current-password"
          value={current}
          error={problems["current_password"]}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPassword
          label="New password"
          names={names}
          value={fresh}
          onChange={setFresh}
          error={problems["new_password"] ?? problems["password"]}
        />
        <FormProblem error={change.error} beside={["current_password", "new_password", "password"]} />
        <Group gap={8}>
          <Button
            type="submit"
            loading={change.isPending}
            disabled={!current || strength(fresh, names).level === 0 || wait > 0}
          >
            Change the password
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Who joined by single sign-on has none, and gets one by a mailed link. */
function NoPassword() {
  const { user } = useSession();
  const ask = useChange({
    run: () =>
      unwrap(api.POST("/account/password/reset", { params: { path: {} }, body: { email: user.email } })),
    touches: [],
    quiet: true,
  });
  const wait = useWait(ask.error);
  if (ask.isSuccess)
    return (
      <Alert color="green" role="status">
        A link was mailed to {user.email}. It is good once, for 30 minutes; setting a password ends your
        sessions.
      </Alert>
    );
  return (
    <Stack gap={12} align="flex-start">
      <span className="soft">You have none: you sign in by your identity provider.</span>
      <FormProblem error={ask.error} />
      <Button variant="default" loading={ask.isPending} disabled={wait > 0} onClick={() => ask.mutate()}>
        Mail me a link to set one
      </Button>
    </Stack>
  );
}
