import { Button } from "@mantine/core";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Provider } from "@/api/types";
import { Pill, Tags } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { CopyField } from "@/ui/CopyField";
import { day, plural, words } from "@/ui/format";
import { Facts, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { useUrlState } from "@/ui/table/useUrlState";
import { SSO } from "./query";
import css from "./Sso.module.css";

export const PROTOCOLS = { oidc: "OpenID Connect", saml: "SAML 2.0" };

interface OneProviderProps {
  provider: Provider;
  /** Single sign-on is required and this is the only one that is on. */
  lastOne: boolean;
  onEdit: () => void;
}

export function OneProvider({ provider, lastOne, onEdit }: OneProviderProps) {
  const [search] = useUrlState();
  const params = { path: { id: provider.id } };
  const turn = useChange({
    run: (enabled: boolean) => unwrap(api.PATCH("/sso/providers/{id}", { params, body: { enabled } })),
    touches: [SSO],
    done: (now) =>
      now.enabled ? `${now.name} is on the sign-in page.` : `${now.name} is off. Its sessions end.`,
    quiet: true,
  });
  const refresh = useChange({
    run: () => unwrap(api.POST("/sso/providers/{id}/refresh", { params, body: {} })),
    touches: [SSO],
    done: "Read again: its keys and addresses are the current ones.",
    quiet: true,
  });
  const remove = useChange({
    run: () => unwrap(api.DELETE("/sso/providers/{id}", { params })),
    touches: [SSO],
    done: "Removed.",
    quiet: true,
  });
  const works = provider.tested?.ok ?? false;
  return (
    <section className={css["provider"]} aria-label={provider.name}>
      <div className={css["head"]}>
        <div className={css["title"]}>
          <h3>{provider.name}</h3>
          <Pill tone="info">{PROTOCOLS[provider.protocol]}</Pill>
          <Pill tone={provider.enabled ? "ok" : works ? "info" : "medium"} icon>
            {provider.enabled ? "On" : works ? "Off" : "Off, not tested"}
          </Pill>
          <span className="muted" style={{ fontWeight: 400, fontSize: 13 }}>
            {plural(provider.people, "person", "people")}
          </span>
        </div>
        <div className={css["acts"]}>
          <Button
            size="xs"
            variant={works ? "default" : "filled"}
            component="a"
            href={`/sso/${provider.id}/start?test=1`}
          >
            Test the sign-in
          </Button>
          {provider.enabled ? (
            <ConfirmButton
              size="xs"
              label="Switch off"
              title={`Switch ${provider.name} off?`}
              body={
                lastOne
                  ? "Single sign-on is required and this is the last provider that is on, so this is refused. Stop requiring single sign-on first."
                  : `Its button leaves the sign-in page, and the sessions of ${plural(provider.people, "person", "people")} end. Members and their roles stay.`
              }
              confirm="Switch off"
              run={() => turn.mutateAsync(false)}
            />
          ) : (
            <Button size="xs" disabled={!works} loading={turn.isPending} onClick={() => turn.mutate(true)}>
              Switch on
            </Button>
          )}
          <Button size="xs" variant="default" onClick={onEdit} aria-label={`Edit ${provider.name}`}>
            Edit
          </Button>
          <ConfirmButton
            size="xs"
            danger
            label="Remove"
            title={`Remove ${provider.name}?`}
            body={`The ${plural(provider.people, "person", "people")} it knows stay members but cannot sign in by it; sessions it began end. Adding it again ties them anew by their address.`}
            confirm="Remove"
            run={() => remove.mutateAsync()}
          />
        </div>
      </div>
      <div style={{ display: "grid", gap: 10, marginTop: turn.error || refresh.error ? 12 : 0 }}>
        <FormProblem error={turn.error} />
        <FormProblem error={refresh.error} />
      </div>
      <TestResult provider={provider} fresh={search["tested"] === provider.id} />
      <LastProblem provider={provider} />
      <div className={css["cols"]}>
        <div>
          <h4>To enter at {provider.name}</h4>
          <div style={{ display: "grid", gap: 10 }}>
            {provider.protocol === "oidc" ? (
              <CopyField label="Redirect address (callback)" value={provider.addresses.callback} />
            ) : (
              <>
                <CopyField label="Assertion consumer service (ACS)" value={provider.addresses.callback} />
                <CopyField label="Entity ID (audience)" value={provider.addresses.metadata} />
                <CopyField label="Our metadata, to load there" value={provider.addresses.metadata} />
              </>
            )}
            <CopyField label="Start address, for a tile or bookmark" value={provider.addresses.start} />
          </div>
        </div>
        <div>
          <h4>
            What {provider.name} says of itself{" "}
            <Button
              size="compact-xs"
              variant="subtle"
              loading={refresh.isPending}
              onClick={() => refresh.mutate()}
            >
              Read again
            </Button>
          </h4>
          <Facts
            rows={[
              ...Object.entries(provider.discovered).map(([key, value]): [string, React.ReactNode] => [
                discoveredName(key),
                shown(key, value),
              ]),
              ["Read", <Time key="at" at={provider.discovered_at} none="not yet" />],
              [
                "New people",
                provider.creates_members
                  ? "become members at their first sign-in"
                  : "must be members already",
              ],
            ]}
          />
        </div>
      </div>
    </section>
  );
}

const NAMES: Record<string, string> = {
  issuer: "Issuer",
  algorithms: "Signatures",
  keys: "Keys",
  entity_id: "Entity ID",
  sign_in_url: "Sign-in address",
  certificates: "Certificates",
  expires_at: "Certificate ends",
};
const discoveredName = (key: string): string => NAMES[key] ?? words(key);

function shown(key: string, value: unknown): React.ReactNode {
  if (Array.isArray(value)) return <Tags values={value.map(String)} limit={3} />;
  if (value === null || value === undefined || value === "") return <span className="muted">not said</span>;
  return key === "expires_at" ? day(String(value)) : String(value);
}

function TestResult({ provider, fresh }: { provider: Provider; fresh: boolean }) {
  const { tested } = provider;
  if (!tested)
    return (
      <div className={css["said"]}>
        No test sign-in has worked since the last change. Enter the addresses below at the provider, then
        test: you sign in there once, and nothing changes for anybody.
      </div>
    );
  return (
    <div className={css["said"]} data-tone={tested.ok ? "ok" : "bad"} role={fresh ? "status" : undefined}>
      {tested.ok ? (
        <>
          <strong style={{ fontWeight: 500 }}>The test worked</strong> <Time at={tested.at} />. {tested.email}{" "}
          would sign in as {tested.role}
          {tested.known ? "" : ", as a new member"}.
          <div>
            Groups it sent: <Tags values={tested.groups ?? []} none="none" limit={12} />
          </div>
        </>
      ) : (
        <>
          <strong style={{ fontWeight: 500 }}>The test failed</strong> <Time at={tested.at} />.{" "}
          {tested.detail}
        </>
      )}
    </div>
  );
}

/** The reason of the last refusal, which the person was not told. */
function LastProblem({ provider }: { provider: Provider }) {
  const { problem, tested } = provider;
  if (!problem || (tested && !tested.ok && tested.detail === problem.detail)) return null;
  return (
    <div className={css["said"]} data-tone="bad">
      <strong style={{ fontWeight: 500 }}>The last sign-in that was refused</strong> <Time at={problem.at} />:{" "}
      {problem.detail}
    </div>
  );
}
