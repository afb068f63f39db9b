import { Button, CloseButton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { addPasskey, recoveryCodes } from "@/api/factors";
import { passkeysWork } from "@/api/passkeys";
import { PLACE, useSession } from "@/api/session";
import css from "./Account.module.css";
import { NamePasskey } from "./NamePasskey";
import { FACTORS } from "./query";
import { RecoveryCodes } from "./RecoveryCodes";

/** After sign-up or joining: the moment when a passkey costs the least. Offered until it is there or declined. */
export function PasskeyOffer() {
  const { user, by, step_up } = useSession();
  const client = useQueryClient();
  const [declined, setDeclined] = useLocalStorage({
    key: `passkey-declined:${user.id}`,
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const [adding, setAdding] = useState(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const done = (): void => {
    setCodes(null);
    void client.invalidateQueries({ queryKey: PLACE });
  };
  const added = async (): Promise<void> => {
    setAdding(false);
    void client.invalidateQueries({ queryKey: FACTORS });
    const fresh = (await recoveryCodes().catch(() => null))?.unused_codes;
    if (fresh?.length) setCodes(fresh);
    else done();
  };
  if (codes) return <RecoveryCodes codes={codes} onClose={done} />;
  const fresh = by === "sign-up" || by === "invitation";
  if (!fresh || declined || !passkeysWork() || step_up.ways.includes("webauthn")) return null;
  return (
    <section className={css["offer"]} aria-label="Passkey">
      <IconFingerprint size={26} stroke={1.6} aria-hidden />
      <div className={css["what"]}>
        <div className={css["name"]}>Sign in without a password next time</div>
        <div className={css["about"]}>
          A passkey uses your fingerprint, face or PIN, and nobody can phish it. It takes ten seconds.
        </div>
      </div>
      <Button size="xs" onClick={() => setAdding(true)}>
        Add a passkey
      </Button>
      <CloseButton aria-label="Not now" onClick={() => setDeclined(true)} />
      {adding ? <NamePasskey run={addPasskey} onDone={added} onClose={() => setAdding(false)} /> : null}
    </section>
  );
}
