import { useSession } from "@/api/session";
import { Column, Grid, Panel } from "@/ui/Layout";
import { EmailPanel } from "./EmailPanel";
import { PasswordPanel } from "./PasswordPanel";
import { Profile } from "./Profile";
import { SecondFactors } from "./SecondFactors";
import { Sessions } from "./Sessions";
import { ThemePanel } from "./ThemePanel";

/** One's own account in this workspace. */
export default function AccountPage() {
  const { tenant } = useSession();
  return (
    <Grid>
      <Column span={5}>
        <Panel title="You" note={`in ${tenant.name}`}>
          <Profile />
        </Panel>
        <Panel title="E-mail address">
          <EmailPanel />
        </Panel>
        <Panel title="Theme">
          <ThemePanel />
        </Panel>
      </Column>
      <Column span={7}>
        <Panel title="Second factors" note="Asked for after the password, and before dangerous changes">
          <SecondFactors />
        </Panel>
        <Panel title="Password">
          <PasswordPanel />
        </Panel>
      </Column>
      <Panel title="Where you are signed in" flush>
        <Sessions />
      </Panel>
    </Grid>
  );
}
