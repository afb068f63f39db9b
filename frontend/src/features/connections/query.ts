import { queryOptions } from "@tanstack/react-query";
import { api, unwrap, unwrapPage } from "@/api/client";
import { CALM, FAST } from "@/api/queries";

export const connectionsQuery = queryOptions({
  queryKey: ["connections", "list"],
  queryFn: async () =>
    (await unwrapPage(api.GET("/connections", { params: { path: {}, query: { limit: 200 } } }))).data,
  refetchInterval: (query) => (query.state.data?.some((c) => c.status === "checking") ? FAST : CALM),
});

export const connectorsQuery = queryOptions({
  queryKey: ["connectors"],
  queryFn: async () =>
    (await unwrapPage(api.GET("/connectors", { params: { path: {}, query: { limit: 200 } } }))).data,
  staleTime: 300_000,
});

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", "one", id],
    queryFn: () => unwrap(api.GET("/connections/{id}", { params: { path: { id } } })),
    refetchInterval: FAST * 2,
  });

export const setupQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", "setup", id],
    queryFn: () => unwrap(api.GET("/connections/{id}/setup", { params: { path: { id } } })),
    staleTime: 60_000,
  });

export const runsQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", "runs", id],
    queryFn: async () =>
      (await unwrapPage(api.GET("/connections/{id}/runs", { params: { path: { id } } }))).data,
    refetchInterval: (query) =>
      query.state.data?.some((run) => run.state === "running" || run.state === "queued") ? 1_500 : FAST * 2,
  });
