import { Button, Select, Stack, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Provider, SsoPolicy } from "@/api/types";
import { peopleQuery } from "@/features/members/query";
import { FormProblem } from "@/ui/Problem";
import { SSO } from "./query";

interface RequiredProps {
  policy: SsoPolicy;
  providers: Provider[];
}

/** Whether passwords and passkeys still open the workspace, and for whom when they do not. */
export function Required({ policy, providers }: RequiredProps) {
  const [required, setRequired] = useState(policy.required);
  const [person, setPerson] = useState(policy.break_glass);
  const owners = (useQuery(peopleQuery).data ?? [])
    .filter((member) => member.role === "owner" && member.active)
    .map((member) => ({ value: member.user, label: member.name || member.email }));
  const on = providers.some((provider) => provider.enabled);
  const save = useChange({
    run: () =>
      unwrap(
        api.PATCH("/sso/policy", {
          params: { path: {} },
          body: { required, ...(person ? { break_glass: person } : {}) },
        }),
      ),
    touches: [SSO, ["sign-in-page"]],
    done: (now) => (now.required ? "Single sign-on is required from now on." : "Passwords work again."),
    quiet: true,
  });
  const changed = required !== policy.required || person !== policy.break_glass;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap={14}>
        <Switch
          label="Everyone signs in by a provider"
          description={
            on || required
              ? "Passwords and passkeys stop opening the workspace. Sessions begun with them end at their next request."
              : "Test a provider and switch it on first: nobody could sign in otherwise."
          }
          disabled={!on && !required}
          checked={required}
          onChange={(event) => setRequired(event.currentTarget.checked)}
        />
        <Select
          label="Owner who may still use a password"
          description="For the day the provider is down. Give them a second factor. If they stop being owner, every owner may."
          placeholder="Choose an owner with a password"
          data={owners}
          value={person || null}
          allowDeselect={false}
          required={required}
          error={fieldErrors(save.error)["break_glass"]}
          onChange={(value) => setPerson(value ?? "")}
        />
        <FormProblem error={save.error} beside={["break_glass"]} />
        <div>
          <Button
            type="submit"
            color={required && !policy.required ? "red" : undefined}
            loading={save.isPending}
            disabled={!changed || (required && !person)}
          >
            {required && !policy.required ? "Require single sign-on" : "Save"}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
