import { Alert, Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { PLACE, useSession } from "@/api/session";
import { Pill } from "@/ui/Badges";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";

/** The address counts once the mailed link was opened; until then the old one stays. */
export function EmailPanel() {
  const { user } = useSession();
  const [changing, setChanging] = useState(false);
  const again = useChange({
    run: () => unwrap(api.POST("/account/email/verification", { params: { path: {} }, body: {} })),
    touches: [PLACE],
    quiet: true,
  });
  const wait = useWait(again.error);
  return (
    <Stack gap={12}>
      <Group gap={10}>
        <strong style={{ fontWeight: 500, overflowWrap: "anywhere" }}>{user.email}</strong>
        <Pill tone={user.email_verified ? "ok" : "medium"} icon>
          {user.email_verified ? "Confirmed" : "Not confirmed"}
        </Pill>
      </Group>
      {user.email_verified ? null : (
        <>
          <p className="soft" style={{ margin: 0 }}>
            Open the link we mailed you. Until then you cannot invite people.
          </p>
          {again.isSuccess ? (
            <Alert color="green" role="status">
              A new link is on its way. It is good once, for three days; the one before ends.
            </Alert>
          ) : (
            <div>
              <Button
                variant="default"
                loading={again.isPending}
                disabled={wait > 0}
                onClick={() => again.mutate()}
              >
                Mail the link again
              </Button>
            </div>
          )}
          <FormProblem error={again.error} />
        </>
      )}
      {changing ? (
        <ChangeAddress onClose={() => setChanging(false)} />
      ) : (
        <div>
          <Button variant="default" onClick={() => setChanging(true)}>
            Change the address
          </Button>
        </div>
      )}
    </Stack>
  );
}

function ChangeAddress({ onClose }: { onClose: () => void }) {
  const { user } = useSession();
  const [email, setEmail] = useState("");
  const ask = useChange({
    run: () => unwrap(api.POST("/account/email", { params: { path: {} }, body: { email } })),
    touches: [],
    quiet: true,
  });
  const wait = useWait(ask.error);
  if (ask.data)
    return (
      <Alert color="green" title={`A link was mailed to ${ask.data.email}`} role="status">
        Open it within two hours. Until then your address stays {user.email}; it is told of the change as
        well.
      </Alert>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate();
      }}
    >
      <Stack gap={12}>
        <TextInput
          label="New address"
          type="email"
          required
          data-autofocus
          autoComplete="email"
          maw={420}
          value={email}
          error={fieldErrors(ask.error)["email"]}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <FormProblem error={ask.error} beside={["email"]} />
        <Group gap={8}>
          <Button type="submit" loading={ask.isPending} disabled={wait > 0}>
            Mail a link there
          </Button>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
