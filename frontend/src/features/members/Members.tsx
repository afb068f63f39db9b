import { Group, NativeSelect, Tooltip } from "@mantine/core";
import { IconShieldCheck, IconShieldOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan, useSession } from "@/api/session";
import type { Member } from "@/api/types";
import { Pill, Unknown } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { plural, words } from "@/ui/format";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { SearchBox } from "@/ui/table/Facets";
import { useUrlState } from "@/ui/table/useUrlState";
import { lastSignInsQuery } from "./query";
import { isLastOwner, LAST_OWNER, useRoleChoices, type RoleChoice } from "./rights";

export function Members() {
  const can = useCan("members.write");
  const readsLog = useCan("audit.read");
  const { user } = useSession();
  const [search] = useUrlState();
  const roles = useRoleChoices();
  const list = useList<Member>(["members"], { limit: 200 }, (query) =>
    api.GET("/members", { params: { path: {}, query } }),
  );
  const signIns = useQuery({ ...lastSignInsQuery, enabled: readsLog });
  const everyone = list.data?.pages.flatMap((page) => page.data) ?? [];
  const complete = !list.hasNextPage;
  const last = (row: Member): boolean => isLastOwner(row, everyone, complete);
  const seen = (row: Member): string | undefined =>
    signIns.data?.data.find((entry) => entry.user === row.user)?.at;
  const needle = (search["q"] ?? "").toLowerCase();
  const keep = useCallback(
    (row: Member) => `${row.name} ${row.email} ${row.role}`.toLowerCase().includes(needle),
    [needle],
  );
  return (
    <DataTable
      id="members"
      label="Members"
      query={list}
      rowId={(row) => row.id}
      keep={keep}
      show={15}
      tools={<SearchBox placeholder="Name, address or role" label="Find members" />}
      empty={<EmptyState title="No members" why="People of this workspace appear here." />}
      columns={[
        {
          id: "name",
          label: "Person",
          value: (row) => row.name || row.email,
          cell: (row) => (
            <>
              <Group gap={8} wrap="nowrap">
                <strong style={{ fontWeight: 500 }}>{row.name || row.email}</strong>
                {row.user === user.id ? <span className="muted">(you)</span> : null}
                {row.active ? null : (
                  <Pill
                    tone="high"
                    icon
                    title="Cannot sign in. Sessions and tokens have ended; role and history stay."
                  >
                    Suspended
                  </Pill>
                )}
              </Group>
              {row.name ? <div className="muted">{row.email}</div> : null}
            </>
          ),
        },
        {
          id: "role",
          label: "Role",
          value: (row) => row.role,
          cell: (row) => <RoleCell member={row} roles={roles} can={can} last={last(row)} />,
        },
        {
          id: "factor",
          label: "Second factor",
          value: (row) => (row.second_factor ? "yes" : "no"),
          cell: (row) => <FactorMark on={row.second_factor} />,
        },
        ...(readsLog
          ? [
              {
                id: "seen",
                label: "Last sign-in",
                value: seen,
                cell: (row: Member) =>
                  seen(row) || !signIns.data?.next ? (
                    <Time at={seen(row)} none={signIns.data ? "not in 90 days" : "…"} />
                  ) : (
                    <Unknown reason="It is older than the last 200 sign-ins. The sign-in log has them all." />
                  ),
              },
            ]
          : []),
        {
          id: "since",
          label: "Member since",
          value: (row) => row.created_at,
          cell: (row) => <Time at={row.created_at} />,
        },
        {
          id: "acts",
          label: "Actions",
          sortable: false,
          value: () => "",
          cell: (row) => (can ? <Acts member={row} roles={roles} last={last(row)} /> : null),
        },
      ]}
    />
  );
}

interface MemberProps {
  member: Member;
  roles: RoleChoice[];
  last: boolean;
}

const beyond = (member: Member, roles: RoleChoice[]): boolean =>
  roles.find((role) => role.value === member.role)?.disabled ?? false;

function RoleCell({ member, roles, can, last }: MemberProps & { can: boolean }) {
  const change = useChange({
    run: (role: string) =>
      unwrap(api.PATCH("/members/{id}", { params: { path: { id: member.id } }, body: { role } })),
    touches: [["members"], ["place"]],
    done: (made) => `${made.name || made.email} is ${made.role} now.`,
  });
  if (!can) return <>{words(member.role)}</>;
  const why = last
    ? LAST_OWNER
    : beyond(member, roles)
      ? "This role holds rights you do not have, so you cannot take it away."
      : undefined;
  const select = (
    <NativeSelect
      size="xs"
      w={140}
      aria-label={`Role of ${member.email}`}
      data={roles.length ? roles : [{ value: member.role, label: words(member.role) }]}
      value={member.role}
      disabled={why !== undefined || change.isPending}
      onChange={(event) => change.mutate(event.currentTarget.value)}
    />
  );
  return why ? (
    <Tooltip label={why}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the reason must be reachable by keyboard */}
      <span tabIndex={0} aria-label={`Role of ${member.email}: ${member.role}. ${why}`}>
        {select}
      </span>
    </Tooltip>
  ) : (
    select
  );
}

function FactorMark({ on }: { on: boolean }) {
  const Mark = on ? IconShieldCheck : IconShieldOff;
  return (
    <span style={{ display: "inline-flex", gap: 6, alignItems: "center" }}>
      <Mark size={16} color={on ? "var(--ok)" : "var(--ink-3)"} aria-hidden />
      {on ? "Yes" : <span className="soft">No</span>}
    </span>
  );
}

function Acts({ member, roles, last }: MemberProps) {
  const { user } = useSession();
  const params = { path: { id: member.id } };
  const name = member.name || member.email;
  const remove = useChange({
    run: () => unwrap(api.DELETE("/members/{id}", { params })),
    touches: [["members"], ["tokens"]],
    done: "Removed. Their sessions and tokens have ended.",
    quiet: true,
  });
  const end = useChange({
    run: () => unwrap(api.POST("/members/{id}/end-sessions", { params, body: {} })),
    touches: [["members"]],
    done: ({ ended }) => `${plural(ended, "session")} of ${name} ended.`,
    quiet: true,
  });
  const clear = useChange({
    run: () => unwrap(api.POST("/members/{id}/clear-factors", { params, body: {} })),
    touches: [["members"]],
    done: "Their second factors are gone; they were told by mail.",
    quiet: true,
  });
  if (member.user === user.id || beyond(member, roles)) return null;
  return (
    <Group gap={6} wrap="nowrap">
      {member.active ? (
        <ConfirmButton
          size="compact-xs"
          label="Sign out"
          title={`Sign ${name} out everywhere?`}
          body="Every session of theirs ends at once, for a device that was lost or taken. They can sign in again; the tokens they made go on."
          confirm="Sign them out"
          run={() => end.mutateAsync()}
        />
      ) : null}
      {member.second_factor ? (
        <ConfirmButton
          size="compact-xs"
          label="Clear second factors"
          title={`Clear the second factors of ${name}?`}
          body="For somebody who lost all of them. Make sure first, by voice or in person, that it is them who ask: afterwards the password alone opens the account. Their sessions end."
          confirm="Clear them"
          run={() => clear.mutateAsync()}
        />
      ) : null}
      {last ? null : (
        <ConfirmButton
          size="compact-xs"
          danger
          label="Remove"
          title={`Remove ${name}?`}
          body="Their sessions and the API tokens they made end at once. What they did stays in the audit log. Invite them again to bring them back."
          confirm="Remove"
          run={() => remove.mutateAsync()}
        />
      )}
    </Group>
  );
}
