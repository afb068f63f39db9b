import type { SsoPolicy } from "@/api/types";

/** The list with one entry moved up (-1) or down (1). */
export function moved<T>(list: T[], at: number, by: -1 | 1): T[] {
  const out = [...list];
  const [entry] = out.splice(at, 1);
  if (entry !== undefined) out.splice(at + by, 0, entry);
  return out;
}

/** The role the first fitting rule gives somebody who is in this group alone; upper and lower case are alike. */
export function roleOf(group: string, policy: SsoPolicy): string {
  const name = group.trim().toLowerCase();
  const rule = policy.rules.find((item) => item.group.trim().toLowerCase() === name);
  return rule?.role ?? policy.default_role;
}
