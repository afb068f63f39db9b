import { Alert, Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, problemOf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { factorsOf, usePlace } from "@/api/session";
import type { Invited } from "@/api/types";
import { words } from "@/ui/format";
import { Facts, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { ErrorState, Loading } from "@/ui/States";
import { useWait } from "@/ui/useWait";
import css from "./Front.module.css";
import { FrontCard } from "./FrontCard";
import { linkToken, toWorkspace } from "./link";
import { NewPassword } from "./NewPassword";
import { namesIn, strength } from "./password";

/** Where an invitation leads: who invites to what, and joining by password or by an identity provider. */
export default function InvitationPage() {
  const [token] = useState(linkToken);
  const place = usePlace();
  const invited = useQuery({
    queryKey: ["invited", token],
    queryFn: () => unwrap(api.POST("/invitation/open", { params: { path: {} }, body: { token } })),
    staleTime: Infinity,
    retry: false,
    refetchOnWindowFocus: false,
  });
  if (!invited.data) {
    const spent = invited.error && problemOf(invited.error).code === "invitation-spent";
    return (
      <FrontCard title="Invitation" lead={window.location.host}>
        {invited.isPending ? <Loading rows={4} /> : null}
        {spent ? (
          <Stack gap={14}>
            <Alert color="yellow" title="This invitation is not good any more" role="alert">
              It was accepted already, was taken back or replaced, or is older than seven days. Ask whoever
              invited you for a new one. If it was you who accepted it, sign in.
            </Alert>
            <Button variant="default" onClick={toWorkspace}>
              Sign in
            </Button>
          </Stack>
        ) : null}
        {invited.error && !spent ? (
          <ErrorState error={invited.error} retry={() => void invited.refetch()} />
        ) : null}
      </FrontCard>
    );
  }
  const { data } = invited;
  const here = place.data?.kind === "tenant" ? place.data.session.user.email : null;
  return (
    <FrontCard
      title={`Join ${data.workspace}`}
      lead={data.invited_by ? `${data.invited_by} invites you.` : "You are invited."}
    >
      <Stack gap={18}>
        <Facts
          rows={[
            ["Workspace", window.location.host],
            ["You are", data.email],
            ["Role", words(data.role)],
            ["Link ends", <Time key="t" at={data.expires_at} />],
          ]}
        />
        {here && here !== data.email ? (
          <Alert color="yellow" role="note">
            You are signed in here as {here}. Joining signs you out of that account in this browser.
          </Alert>
        ) : null}
        <Join token={token} invited={data} />
      </Stack>
    </FrontCard>
  );
}

function Join({ token, invited }: { token: string; invited: Invited }) {
  const byProvider = useChange({
    run: (provider: string) =>
      unwrap(api.POST("/invitation/accept", { params: { path: {} }, body: { token, provider } })),
    touches: [],
    quiet: true,
    onDone: (answer) => window.location.assign(answer.href ?? "/"),
  });
  return (
    <div>
      <Stack gap={10}>
        {invited.providers.map((provider) => (
          <Button
            key={provider.id}
            variant={invited.password ? "default" : "filled"}
            loading={byProvider.isPending && byProvider.variables === provider.id}
            onClick={() => byProvider.mutate(provider.id)}
          >
            Join with {provider.name}
          </Button>
        ))}
        <FormProblem error={byProvider.error} />
      </Stack>
      {invited.password ? (
        <>
          {invited.providers.length ? <div className={css["or"]}>or</div> : null}
          <JoinByPassword token={token} invited={invited} />
        </>
      ) : null}
      {!invited.password && !invited.providers.length ? (
        <Alert color="yellow" role="alert">
          This workspace requires single sign-on, and none is switched on. Ask whoever invited you.
        </Alert>
      ) : null}
    </div>
  );
}

function JoinByPassword({ token, invited }: { token: string; invited: Invited }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const names = namesIn(invited.email, invited.workspace, name);
  const join = useChange({
    run: async () => {
      try {
        await unwrap(
          api.POST("/invitation/accept", { params: { path: {} }, body: { token, name, password } }),
        );
      } catch (error) {
        // A member who came back still has a second factor; the sign-in page asks for it.
        if (!factorsOf(problemOf(error)).length) throw error;
      }
    },
    touches: [],
    quiet: true,
    onDone: toWorkspace,
  });
  const wait = useWait(join.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        join.mutate();
      }}
    >
      <Stack gap={14}>
        <TextInput
          label="Your name"
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <input type="hidden" autoComplete="username" value={invited.email} readOnly />
        <NewPassword
          names={names}
          value={password}
          onChange={setPassword}
          error={fieldErrors(join.error)["password"]}
        />
        <FormProblem error={join.error} beside={["password"]} />
        <Button
          type="submit"
          loading={join.isPending}
          disabled={strength(password, names).level === 0 || wait > 0}
        >
          Join
        </Button>
      </Stack>
    </form>
  );
}
