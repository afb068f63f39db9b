import type { OrganizationAccount, OrganizationReading } from "../src/api/types/index.ts";
import { days, minutes } from "./clock.ts";

const late =
  "The role arn:aws:iam::210987654321:role/portcullis-read does not let us in: it is not there yet, or it trusts another principal or external id. The account is not read. See in the stack set whether the account's stack was made; it is tried again.";

const accounts: OrganizationAccount[] = [
  { ref: "111122223333", name: "shop-production", state: "connected" as const },
  { ref: "111122224444", name: "shop-staging", state: "connected" as const },
  { ref: "210987654321", name: "data-platform", state: "waiting" as const, reason: late },
  {
    ref: "333344445555",
    name: "legacy-erp",
    state: "refused" as const,
    reason:
      "The role arn:aws:iam::333344445555:role/portcullis-read lets us in without the external id, so anybody who can make us use its ARN could read the account through us. The account is not connected. Add the condition on sts:ExternalId to the role's trust policy, as the stack set's template has it.",
  },
  {
    ref: "444455556666",
    name: "sandbox",
    state: "left_out" as const,
    reason: "Its connection was deleted here, so it is left out.",
  },
  {
    ref: "555566667777",
    name: "retired-crm",
    state: "gone" as const,
    reason: "It is no longer in the organisation. Its connection and what was learnt from it stay.",
  },
].map((row, index) => ({
  id: `oac_${index}`,
  reason: "",
  ...row,
  connection:
    row.state === "connected" || row.state === "gone"
      ? { id: `con_a${index}`, name: row.name, status: row.state === "gone" ? "failed" : "connected" }
      : null,
  checked_at: row.state === "connected" ? days(3) : minutes(12),
}));

export const organizationReading: OrganizationReading = {
  state: "read",
  read_at: minutes(12),
  failed_at: null,
  error: null,
  accounts: { connected: 2, waiting: 1, refused: 1, left_out: 1, gone: 1 },
};

export const accountsOf = (id: string, q: URLSearchParams): OrganizationAccount[] =>
  id === "con_aws" ? accounts.filter((row) => !q.get("state") || row.state === q.get("state")) : [];
