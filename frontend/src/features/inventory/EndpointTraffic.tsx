import { SegmentedControl, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { CALM, useList } from "@/api/queries";
import type { CallSample, Caller, EndpointDetail } from "@/api/types";
import { TimeChart } from "@/ui/charts/TimeChart";
import { compact } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { CallTable } from "../threats/CallTable";

/** Traffic over time, who calls, and redacted sample calls. */
export function EndpointTraffic({ endpoint }: { endpoint: EndpointDetail }) {
  const [hours, setHours] = useState("24");
  const [tab, setTab] = useState<string | null>("chart");
  const { id } = endpoint;
  const params = { path: { id } };
  const series = useQuery({
    queryKey: ["endpoints", "series", id, hours],
    queryFn: async () =>
      (await unwrap(api.GET("/endpoints/{id}/series", { params: { ...params, query: { hours } } }))).data,
    refetchInterval: CALM,
    placeholderData: (before) => before,
  });
  return (
    <Panel
      title="Traffic"
      note={
        <SegmentedControl
          size="xs"
          aria-label="Time range"
          value={hours}
          onChange={setHours}
          data={[
            { value: "6", label: "6 h" },
            { value: "24", label: "24 h" },
            { value: "168", label: "7 d" },
          ]}
        />
      }
    >
      <Tabs value={tab} onChange={setTab}>
        <Tabs.List mb={12}>
          <Tabs.Tab value="chart">Calls</Tabs.Tab>
          <Tabs.Tab value="latency">Latency</Tabs.Tab>
          <Tabs.Tab value="callers">Callers</Tabs.Tab>
          <Tabs.Tab value="calls">Sample calls</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="chart">
          <Loaded query={series} rows={6}>
            {(points) => (
              <TimeChart
                label="Calls to this endpoint"
                at={points.map((p) => p.at)}
                series={[
                  { name: "All calls", values: points.map((p) => p.calls), color: "accent", kind: "area" },
                  { name: "Errors", values: points.map((p) => p.errors), color: "medium-fill" },
                  { name: "Blocked", values: points.map((p) => p.blocked), color: "critical-fill" },
                ]}
              />
            )}
          </Loaded>
        </Tabs.Panel>
        <Tabs.Panel value="latency">
          <Loaded query={series} rows={6}>
            {(points) => (
              <TimeChart
                label="Latency of this endpoint"
                unit="ms"
                at={points.map((p) => p.at)}
                series={[
                  { name: "Median", values: points.map((p) => p.p50 ?? null), color: "accent" },
                  {
                    name: "95th percentile",
                    values: points.map((p) => p.p95 ?? null),
                    color: "high-fill",
                    dashed: true,
                  },
                ]}
              />
            )}
          </Loaded>
        </Tabs.Panel>
        <Tabs.Panel value="callers">
          <DataTable
            plain
            id="callers"
            label="Callers"
            rows={endpoint.callers}
            rowId={(row) => `${row.principal ?? ""}${row.consumer ?? ""}${row.client_ip ?? ""}`}
            empty={<p className="muted">No caller has been seen.</p>}
            columns={[
              {
                id: "label",
                label: "Caller",
                value: callerName,
                cell: (row) => <span className="mono">{callerName(row)}</span>,
              },
              { id: "kind", label: "Known by", value: callerKind },
              { id: "addresses", label: "Addresses", value: (row) => row.addresses, numeric: true },
              {
                id: "calls",
                label: "Calls",
                value: (row) => row.calls,
                cell: (row) => compact(row.calls),
                numeric: true,
              },
              { id: "errors", label: "Errors", value: (row) => row.errors, numeric: true },
              {
                id: "last",
                label: "Last",
                value: (row) => row.last_seen,
                cell: (row) => <Time at={row.last_seen} none="" />,
              },
            ]}
          />
        </Tabs.Panel>
        <Tabs.Panel value="calls">
          <SampleCalls id={id} />
        </Tabs.Panel>
      </Tabs>
    </Panel>
  );
}

const callerName = (row: Caller): string => row.consumer ?? row.principal ?? row.client_ip ?? "not known";
const callerKind = (row: Caller): string =>
  row.consumer ? "Consumer" : row.principal ? "Credential" : row.client_ip ? "Address" : "Nothing";

function SampleCalls({ id }: { id: string }) {
  const calls = useList<CallSample>(["endpoints", "calls", id], { limit: 20 }, (query) =>
    api.GET("/endpoints/{id}/calls", { params: { path: { id }, query } }),
  );
  return <CallTable query={calls} label="Sample calls" />;
}
