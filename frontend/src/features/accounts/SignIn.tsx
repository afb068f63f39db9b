import { Alert, Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint, IconInfoCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, problemOf, unwrap } from "@/api/client";
import { signInByPasskey } from "@/api/factors";
import { useChange } from "@/api/queries";
import { factorsOf, PLACE } from "@/api/session";
import type { FactorType, SignInPage } from "@/api/types";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { FactorStep } from "./FactorStep";
import { ForgotPassword } from "./ForgotPassword";
import css from "./Front.module.css";
import { FrontCard } from "./FrontCard";
import { signInProblem, withoutProblem } from "./problem";

interface SignInProps {
  factors: FactorType[];
  note?: string;
}

/** Sign-in on a tenant's own host. The address asked for is kept and opens afterwards. */
export default function SignIn({ factors, note }: SignInProps) {
  const [code] = useState(signInProblem);
  const [forgot, setForgot] = useState(false);
  const [late, setLate] = useState(false);
  useEffect(withoutProblem, []);
  const page = useQuery({
    queryKey: ["sign-in-page", code],
    queryFn: () =>
      unwrap(api.GET("/sso/sign-in", { params: { path: {}, query: { problem: code || undefined } } })),
    staleTime: Infinity,
    retry: false,
  });
  if (factors.length) return <FactorStep factors={factors} onLate={() => setLate(true)} />;
  if (forgot) return <ForgotPassword onBack={() => setForgot(false)} />;
  const said = late
    ? "That took longer than 15 minutes, so the sign-in was given up. Start again."
    : (note ?? page.data?.problem);
  const root = window.location.host.split(".").slice(1).join(".");
  return (
    <FrontCard
      title="Sign in"
      lead={
        <>
          to <span className="mono">{window.location.host}</span>
        </>
      }
      foot={
        root ? (
          <>
            Another workspace? <a href={`${window.location.protocol}//${root}/`}>Choose it here</a>.
          </>
        ) : null
      }
    >
      {said ? (
        <Alert color="yellow" mb={16} icon={<IconInfoCircle size={18} aria-hidden />} role="alert">
          {said}
        </Alert>
      ) : null}
      <Ways page={page.data} onForgot={() => setForgot(true)} />
    </FrontCard>
  );
}

function Ways({ page, onForgot }: { page: SignInPage | undefined; onForgot: () => void }) {
  const [wanted, setWanted] = useState(false);
  const providers = page?.providers ?? [];
  const hidden = page?.required && !wanted;
  const next = encodeURIComponent(window.location.pathname + window.location.search);
  return (
    <>
      {providers.length ? (
        <Stack gap={10}>
          {providers.map((provider) => (
            <Button
              key={provider.id}
              component="a"
              href={`${provider.href}?next=${next}`}
              variant={page?.required ? "filled" : "default"}
            >
              Continue with {provider.name}
            </Button>
          ))}
        </Stack>
      ) : null}
      {hidden ? (
        <div className={css["cardFoot"]}>
          This workspace requires single sign-on.{" "}
          <Anchor component="button" type="button" fz="inherit" onClick={() => setWanted(true)}>
            I am the owner who may use a password
          </Anchor>
        </div>
      ) : (
        <>
          {providers.length ? <div className={css["or"]}>or</div> : null}
          <PasswordForm onForgot={onForgot} />
        </>
      )}
    </>
  );
}

function PasswordForm({ onForgot }: { onForgot: () => void }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signIn = useChange({
    run: async () => {
      try {
        await unwrap(api.POST("/session", { params: { path: {} }, body: { email, password } }));
      } catch (error) {
        // Half of it is done: where we are now says what is needed as well.
        if (!factorsOf(problemOf(error)).length) throw error;
      }
    },
    touches: [PLACE],
    quiet: true,
  });
  const passkey = useChange({ run: signInByPasskey, touches: [PLACE], quiet: true });
  const error = signIn.error ?? passkey.error;
  const wait = useWait(error);
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          passkey.reset();
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
          <FormProblem error={error} />
          <Button type="submit" loading={signIn.isPending} disabled={wait > 0}>
            Sign in
          </Button>
        </Stack>
      </form>
      <Button
        fullWidth
        mt={10}
        variant="default"
        leftSection={<IconFingerprint size={17} aria-hidden />}
        loading={passkey.isPending}
        onClick={() => {
          signIn.reset();
          passkey.mutate();
        }}
      >
        Sign in with a passkey
      </Button>
      <div className={css["cardFoot"]}>
        <Anchor component="button" type="button" fz="inherit" onClick={onForgot}>
          Forgot the password?
        </Anchor>
      </div>
    </>
  );
}
