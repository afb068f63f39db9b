import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Overview, Severity } from "@/api/types";
import { Pill, SEVERITIES, SeverityBadge, Unknown } from "@/ui/Badges";
import { Bars } from "@/ui/charts/Bars";
import { TimeChart } from "@/ui/charts/TimeChart";
import { compact, integer, plural, words } from "@/ui/format";
import { Column, Grid, PageHeader, Panel, Stats, Timeline } from "@/ui/Layout";
import { ButtonLink } from "@/ui/ButtonLink";
import { EmptyState, Loaded } from "@/ui/States";
import { PasskeyOffer } from "../account/PasskeyOffer";
import { overviewQuery } from "./query";
import { TopActors, TopEndpoints } from "./Top";

export default function OverviewPage() {
  const overview = useQuery(overviewQuery);
  return (
    <>
      <PageHeader
        title="Overview"
        lead="What your APIs expose, what is weak, and who is trying it."
        actions={
          <ButtonLink to="/blocks/new" variant="default">
            Preview a block
          </ButtonLink>
        }
      />
      <PasskeyOffer />
      <Loaded query={overview} rows={12}>
        {(data) => <Content data={data} />}
      </Loaded>
    </>
  );
}

function Content({ data }: { data: Overview }) {
  const empty = data.counts.endpoints === 0 && data.calls_series.length === 0;
  const next = data.setup.find((step) => !step.done);
  if (empty) {
    return (
      <Panel>
        <EmptyState
          title="Nothing is connected yet"
          why={
            <>
              Once a gateway or firewall is connected, its endpoints appear here within minutes, from its
              configuration alone. Findings follow from the same read; threats need traffic. You can also{" "}
              <Link to="/imports">start from a log file or an API document</Link>.
            </>
          }
          action={{ label: next?.sentence ?? "Connect a gateway", to: next?.href ?? "/connections/new" }}
        />
      </Panel>
    );
  }
  return (
    <Grid>
      <div>
        <Figures data={data} />
      </div>
      <Panel title="Calls" note="last 24 hours" span={8}>
        <TimeChart
          label="Calls in the last 24 hours"
          at={data.calls_series.map((point) => point.at)}
          series={[
            {
              name: "All calls",
              values: data.calls_series.map((p) => p.calls),
              color: "accent",
              kind: "area",
            },
            {
              name: "Errors",
              values: data.calls_series.map((p) => p.errors),
              color: "medium-fill",
              kind: "line",
            },
            {
              name: "Blocked",
              values: data.calls_series.map((p) => p.blocked),
              color: "critical-fill",
              kind: "line",
            },
          ]}
          height={236}
        />
      </Panel>
      <Panel title="Open findings" note={<Link to="/findings">All findings</Link>} span={4}>
        <BySeverity counts={data.findings_by_severity} total={data.counts.findings_open} />
      </Panel>
      <Column span={7}>
        <TopActors actors={data.top_actors} />
        <TopEndpoints endpoints={data.top_endpoints} />
      </Column>
      <Column span={5}>
        <Panel title="Recent">
          <Timeline
            none="Nothing has happened yet."
            items={data.recent.slice(0, 8).map((item) => ({
              at: item.at,
              tone: item.severity ?? undefined,
              title: (
                <>
                  <span className="muted">{words(item.kind)}: </span>
                  {item.href ? <Link to={item.href}>{item.sentence}</Link> : item.sentence}
                </>
              ),
            }))}
          />
        </Panel>
      </Column>
    </Grid>
  );
}

function Figures({ data: { counts, risk } }: { data: Overview }) {
  const change =
    risk.score !== null && risk.previous !== null ? Math.round(risk.score - risk.previous) : null;
  return (
    <Stats
      label="Key figures"
      items={[
        {
          label: "Risk score",
          value:
            risk.score === null ? (
              <Unknown reason="The score needs at least one complete configuration read." />
            ) : (
              Math.round(risk.score)
            ),
          note:
            change === null
              ? "of 100"
              : change === 0
                ? "of 100, unchanged"
                : `of 100, ${change > 0 ? "up" : "down"} ${Math.abs(change)} since last week`,
        },
        {
          label: "Endpoints",
          value: compact(counts.endpoints),
          note: plural(counts.services, "service"),
          to: "/endpoints",
        },
        {
          label: "Outside the catalogue",
          value: integer(counts.shadow + counts.zombie + counts.orphan),
          note: `${counts.shadow} shadow, ${counts.zombie} zombie, ${counts.orphan} orphan`,
          to: "/endpoints",
          search: { state: "shadow,zombie,orphan" },
        },
        {
          label: "Critical findings",
          value: integer(counts.critical),
          note: `${integer(counts.findings_open)} open in all`,
          to: "/findings",
          search: { severity: "critical" },
        },
        {
          label: "Open threats",
          value: integer(counts.threats_open),
          note: "actors above the threshold",
          to: "/threats",
          search: { status: "open" },
        },
        {
          label: "Active blocks",
          value: integer(counts.blocks_active),
          note: counts.blocks_active ? "all with an expiry" : "nothing is held back",
          to: "/blocks",
        },
      ]}
    />
  );
}

function BySeverity({ counts, total }: { counts: Partial<Record<Severity, number>>; total: number }) {
  if (!total) {
    return <Pill tone="info">No open findings in what has been read so far</Pill>;
  }
  return (
    <Bars
      label="Open findings by severity"
      items={SEVERITIES.map((severity) => ({
        key: severity,
        value: counts[severity] ?? 0,
        text: integer(counts[severity] ?? 0),
        color: `${severity}-fill`,
        label: (
          <Link to="/findings" search={{ severity }} style={{ textDecoration: "none" }}>
            <SeverityBadge severity={severity} />
          </Link>
        ),
      }))}
    />
  );
}
