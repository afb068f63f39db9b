import { queryOptions } from "@tanstack/react-query";
import { api, unwrapPage } from "@/api/client";

const none = { path: {} };
const RARELY = 300_000;

export const rolesQuery = queryOptions({
  queryKey: ["roles"],
  queryFn: async () => (await unwrapPage(api.GET("/roles", { params: none }))).data,
  staleTime: RARELY,
});

export const permissionsQuery = queryOptions({
  queryKey: ["permissions"],
  queryFn: async () =>
    (await unwrapPage(api.GET("/permissions", { params: { ...none, query: { limit: 200 } } }))).data,
  staleTime: RARELY,
});

/** Everyone, as far as one page goes: for names and choices. */
export const peopleQuery = queryOptions({
  queryKey: ["members", "people"],
  queryFn: async () =>
    (await unwrapPage(api.GET("/members", { params: { ...none, query: { limit: 200 } } }))).data,
});

/** The newest sign-ins that went well, and whether there are older ones. */
export const lastSignInsQuery = queryOptions({
  queryKey: ["sign-ins", "last"],
  queryFn: () =>
    unwrapPage(api.GET("/sign-ins", { params: { ...none, query: { outcome: "signed-in", limit: 200 } } })),
});
