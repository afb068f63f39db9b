import { IconPlugConnectedX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { connectionsQuery } from "@/features/connections/query";
import css from "./Shell.module.css";

/** While a connection cannot be read, every page says so: what it shows may be old. */
export function ConnectionBanner() {
  const { data } = useQuery(connectionsQuery);
  const broken = (data ?? []).filter(
    (connection) => connection.status === "degraded" || connection.status === "failed",
  );
  const first = broken[0];
  return (
    <div role="status" aria-live="polite">
      {first ? (
        <div className={css["banner"]}>
          <IconPlugConnectedX size={16} aria-hidden />
          <span className={css["bannerText"]}>
            {broken.length === 1
              ? `${first.name} ${first.status === "failed" ? "cannot be read" : "is read in part"}${first.status_reason ? `: ${first.status_reason}` : "."}`
              : `${broken.length} connections cannot be read fully. What they feed may be out of date.`}
          </span>
          <Link to={broken.length === 1 ? "/connections/$id" : "/connections"} params={{ id: first.id }}>
            {broken.length === 1 ? "See what is missing" : "See connections"}
          </Link>
        </div>
      ) : null}
    </div>
  );
}
