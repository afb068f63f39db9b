import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { addApp, newAppSecret, type AppSecret } from "@/api/factors";
import { useChange } from "@/api/queries";
import { CopyField } from "@/ui/CopyField";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";
import { useWait } from "@/ui/useWait";
import css from "./Account.module.css";
import { FACTORS } from "./query";
import { Qr } from "./Qr";

interface AddAppProps {
  onAdded: () => Promise<void>;
  onClose: () => void;
}

/** Shows a secret to an app; it counts once the app has answered with a code. */
export function AddApp({ onAdded, onClose }: AddAppProps) {
  const secret = useQuery({
    queryKey: ["app-secret"],
    queryFn: newAppSecret,
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
  return (
    <Modal opened onClose={onClose} size="lg" title="Set up an authenticator app" closeOnClickOutside={false}>
      <Loaded query={secret}>
        {(data) => <Confirm secret={data} onAdded={onAdded} onClose={onClose} />}
      </Loaded>
    </Modal>
  );
}

/** "JBSW Y3DP": in fours, as people type it. */
const grouped = (secret: string): string => secret.replace(/(.{4})(?=.)/g, "$1 ");

function Confirm({ secret, onAdded, onClose }: AddAppProps & { secret: AppSecret }) {
  const [code, setCode] = useState("");
  const add = useChange({
    run: () => addApp(code.replace(/\s+/g, "")),
    touches: [FACTORS],
    done: "The app is set up.",
    quiet: true,
    onDone: () => void onAdded(),
  });
  const wait = useWait(add.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Stack>
        <div className={css["scan"]}>
          <Qr text={secret.totp_url} label="QR code of the secret below" />
          <div>
            <p style={{ margin: "0 0 12px" }}>
              <strong style={{ fontWeight: 500 }}>1.</strong> Scan this with an authenticator app, such as the
              one of your password manager.
            </p>
            <CopyField label="Or type the secret" value={grouped(secret.secret)} />
          </div>
        </div>
        <TextInput
          label="2. Type the code the app shows"
          description="Six digits. If it does not fit, check that the phone’s clock is right."
          required
          maw={320}
          data-autofocus
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <FormProblem error={add.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={add.isPending}
            disabled={code.replace(/\s+/g, "").length < 6 || wait > 0}
          >
            Turn it on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
