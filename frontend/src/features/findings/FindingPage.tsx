import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { CALM } from "@/api/queries";
import type { FindingDetail } from "@/api/types";
import { SeverityBadge } from "@/ui/Badges";
import { JsonDocument } from "@/ui/CodeBlock";
import { moment, words } from "@/ui/format";
import { Column, Facts, Grid, PageHeader, Panel, Time, Timeline } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { Where } from "./Where";
import { FixTabs } from "./FixTabs";
import { FindingStatusPill } from "./names";
import { Triage } from "./Triage";
import { Verify } from "./Verify";
import { ConnectionLink } from "@/features/connections/ConnectionLink";

export default function FindingPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const finding = useQuery({
    queryKey: ["findings", "one", id],
    queryFn: () => unwrap(api.GET("/findings/{id}", { params: { path: { id } } })),
    refetchInterval: CALM,
  });
  return (
    <Loaded page query={finding} rows={14}>
      {(data) => <Content finding={data} />}
    </Loaded>
  );
}

function Content({ finding }: { finding: FindingDetail }) {
  return (
    <>
      <PageHeader
        title={finding.title}
        crumb={{ label: "Findings", to: "/findings" }}
        lead={finding.sentence}
        actions={
          <>
            <SeverityBadge severity={finding.severity} />
            <FindingStatusPill status={finding.status} />
          </>
        }
      />
      <Grid>
        <Column span={8}>
          <Panel title="Why it matters">
            <p style={{ margin: 0, maxWidth: "75ch" }}>{finding.why}</p>
          </Panel>
          <Panel title="Evidence" note="as read from the source">
            {finding.evidence.length === 0 ? (
              <p className="muted">This check has no stored document.</p>
            ) : null}
            <div style={{ display: "grid", gap: 14, gridTemplateColumns: "minmax(0, 1fr)" }}>
              {finding.evidence.map((item, index) => (
                <div key={item.label + String(index)}>
                  <JsonDocument value={item.document} title={item.label} highlight={item.highlight} />
                  <p className="muted" style={{ margin: "6px 0 0", fontSize: 12, overflowWrap: "anywhere" }}>
                    {item.source_ref ? <span className="mono">{item.source_ref}</span> : null}
                    {item.read_at ? ` read ${moment(item.read_at)}` : ""}
                  </p>
                </div>
              ))}
            </div>
          </Panel>
          <Panel title="How to fix it">
            <FixTabs fixes={finding.fix} />
          </Panel>
        </Column>
        <Column span={4}>
          <Panel title="Is it still there?">
            <Verify id={finding.id} />
          </Panel>
          <Panel title="Triage">
            <Triage finding={finding} />
          </Panel>
          <Panel title="About">
            <Facts
              rows={[
                ["Where", <Subject key="s" finding={finding} />],
                ["First seen", <Time key="f" at={finding.first_seen} />],
                ["Last read", <Time key="l" at={finding.last_seen} />],
                [
                  "Check",
                  <span key="c" className="mono">
                    {finding.check}
                  </span>,
                ],
                ["Connection", <ConnectionLink key="n" id={finding.connection_id} />],
                ["References", <References key="r" items={finding.references} />],
              ]}
            />
          </Panel>
          <Panel title="History">
            <Timeline
              none="Nothing has happened since it was opened."
              items={finding.history.map((entry) => ({
                at: entry.at,
                title: entry.detail || words(entry.kind),
                detail: entry.actor ? <div className="muted">by {entry.actor}</div> : undefined,
              }))}
            />
          </Panel>
        </Column>
      </Grid>
    </>
  );
}

function Subject({ finding }: { finding: FindingDetail }) {
  const { subject } = finding;
  if (subject.kind === "service") {
    return (
      <Link to="/services/$id" params={{ id: subject.id }}>
        {subject.label}
      </Link>
    );
  }
  return <Where finding={finding} />;
}

function References({ items }: { items: FindingDetail["references"] }) {
  if (!items.length) return <>none</>;
  return (
    <>
      {items.map((item) => {
        const url = typeof item === "string" ? item : item.url;
        const title = typeof item === "string" ? item.replace(/^https?:\/\//, "") : item.title;
        return (
          <div key={url}>
            {/^https:\/\//.test(url) ? (
              <a href={url} target="_blank" rel="noreferrer">
                {title}
              </a>
            ) : (
              title
            )}
          </div>
        );
      })}
    </>
  );
}
