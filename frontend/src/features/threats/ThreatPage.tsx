import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { Loaded } from "@/ui/States";

/** A threat's address leads to the page of its actor, where the whole story is. */
export default function ThreatPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const threat = useQuery({
    queryKey: ["threats", "one", id],
    queryFn: () => unwrap(api.GET("/threats/{id}", { params: { path: { id } } })),
  });
  return (
    <Loaded page query={threat}>
      {(data) => <Navigate to="/actors/$id" params={{ id: data.actor.id }} replace />}
    </Loaded>
  );
}
