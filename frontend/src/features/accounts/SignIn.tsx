import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, rememberCsrf, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { Logo } from "@/ui/Logo";
import { FormProblem } from "@/ui/Problem";
import css from "./Front.module.css";

/** Sign-in on a tenant's own host. The address asked for is kept and opens afterwards. */
export default function SignIn() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = "Sign in · Portcullis";
  }, []);
  const signIn = useChange({
    run: () => unwrap(api.POST("/session", { params: { path: {} }, body: { email, password } })),
    touches: [["place"]],
    quiet: true,
    onDone: (session) => rememberCsrf(session?.csrf_token ?? null),
  });
  const root = window.location.host.split(".").slice(1).join(".");
  return (
    <main className={css["center"]}>
      <div className={css["card"]}>
        <div className={css["brand"]}>
          <Logo size={30} /> Portcullis
        </div>
        <h1 style={{ margin: "0 0 4px", fontSize: 20, fontWeight: 500 }}>Sign in</h1>
        <p className="soft" style={{ margin: "0 0 18px", overflowWrap: "anywhere" }}>
          to <span className="mono">{window.location.host}</span>
        </p>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            signIn.mutate();
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
            <PasswordInput
              label="Password"
              required
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <FormProblem error={signIn.error} />
            <Button type="submit" loading={signIn.isPending}>
              Sign in
            </Button>
          </Stack>
        </form>
        {root ? (
          <p className="muted" style={{ margin: "18px 0 0", fontSize: 13 }}>
            Another workspace? <a href={`${window.location.protocol}//${root}/`}>Choose it here</a>.
          </p>
        ) : null}
      </div>
    </main>
  );
}
