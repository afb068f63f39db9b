import { IconTrashX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/session";
import { deletionQuery } from "@/features/settings/query";
import { Time } from "@/ui/Layout";
import css from "./Shell.module.css";

/** While the workspace is going to be deleted, every page says so to those who can keep it. */
export function DeletionBanner() {
  const { data } = useQuery({ ...deletionQuery, enabled: useCan("tenant.delete") });
  if (!data?.delete_after) return null;
  return (
    <div className={css["banner"]} data-tone="critical" role="status">
      <IconTrashX size={16} aria-hidden />
      <span>
        This workspace will be deleted <Time at={data.delete_after} />.
      </span>
      <Link to="/settings/$part" params={{ part: "workspace" }}>
        Keep it
      </Link>
    </div>
  );
}
