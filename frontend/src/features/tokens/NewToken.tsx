import { Button, Group, Modal, SimpleGrid, Stack, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useSession } from "@/api/session";
import { Expiry } from "@/ui/Expiry";
import { afterDays } from "@/ui/days";
import { FormProblem } from "@/ui/Problem";
import { ShownOnce } from "@/ui/ShownOnce";
import { Loaded } from "@/ui/States";
import { permissionsQuery } from "../members/query";
import { Scopes } from "./Scopes";

/** Rights, end and place of use are said before the token is made; afterwards only revoking is left. */
export function NewToken({ onClose }: { onClose: () => void }) {
  const { permissions: mine } = useSession();
  const permissions = useQuery(permissionsQuery);
  const [name, setName] = useState("");
  const [expires, setExpires] = useState(() => afterDays(90));
  const [networks, setNetworks] = useState<string[]>([]);
  const [scopes, setScopes] = useState<string[]>(() =>
    mine.filter((name) => /^(inventory|findings|threats)\.read$/.test(name)),
  );
  const create = useChange({
    run: () =>
      unwrap(
        api.POST("/tokens", { params: { path: {} }, body: { name, scopes, expires_at: expires, networks } }),
      ),
    touches: [["tokens"]],
    quiet: true,
  });
  const problems = fieldErrors(create.error);
  if (create.data)
    return (
      <ShownOnce
        title={`${name}: copy the token now`}
        secret={create.data.token}
        what="token"
        onClose={onClose}
      />
    );
  return (
    <Modal opened onClose={onClose} size={760} title="Create an API token">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput
              label="Name"
              description="Who or what uses it."
              required
              data-autofocus
              maxLength={80}
              value={name}
              error={problems["name"]}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Expiry value={expires} onChange={setExpires} error={problems["expires_at"]} />
          </SimpleGrid>
          <TagsInput
            label="Only from these addresses"
            description="Addresses or ranges such as 203.0.113.0/24. Empty: from anywhere."
            placeholder={networks.length ? undefined : "203.0.113.0/24"}
            value={networks}
            error={problems["networks"]}
            splitChars={[",", " "]}
            acceptValueOnBlur
            onChange={setNetworks}
          />
          <Loaded query={permissions}>
            {(rows) => (
              <Scopes
                permissions={rows.filter((row) => row.for_tokens)}
                mine={mine}
                value={scopes}
                onChange={setScopes}
                error={problems["scopes"]}
              />
            )}
          </Loaded>
          <FormProblem error={create.error} beside={["name", "expires_at", "networks", "scopes"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!scopes.length}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
