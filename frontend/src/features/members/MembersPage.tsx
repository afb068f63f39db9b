import { useCan } from "@/api/session";
import { Grid, Panel } from "@/ui/Layout";
import { Invitations } from "./Invitations";
import { Invite } from "./Invite";
import { Members } from "./Members";
import { RoleTable } from "./RoleTable";
import { SignInRules } from "./SignInRules";

export default function MembersPage() {
  const can = useCan("members.write");
  return (
    <Grid>
      <Panel title="Members" flush>
        <Members />
      </Panel>
      {can ? (
        <Panel title="Invite people" span={5}>
          <Invite />
        </Panel>
      ) : null}
      <Panel title="Second factor required" span={can ? 7 : 12}>
        <SignInRules />
      </Panel>
      <Panel title="Open invitations" flush>
        <Invitations />
      </Panel>
      <Panel title="Who can do what">
        <RoleTable />
      </Panel>
    </Grid>
  );
}
