import { Button, Radio, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTheme } from "@/app/useTheme";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useSession } from "@/api/session";
import type { Theme } from "@/api/types";
import { Tags } from "@/ui/Badges";
import { words } from "@/ui/format";
import { Facts, Grid, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";

export function Profile() {
  const { user, role, permissions } = useSession();
  const { theme, setTheme } = useTheme();
  const [name, setName] = useState(user.name);
  const save = useChange({
    run: () => unwrap(api.PATCH("/session", { params: { path: {} }, body: { name } })),
    touches: [["place"], ["members"]],
    done: "Saved.",
    quiet: true,
  });
  return (
    <Grid>
      <Panel title="You" span={6}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Stack align="flex-start" mb={20}>
            <TextInput
              label="Name"
              w="100%"
              maw={360}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <FormProblem error={save.error} />
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Stack>
        </form>
        <Facts
          rows={[
            ["E-mail", user.email],
            ["Role", words(role)],
            ["May do", <Tags key="p" values={permissions.map((p) => words(p.replace(".", ": ")))} />],
          ]}
        />
      </Panel>
      <Panel title="Theme" span={6}>
        <Radio.Group aria-label="Theme" value={theme} onChange={(value) => setTheme(value as Theme)}>
          <Stack gap={10}>
            <Radio value="system" label="Same as the system" />
            <Radio value="light" label="Light" />
            <Radio value="dark" label="Dark" />
          </Stack>
        </Radio.Group>
      </Panel>
    </Grid>
  );
}
