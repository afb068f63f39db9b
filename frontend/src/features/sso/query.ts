import { queryOptions } from "@tanstack/react-query";
import { api, unwrap, unwrapPage } from "@/api/client";

const none = { path: {} };
const many = { ...none, query: { limit: 200 } };

export const SSO = ["sso"];

export const providersQuery = queryOptions({
  queryKey: [...SSO, "providers"],
  queryFn: async () => (await unwrapPage(api.GET("/sso/providers", { params: many }))).data,
});
export const domainsQuery = queryOptions({
  queryKey: [...SSO, "domains"],
  queryFn: async () => (await unwrapPage(api.GET("/sso/domains", { params: many }))).data,
});
export const policyQuery = queryOptions({
  queryKey: [...SSO, "policy"],
  queryFn: () => unwrap(api.GET("/sso/policy", { params: none })),
});
export const groupsQuery = queryOptions({
  queryKey: [...SSO, "groups"],
  queryFn: async () => (await unwrapPage(api.GET("/sso/scim/groups", { params: many }))).data,
});
