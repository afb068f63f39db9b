import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import type { AuditEntry } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { plural, words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { Diff } from "./Diff";

export default function AuditLog() {
  const [actor, setActor] = useState("");
  const [action, setAction] = useState("");
  const [filters] = useDebouncedValue({ actor: actor || undefined, action: action || undefined }, 250);
  const [open, setOpen] = useState<AuditEntry | null>(null);
  const list = useList<AuditEntry>(["audit"], filters, (query) =>
    api.GET("/audit", { params: { path: {}, query } }),
  );
  return (
    <>
      <Panel flush>
        <DataTable
          id="audit"
          label="Audit log"
          query={list}
          rowId={(row) => String(row.sequence)}
          tools={
            <>
              <TextInput
                size="xs"
                aria-label="Filter by actor"
                placeholder="Actor"
                value={actor}
                onChange={(event) => setActor(event.currentTarget.value)}
              />
              <TextInput
                size="xs"
                aria-label="Filter by action"
                placeholder="Action, such as block.push"
                value={action}
                onChange={(event) => setAction(event.currentTarget.value)}
              />
              <VerifyChain />
            </>
          }
          empty={
            <EmptyState
              title="No entry matches"
              why="Every change is written here with who, what, before and after. Entries are chained, so that a missing one shows."
            />
          }
          columns={[
            { id: "at", label: "When", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
            {
              id: "actor",
              label: "Who",
              value: (row) => row.actor_name || row.actor_kind,
              cell: (row) => (
                <>
                  {row.actor_name || row.actor_kind}
                  {row.actor_kind === "user" ? null : <div className="muted">{words(row.actor_kind)}</div>}
                </>
              ),
            },
            {
              id: "action",
              label: "What",
              value: (row) => row.action,
              cell: (row) => <span className="mono">{row.action}</span>,
            },
            {
              id: "target",
              label: "On",
              value: (row) => row.target,
              cell: (row) => <span className="mono">{row.target}</span>,
            },
            { id: "reason", label: "Reason", value: (row) => row.reason },
            {
              id: "diff",
              label: "Change",
              sortable: false,
              value: () => "",
              cell: (row) =>
                row.before || row.after ? (
                  <Button size="compact-xs" variant="default" onClick={() => setOpen(row)}>
                    Show change <span className="visually-hidden">of {row.action}</span>
                  </Button>
                ) : (
                  <span className="muted">none</span>
                ),
            },
          ]}
        />
      </Panel>
      <Modal
        opened={open !== null}
        onClose={() => setOpen(null)}
        size="lg"
        title={open ? `${open.action} on ${open.target ?? "the workspace"}` : ""}
      >
        {open ? <Diff before={open.before} after={open.after} /> : null}
      </Modal>
    </>
  );
}

function VerifyChain() {
  const verify = useChange({
    run: () => unwrap(api.POST("/audit/verify", { params: { path: {} }, body: {} })),
    touches: [],
  });
  return (
    <Group gap={8} aria-live="polite">
      <Button size="xs" variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
        Verify chain
      </Button>
      {verify.data ? (
        <Pill tone={verify.data.fault ? "critical" : "ok"} icon>
          {verify.data.fault
            ? `Broken at entry ${verify.data.sequence ?? "unknown"}: ${verify.data.fault}`
            : `Unbroken over ${plural(verify.data.checked, "entry", "entries")}`}
        </Pill>
      ) : null}
    </Group>
  );
}
