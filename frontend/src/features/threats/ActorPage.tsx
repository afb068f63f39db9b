import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { FAST, useList } from "@/api/queries";
import type { Actor, CallSample } from "@/api/types";
import { Pill, SeverityBadge, Tags, Unknown } from "@/ui/Badges";
import { compact, plural, words } from "@/ui/format";
import { Column, Facts, Grid, PageHeader, Panel, Timeline } from "@/ui/Layout";
import { ButtonLink } from "@/ui/ButtonLink";
import { Loaded } from "@/ui/States";
import { BlockStatusPill } from "../blocks/names";
import { CallTable } from "./CallTable";
import { CloseThreat } from "./CloseThreat";
import { GotThrough } from "./GotThrough";
import { actorKind, ThreatStatusPill } from "./names";
import { ScorePanel } from "./ScorePanel";

export default function ActorPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const actor = useQuery({
    queryKey: ["actors", id],
    queryFn: () => unwrap(api.GET("/actors/{id}", { params: { path: { id } } })),
    refetchInterval: FAST,
  });
  return (
    <Loaded page query={actor} rows={14}>
      {(data) => <Content actor={data} />}
    </Loaded>
  );
}

const endpointText = (item: string | { label: string }): string =>
  typeof item === "string" ? item : item.label;

function Content({ actor }: { actor: Actor }) {
  const calls = useList<CallSample>(["actors", actor.id, "calls"], { limit: 20 }, (query) =>
    api.GET("/actors/{id}/calls", { params: { path: { id: actor.id }, query } }),
  );
  const endpoints = [...new Set(actor.timeline.flatMap((entry) => entry.endpoints.map(endpointText)))];
  return (
    <>
      <PageHeader
        title={actor.label}
        crumb={{ label: "Threats", to: "/threats" }}
        heading={<span className="mono">{actor.label}</span>}
        lead={`${actorKind(actor.kind)}. ${plural(actor.threats.length, "threat")}, ${plural(endpoints.length, "endpoint")} tried.`}
        actions={
          <ButtonLink to="/blocks/new" search={{ actor: actor.id }}>
            Preview a block
          </ButtonLink>
        }
      />
      <Grid>
        <Column span={8}>
          <ScorePanel actor={actor} />
          <GotThrough calls={actor.got_through} />
          <Panel title="What was tried, in order">
            <Timeline
              none="No evidence is stored."
              items={actor.timeline.map((entry) => ({
                at: entry.at,
                tone: entry.severity,
                title: (
                  <>
                    <SeverityBadge severity={entry.severity} />{" "}
                    <strong style={{ fontWeight: 500 }}>{words(entry.detector)}</strong>
                  </>
                ),
                detail: (
                  <div style={{ margin: "3px 0" }}>
                    {entry.sentence}{" "}
                    <span className="muted">
                      {plural(entry.requests, "request")},{" "}
                      {entry.succeeded === null
                        ? "success not known"
                        : `${compact(entry.succeeded)} succeeded`}
                    </span>
                    <div>
                      <Tags values={entry.endpoints.map(endpointText)} none="" limit={3} />
                    </div>
                  </div>
                ),
              }))}
            />
          </Panel>
          <Panel title="Calls" note="redacted when stored" flush>
            <CallTable query={calls} label="Calls of this actor" />
          </Panel>
        </Column>
        <Column span={4}>
          <Panel title="Who">
            <Facts
              rows={[
                [
                  "Addresses",
                  actor.addresses.length ? (
                    <Tags key="a" values={actor.addresses} limit={12} />
                  ) : (
                    <Unknown key="a" />
                  ),
                ],
                [
                  "Address trust",
                  actor.spoofable === null ? (
                    <Unknown key="s" reason="The source does not say where it took the address from." />
                  ) : actor.spoofable ? (
                    <Pill
                      key="s"
                      tone="medium"
                      icon
                      title="A caller can set this header. Blocking the address alone may hit somebody else."
                    >
                      Spoofable
                    </Pill>
                  ) : (
                    <Pill key="s" tone="ok" icon>
                      Address cannot be forged
                    </Pill>
                  ),
                ],
              ]}
            />
          </Panel>
          <SuggestedBlock actor={actor} />
          <Panel title="Threats">
            {actor.threats.length === 0 ? (
              <p className="muted">The score is below the threshold for a threat.</p>
            ) : null}
            {actor.threats.map((threat) => (
              <div key={threat.id} style={{ display: "grid", gap: 6, padding: "4px 0 12px" }}>
                <div>
                  <SeverityBadge severity={threat.severity} /> <ThreatStatusPill status={threat.status} />
                </div>
                <div>{threat.title}</div>
                <CloseThreat threat={threat} />
              </div>
            ))}
          </Panel>
          <Panel title="Endpoints tried">
            <ul style={{ margin: 0, paddingLeft: 18 }} className="mono">
              {endpoints.slice(0, 20).map((label) => (
                <li key={label}>{label}</li>
              ))}
            </ul>
            {endpoints.length > 20 ? <p className="muted">and {endpoints.length - 20} more</p> : null}
          </Panel>
        </Column>
      </Grid>
    </>
  );
}

function SuggestedBlock({ actor }: { actor: Actor }) {
  return (
    <Panel title="Blocks">
      {actor.blocks.map((block) => (
        <div key={block.id} style={{ marginBottom: 8 }}>
          <Link to="/blocks/$id" params={{ id: block.id }}>
            {block.id}
          </Link>{" "}
          <BlockStatusPill status={block.status} />
        </div>
      ))}
      {actor.suggested_block ? (
        <>
          <p className="soft" style={{ margin: "0 0 10px", fontSize: 13 }}>
            {actor.suggested_block.reason}
          </p>
          <ButtonLink to="/blocks/new" search={{ actor: actor.id }} variant="default">
            Preview this block
          </ButtonLink>
        </>
      ) : (
        <p className="muted" style={{ margin: 0, fontSize: 13 }}>
          No block is suggested for this actor.
        </p>
      )}
    </Panel>
  );
}
