import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { addPasskey, recoveryCodes, removeApp, removePasskey, renewRecoveryCodes } from "@/api/factors";
import { passkeysWork } from "@/api/passkeys";
import { useChange } from "@/api/queries";
import { PLACE } from "@/api/session";
import type { Authenticator } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { plural } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import css from "./Account.module.css";
import { AddApp } from "./AddApp";
import { NamePasskey } from "./NamePasskey";
import { FACTORS, factorsQuery, iso } from "./query";
import { RecoveryCodes } from "./RecoveryCodes";

type Doing = { what: "app" } | { what: "passkey" } | { what: "rename"; key: Authenticator };

/** Authenticator app, passkeys and recovery codes of one's own. */
export function SecondFactors() {
  const factors = useQuery(factorsQuery);
  return <Loaded query={factors}>{(data) => <Factors factors={data} />}</Loaded>;
}

function Factors({ factors }: { factors: Authenticator[] }) {
  const client = useQueryClient();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const app = factors.find((factor) => factor.type === "totp");
  const keys = factors.filter((factor) => factor.type === "webauthn");
  const left = factors.find((factor) => factor.type === "recovery_codes");
  const last = (app ? 1 : 0) + keys.length === 1;

  /** The first factor brings recovery codes, shown before anything else goes on. */
  const added = async (): Promise<void> => {
    const fresh = left ? undefined : (await recoveryCodes().catch(() => null))?.unused_codes;
    setDoing(null);
    if (fresh?.length) setCodes(fresh);
    else void client.invalidateQueries({ queryKey: PLACE });
    void client.invalidateQueries({ queryKey: FACTORS });
  };
  const stored = (): void => {
    setCodes(null);
    void client.invalidateQueries({ queryKey: PLACE });
  };
  const loss = last
    ? "It is your last second factor: your recovery codes end with it, and where the workspace requires one you must set up another at once."
    : "Your other factors and your recovery codes stay.";
  return (
    <div>
      <Row
        title="Authenticator app"
        about={
          app ? (
            <>
              Set up <Time at={iso(app.created_at)} />, <Used at={iso(app.last_used_at)} />
            </>
          ) : (
            "Six digits from an app on your phone."
          )
        }
        state={app ? "On" : null}
      >
        {app ? (
          <Remove
            title="Remove the authenticator app?"
            loss={loss}
            touches={[FACTORS, PLACE]}
            run={removeApp}
            said="The app is removed."
          />
        ) : (
          <Button size="xs" variant="default" onClick={() => setDoing({ what: "app" })}>
            Set up
          </Button>
        )}
      </Row>
      {keys.map((key) => (
        <Row
          key={key.id}
          title={key.name || "Passkey"}
          about={
            <>
              Passkey, added <Time at={iso(key.created_at)} />, <Used at={iso(key.last_used_at)} />
            </>
          }
          state="On"
        >
          <Button
            size="xs"
            variant="default"
            aria-label={`Rename ${key.name ?? "the passkey"}`}
            onClick={() => setDoing({ what: "rename", key })}
          >
            Rename
          </Button>
          <Remove
            title={`Remove ${key.name || "this passkey"}?`}
            loss={`${loss} The device keeps a passkey that opens nothing; remove it there too.`}
            touches={[FACTORS, PLACE]}
            run={() => removePasskey(key.id ?? 0)}
            said="The passkey is removed."
          />
        </Row>
      ))}
      <Row
        title={keys.length ? "Another passkey" : "Passkey"}
        about={
          passkeysWork()
            ? "Signs you in by fingerprint, face or PIN, without a password. It cannot be given away by mistake."
            : "This browser cannot use passkeys at this address."
        }
        state={null}
      >
        <Button
          size="xs"
          variant="default"
          disabled={!passkeysWork()}
          onClick={() => setDoing({ what: "passkey" })}
        >
          Add
        </Button>
      </Row>
      <Codes factor={left} onNew={setCodes} />
      {doing?.what === "app" ? <AddApp onAdded={added} onClose={() => setDoing(null)} /> : null}
      {doing?.what === "passkey" ? (
        <NamePasskey run={addPasskey} onDone={added} onClose={() => setDoing(null)} />
      ) : null}
      {doing?.what === "rename" ? (
        <NamePasskey of={doing.key} onDone={added} onClose={() => setDoing(null)} />
      ) : null}
      {codes ? <RecoveryCodes codes={codes} onClose={stored} /> : null}
    </div>
  );
}

function Used({ at }: { at: ReturnType<typeof iso> }) {
  return at ? (
    <>
      used <Time at={at} />
    </>
  ) : (
    <>never used</>
  );
}

interface RowProps {
  title: string;
  about: ReactNode;
  state: string | null;
  tone?: "ok" | "medium";
  children: ReactNode;
}

function Row({ title, about, state, tone = "ok", children }: RowProps) {
  return (
    <div className={css["row"]}>
      <div className={css["what"]}>
        <div className={css["name"]}>
          {title}{" "}
          {state ? (
            <Pill tone={tone} icon>
              {state}
            </Pill>
          ) : null}
        </div>
        <div className={css["about"]}>{about}</div>
      </div>
      <div className={css["acts"]}>{children}</div>
    </div>
  );
}

interface RemoveProps {
  title: string;
  loss: string;
  said: string;
  touches: string[][];
  run: () => Promise<unknown>;
}

function Remove({ title, loss, said, touches, run }: RemoveProps) {
  const remove = useChange({ run, touches, done: said, quiet: true });
  return (
    <ConfirmButton
      size="xs"
      danger
      label="Remove"
      title={title}
      body={loss}
      confirm="Remove"
      run={() => remove.mutateAsync()}
    />
  );
}

const FEW = 3;

function Codes({ factor, onNew }: { factor: Authenticator | undefined; onNew: (codes: string[]) => void }) {
  const renew = useChange({
    run: renewRecoveryCodes,
    touches: [FACTORS],
    quiet: true,
    onDone: (made) => onNew(made.unused_codes ?? []),
  });
  if (!factor)
    return (
      <Row
        title="Recovery codes"
        about="Come with the first factor: ten codes for the day the phone is gone."
        state={null}
      >
        {null}
      </Row>
    );
  const unused = factor.unused_code_count ?? 0;
  return (
    <Row
      title="Recovery codes"
      about={`For the day phone and key are gone. Each works once.`}
      state={unused ? `${unused} of ${factor.total_code_count ?? "?"} left` : "None left"}
      tone={unused > FEW ? "ok" : "medium"}
    >
      <ConfirmButton
        size="xs"
        label="Make new ones"
        title="Make new recovery codes?"
        body={
          unused
            ? `The ${plural(unused, "code")} you have left stop working at once.`
            : "You get ten, shown once."
        }
        confirm="Make new ones"
        run={() => renew.mutateAsync()}
      />
    </Row>
  );
}
