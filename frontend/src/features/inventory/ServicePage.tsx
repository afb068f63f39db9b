import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Endpoint, Service } from "@/api/types";
import { Known, Operation, Score } from "@/ui/Badges";
import { compact, words } from "@/ui/format";
import { Facts, Grid, PageHeader, Panel } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { AuthPill, StatePill } from "./names";
import { ConnectionLink } from "@/features/connections/ConnectionLink";

export default function ServicePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const service = useQuery({
    queryKey: ["services", "one", id],
    queryFn: () => unwrap(api.GET("/services/{id}", { params: { path: { id } } })),
  });
  return (
    <Loaded page query={service} rows={10}>
      {(data) => <Content service={data} />}
    </Loaded>
  );
}

function Content({ service }: { service: Service }) {
  const list = useList<Endpoint>(["endpoints", "of-service"], { service: service.id }, (query) =>
    api.GET("/endpoints", { params: { path: {}, query } }),
  );
  return (
    <>
      <PageHeader
        title={service.name}
        crumb={{ label: "Services", to: "/services" }}
        lead={`${words(service.kind)} with ${compact(service.endpoint_count)} endpoints`}
        actions={<Rename service={service} />}
      />
      <Grid>
        <Panel title="About" span={6}>
          <Facts
            rows={[
              [
                "Hosts",
                service.hosts.map((host) => (
                  <div key={host} className="mono">
                    {host}
                  </div>
                )),
              ],
              ["Exposure", words(service.exposure)],
              ["Runs on", service.vendor ?? "known from calls only"],
              ["Connection", <ConnectionLink key="n" id={service.connection_id} />],
              [
                "Calls, 24 h",
                <Known
                  key="k"
                  value={service.calls_24h}
                  format={compact}
                  reason="No traffic source covers this service."
                />,
              ],
              [
                "Open findings",
                <Link key="f" to="/findings" search={{ service: service.id }}>
                  {service.findings_open}
                </Link>,
              ],
            ]}
          />
        </Panel>
        <Panel title="Why these endpoints belong together" span={6}>
          <ul style={{ margin: 0, paddingLeft: 18, fontSize: 13 }}>
            {service.why.map((why) => (
              <li key={why}>{why}</li>
            ))}
          </ul>
        </Panel>
        <Panel title="Endpoints" flush>
          <DataTable
            id="service-endpoints"
            label="Endpoints of this service"
            query={list}
            rowId={(row) => row.id}
            rowHref={(row) => `/endpoints/${row.id}`}
            empty={
              <p className="muted" style={{ padding: 16 }}>
                This service has no endpoint.
              </p>
            }
            columns={[
              {
                id: "template",
                label: "Endpoint",
                value: (row) => `${row.method} ${row.template}`,
                cell: (row) => (
                  <Link to="/endpoints/$id" params={{ id: row.id }}>
                    <Operation method={row.method} path={row.template} />
                  </Link>
                ),
              },
              {
                id: "state",
                label: "State",
                value: (row) => row.state,
                cell: (row) => <StatePill state={row.state} />,
              },
              {
                id: "auth",
                label: "Authentication",
                value: (row) => row.auth_verdict,
                cell: (row) => <AuthPill verdict={row.auth_verdict} />,
              },
              { id: "findings", label: "Findings", value: (row) => row.findings_open, numeric: true },
              {
                id: "risk",
                label: "Risk",
                value: (row) => row.risk,
                cell: (row) => <Score value={row.risk} />,
                numeric: true,
              },
            ]}
          />
        </Panel>
      </Grid>
    </>
  );
}

function Rename({ service }: { service: Service }) {
  const can = useCan("findings.write");
  const [name, setName] = useState<string | null>(null);
  const rename = useChange({
    run: (value: string) =>
      unwrap(api.PATCH("/services/{id}", { params: { path: { id: service.id } }, body: { name: value } })),
    touches: [["services"], ["endpoints"]],
    done: "Renamed. The name survives later reads.",
    onDone: () => setName(null),
  });
  if (!can) return null;
  return (
    <>
      <Button variant="default" onClick={() => setName(service.name)}>
        Rename
      </Button>
      <Modal opened={name !== null} onClose={() => setName(null)} title="Rename this service">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            rename.mutate(name ?? "");
          }}
        >
          <Stack>
            <TextInput
              label="Name"
              required
              data-autofocus
              value={name ?? ""}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button type="submit" loading={rename.isPending}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
