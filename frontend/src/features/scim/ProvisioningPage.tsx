import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { CALM, useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Provisioning } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { CopyField } from "@/ui/CopyField";
import { integer } from "@/ui/format";
import { Grid, Panel, Stats, Time } from "@/ui/Layout";
import { Forbidden, Loaded } from "@/ui/States";
import { ScimEvents } from "./ScimEvents";
import { ScimGroups } from "./ScimGroups";
import { ScimTokens } from "./ScimTokens";

export const SCIM = ["sso", "scim"];

export default function ProvisioningPage() {
  return useCan("sso.manage") ? <Page /> : <Forbidden what="Provisioning" who="Owners" />;
}

function Page() {
  const scim = useQuery({
    queryKey: SCIM,
    queryFn: () => unwrap(api.GET("/sso/scim", { params: { path: {} } })),
    refetchInterval: CALM,
  });
  return (
    <Loaded query={scim} rows={10}>
      {(data) => (
        <Grid>
          <div>
            <Figures scim={data} />
          </div>
          <Panel title="Connect the identity provider" note={data.active ? <Stop /> : "SCIM 2.0"}>
            <p className="soft" style={{ margin: "0 0 14px", maxWidth: "90ch" }}>
              The provider makes, changes and ends members here by itself: who leaves the company there has no
              session here within a minute. Enter this address and a token in its provisioning settings. Roles
              come from groups by the rules under{" "}
              <Link to="/settings/$part" params={{ part: "sso" }}>
                Single sign-on
              </Link>
              .
            </p>
            <CopyField label="Base address" value={data.base_url} />
          </Panel>
          <Panel title="Tokens" flush>
            <ScimTokens valid={data.tokens} />
          </Panel>
          <Panel title="What it asked for lately" note="Writes of the last 30 days" flush>
            <ScimEvents />
          </Panel>
          <Panel title="Groups it pushed" flush>
            <ScimGroups />
          </Panel>
        </Grid>
      )}
    </Loaded>
  );
}

function Figures({ scim }: { scim: Provisioning }) {
  const failing =
    scim.last_error_at !== null && (scim.last_change_at === null || scim.last_error_at > scim.last_change_at);
  return (
    <Stats
      label="Provisioning"
      items={[
        {
          label: "State",
          value: (
            <Pill tone={!scim.active ? "info" : failing ? "high" : "ok"} icon>
              {!scim.active ? "Off" : failing ? "Last write refused" : "On"}
            </Pill>
          ),
          note: scim.active ? undefined : "no valid token",
        },
        { label: "Last request", value: <Time at={scim.last_request_at} /> },
        { label: "Last change", value: <Time at={scim.last_change_at} /> },
        { label: "Last refusal", value: <Time at={scim.last_error_at} /> },
        {
          label: "Provisioned",
          value: integer(scim.provisioned),
          note: `of ${integer(scim.users)} members`,
        },
        { label: "Suspended", value: integer(scim.suspended), to: "/settings/members" },
        { label: "Groups", value: integer(scim.groups) },
      ]}
    />
  );
}

function Stop() {
  const stop = useChange({
    run: () => unwrap(api.DELETE("/sso/scim", { params: { path: {} } })),
    touches: [["sso"]],
    done: "Stopped. Members and their roles are as they were.",
    quiet: true,
  });
  return (
    <ConfirmButton
      size="compact-xs"
      danger
      label="Stop provisioning"
      title="Stop provisioning?"
      body="Every SCIM token ends and the groups are forgotten. Members and their roles stay; from then on you add and remove people here."
      confirm="Stop provisioning"
      run={() => stop.mutateAsync()}
    />
  );
}
