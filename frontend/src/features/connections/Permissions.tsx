import type { PermissionResult, PermissionSpec } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { CodeBlock } from "@/ui/CodeBlock";
import css from "./Connections.module.css";
import { GrantPill } from "./names";

function AccessPill({ access }: { access: "read" | "write" }) {
  return <Pill tone={access === "write" ? "medium" : "info"}>{access === "write" ? "Write" : "Read"}</Pill>;
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What each permission is for, before anything is granted. */
export function PermissionNeeds({ permissions }: { permissions: PermissionSpec[] }) {
  return (
    <div>
      {permissions.map((permission) => (
        <div key={permission.action} className={css["perm"]}>
          <div>
            {sentence(permission.purpose)}
            <div className="mono muted">{permission.action}</div>
          </div>
          <AccessPill access={permission.access} />
        </div>
      ))}
    </div>
  );
}

/** Each permission ticked or crossed, with the exact missing action and its fix. */
export function PermissionResults({ permissions }: { permissions: PermissionResult[] }) {
  if (!permissions.length) return <p className="muted">Not checked yet.</p>;
  return (
    <div aria-live="polite">
      {permissions.map((permission) => (
        <div key={permission.action} className={css["perm"]}>
          <div>
            {sentence(permission.purpose)}{" "}
            {permission.access === "write" ? <AccessPill access="write" /> : null}
            <div className="mono muted">{permission.action}</div>
            {permission.detail ? <div className="soft">{permission.detail}</div> : null}
          </div>
          <GrantPill grant={permission.grant} />
          {permission.fix && permission.grant !== "granted" ? (
            <div className={css["fix"]}>
              <CodeBlock
                code={permission.fix}
                title="How to grant it"
                copyLabel={`Copy the fix for ${permission.action}`}
              />
            </div>
          ) : null}
        </div>
      ))}
    </div>
  );
}
