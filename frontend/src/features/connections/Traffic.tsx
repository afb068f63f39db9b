import { IconCheck, IconQuestionMark } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { FAST } from "@/api/queries";
import type { ConnectionTraffic, TrafficSource } from "@/api/types";
import { Known } from "@/ui/Badges";
import { TimeChart } from "@/ui/charts/TimeChart";
import { compact, duration, integer, moment, words } from "@/ui/format";
import { Grid, Panel, Stats, Time } from "@/ui/Layout";
import { EmptyState, Loaded } from "@/ui/States";
import css from "./Connections.module.css";

/** Live state of each source of calls, and what its records can and cannot tell. */
export function Traffic({ id }: { id: string }) {
  const traffic = useQuery({
    queryKey: ["connections", "traffic", id],
    queryFn: () => unwrap(api.GET("/connections/{id}/traffic", { params: { path: { id } } })),
    refetchInterval: FAST,
  });
  return (
    <Loaded query={traffic}>
      {(data) =>
        data.sources.length === 0 && !data.waiting.pushes && !data.waiting.failed ? (
          <Panel>
            <EmptyState
              title="No calls have arrived yet"
              why="Calls show which endpoints are used, by whom and with what result; threats and previews need them. Turn on the access log at the vendor as the set-up texts say. This page fills by itself."
            />
          </Panel>
        ) : (
          <Grid>
            <Panel title="Calls received">
              <TimeChart
                label="Calls received"
                at={data.series.map((p) => p.at)}
                series={[
                  { name: "Calls", values: data.series.map((p) => p.calls), color: "accent", kind: "area" },
                ]}
                height={180}
              />
            </Panel>
            <Waiting waiting={data.waiting} />
            {data.sources.map((source) => (
              <Source key={source.source} source={source} />
            ))}
          </Grid>
        )
      }
    </Loaded>
  );
}

/** What was taken in and is not shown as calls yet; nothing when all is read. */
function Waiting({ waiting }: { waiting: ConnectionTraffic["waiting"] }) {
  if (!waiting.pushes && !waiting.failed) return null;
  return (
    <Panel title="Taken in, not read yet">
      <Stats
        label="What waits to be read"
        items={[
          { label: "Records", value: integer(waiting.records), note: `in ${integer(waiting.pushes)} pushes` },
          { label: "Oldest", value: duration(waiting.oldest_seconds), note: "since it was acknowledged" },
          {
            label: "Set aside",
            value: integer(waiting.failed),
            note: waiting.failed
              ? "pushes that could not be read; they are kept and tried again every day"
              : "pushes",
          },
        ]}
      />
      {waiting.problem ? (
        <p className="soft" style={{ margin: "12px 0 0", fontSize: 13, maxWidth: "95ch" }}>
          Last reason: {waiting.problem}
        </p>
      ) : null}
    </Panel>
  );
}

function Source({ source }: { source: TrafficSource }) {
  return (
    <Panel title={words(source.source)}>
      <Stats
        label={`Figures of ${source.source}`}
        items={[
          {
            label: "Last hour",
            value: <Known value={source.calls_last_hour} format={compact} />,
            note: "calls",
          },
          {
            label: "Rate",
            value: <Known value={source.rate_per_second} format={(n) => n.toFixed(1)} />,
            note: "calls per second",
          },
          {
            label: "Lag",
            value: <Known value={source.lag_seconds} format={duration} />,
            note: (
              <>
                last call <Time at={source.last_call_at} />
              </>
            ),
          },
          { label: "Quarantined", value: integer(source.quarantined), note: "records we could not read" },
        ]}
      />
      {source.note ? (
        <p className="soft" style={{ margin: "12px 0 0", fontSize: 13, maxWidth: "95ch" }}>
          {source.note}
        </p>
      ) : null}
      {source.gaps?.length ? (
        <ul style={{ margin: "12px 0 0", paddingLeft: 18, fontSize: 13 }}>
          {source.gaps.map((gap) => (
            <li key={gap.from}>
              Gap from {moment(gap.from)} to {moment(gap.to)}: {gap.reason}
            </li>
          ))}
        </ul>
      ) : null}
      <h3 style={{ margin: "16px 0 8px", fontSize: 13, fontWeight: 500 }}>What this source can tell</h3>
      <ul className={css["matrix"]}>
        {source.known.map((field) => (
          <li key={field}>
            <IconCheck size={14} color="var(--ok)" aria-hidden />
            {words(field)}
            <span className="visually-hidden">: known</span>
          </li>
        ))}
        {source.unknown.map((field) => (
          <li key={field} className="muted">
            <IconQuestionMark size={14} aria-hidden />
            {words(field)}: not in this log
          </li>
        ))}
      </ul>
    </Panel>
  );
}
