import { Button, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { NewPassword } from "./NewPassword";
import { namesIn, slugFrom, strength } from "./password";

/** One workspace per organisation; its address is suggested and checked while typing. */
export function SignUpForm() {
  const [organisation, setOrganisation] = useState("");
  const [typedSlug, setTypedSlug] = useState<string | null>(null);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const slug = typedSlug ?? slugFrom(organisation);
  const [asked] = useDebouncedValue(slug, 300);
  const free = useQuery({
    queryKey: ["slug", asked],
    queryFn: () => unwrap(api.GET("/signup/slug", { params: { path: {}, query: { slug: asked } } })),
    enabled: asked.length > 1,
    retry: false,
  });
  const signUp = useChange({
    run: () =>
      unwrap(api.POST("/signup", { params: { path: {} }, body: { organisation, slug, email, password } })),
    touches: [],
    quiet: true,
    onDone: (made) => window.location.assign(made.handoff_url || made.url),
  });
  const names = namesIn(organisation, slug, email);
  const problems = fieldErrors(signUp.error);
  const wait = useWait(signUp.error);
  const answer = asked === slug ? free.data : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        signUp.mutate();
      }}
    >
      <Stack gap={14}>
        <TextInput
          label="Organisation"
          required
          autoComplete="organization"
          value={organisation}
          onChange={(event) => setOrganisation(event.currentTarget.value)}
        />
        <div>
          <TextInput
            label="Workspace address"
            required
            value={slug}
            onChange={(event) => setTypedSlug(slugFrom(event.currentTarget.value))}
            rightSectionWidth="auto"
            rightSection={
              <span className="muted" style={{ padding: "0 10px", fontSize: 13 }}>
                .{window.location.host}
              </span>
            }
            error={answer && !answer.available ? (answer.reason ?? "This address is taken.") : undefined}
          />
          <div aria-live="polite" style={{ fontSize: 13, minHeight: 18, marginTop: 4 }}>
            {answer?.available ? <span style={{ color: "var(--ok)" }}>Available</span> : null}
            {free.isFetching ? <span className="muted">Checking…</span> : null}
          </div>
        </div>
        <TextInput
          label="E-mail"
          type="email"
          required
          autoComplete="email"
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <NewPassword names={names} value={password} onChange={setPassword} error={problems["password"]} />
        <FormProblem error={signUp.error} beside={["password"]} />
        <Button
          type="submit"
          size="md"
          loading={signUp.isPending}
          disabled={strength(password, names).level === 0 || answer?.available === false || wait > 0}
        >
          Create the workspace
        </Button>
      </Stack>
    </form>
  );
}
