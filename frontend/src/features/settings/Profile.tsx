import { Radio, Stack, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { useSession } from "@/api/session";
import { words } from "@/ui/format";
import { Facts, Grid, Panel } from "@/ui/Layout";

export function Profile() {
  const { user, role, permissions } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Grid>
      <Panel title="You" span={6}>
        <Facts
          rows={[
            ["Name", user.name || "not given"],
            ["E-mail", user.email],
            ["Role", words(role)],
            ["May do", permissions.map((p) => p.replace(".", ": ")).join(", ")],
          ]}
        />
      </Panel>
      <Panel title="Theme" span={6}>
        <Radio.Group
          aria-label="Theme"
          value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}
        >
          <Stack gap={10}>
            <Radio value="auto" label="Same as the system" />
            <Radio value="light" label="Light" />
            <Radio value="dark" label="Dark" />
          </Stack>
        </Radio.Group>
      </Panel>
    </Grid>
  );
}
