import { Button, Group, Modal, Select, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Block } from "@/api/types";
import { ConfirmButton } from "@/ui/Confirm";
import { FormProblem } from "@/ui/Problem";
import { TTL_PRESETS } from "./draft";
import { OVER } from "./names";

const touches = [["blocks"], ["overview"], ["actors"], ["threats"]];

/** Undo first and always; then what can be done next. */
export function BlockActions({ block }: { block: Block }) {
  const canPush = useCan("blocks.push");
  const canApprove = useCan("blocks.approve");
  const params = { path: { id: block.id } };
  const undo = useChange({
    run: () => unwrap(api.POST("/blocks/{id}/undo", { params, body: {} })),
    touches,
    done: "Being undone. The page shows when the vendor confirms that it is gone.",
  });
  const promote = useChange({
    run: () => unwrap(api.POST("/blocks/{id}/promote", { params, body: {} })),
    touches,
    quiet: true,
    done: "Promoted to a block.",
  });
  const approve = useChange({
    run: () => unwrap(api.POST("/blocks/{id}/approve", { params, body: { fingerprint: block.fingerprint } })),
    touches,
    quiet: true,
    done: "Approved.",
  });
  if (OVER.includes(block.status)) return null;
  const waits = block.needs_approval && !block.approved_by;
  return (
    <Group gap={8}>
      {waits ? (
        <ConfirmButton
          label="Approve"
          title="Approve this block?"
          body="You are the second person. The block is pushed right after."
          confirm="Approve"
          disabled={!canApprove}
          run={() => approve.mutateAsync()}
        />
      ) : null}
      {block.status === "counting" ? (
        <ConfirmButton
          label="Promote to block"
          title="Promote to a block?"
          body="From now on matching calls are stopped instead of counted. The gates are checked again first; the expiry stays as it is."
          confirm="Promote to block"
          disabled={!canPush}
          run={() => promote.mutateAsync()}
        />
      ) : null}
      {block.status !== "undoing" ? <Extend block={block} disabled={!canPush} /> : null}
      <Button
        color="red"
        leftSection={<IconArrowBackUp size={16} aria-hidden />}
        disabled={!canPush || block.status === "undoing"}
        loading={undo.isPending}
        onClick={() => undo.mutate()}
      >
        {block.status === "undoing" ? "Being undone" : "Undo"}
      </Button>
    </Group>
  );
}

function Extend({ block, disabled }: { block: Block; disabled: boolean }) {
  const [opened, { open, close }] = useDisclosure(false);
  const [ttl, setTtl] = useState("86400");
  const extend = useChange({
    run: () =>
      unwrap(
        api.POST("/blocks/{id}/extend", {
          params: { path: { id: block.id } },
          body: { ttl_seconds: Number(ttl) },
        }),
      ),
    touches,
    quiet: true,
    done: "The new expiry is set.",
    onDone: close,
  });
  return (
    <>
      <Button variant="default" disabled={disabled} onClick={open}>
        Extend
      </Button>
      <Modal opened={opened} onClose={close} title="Extend this block">
        <Stack>
          <Select
            label="Ends by itself after, from now"
            data={TTL_PRESETS}
            value={ttl}
            allowDeselect={false}
            onChange={(value) => setTtl(value ?? ttl)}
          />
          <FormProblem error={extend.error} />
          <Group justify="flex-end">
            <Button loading={extend.isPending} onClick={() => extend.mutate()}>
              Extend
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
