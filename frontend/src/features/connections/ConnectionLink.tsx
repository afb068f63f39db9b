import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { connectionsQuery } from "./query";

/** A connection by its name; by its id while the name is not known. */
export function ConnectionLink({ id }: { id: string | null }) {
  const { data } = useQuery(connectionsQuery);
  if (!id) return <>none</>;
  return (
    <Link to="/connections/$id" params={{ id }}>
      {data?.find((connection) => connection.id === id)?.name ?? id}
    </Link>
  );
}
