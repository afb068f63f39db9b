/**
 * The REST contract as openapi-fetch reads it, written from docs/contracts.md §3.
 * `npm run api` writes what the running back end declares to schema.d.ts, to compare with.
 */
import type * as T from "./types";

type Json<R> = { content: { "application/json": R } };
type Failed = { content: { "application/problem+json": T.Problem } };
type Params<Q, P> = { query?: Q; path: P; header?: never; cookie?: never };
type Ok<R> = { 200: Json<R>; default: Failed };

type Query = Record<string, string | string[] | number | undefined>;
type Id = { id: string };
type None = Record<never, never>;

type Get<R, P = None, Q = Query> = { get: { parameters: Params<Q, P>; responses: Ok<R> } };
type Send<M extends "post" | "patch", B, R, P = None> = {
  [K in M]: { parameters: Params<Query, P>; requestBody?: Json<B>; responses: Ok<R> };
};
type Remove<P = Id> = {
  delete: { parameters: Params<Query, P>; responses: { 204: { content?: never }; default: Failed } };
};

type List<R, P = None> = Get<T.Page<R>, P>;

export interface paths {
  "/signup": Send<"post", { organisation: string; slug: string; email: string; password: string }, T.SignUp>;
  "/signup/slug": Get<T.SlugAnswer>;
  "/session": Get<T.Session> &
    Send<"post", { email: string; password: string }, T.Session> &
    Send<"patch", { name?: string; theme?: T.Theme }, T.Session> &
    Remove<None>;
  "/session/handoff": Send<"post", { token: string }, T.Session>;
  "/session/step-up": Send<"post", { password: string }, T.Session>;

  "/account/password": Send<"post", { current_password: string; new_password: string }, never>;
  "/account/password/reset": Send<"post", { email: string }, never>;
  "/account/password/reset/confirm": Send<"post", { token: string; password: string }, never>;
  "/account/email": Send<"post", { email: string }, { email: string }>;
  "/account/email/verification": Send<"post", None, never>;
  "/account/email/confirm": Send<"post", { token: string }, { email: string }>;
  "/account/sessions": List<T.OwnSession>;
  "/account/sessions/{id}": Remove;
  "/account/sessions/end-others": Send<"post", None, { ended: number }>;
  "/invitation/open": Send<"post", { token: string }, T.Invited>;
  "/invitation/accept": Send<
    "post",
    { token: string; name?: string; password?: string; provider?: string },
    Partial<T.Session> & { href?: string }
  >;

  "/overview": Get<T.Overview>;

  "/services": List<T.Service>;
  "/services/{id}": Get<T.Service, Id> & Send<"patch", { name: string }, T.Service, Id>;
  "/endpoints": List<T.Endpoint>;
  "/endpoints/facets": Get<T.Facets>;
  "/endpoints/{id}": Get<T.EndpointDetail, Id>;
  "/endpoints/{id}/series": Get<{ data: T.TrafficPoint[] }, Id>;
  "/endpoints/{id}/callers": List<T.Caller, Id>;
  "/endpoints/{id}/calls": List<T.CallSample, Id>;

  "/findings": List<T.Finding>;
  "/findings/facets": Get<T.Facets>;
  "/findings/{id}": Get<T.FindingDetail, Id> &
    Send<"patch", { status: string; reason?: string; expires_at?: string | null }, T.FindingDetail, Id>;
  "/findings/{id}/verify": Send<"post", never, T.Verification, Id>;

  "/threats": List<T.Threat>;
  "/threats/{id}": Get<T.Threat, Id> & Send<"patch", { status: string; reason: string }, T.Threat, Id>;
  "/actors": List<T.Actor>;
  "/actors/{id}": Get<T.Actor, Id>;
  "/actors/{id}/calls": List<T.CallSample, Id>;

  "/blocks": List<T.Block> &
    Send<
      "post",
      { preview_id: string; stage: T.Stage; reason: { kind: string; id: string | null; text: string } },
      T.Block
    >;
  "/blocks/targets": List<T.BlockTarget>;
  "/blocks/preview": Send<"post", T.BlockDraft, T.Preview>;
  "/blocks/undo-all": Send<"post", None, { undone: string[] }>;
  "/blocks/{id}": Get<T.Block, Id>;
  "/blocks/{id}/promote": Send<"post", None, T.Block, Id>;
  "/blocks/{id}/undo": Send<"post", None, T.Block, Id>;
  "/blocks/{id}/approve": Send<"post", { fingerprint?: string }, T.Block, Id>;
  "/blocks/{id}/extend": Send<"post", { ttl_seconds: number }, T.Block, Id>;
  "/protected-networks": List<T.ProtectedNetwork> &
    Send<"post", { cidr: string; label: string; kind: string }, T.ProtectedNetwork>;
  "/protected-networks/{id}": Remove;

  "/connectors": List<T.Connector>;
  "/connections": List<T.Connection> &
    Send<"post", { connector: string; name: string; settings?: Record<string, unknown> }, T.ConnectionDetail>;
  "/connections/{id}": Get<T.ConnectionDetail, Id> &
    Send<
      "patch",
      { name?: string; settings?: Record<string, unknown>; runner?: string | null },
      T.ConnectionDetail,
      Id
    > &
    Remove;
  "/runners": List<T.Runner> & Send<"post", { name: string }, T.NewRunner>;
  "/runners/{id}": Remove;
  "/runners/{id}/renew": Send<"post", None, T.NewRunner, Id>;
  "/connections/{id}/setup": Get<T.Setup, Id>;
  "/connections/{id}/check": Send<"post", None, T.CheckAnswer, Id>;
  "/connections/{id}/sync": Send<"post", None, { run: T.Run }, Id>;
  "/connections/{id}/disable": Send<"post", None, T.ConnectionDetail, Id>;
  "/connections/{id}/enable": Send<"post", None, T.ConnectionDetail, Id>;
  "/connections/{id}/rotate-token": Send<"post", None, { ingest_token: string }, Id>;
  "/connections/{id}/runs": List<T.Run, Id>;
  "/connections/{id}/changes": List<T.ConfigChange, Id>;
  "/connections/{id}/accounts": List<T.OrganizationAccount, Id>;
  "/connections/{id}/roll-out": Send<"post", { accounts?: string[] }, T.ConnectionDetail, Id>;
  "/connections/{id}/traffic": Get<T.ConnectionTraffic, Id>;
  "/connections/{id}/quarantine": List<T.QuarantinedRecord, Id>;

  "/imports": List<T.Import>;
  "/imports/{id}": Get<T.Import, Id>;

  "/alert-destinations": List<T.AlertDestination> &
    Send<
      "post",
      {
        connector: string;
        name: string;
        settings: Record<string, unknown>;
        min_severity: string;
        events: string[];
      },
      T.AlertDestination
    >;
  "/alert-destinations/{id}": Send<"patch", Partial<Omit<T.AlertDestination, "id">>, T.AlertDestination, Id> &
    Remove;
  "/alert-destinations/{id}/test": Send<"post", None, T.AlertDelivery, Id>;
  "/alert-deliveries": List<T.AlertDelivery>;
  "/alert-deliveries/{id}/resend": Send<"post", None, T.AlertDelivery, Id>;

  "/members": List<T.Member> & Send<"post", { email: string; name: string; role: string }, T.Member>;
  "/members/{id}": Send<"patch", { role: string }, T.Member, Id> & Remove;
  "/members/{id}/clear-factors": Send<"post", None, T.Member, Id>;
  "/members/{id}/end-sessions": Send<"post", None, { ended: number }, Id>;
  "/invitations": List<T.Invitation> & Send<"post", { email: string; role: string }, T.Invitation>;
  "/invitations/{id}": Remove;
  "/invitations/{id}/resend": Send<"post", None, T.Invitation, Id>;
  "/roles": List<T.Role>;
  "/permissions": List<T.Permission>;
  "/sign-in-policy": Get<{ second_factor: T.SecondFactorRule }> &
    Send<"patch", { second_factor: T.SecondFactorRule }, { second_factor: T.SecondFactorRule }>;
  "/sign-ins": List<T.SignIn>;
  "/tokens": List<T.Token> &
    Send<"post", { name: string; scopes: string[]; expires_at: string; networks: string[] }, T.NewToken>;
  "/tokens/{id}": Remove;

  "/sso/sign-in": Get<T.SignInPage>;
  "/sso/providers": List<T.Provider> & Send<"post", T.ProviderDraft, T.Provider>;
  "/sso/providers/{id}": Send<"patch", Partial<T.ProviderDraft> & { enabled?: boolean }, T.Provider, Id> &
    Remove;
  "/sso/providers/{id}/refresh": Send<"post", None, T.Provider, Id>;
  "/sso/domains": List<T.Domain> & Send<"post", { name: string }, T.Domain>;
  "/sso/domains/{id}": Remove;
  "/sso/domains/{id}/verify": Send<"post", None, T.Domain, Id>;
  "/sso/links": List<T.ProviderLink>;
  "/sso/links/{id}": Remove;
  "/sso/policy": Get<T.SsoPolicy> & Send<"patch", Partial<T.SsoPolicy>, T.SsoPolicy>;
  "/sso/scim": Get<T.Provisioning> & Remove<None>;
  "/sso/scim/tokens": List<T.ScimToken> & Send<"post", { name: string; expires_at: string }, T.NewToken>;
  "/sso/scim/tokens/{id}": Remove;
  "/sso/scim/tokens/{id}/rotate": Send<"post", None, T.NewToken, Id>;
  "/sso/scim/events": List<T.ScimEvent>;
  "/sso/scim/groups": List<T.ScimGroup>;

  "/audit": List<T.AuditEntry>;
  "/audit/verify": Send<"post", None, T.AuditVerdict>;
  "/audit/key": Get<T.AuditKey>;

  "/raw-window": Get<T.RawWindow> & Send<"patch", { hours: number }, T.RawWindow>;
  "/tenant": Get<T.Tenant> & Send<"patch", { name: string }, T.Tenant>;
  "/tenant/deletion": Get<T.Deletion> & Send<"post", { name: string }, T.Deletion> & Remove<None>;
  "/archives": List<T.Archive> & Send<"post", None, T.Archive>;
}
