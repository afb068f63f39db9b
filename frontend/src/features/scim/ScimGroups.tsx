import { Link } from "@tanstack/react-router";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import type { ScimGroup } from "@/api/types";
import { integer, words } from "@/ui/format";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

/** The provider's groups with the role the rules make of each. */
export function ScimGroups() {
  const list = useList<ScimGroup>(["sso", "scim", "groups"], {}, (query) =>
    api.GET("/sso/scim/groups", { params: { path: {}, query } }),
  );
  return (
    <DataTable
      id="scim-groups"
      label="Groups of the identity provider"
      query={list}
      rowId={(row) => row.id}
      empty={
        <EmptyState
          title="No group yet"
          why="Push groups from the provider, then say under Single sign-on which group makes which role."
        />
      }
      columns={[
        { id: "name", label: "Group", value: (row) => row.name },
        {
          id: "members",
          label: "People",
          value: (row) => row.members,
          cell: (row) => integer(row.members),
          numeric: true,
        },
        {
          id: "role",
          label: "Role",
          value: (row) => row.role,
          cell: (row) =>
            row.role ? (
              words(row.role)
            ) : (
              <span className="muted">
                no rule names it.{" "}
                <Link to="/settings/$part" params={{ part: "sso" }} style={{ textDecoration: "underline" }}>
                  Add one
                </Link>
              </span>
            ),
        },
      ]}
    />
  );
}
