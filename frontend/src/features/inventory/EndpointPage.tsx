import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { CALM } from "@/api/queries";
import type { EndpointDetail } from "@/api/types";
import { Known, MethodBadge, PathText, Score, Tags } from "@/ui/Badges";
import { Bars } from "@/ui/charts/Bars";
import { compact, percent, words } from "@/ui/format";
import { Column, Facts, Grid, PageHeader, Panel, Stats, Time, Timeline } from "@/ui/Layout";
import { ButtonLink } from "@/ui/ButtonLink";
import { Loaded } from "@/ui/States";
import { Authentication } from "./Authentication";
import { EndpointFindings } from "./EndpointFindings";
import { EndpointTraffic } from "./EndpointTraffic";
import { StatePill } from "./names";
import { Parameters } from "./Parameters";
import { Routes } from "./Routes";

export default function EndpointPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const endpoint = useQuery({
    queryKey: ["endpoints", "one", id],
    queryFn: () => unwrap(api.GET("/endpoints/{id}", { params: { path: { id } } })),
    refetchInterval: CALM,
  });
  return (
    <Loaded page query={endpoint} rows={14}>
      {(data) => <Content endpoint={data} />}
    </Loaded>
  );
}

function Content({ endpoint }: { endpoint: EndpointDetail }) {
  const noTraffic = "No traffic source covers this endpoint.";
  return (
    <>
      <PageHeader
        title={`${endpoint.method} ${endpoint.template}`}
        crumb={{ label: "Endpoints", to: "/endpoints" }}
        heading={
          <span style={{ display: "inline-flex", gap: 10, alignItems: "center", flexWrap: "wrap" }}>
            <MethodBadge method={endpoint.method} />
            <PathText path={endpoint.template} large />
          </span>
        }
        lead={
          <>
            on <span className="mono">{endpoint.host}</span>
            {endpoint.service ? (
              <>
                , part of{" "}
                <Link to="/services/$id" params={{ id: endpoint.service.id }}>
                  {endpoint.service.name}
                </Link>
              </>
            ) : null}
          </>
        }
        actions={
          <ButtonLink
            to="/blocks/new"
            search={{ path: endpoint.template, method: endpoint.method }}
            variant="default"
          >
            Preview a block here
          </ButtonLink>
        }
      />
      <Grid>
        <div>
          <Stats
            label="Key figures"
            items={[
              {
                label: "Risk",
                value: <Score value={endpoint.risk} reason="Not scored yet." />,
                note: "of 100",
              },
              {
                label: "Calls, 24 h",
                value: <Known value={endpoint.calls_24h} format={compact} reason={noTraffic} />,
                note: endpoint.last_seen ? (
                  <>
                    last <Time at={endpoint.last_seen} />
                  </>
                ) : (
                  "none seen so far"
                ),
              },
              {
                label: "Error share",
                value: <Known value={endpoint.error_rate} format={percent} reason={noTraffic} />,
                note: "status 400 and above",
              },
              {
                label: "Open findings",
                value: endpoint.findings_open,
                to: "/findings",
                search: { endpoint: endpoint.id },
              },
              {
                label: "Exposure",
                value: words(endpoint.exposure),
                note: (
                  <>
                    first seen <Time at={endpoint.first_seen} none="not known" />
                  </>
                ),
              },
            ]}
          />
        </div>
        <Column span={8}>
          <EndpointTraffic endpoint={endpoint} />
          <Parameters parameters={endpoint.parameters} />
          <EndpointFindings id={endpoint.id} />
          <Routes endpoint={endpoint} />
        </Column>
        <Column span={4}>
          <Panel title="State">
            <p style={{ margin: "0 0 8px" }}>
              <StatePill state={endpoint.state} />
            </p>
            <Why endpoint={endpoint} />
          </Panel>
          <Risk endpoint={endpoint} />
          <Authentication endpoint={endpoint} />
          <Panel title="Data seen">
            <Tags
              values={endpoint.data_classes.map(words)}
              none="No sensitive data type has been seen in what this source carries."
            />
          </Panel>
          <Panel title="History">
            <Timeline
              none="No change has been recorded yet."
              items={endpoint.history.map((entry) => ({
                at: entry.at,
                title: entry.detail || words(entry.kind),
              }))}
            />
          </Panel>
        </Column>
      </Grid>
    </>
  );
}

const factNames = {
  config: "In gateway configuration",
  spec: "In an API document",
  traffic: "In calls",
  code: "In source code",
} as const;

/** The four facts behind the state, and what else was said about it. */
function Why({ endpoint }: { endpoint: EndpointDetail }) {
  const say = (value: boolean | null | undefined): string =>
    value === true ? "yes" : value === false ? "no" : "not known";
  const more = endpoint.states_why.filter(
    (why) => !/^(specification|traffic|configuration|code): /.test(why),
  );
  return (
    <>
      {more.length ? (
        <ul style={{ margin: "0 0 10px", paddingLeft: 18, fontSize: 13 }}>
          {more.map((why) => (
            <li key={why}>{why}</li>
          ))}
        </ul>
      ) : null}
      <Facts
        rows={(Object.keys(factNames) as (keyof typeof factNames)[]).map((key) => [
          factNames[key],
          say(endpoint.facts[key]),
        ])}
      />
    </>
  );
}

/** The risk as the parts it is the sum of. */
function Risk({ endpoint }: { endpoint: EndpointDetail }) {
  if (!endpoint.risk_parts?.length) return null;
  return (
    <Panel title="How the risk adds up" note="100 is the most">
      <Bars
        label="Parts of the risk"
        max={100}
        items={endpoint.risk_parts.map((part) => ({
          key: part.name,
          value: part.points,
          text: `${part.points}`,
          color: "c1",
          label: part.sentence,
        }))}
      />
    </Panel>
  );
}
