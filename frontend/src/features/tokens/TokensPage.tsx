import { Alert, Button, Checkbox, Group, Modal, Select, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan, useSession } from "@/api/session";
import type { Token } from "@/api/types";
import { Tags } from "@/ui/Badges";
import { CodeBlock } from "@/ui/CodeBlock";
import { ConfirmButton } from "@/ui/Confirm";
import { day, words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

export default function Tokens() {
  const can = useCan("tokens.write");
  const [making, setMaking] = useState(false);
  const list = useList<Token>(["tokens"], {}, (query) => api.GET("/tokens", { params: { path: {}, query } }));
  const revoke = useChange({
    run: (id: string) => unwrap(api.DELETE("/tokens/{id}", { params: { path: { id } } })),
    touches: [["tokens"]],
    done: "Revoked. It stopped working at once.",
    quiet: true,
  });
  return (
    <>
      <Panel flush>
        <DataTable
          id="tokens"
          label="API tokens"
          query={list}
          rowId={(row) => row.id}
          tools={
            <Button size="xs" disabled={!can} onClick={() => setMaking(true)}>
              Create a token
            </Button>
          }
          empty={
            <EmptyState
              title="No API token yet"
              why="A token lets a script or a pipeline use the REST API with chosen rights and an end date. It is shown once."
              action={can ? { label: "Create a token", onClick: () => setMaking(true) } : undefined}
            />
          }
          columns={[
            {
              id: "name",
              label: "Name",
              value: (row) => row.name,
              cell: (row) => (
                <>
                  <strong style={{ fontWeight: 500 }}>{row.name}</strong>
                  <div className="mono muted">{row.prefix}…</div>
                </>
              ),
            },
            {
              id: "scopes",
              label: "Scopes",
              value: (row) => row.scopes.join(" "),
              cell: (row) => <Tags values={row.scopes} limit={5} />,
            },
            {
              id: "expires",
              label: "Expires",
              value: (row) => row.expires_at,
              cell: (row) => (row.expires_at ? day(row.expires_at) : "never"),
            },
            {
              id: "used",
              label: "Last used",
              value: (row) => row.last_used_at,
              cell: (row) => <Time at={row.last_used_at} />,
            },
            {
              id: "created",
              label: "Created",
              value: (row) => row.created_at,
              cell: (row) => <Time at={row.created_at} />,
              hidden: true,
            },
            {
              id: "revoke",
              label: "Actions",
              sortable: false,
              value: () => "",
              cell: (row) =>
                can ? (
                  <ConfirmButton
                    size="compact-xs"
                    danger
                    label="Revoke"
                    title={`Revoke ${row.name}?`}
                    body="Whatever uses it stops working at once. This cannot be undone; create a new one instead."
                    confirm="Revoke"
                    run={() => revoke.mutateAsync(row.id)}
                  />
                ) : null,
            },
          ]}
        />
      </Panel>
      <p className="soft" style={{ fontSize: 13 }}>
        <a href="/api/docs" target="_blank" rel="noreferrer">
          REST API reference
        </a>
        : send the token as <code>Authorization: Bearer pcl_…</code>
      </p>
      {making ? <NewToken onClose={() => setMaking(false)} /> : null}
    </>
  );
}

const LIFETIMES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
];

function NewToken({ onClose }: { onClose: () => void }) {
  const { permissions } = useSession();
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const [scopes, setScopes] = useState<string[]>(
    permissions.filter((p) => /^(inventory|findings|threats)\.read$/.test(p)),
  );
  const create = useChange({
    run: () =>
      unwrap(
        api.POST("/tokens", {
          params: { path: {} },
          body: { name, scopes, expires_at: new Date(Date.now() + Number(days) * 86_400_000).toISOString() },
        }),
      ),
    touches: [["tokens"]],
    quiet: true,
  });
  const made = create.data?.token;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={made ? "Copy the token now" : "Create an API token"}
      closeOnClickOutside={!made}
    >
      {made ? (
        <Stack>
          <Alert color="yellow">It is shown this one time. We keep only a fingerprint of it.</Alert>
          <CodeBlock code={made} title="API token" copyLabel="Copy the token" />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have stored it</Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            create.mutate();
          }}
        >
          <Stack>
            <Group grow align="flex-start">
              <TextInput
                label="Name"
                description="Who or what uses it."
                required
                data-autofocus
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <Select
                label="Expires after"
                description="At most one year."
                data={LIFETIMES}
                value={days}
                allowDeselect={false}
                onChange={(value) => setDays(value ?? "90")}
              />
            </Group>
            <Checkbox.Group
              label="Scopes"
              description="Only what it needs. You cannot give more than you may do."
              value={scopes}
              onChange={setScopes}
            >
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={6} mt={8}>
                {permissions.map((permission) => (
                  <Checkbox
                    key={permission}
                    size="xs"
                    value={permission}
                    label={words(permission.replace(".", ": "))}
                  />
                ))}
              </SimpleGrid>
            </Checkbox.Group>
            <FormProblem error={create.error} />
            <Group justify="flex-end">
              <Button type="submit" loading={create.isPending} disabled={!scopes.length}>
                Create
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
