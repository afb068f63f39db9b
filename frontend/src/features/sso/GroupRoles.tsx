import { ActionIcon, Autocomplete, Button, Group, Select, Stack } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { GroupRule, Provider, SsoPolicy } from "@/api/types";
import { rolesQuery } from "@/features/members/query";
import { plural, words } from "@/ui/format";
import { FormProblem } from "@/ui/Problem";
import { groupsQuery, SSO } from "./query";
import { moved, roleOf } from "./rules";
import css from "./Sso.module.css";

interface GroupRolesProps {
  policy: SsoPolicy;
  providers: Provider[];
}

/** Groups of the provider become roles here; the first rule that fits counts. */
export function GroupRoles({ policy, providers }: GroupRolesProps) {
  const [rules, setRules] = useState<GroupRule[]>(policy.rules);
  const [usual, setUsual] = useState(policy.default_role);
  const roles = (useQuery(rolesQuery).data ?? [])
    .filter((role) => role.role !== "owner")
    .map((role) => ({ value: role.role, label: words(role.role) }));
  const groups = useQuery(groupsQuery).data ?? [];
  const known = [
    ...new Set([
      ...groups.map((group) => group.name),
      ...providers.flatMap((provider) => provider.tested?.groups ?? []),
    ]),
  ];
  const next: SsoPolicy = { ...policy, rules, default_role: usual };
  const save = useChange({
    run: () =>
      unwrap(
        api.PATCH("/sso/policy", {
          params: { path: {} },
          body: { rules: rules.filter((rule) => rule.group.trim()), default_role: usual },
        }),
      ),
    touches: [SSO, ["members"]],
    done: "The rules count for everyone now.",
    quiet: true,
  });
  const put = (at: number, change: Partial<GroupRule>): void =>
    setRules(rules.map((rule, index) => (index === at ? { ...rule, ...change } : rule)));
  const changed = JSON.stringify(next) !== JSON.stringify(policy);
  const effects = groups
    .map((group) => ({ group, from: group.role ?? policy.default_role, to: roleOf(group.name, next) }))
    .filter((effect) => effect.from !== effect.to);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap={14}>
        <p className="soft" style={{ margin: 0 }}>
          The first rule that names one of a person’s groups gives the role, at each sign-in and whenever the
          provider changes a group. Owners are left alone: only owners make owners.
        </p>
        <div>
          {rules.map((rule, index) => (
            <div key={index} className={css["rule"]}>
              <span className="muted">{index + 1}.</span>
              <Autocomplete
                size="xs"
                aria-label={`Group of rule ${index + 1}`}
                placeholder="Group at the provider"
                data={known}
                value={rule.group}
                onChange={(group) => put(index, { group })}
              />
              <Select
                size="xs"
                aria-label={`Role of rule ${index + 1}`}
                data={roles}
                value={rule.role}
                allowDeselect={false}
                onChange={(role) => put(index, { role: role ?? rule.role })}
              />
              <Group gap={2} wrap="nowrap">
                <ActionIcon
                  size="sm"
                  aria-label={`Move rule ${index + 1} up`}
                  disabled={index === 0}
                  onClick={() => setRules(moved(rules, index, -1))}
                >
                  <IconArrowUp size={14} aria-hidden />
                </ActionIcon>
                <ActionIcon
                  size="sm"
                  aria-label={`Move rule ${index + 1} down`}
                  disabled={index === rules.length - 1}
                  onClick={() => setRules(moved(rules, index, 1))}
                >
                  <IconArrowDown size={14} aria-hidden />
                </ActionIcon>
                <ActionIcon
                  size="sm"
                  aria-label={`Remove rule ${index + 1}`}
                  onClick={() => setRules(rules.filter((_, at) => at !== index))}
                >
                  <IconX size={14} aria-hidden />
                </ActionIcon>
              </Group>
            </div>
          ))}
          <Button
            size="compact-xs"
            variant="default"
            onClick={() => setRules([...rules, { group: "", role: "viewer" }])}
          >
            Add a rule
          </Button>
        </div>
        <Select
          label="Role when no rule fits"
          description={
            rules.length
              ? "Also for new members without groups."
              : "For new members. Without rules, roles that were given by hand stay."
          }
          w={260}
          data={roles}
          value={usual}
          allowDeselect={false}
          onChange={(role) => setUsual(role ?? usual)}
        />
        {changed && effects.length ? (
          <div className={css["said"]} role="status">
            Saving changes the role of:
            <ul style={{ margin: "4px 0 0", paddingLeft: 18 }}>
              {effects.map(({ group, from, to }) => (
                <li key={group.id}>
                  {group.name} ({plural(group.members, "person", "people")}): {from} → {to}
                </li>
              ))}
            </ul>
          </div>
        ) : null}
        <FormProblem error={save.error} />
        <Group gap={8}>
          <Button type="submit" loading={save.isPending} disabled={!changed}>
            Save the rules
          </Button>
          {changed ? (
            <Button
              variant="default"
              onClick={() => {
                setRules(policy.rules);
                setUsual(policy.default_role);
              }}
            >
              Reset
            </Button>
          ) : null}
        </Group>
      </Stack>
    </form>
  );
}
