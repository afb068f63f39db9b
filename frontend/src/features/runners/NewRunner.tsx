import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { NewRunner as Made } from "@/api/types";
import { FormProblem } from "@/ui/Problem";

interface NewRunnerProps {
  onClose: () => void;
  onMade: (made: Made) => void;
}

export function NewRunner({ onClose, onMade }: NewRunnerProps) {
  const [name, setName] = useState("");
  const create = useChange({
    run: () => unwrap(api.POST("/runners", { params: { path: {} }, body: { name } })),
    touches: [["runners"]],
    quiet: true,
    onDone: onMade,
  });
  return (
    <Modal opened onClose={onClose} title="Add a runner">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="Where it runs, so that others know which one to choose."
            required
            data-autofocus
            maxLength={80}
            value={name}
            error={fieldErrors(create.error)["name"]}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormProblem error={create.error} beside={["name"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Add
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
