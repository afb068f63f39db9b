import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { PLACE, useCan, useSession } from "@/api/session";
import { rolesQuery } from "@/features/members/query";
import { words } from "@/ui/format";
import { Facts } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";

export function Profile() {
  const { user, role } = useSession();
  const roles = useQuery({ ...rolesQuery, enabled: useCan("members.read") });
  const [name, setName] = useState(user.name);
  const save = useChange({
    run: () => unwrap(api.PATCH("/session", { params: { path: {} }, body: { name } })),
    touches: [PLACE, ["members"]],
    done: "Saved.",
    quiet: true,
  });
  const sentence = roles.data?.find((item) => item.role === role)?.sentence;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack align="flex-start">
        <TextInput
          label="Name"
          description="How others see you: in the audit log and in invitations."
          w="100%"
          maw={420}
          autoComplete="name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Facts
          rows={[
            [
              "Role",
              <span key="r">
                {words(role)}
                {sentence ? <span className="muted">. {sentence}</span> : null}
              </span>,
            ],
          ]}
        />
        <FormProblem error={save.error} />
        <Button type="submit" loading={save.isPending} disabled={name === user.name}>
          Save the name
        </Button>
      </Stack>
    </form>
  );
}
