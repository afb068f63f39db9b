import { Alert, Stack } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { Preview, PreviewTarget } from "@/api/types";
import { Known, Operation, Pill, type Tone } from "@/ui/Badges";
import { Bars } from "@/ui/charts/Bars";
import { TimeChart } from "@/ui/charts/TimeChart";
import { compact, integer, moment, percent, plural } from "@/ui/format";
import { Grid, Panel, Stats } from "@/ui/Layout";
import { DataTable } from "@/ui/table/DataTable";
import { LabelledOperation } from "../overview/Top";
import { StatusPill } from "../threats/CallTable";

/** What the block would have hit, on calls that really happened. */
export function PreviewStep({ preview }: { preview: Preview }) {
  const { effect, window: span } = preview;
  const times = effect.series.map((point) => point.at);
  return (
    <Stack gap={16}>
      <p className="soft" style={{ margin: 0 }}>
        Replayed on {integer(span.calls)} calls from {moment(span.from)} to {moment(span.to)}.
      </p>
      <Stats
        label="Effect"
        items={[
          {
            label: "Requests hit",
            value: compact(effect.requests),
            note: `${percent(effect.share_of_traffic)} of all traffic`,
          },
          {
            label: "Known-good requests hit",
            value: compact(effect.good_requests),
            note: `${percent(effect.share_of_good)} of good traffic`,
          },
          {
            label: "Principals",
            value: (
              <Known
                value={effect.principals}
                format={compact}
                reason="The source does not name principals."
              />
            ),
            note: "people or programs",
          },
          {
            label: "Addresses",
            value: <Known value={effect.addresses} format={compact} />,
            note: "distinct sources",
          },
          {
            label: "Partners hit",
            value: effect.partners.length,
            note: effect.partners.map((p) => p.name).join(", ") || "none",
          },
        ]}
      />
      {preview.unevaluable.length ? (
        <Alert
          color="yellow"
          icon={<IconInfoCircle size={18} aria-hidden />}
          title="Not all of the match could be replayed"
        >
          {preview.unevaluable.map((item) => (
            <div key={item.field}>
              <code>{item.field}</code>: {item.reason}
            </div>
          ))}
          The numbers above may be too high for these parts.
        </Alert>
      ) : null}
      <Grid>
        <Panel title="Would have been hit, over time" span={8}>
          <TimeChart
            label="Would be hit"
            at={times}
            series={[
              {
                name: "Would be hit",
                values: effect.series.map((p) => p.hit),
                color: "critical-fill",
                kind: "bar",
              },
            ]}
            height={130}
          />
          <p className="soft" style={{ margin: "10px 0 0", fontSize: 13 }}>
            All calls, for comparison
          </p>
          <TimeChart
            label="All calls"
            at={times}
            series={[
              {
                name: "All calls",
                values: effect.series.map((p) => p.total),
                color: "info-fill",
                kind: "area",
              },
            ]}
            height={110}
          />
        </Panel>
        <Panel title="Endpoints" span={4}>
          {effect.endpoints.length ? (
            <Bars
              label="Requests hit by endpoint"
              items={effect.endpoints.slice(0, 8).map((e) => ({
                key: e.label,
                label: <LabelledOperation label={e.label} />,
                value: e.requests,
                text: integer(e.requests),
                color: "critical-fill",
              }))}
            />
          ) : (
            <p className="muted">No past call matches.</p>
          )}
        </Panel>
        {effect.partners.length ? (
          <Panel title="Partners that would be hit">
            <Bars
              label="Requests hit by partner"
              items={effect.partners.map((p) => ({
                key: p.name,
                label: p.name,
                value: p.requests,
                text: plural(p.requests, "request"),
                color: "high-fill",
              }))}
            />
          </Panel>
        ) : null}
        <Panel title="Where it would be enforced" flush>
          <TargetPlan preview={preview} />
        </Panel>
        <Panel title="Ten examples" note="calls that really happened" flush>
          <DataTable
            plain
            id="preview-examples"
            label="Example calls"
            rows={effect.examples.slice(0, 10)}
            rowId={(row) => row.at + row.path + (row.client_ip ?? "")}
            empty={
              <p className="muted" style={{ padding: "0 16px" }}>
                No past call matches.
              </p>
            }
            columns={[
              {
                id: "at",
                label: "Time",
                value: (row) => row.at,
                cell: (row) => <span className="nowrap">{moment(row.at)}</span>,
              },
              {
                id: "call",
                label: "Call",
                value: (row) => row.path,
                cell: (row) => <Operation method={row.method} host={row.host} path={row.path} />,
              },
              {
                id: "status",
                label: "Status",
                value: (row) => row.status,
                cell: (row) => <StatusPill status={row.status} />,
              },
              {
                id: "address",
                label: "Address",
                value: (row) => row.client_ip,
                cell: (row) => <span className="mono">{row.client_ip}</span>,
              },
              {
                id: "principal",
                label: "Principal",
                value: (row) => row.principal,
                cell: (row) => <span className="mono">{row.principal ?? ""}</span>,
              },
            ]}
          />
        </Panel>
      </Grid>
    </Stack>
  );
}

const exactTone: Record<string, Tone> = { exact: "ok", approximated: "medium", refused: "critical" };

/** What each target can express, where it is effective and what it costs. */
export function TargetPlan({ preview }: { preview: Preview }) {
  return (
    <DataTable
      plain
      id="preview-targets"
      label="Targets"
      rows={preview.targets}
      rowId={(row) => row.connection_id + row.ref}
      empty={
        <p className="muted" style={{ padding: "0 16px" }}>
          No target chosen: this is a preview only.
        </p>
      }
      columns={[
        { id: "name", label: "Target", value: (row) => row.name },
        {
          id: "exactness",
          label: "Can it express this?",
          value: (row) => row.exactness,
          cell: (row) => (
            <>
              <Pill tone={exactTone[row.exactness] ?? "unknown"} icon>
                {{ exact: "Exactly", approximated: "Approximated", refused: "Refused" }[row.exactness] ??
                  row.exactness}
              </Pill>
              {row.reasons.map((reason) => (
                <div key={reason} className="soft">
                  {reason}
                </div>
              ))}
            </>
          ),
        },
        {
          id: "coverage",
          label: "Coverage",
          value: (row) => row.covered,
          cell: (row) => (
            <>
              {plural(row.covered, "route")} covered
              {row.uncovered.map((item) => (
                <div key={item.ref} className="soft">
                  not <span className="mono">{item.ref}</span>: {item.reason}
                </div>
              ))}
            </>
          ),
        },
        {
          id: "cost",
          label: "Vendor cost",
          value: (row) => (row.cost === null ? null : costText(row.cost)),
          cell: (row) => (row.cost === null ? <span className="muted">none</span> : costText(row.cost)),
        },
        ...(preview.targets.some((row) => row.note)
          ? [{ id: "note", label: "Note", value: (row: PreviewTarget) => row.note }]
          : []),
      ]}
    />
  );
}

function costText(cost: string | number | Record<string, unknown>): string {
  if (typeof cost !== "object") return String(cost);
  return Object.entries(cost)
    .map(([unit, amount]) => `${String(amount)} ${unit.replaceAll("_", " ")}`)
    .join(", ");
}
