import { queryOptions } from "@tanstack/react-query";
import { api, unwrap } from "@/api/client";
import { CALM, FAST } from "@/api/queries";

/** Faster while the workspace is still being set up, so that first rows appear by themselves. */
export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: () => unwrap(api.GET("/overview", { params: { path: {} } })),
  refetchInterval: (query) => (query.state.data?.setup.every((step) => step.done) ? CALM : FAST),
});
