import type { ConnectionDetail } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";
import { Grid, Panel } from "@/ui/Layout";
import { DataTable } from "@/ui/table/DataTable";

const tones: Record<string, Tone> = { complete: "ok", partial: "medium", unknown: "unknown" };

/** How complete each part of the configuration read is. What was not read is not known, not empty. */
export function Sections({ connection }: { connection: ConnectionDetail }) {
  return (
    <Grid>
      <Panel title="Sections of the configuration" flush>
        <DataTable
          plain
          id="sections"
          label="Sections of the configuration"
          rows={connection.sections}
          rowId={(row) => row.name}
          empty={
            <p className="muted" style={{ padding: "0 16px" }}>
              Nothing has been read yet.
            </p>
          }
          columns={[
            { id: "name", label: "Section", value: (row) => row.name, cell: (row) => words(row.name) },
            {
              id: "completeness",
              label: "Read",
              value: (row) => row.completeness,
              cell: (row) => (
                <Pill tone={tones[row.completeness] ?? "unknown"} icon>
                  {row.completeness === "unknown" ? "Not known" : words(row.completeness)}
                </Pill>
              ),
            },
            { id: "reason", label: "Why not all of it", value: (row) => row.reason },
          ]}
        />
      </Panel>
      <Panel title="Where blocks can be enforced" flush>
        <DataTable
          plain
          id="targets"
          label="Block targets"
          rows={connection.targets}
          rowId={(row) => row.ref}
          empty={
            <p className="muted" style={{ padding: "0 16px" }}>
              This connection has no place to enforce a block.
            </p>
          }
          columns={[
            { id: "name", label: "Target", value: (row) => row.name },
            { id: "kind", label: "Kind", value: (row) => row.kind, cell: (row) => words(row.kind) },
            {
              id: "ref",
              label: "Reference",
              value: (row) => row.ref,
              cell: (row) => <span className="mono">{row.ref}</span>,
            },
            { id: "note", label: "Note", value: (row) => row.note },
          ]}
        />
      </Panel>
    </Grid>
  );
}
