import { Alert, Group, Progress } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import type { Import } from "@/api/types";
import { Known } from "@/ui/Badges";
import { bytes, compact, integer, plural, words } from "@/ui/format";
import { Grid, PageHeader, Panel, Stats } from "@/ui/Layout";
import { ButtonLink } from "@/ui/ButtonLink";
import { Loaded } from "@/ui/States";
import { RunStatePill } from "../connections/RunProgress";

export default function ImportPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const one = useQuery({
    queryKey: ["imports", id],
    queryFn: () => unwrap(api.GET("/imports/{id}", { params: { path: { id } } })),
    refetchInterval: (query) =>
      query.state.data && ["done", "failed"].includes(query.state.data.state) ? false : 1_500,
  });
  return (
    <Loaded page query={one}>
      {(data) => <Content item={data} />}
    </Loaded>
  );
}

/** The file is one piece of work: how far it is, its state says. */
const share = (item: Import): number => ({ queued: 5, running: 50, done: 100, failed: 100 })[item.state];

function Content({ item }: { item: Import }) {
  const running = item.state === "running" || item.state === "queued";
  return (
    <>
      <PageHeader
        title={item.filename}
        crumb={{ label: "Import a file", to: "/imports" }}
        lead={
          item.format
            ? `Read as ${item.format_title || words(item.format)}`
            : "The format is being recognised."
        }
      />
      <Grid>
        <Panel title="Progress">
          <div role="status" aria-live="polite" style={{ marginBottom: 10 }}>
            <RunStatePill state={item.state} /> <span className="soft">{bytes(item.size)}</span>
          </div>
          <Progress
            value={share(item)}
            animated={running}
            color={item.state === "failed" ? "red" : undefined}
            aria-label="Progress of the import"
          />
        </Panel>
        <div>
          <Stats
            label="Result"
            items={[
              {
                label: "Calls",
                value: (
                  <Known
                    value={item.calls}
                    format={compact}
                    reason="This file carries no calls, or they are still being read."
                  />
                ),
              },
              {
                label: "Endpoints",
                value: <Known value={item.endpoints} format={integer} reason="Still being learnt." />,
                to: "/endpoints",
              },
              {
                label: "Findings",
                value: <Known value={item.findings} format={integer} reason="Checks have not finished." />,
                to: "/findings",
              },
              {
                label: "Quarantined",
                value: <Known value={item.quarantined} format={integer} />,
                note: "records that could not be read",
              },
            ]}
          />
        </div>
        {item.errors.length ? (
          <Panel title="Lines that could not be read" note={plural(item.errors.length, "problem")}>
            <ul style={{ margin: 0, paddingLeft: 18, fontSize: 13 }}>
              {item.errors.slice(0, 50).map((error, index) => (
                <li key={index}>
                  {error.line === null ? "" : `Line ${integer(error.line)}: `}
                  {error.detail}
                </li>
              ))}
            </ul>
          </Panel>
        ) : null}
        {item.state === "done" ? (
          <Group>
            <ButtonLink to="/endpoints">See the endpoints</ButtonLink>
            <ButtonLink to="/findings" variant="default">
              See the findings
            </ButtonLink>
            <ButtonLink to="/threats" variant="default">
              See the threats
            </ButtonLink>
          </Group>
        ) : null}
        {item.state === "failed" ? (
          <Alert color="red" title="The file could not be imported">
            {item.failure || "Nothing of it was kept. Check the format and try again."}
          </Alert>
        ) : null}
      </Grid>
    </>
  );
}
