import { Table } from "@mantine/core";
import { IconCheck, IconFingerprint } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { useSession } from "@/api/session";
import type { Permission, Role } from "@/api/types";
import { words } from "@/ui/format";
import { Loaded } from "@/ui/States";
import { areaName, areaOf } from "./areas";
import css from "./Members.module.css";
import { permissionsQuery, rolesQuery } from "./query";

/** The server's own table of who can do what, in its sentences. */
export function RoleTable() {
  const roles = useQuery(rolesQuery);
  const permissions = useQuery(permissionsQuery);
  return (
    <Loaded query={roles}>
      {(all) => (
        <>
          <dl className={css["roles"]}>
            {all.map((role) => (
              <div key={role.role}>
                <dt>{words(role.role)}</dt>
                <dd>{role.sentence}</dd>
              </div>
            ))}
          </dl>
          <Loaded query={permissions}>{(rows) => <Matrix roles={all} permissions={rows} />}</Loaded>
        </>
      )}
    </Loaded>
  );
}

function Matrix({ roles, permissions }: { roles: Role[]; permissions: Permission[] }) {
  const mine = useSession().role;
  return (
    <>
      <div
        role="region"
        aria-label="Permissions of each role, scrollable"
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must take the keyboard
        tabIndex={0}
        // Relative: what is hidden for the eye is placed in here and scrolls along.
        style={{ overflowX: "auto", position: "relative" }}
      >
        <Table miw={720} aria-label="Permissions of each role" verticalSpacing={4} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">May</Table.Th>
              {roles.map((role) => (
                <Table.Th key={role.role} scope="col" ta="center">
                  {words(role.role)}
                  {role.role === mine ? <span className="muted"> (you)</span> : null}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {permissions.map((permission, index) => (
              <Fragment key={permission.name}>
                {areaOf(permission.name) === areaOf(permissions[index - 1]?.name ?? "") ? null : (
                  <Table.Tr className={css["area"]}>
                    <Table.Th scope="colgroup" colSpan={roles.length + 1}>
                      {areaName(areaOf(permission.name))}
                    </Table.Th>
                  </Table.Tr>
                )}
                <Row permission={permission} roles={roles} />
              </Fragment>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <p className="muted" style={{ fontSize: 13, margin: "10px 0 0" }}>
        <IconFingerprint size={14} aria-hidden style={{ verticalAlign: "-2px" }} /> asks for password, code or
        passkey once more.
      </p>
    </>
  );
}

function Row({ permission, roles }: { permission: Permission; roles: Role[] }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={400}>
        {permission.sentence}{" "}
        {permission.step_up ? (
          <>
            <IconFingerprint size={14} color="var(--ink-3)" aria-hidden style={{ verticalAlign: "-2px" }} />
            <span className="visually-hidden"> asks once more who it is</span>
          </>
        ) : null}
      </Table.Th>
      {roles.map((role) => (
        <Table.Td key={role.role} ta="center">
          {permission.roles.includes(role.role) ? (
            <>
              <IconCheck size={15} color="var(--ok)" aria-hidden />
              <span className="visually-hidden">yes</span>
            </>
          ) : (
            <span className="visually-hidden">no</span>
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}
