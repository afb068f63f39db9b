import { Button, Group, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { ProtectedNetwork } from "@/api/types";
import { ConfirmButton } from "@/ui/Confirm";
import { words } from "@/ui/format";
import { Grid, PageHeader, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

const KINDS = ["partner", "egress", "health_check", "gateway", "office", "other"];

export default function ProtectedPage() {
  const canAdd = useCan("blocks.push");
  const can = useCan("blocks.approve");
  const list = useList<ProtectedNetwork>(["protected-networks"], {}, (query) =>
    api.GET("/protected-networks", { params: { path: {}, query } }),
  );
  const remove = useChange({
    run: (id: string) => unwrap(api.DELETE("/protected-networks/{id}", { params: { path: { id } } })),
    touches: [["protected-networks"]],
    done: "Removed.",
    quiet: true,
  });
  return (
    <>
      <PageHeader
        title="Protected networks"
        crumb={{ label: "Blocks", to: "/blocks" }}
        lead="A block that would hit one of these is refused: your own outgoing addresses, health checks, gateways and partners."
      />
      <Grid>
        {canAdd ? (
          <Panel title="Protect a network">
            <AddNetwork />
          </Panel>
        ) : null}
        <Panel flush>
          <DataTable
            id="protected-networks"
            label="Protected networks"
            query={list}
            rowId={(row) => row.id}
            empty={
              <EmptyState
                title="No network is protected by name yet"
                why="Private ranges are always protected. Add the addresses of partners and of your own systems so that no block can cut them off."
              />
            }
            columns={[
              {
                id: "cidr",
                label: "Network",
                value: (row) => row.cidr,
                cell: (row) => <span className="mono">{row.cidr}</span>,
              },
              { id: "label", label: "Whose", value: (row) => row.label },
              { id: "kind", label: "Kind", value: (row) => row.kind, cell: (row) => words(row.kind) },
              {
                id: "remove",
                label: "Remove",
                sortable: false,
                value: () => "",
                cell: (row) =>
                  can && !row.builtin ? (
                    <ConfirmButton
                      size="compact-xs"
                      danger
                      label="Remove"
                      title={`Remove ${row.cidr}?`}
                      body={`Blocks may then hit ${row.label}.`}
                      confirm="Remove"
                      run={() => remove.mutateAsync(row.id)}
                    />
                  ) : (
                    <span className="muted">{row.builtin ? "always protected" : ""}</span>
                  ),
              },
            ]}
          />
        </Panel>
      </Grid>
    </>
  );
}

function AddNetwork() {
  const [form, setForm] = useState({ cidr: "", label: "", kind: "partner" });
  const add = useChange({
    run: () => unwrap(api.POST("/protected-networks", { params: { path: {} }, body: form })),
    touches: [["protected-networks"]],
    done: "Protected from now on.",
    onDone: () => setForm({ ...form, cidr: "", label: "" }),
    quiet: true,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <Group align="flex-end">
        <TextInput
          label="Network"
          placeholder="203.0.113.0/24"
          required
          value={form.cidr}
          onChange={(event) => setForm({ ...form, cidr: event.currentTarget.value })}
        />
        <TextInput
          label="Whose"
          placeholder="Payments partner"
          required
          value={form.label}
          onChange={(event) => setForm({ ...form, label: event.currentTarget.value })}
        />
        <Select
          label="Kind"
          data={KINDS.map((value) => ({ value, label: words(value) }))}
          value={form.kind}
          allowDeselect={false}
          onChange={(kind) => setForm({ ...form, kind: kind ?? "partner" })}
        />
        <Button type="submit" loading={add.isPending}>
          Protect
        </Button>
      </Group>
      <div style={{ marginTop: 10 }}>
        <FormProblem error={add.error} />
      </div>
    </form>
  );
}
