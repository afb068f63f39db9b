import { Button, Group, PasswordInput, Select, Table, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap, unwrapPage } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan, useSession } from "@/api/session";
import type { Member, Role } from "@/api/types";
import { ConfirmButton } from "@/ui/Confirm";
import { words } from "@/ui/format";
import { Grid, Panel, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { EmptyState, Loaded } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

const ROLES = ["owner", "admin", "responder", "analyst", "viewer", "billing"];

export default function Members() {
  const can = useCan("members.write");
  const { user } = useSession();
  const list = useList<Member>(["members"], {}, (query) =>
    api.GET("/members", { params: { path: {}, query } }),
  );
  const change = useChange({
    run: ({ id, role }: { id: string; role: string }) =>
      unwrap(api.PATCH("/members/{id}", { params: { path: { id } }, body: { role } })),
    touches: [["members"]],
    done: "The role is changed.",
  });
  const remove = useChange({
    run: (id: string) => unwrap(api.DELETE("/members/{id}", { params: { path: { id } } })),
    touches: [["members"]],
    done: "Removed. Their sessions have ended.",
    quiet: true,
  });
  return (
    <Grid>
      {can ? (
        <Panel title="Add a member">
          <AddMember />
        </Panel>
      ) : null}
      <Panel title="Members" flush>
        <DataTable
          id="members"
          label="Members"
          query={list}
          rowId={(row) => row.id}
          empty={<EmptyState title="No members" why="People of this workspace appear here." />}
          columns={[
            {
              id: "name",
              label: "Person",
              value: (row) => row.name || row.email,
              cell: (row) => (
                <>
                  <strong style={{ fontWeight: 500 }}>{row.name || row.email}</strong>
                  {row.email === user.email ? <span className="muted"> (you)</span> : null}
                  <div className="muted">{row.email}</div>
                </>
              ),
            },
            {
              id: "role",
              label: "Role",
              value: (row) => row.role,
              cell: (row) =>
                can ? (
                  <Select
                    size="xs"
                    w={140}
                    aria-label={`Role of ${row.email}`}
                    data={ROLES.map((value) => ({ value, label: words(value) }))}
                    value={row.role}
                    allowDeselect={false}
                    onChange={(role) => role && role !== row.role && change.mutate({ id: row.id, role })}
                  />
                ) : (
                  words(row.role)
                ),
            },
            {
              id: "since",
              label: "Member since",
              value: (row) => row.created_at,
              cell: (row) => <Time at={row.created_at} />,
            },
            {
              id: "remove",
              label: "Actions",
              sortable: false,
              value: () => "",
              cell: (row) =>
                can && row.email !== user.email ? (
                  <ConfirmButton
                    size="compact-xs"
                    danger
                    label="Remove"
                    title={`Remove ${row.email}?`}
                    body="Their access ends at once. What they did stays in the audit log."
                    confirm="Remove"
                    run={() => remove.mutateAsync(row.id)}
                  />
                ) : null,
            },
          ]}
        />
      </Panel>
      <Panel title="Who may do what">
        <RoleTable />
      </Panel>
    </Grid>
  );
}

function AddMember() {
  const [form, setForm] = useState({ email: "", name: "", role: "analyst", password: "" });
  const add = useChange({
    run: () => {
      const { password, ...person } = form;
      return unwrap(
        api.POST("/members", { params: { path: {} }, body: password ? { ...person, password } : person }),
      );
    },
    touches: [["members"]],
    done: (made) => `${made.email} is a member now.`,
    onDone: () => setForm({ ...form, email: "", name: "", password: "" }),
    quiet: true,
  });
  const put = (change: Partial<typeof form>): void => setForm({ ...form, ...change });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label="E-mail"
          type="email"
          required
          value={form.email}
          onChange={(event) => put({ email: event.currentTarget.value })}
        />
        <TextInput
          label="Name"
          value={form.name}
          onChange={(event) => put({ name: event.currentTarget.value })}
        />
        <Select
          label="Role"
          w={140}
          data={ROLES.map((value) => ({ value, label: words(value) }))}
          value={form.role}
          allowDeselect={false}
          onChange={(role) => put({ role: role ?? "analyst" })}
        />
        <PasswordInput
          label="First password"
          w={220}
          autoComplete="new-password"
          minLength={12}
          required
          value={form.password}
          onChange={(event) => put({ password: event.currentTarget.value })}
        />
        <Button type="submit" loading={add.isPending}>
          Add
        </Button>
      </Group>
      <div style={{ marginTop: 10 }}>
        <FormProblem error={add.error} />
      </div>
    </form>
  );
}

function RoleTable() {
  const roles = useQuery({
    queryKey: ["roles"],
    queryFn: async () => (await unwrapPage(api.GET("/roles", { params: { path: {} } }))).data,
    staleTime: 300_000,
  });
  return <Loaded query={roles}>{(rows) => <Matrix roles={rows.map(normalise)} />}</Loaded>;
}

const normalise = (
  role: Role & { name?: string; key?: string },
): { name: string; permissions: string[] } => ({
  name: role.role ?? role.name ?? role.key ?? "",
  permissions: role.permissions,
});

function Matrix({ roles }: { roles: { name: string; permissions: string[] }[] }) {
  const all = [...new Set(roles.flatMap((role) => role.permissions))].sort();
  return (
    <div
      role="region"
      aria-label="Permissions of each role, scrollable"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must take the keyboard
      tabIndex={0}
      style={{ overflowX: "auto" }}
    >
      <Table miw={560} aria-label="Permissions of each role" verticalSpacing={4} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">Permission</Table.Th>
            {roles.map((role) => (
              <Table.Th key={role.name} scope="col">
                {words(role.name)}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {all.map((permission) => (
            <Table.Tr key={permission}>
              <Table.Th scope="row" fw={400}>
                {words(permission.replace(".", ": "))}
              </Table.Th>
              {roles.map((role) => (
                <Table.Td key={role.name}>
                  {role.permissions.includes(permission) ? (
                    <>
                      <IconCheck size={15} color="var(--ok)" aria-hidden />
                      <span className="visually-hidden">yes</span>
                    </>
                  ) : (
                    <span className="visually-hidden">no</span>
                  )}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
