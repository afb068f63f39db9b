import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { FAST } from "@/api/queries";
import type { Block } from "@/api/types";
import { Unknown } from "@/ui/Badges";
import { TimeChart } from "@/ui/charts/TimeChart";
import { compact, moment, plural, words } from "@/ui/format";
import { Column, Facts, Grid, PageHeader, Panel, Stats, Time, Timeline } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { BlockActions } from "./BlockActions";
import { Countdown } from "./Countdown";
import { LiveTargets } from "./LiveTargets";
import { actionName, authorName, blockTitle, BlockStatusPill, describeMatch, OVER } from "./names";

export default function BlockPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const block = useQuery({
    queryKey: ["blocks", "one", id],
    queryFn: () => unwrap(api.GET("/blocks/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.data && OVER.includes(query.state.data.status) ? 60_000 : FAST),
  });
  return (
    <Loaded page query={block} rows={12}>
      {(data) => <Content block={data} />}
    </Loaded>
  );
}

function Content({ block }: { block: Block }) {
  const over = OVER.includes(block.status);
  const series = block.hits?.series ?? [];
  const enforced = block.targets.filter((target) => target.state === "enforced").length;
  return (
    <>
      <PageHeader
        title={blockTitle(block)}
        crumb={{ label: "Blocks", to: "/blocks" }}
        lead={block.reason.text}
        actions={<BlockActions block={block} />}
      />
      <Grid>
        <div>
          <Stats
            label="State"
            items={[
              {
                label: "Status",
                value: (
                  <span aria-live="polite">
                    <BlockStatusPill status={block.status} />
                  </span>
                ),
                note: over ? "" : block.stage === "count" ? "counts, lets calls pass" : "enforces",
              },
              {
                label: "Time left",
                value: over ? "over" : <Countdown to={block.expires_at} />,
                note: block.ended_at
                  ? `ended ${moment(block.ended_at)}`
                  : block.expires_at
                    ? `ends ${moment(block.expires_at)}`
                    : "",
              },
              {
                label: "Hits",
                value:
                  block.hits?.total == null ? (
                    <Unknown reason="No traffic source reports what the target did." />
                  ) : (
                    compact(block.hits.total)
                  ),
                note: "since it was created",
              },
              {
                label: "In force at",
                value: `${enforced} of ${block.targets.length}`,
                note:
                  enforced < block.targets.length && !over ? "see what was read back below" : "as read back",
              },
            ]}
          />
        </div>
        <Column span={8}>
          <Panel title="Hits over time">
            <TimeChart
              label="Hits of this block"
              at={series.map((p) => p.at)}
              series={[
                { name: "Hits", values: series.map((p) => p.hits), color: "critical-fill", kind: "bar" },
              ]}
              height={200}
            />
          </Panel>
          <Panel title="At the vendor" note="what was read back, not what was sent">
            <LiveTargets targets={block.targets} />
          </Panel>
        </Column>
        <Column span={4}>
          <Panel title="About">
            <Facts
              rows={[
                ["Action", actionName[block.action]],
                ["Match", `calls ${describeMatch(block.match)}`],
                ["Reason", <ReasonLink key="r" block={block} />],
                ["By", authorName(block.author)],
                ["Created", <Time key="c" at={block.created_at} />],
                [
                  "Preview",
                  block.preview
                    ? `${plural(block.preview.effect.requests, "request")} in the window, ${plural(block.preview.effect.good_requests, "known-good request")}`
                    : "not stored",
                ],
              ]}
            />
          </Panel>
          <Panel title="What happened">
            <Timeline
              none="No event yet."
              items={(block.events ?? []).map((event) => ({
                at: event.at,
                title: event.sentence,
                tone: /fail|drift|refus/.test(event.kind)
                  ? "high"
                  : /enforced|read/.test(event.kind)
                    ? "ok"
                    : undefined,
                detail: event.actor ? <div className="muted">by {event.actor}</div> : undefined,
              }))}
            />
          </Panel>
        </Column>
      </Grid>
    </>
  );
}

function ReasonLink({ block: { reason } }: { block: Block }) {
  if (reason.kind === "threat" && reason.id)
    return (
      <Link to="/threats/$id" params={{ id: reason.id }}>
        A threat
      </Link>
    );
  if (reason.kind === "finding" && reason.id)
    return (
      <Link to="/findings/$id" params={{ id: reason.id }}>
        A finding
      </Link>
    );
  return <>{reason.kind === "manual" ? "By hand" : words(reason.kind)}</>;
}
