import { Anchor, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import type { QueryKey } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { passkeysWork } from "@/api/passkeys";
import { useChange } from "@/api/queries";
import type { Way } from "@/api/types";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import css from "./Front.module.css";

interface FactorWaysProps {
  ways: Way[];
  submit: string;
  code: (code: string) => Promise<unknown>;
  passkey: () => Promise<unknown>;
  password?: (password: string) => Promise<unknown>;
  touches: QueryKey[];
  onDone: () => void;
  /** A way that is not ours, such as an identity provider; first when there is nothing else. */
  other?: ReactNode;
}

const ORDER: Way[] = ["webauthn", "password", "totp", "recovery_codes"];
const names: Record<Way, string> = {
  webauthn: "Use a passkey",
  password: "Use the password",
  totp: "Use a code of the authenticator app",
  recovery_codes: "Use a recovery code",
};

/** One way to show who it is at a time, the others one click away. */
export function FactorWays({ ways, other, ...rest }: FactorWaysProps) {
  const usable = ORDER.filter((way) => ways.includes(way) && (way !== "webauthn" || passkeysWork()));
  const [chosen, setChosen] = useState<Way | undefined>(usable[0]);
  return (
    <Stack gap={16}>
      {chosen ? <OneWay key={chosen} way={chosen} {...rest} /> : null}
      {other}
      {!chosen && !other ? (
        <p className="soft" style={{ margin: 0 }}>
          This browser cannot use passkeys at this address, and the account has nothing else to show. Use
          another browser.
        </p>
      ) : null}
      {usable.length > 1 ? (
        <div className={css["ways"]}>
          {usable
            .filter((way) => way !== chosen)
            .map((way) => (
              <Anchor key={way} component="button" type="button" fz="inherit" onClick={() => setChosen(way)}>
                {names[way]}
              </Anchor>
            ))}
        </div>
      ) : null}
    </Stack>
  );
}

type OneWayProps = Omit<FactorWaysProps, "ways" | "other"> & { way: Way };

function OneWay({ way, submit, code, passkey, password, touches, onDone }: OneWayProps) {
  const [text, setText] = useState("");
  const give = useChange({
    run: (given: string): Promise<unknown> => {
      if (way === "webauthn") return passkey();
      return way === "password" && password ? password(given) : code(given.replace(/\s+/g, ""));
    },
    touches,
    quiet: true,
    onDone,
  });
  const wait = useWait(give.error);
  const put = (value: string): void => {
    setText(value);
    // A code of the app is complete with its sixth digit.
    if (way === "totp" && !wait && /^\d{6}$/.test(value.replace(/\s+/g, "")) && !give.isPending)
      give.mutate(value);
  };
  const shared = {
    required: true,
    value: text,
    "data-autofocus": true,
    onChange: (event: { currentTarget: { value: string } }) => put(event.currentTarget.value),
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        give.mutate(text);
      }}
    >
      <Stack gap={14}>
        {way === "password" ? (
          <PasswordInput label="Password" autoComplete="current-password" {...shared} />
        ) : null}
        {way === "totp" ? (
          <TextInput
            label="Code of the authenticator app"
            description="Six digits, new every 30 seconds."
            inputMode="numeric"
            autoComplete="one-time-code"
            {...shared}
          />
        ) : null}
        {way === "recovery_codes" ? (
          <TextInput
            label="Recovery code"
            description="Each of them works once."
            autoComplete="off"
            {...shared}
          />
        ) : null}
        <FormProblem error={give.error} />
        <Button
          type="submit"
          loading={give.isPending}
          disabled={wait > 0}
          leftSection={way === "webauthn" ? <IconFingerprint size={17} aria-hidden /> : undefined}
        >
          {way === "webauthn" ? "Use a passkey" : submit}
        </Button>
      </Stack>
    </form>
  );
}
