import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Tenant } from "@/api/types";
import { spelled, moment } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";
import { deletionQuery } from "./query";

/** The one act that is asked for by typing a name; there is time to take it back. */
export function Deletion({ tenant }: { tenant: Tenant }) {
  const deletion = useQuery(deletionQuery);
  const [asking, setAsking] = useState(false);
  const keep = useChange({
    run: () => unwrap(api.DELETE("/tenant/deletion", { params: { path: {} } })),
    touches: [["deletion"]],
    done: "The workspace is kept.",
  });
  return (
    <Loaded query={deletion} rows={2}>
      {(data) => {
        const grace = spelled(data.grace_hours * 3600);
        return data.delete_after ? (
          <Stack gap={12} align="flex-start">
            <Alert color="red" title={`${tenant.name} will be deleted on ${moment(data.delete_after)}`}>
              That is <Time at={data.delete_after} />. Until then everything goes on as it is, and any owner
              can keep the workspace.
            </Alert>
            <Button loading={keep.isPending} onClick={() => keep.mutate()}>
              Keep the workspace
            </Button>
          </Stack>
        ) : (
          <Group justify="space-between" gap={16}>
            <p className="soft" style={{ margin: 0, flex: "1 1 320px" }}>
              Everything goes: inventory, findings, calls, people, the audit log. It happens {grace} after you
              ask; until then any owner can take it back. Blocks still in force at your gateways are undone
              first. Make an archive before.
            </p>
            <Button color="red" variant="light" onClick={() => setAsking(true)}>
              Delete the workspace
            </Button>
            {asking ? <Ask tenant={tenant} grace={grace} onClose={() => setAsking(false)} /> : null}
          </Group>
        );
      }}
    </Loaded>
  );
}

function Ask({ tenant, grace, onClose }: { tenant: Tenant; grace: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const ask = useChange({
    run: () => unwrap(api.POST("/tenant/deletion", { params: { path: {} }, body: { name } })),
    touches: [["deletion"]],
    quiet: true,
    onDone: onClose,
  });
  return (
    <Modal opened onClose={onClose} title={`Delete ${tenant.name}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask.mutate();
        }}
      >
        <Stack>
          <p className="soft" style={{ margin: 0 }}>
            The workspace with all its data is removed {grace} from now. Every owner can keep it until then;
            afterwards nobody can bring it back, we included.
          </p>
          <TextInput
            label={`Type ${tenant.name} to go on`}
            required
            data-autofocus
            autoComplete="off"
            value={name}
            error={fieldErrors(ask.error)["name"]}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormProblem error={ask.error} beside={["name"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={ask.isPending} disabled={name.trim() !== tenant.name}>
              Delete in {grace}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
