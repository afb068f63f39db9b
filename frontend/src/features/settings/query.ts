import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";

export const deletionQuery = queryOptions({
  queryKey: ["deletion"],
  queryFn: () => unwrap(api.GET("/tenant/deletion", { params: { path: {} } })),
  staleTime: 60_000,
});
