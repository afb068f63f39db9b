import type { Parameter } from "@/api/types";
import { Known, Tags, Unknown } from "@/ui/Badges";
import { compact, percent, words } from "@/ui/format";
import { Panel } from "@/ui/Layout";
import { DataTable } from "@/ui/table/DataTable";

const SOURCES: Record<string, string> = {
  declared: "API document",
  spec: "API document",
  config: "configuration",
  traffic: "calls",
};

/** Fields with how sure we are of each, and from how many calls. */
export function Parameters({ parameters }: { parameters: Parameter[] }) {
  return (
    <Panel title="Parameters" note="with the confidence and sample size of each" flush>
      <DataTable
        plain
        id="parameters"
        label="Parameters"
        rows={parameters}
        rowId={(row) => `${row.location}:${row.name}`}
        empty={
          <p className="muted" style={{ padding: "0 16px" }}>
            No parameter is known. They come from API documents and, where the log carries them, from calls.
          </p>
        }
        columns={[
          {
            id: "name",
            label: "Name",
            value: (row) => row.name,
            cell: (row) => <span className="mono">{row.name}</span>,
          },
          { id: "location", label: "In", value: (row) => row.location },
          {
            id: "type",
            label: "Type",
            value: (row) => row.type,
            cell: (row) => <span className="mono">{row.type}</span>,
          },
          {
            id: "required",
            label: "Required",
            value: (row) => (row.required === null ? null : row.required ? "yes" : "no"),
            cell: (row) =>
              row.required === null ? (
                <Unknown reason="Too few calls to say." />
              ) : row.required ? (
                "yes"
              ) : (
                "no"
              ),
          },
          {
            id: "confidence",
            label: "Confidence",
            value: (row) => row.confidence,
            cell: (row) => (
              <Known value={row.confidence} format={percent} reason="Declared, not learnt from calls." />
            ),
            numeric: true,
          },
          {
            id: "n_seen",
            label: "Seen in",
            value: (row) => row.n_seen,
            cell: (row) => (
              <Known
                value={row.n_seen}
                format={(n) => `${compact(n)} calls`}
                reason="No traffic source carries this field."
              />
            ),
            numeric: true,
          },
          {
            id: "provenance",
            label: "Known from",
            value: (row) => row.provenance.join(" "),
            cell: (row) => <Tags values={row.provenance.map((source) => SOURCES[source] ?? words(source))} />,
            sortable: false,
          },
        ]}
      />
    </Panel>
  );
}
