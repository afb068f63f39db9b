import { Alert, Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { CodeBlock } from "./CodeBlock";

interface ShownOnceProps {
  title: string;
  secret: string;
  /** What it is, for the copy button: "token". */
  what: string;
  children?: ReactNode;
  onClose: () => void;
}

/** A secret just made. It is closed by saying that it is kept, not by a stray click. */
export function ShownOnce({ title, secret, what, children, onClose }: ShownOnceProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <Stack>
        <Alert color="yellow">It is shown this one time. We keep only a fingerprint of it.</Alert>
        <CodeBlock code={secret} title={`The ${what}`} copyLabel={`Copy the ${what}`} wrap />
        {children}
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
