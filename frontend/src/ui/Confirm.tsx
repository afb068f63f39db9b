import { Button, Group, Modal, Stack, type ButtonProps } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState, type ReactNode } from "react";
import { FormProblem } from "./Problem";

interface ConfirmProps extends ButtonProps {
  label: string;
  title: string;
  body: ReactNode;
  confirm: string;
  danger?: boolean;
  run: () => Promise<unknown>;
}

/** A button that names what will happen before it does it. */
export function ConfirmButton({ label, title, body, confirm, danger, run, ...button }: ConfirmProps) {
  const [opened, { open, close }] = useDisclosure(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await run();
      close();
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        variant={danger ? "light" : "default"}
        color={danger ? "red" : undefined}
        {...button}
        onClick={open}
      >
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={title}>
        <Stack>
          <div className="soft">{body}</div>
          <FormProblem error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button color={danger ? "red" : undefined} loading={busy} onClick={() => void go()}>
              {confirm}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
