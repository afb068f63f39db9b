import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { renamePasskey } from "@/api/factors";
import { useChange } from "@/api/queries";
import type { Authenticator } from "@/api/types";
import { FormProblem } from "@/ui/Problem";
import { useWait } from "@/ui/useWait";
import { device } from "./device";
import { FACTORS } from "./query";

interface NamePasskeyProps {
  /** Renames this one; without it, `run` makes a new one. */
  of?: Authenticator;
  run?: (name: string) => Promise<unknown>;
  onDone: () => Promise<void>;
  onClose: () => void;
}

/** A passkey gets a name by which it is found again when a device is lost. */
export function NamePasskey({ of, run, onDone, onClose }: NamePasskeyProps) {
  const [name, setName] = useState(of ? (of.name ?? "") : device(navigator.userAgent));
  const save = useChange({
    run: async (): Promise<unknown> => (of ? renamePasskey(of.id ?? 0, name) : run?.(name)),
    touches: [FACTORS],
    done: of ? "Renamed." : "The passkey is added. Sign in with it from now on.",
    quiet: true,
    onDone: () => void onDone(),
  });
  const wait = useWait(save.error);
  return (
    <Modal opened onClose={onClose} title={of ? "Rename the passkey" : "Add a passkey"}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {of ? null : (
            <p className="soft" style={{ margin: 0 }}>
              Your browser asks where to keep it: on this device, in your password manager or on a security
              key with a PIN.
            </p>
          )}
          <TextInput
            label="Name"
            description="So that you know which one to remove when a device is lost."
            required
            data-autofocus
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormProblem error={save.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim() || wait > 0}>
              {of ? "Rename" : "Go on in the browser"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
