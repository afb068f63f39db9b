import { Button, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { ConnectionDetail } from "@/api/types";
import { Known } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { compact, plural } from "@/ui/format";
import { Grid, PageHeader, Panel, Stats, Time } from "@/ui/Layout";
import { Loaded } from "@/ui/States";
import { useUrlState } from "@/ui/table/useUrlState";
import { Accounts } from "./Accounts";
import { Changes } from "./Changes";
import { ConnectionSettings } from "./ConnectionSettings";
import { ConnectionStatusPill } from "./names";
import { PermissionResults } from "./Permissions";
import { connectionQuery } from "./query";
import { Quarantine } from "./Quarantine";
import { Runs } from "./Runs";
import { Sections } from "./Sections";
import { Traffic } from "./Traffic";

export default function ConnectionPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const connection = useQuery(connectionQuery(id));
  return (
    <Loaded page query={connection} rows={12}>
      {(data) => <Content connection={data} />}
    </Loaded>
  );
}

function Actions({ connection }: { connection: ConnectionDetail }) {
  const can = useCan("connections.write");
  const navigate = useNavigate();
  const params = { path: { id: connection.id } };
  const sync = useChange({
    run: () => unwrap(api.POST("/connections/{id}/sync", { params, body: {} })),
    touches: [["connections"]],
    done: "A read is queued.",
  });
  const remove = useChange({
    run: () => unwrap(api.DELETE("/connections/{id}", { params })),
    touches: [["connections"], ["overview"]],
    done: "The connection is deleted.",
    quiet: true,
    onDone: () => void navigate({ to: "/connections" }),
  });
  const turn = useChange({
    run: () =>
      unwrap(
        connection.status === "disabled"
          ? api.POST("/connections/{id}/enable", { params, body: {} })
          : api.POST("/connections/{id}/disable", { params, body: {} }),
      ),
    touches: [["connections"], ["overview"]],
    done: (now) => (now.status === "disabled" ? "Reading has stopped." : "Reading goes on."),
  });
  if (!can) return null;
  const off = connection.status === "disabled";
  const { endpoints } = connection.counts;
  return (
    <>
      <ConfirmButton
        danger
        label="Delete"
        title={`Delete ${connection.name}?`}
        body={`Its stored permissions and secrets are removed and reading stops. ${endpoints === null ? "Its endpoints" : plural(endpoints, "endpoint")} stay in the inventory and change their state. Nothing is changed at the vendor.`}
        confirm="Delete the connection"
        run={() => remove.mutateAsync()}
      />
      <Button variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
        {off ? "Switch on" : "Switch off"}
      </Button>
      <Button loading={sync.isPending} disabled={off} onClick={() => sync.mutate()}>
        Read now
      </Button>
    </>
  );
}

function Content({ connection }: { connection: ConnectionDetail }) {
  const [search, patch] = useUrlState();
  const can = useCan("connections.write");
  const check = useChange({
    run: () =>
      unwrap(api.POST("/connections/{id}/check", { params: { path: { id: connection.id } }, body: {} })),
    touches: [["connections"]],
    done: (answer) =>
      answer.ok
        ? "All needed permissions are granted."
        : "Checked. Something is missing: see the permissions.",
  });
  const unread = "Nothing has been read yet.";
  return (
    <>
      <PageHeader
        title={connection.name}
        crumb={{ label: "Connections", to: "/connections" }}
        lead={connection.health?.sentence ?? connection.status_reason}
        actions={<Actions connection={connection} />}
      />
      <Grid>
        <div>
          <Stats
            label="State"
            items={[
              {
                label: "Status",
                value: <ConnectionStatusPill status={connection.status} />,
                note: connection.vendor,
              },
              {
                label: "Services",
                value: <Known value={connection.counts.services} format={compact} reason={unread} />,
                to: "/services",
              },
              {
                label: "Endpoints",
                value: <Known value={connection.counts.endpoints} format={compact} reason={unread} />,
                to: "/endpoints",
              },
              { label: "Last read", value: <Time at={connection.last_sync_at} /> },
              { label: "Last verified", value: <Time at={connection.last_verified_at} /> },
            ]}
          />
        </div>
        <div>
          <Tabs value={search["tab"] ?? "permissions"} onChange={(tab) => patch({ tab: tab ?? undefined })}>
            <Tabs.List mb={16}>
              <Tabs.Tab value="permissions">Permissions</Tabs.Tab>
              <Tabs.Tab value="configuration">What was read</Tabs.Tab>
              {connection.organization ? <Tabs.Tab value="accounts">Accounts</Tabs.Tab> : null}
              <Tabs.Tab value="changes">Changes</Tabs.Tab>
              <Tabs.Tab value="traffic">Traffic</Tabs.Tab>
              <Tabs.Tab value="runs">Runs</Tabs.Tab>
              <Tabs.Tab value="quarantine">Quarantine</Tabs.Tab>
              <Tabs.Tab value="settings">Settings</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="permissions">
              <Panel
                title="Permissions"
                note={
                  <Button
                    size="xs"
                    variant="default"
                    disabled={!can}
                    loading={check.isPending}
                    onClick={() => check.mutate()}
                  >
                    Check now
                  </Button>
                }
              >
                <PermissionResults permissions={connection.permissions} />
              </Panel>
            </Tabs.Panel>
            <Tabs.Panel value="configuration">
              <Sections connection={connection} />
            </Tabs.Panel>
            {connection.organization ? (
              <Tabs.Panel value="accounts">
                <Accounts connection={connection} reading={connection.organization} />
              </Tabs.Panel>
            ) : null}
            <Tabs.Panel value="changes">
              <Changes connection={connection} />
            </Tabs.Panel>
            <Tabs.Panel value="traffic">
              <Traffic id={connection.id} />
            </Tabs.Panel>
            <Tabs.Panel value="runs">
              <Runs id={connection.id} />
            </Tabs.Panel>
            <Tabs.Panel value="quarantine">
              <Quarantine id={connection.id} />
            </Tabs.Panel>
            <Tabs.Panel value="settings">
              <ConnectionSettings connection={connection} />
            </Tabs.Panel>
          </Tabs>
        </div>
      </Grid>
    </>
  );
}
