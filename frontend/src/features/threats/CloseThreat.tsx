import { Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Threat } from "@/api/types";
import { FormProblem } from "@/ui/Problem";

export function CloseThreat({ threat }: { threat: Threat }) {
  const can = useCan("threats.write");
  const [opened, { open, close }] = useDisclosure(false);
  const [reason, setReason] = useState("");
  const to = threat.status === "closed" ? "open" : "closed";
  const change = useChange({
    run: () =>
      unwrap(
        api.PATCH("/threats/{id}", { params: { path: { id: threat.id } }, body: { status: to, reason } }),
      ),
    touches: [["threats"], ["actors"], ["overview"]],
    done:
      to === "closed" ? "The threat is closed. New evidence opens it again." : "The threat is open again.",
    onDone: close,
    quiet: true,
  });
  if (!can) return null;
  const label = to === "closed" ? "Close threat" : "Open again";
  return (
    <div>
      <Button size="xs" variant="default" onClick={open}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={label}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate();
          }}
        >
          <Stack>
            <Textarea
              label="Reason"
              required
              data-autofocus
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            <FormProblem error={change.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={change.isPending}>
                {label}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </div>
  );
}
