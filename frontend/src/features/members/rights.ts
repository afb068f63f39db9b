import { useQuery } from "@tanstack/react-query";
import { useSession } from "@/api/session";
import type { Member, Role } from "@/api/types";
import { words } from "@/ui/format";
import { rolesQuery } from "./query";

export interface RoleChoice {
  value: string;
  label: string;
  disabled: boolean;
  sentence: string;
}

/** The roles with what each is for. Nobody gives more than they have: the others cannot be chosen. */
export function useRoleChoices(): RoleChoice[] {
  const { permissions } = useSession();
  const roles = useQuery(rolesQuery).data ?? [];
  return roles.map((role) => ({
    value: role.role,
    label: words(role.role),
    sentence: role.sentence,
    disabled: !within(role, permissions),
  }));
}

const within = (role: Role, permissions: string[]): boolean =>
  role.permissions.every((name) => permissions.includes(name));

/** Whether this member is the only owner who can sign in; not known (false) while not everyone is loaded. */
export function isLastOwner(member: Member, all: Member[], complete: boolean): boolean {
  if (member.role !== "owner" || !complete) return false;
  return !all.some((other) => other.id !== member.id && other.role === "owner" && other.active);
}

export const LAST_OWNER =
  "The last owner cannot leave, be removed or get another role: the workspace would belong to nobody. Make someone else owner first.";
