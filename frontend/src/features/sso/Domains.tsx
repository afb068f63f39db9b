import { Button, Group, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Domain } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { CopyField } from "@/ui/CopyField";
import { Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { SSO } from "./query";
import css from "./Sso.module.css";

/** A domain counts once its TXT record was seen. */
export function Domains({ domains }: { domains: Domain[] }) {
  return (
    <>
      {domains.map((domain) => (
        <OneDomain key={domain.id} domain={domain} />
      ))}
      <div className={domains.length ? css["domain"] : undefined}>
        <AddDomain first={!domains.length} />
      </div>
    </>
  );
}

function OneDomain({ domain }: { domain: Domain }) {
  const params = { path: { id: domain.id } };
  const verify = useChange({
    run: () => unwrap(api.POST("/sso/domains/{id}/verify", { params, body: {} })),
    touches: [SSO],
    done: `${domain.name} is verified.`,
    quiet: true,
  });
  const remove = useChange({
    run: () => unwrap(api.DELETE("/sso/domains/{id}", { params })),
    touches: [SSO],
    done: "Removed.",
    quiet: true,
  });
  return (
    <div className={css["domain"]}>
      <div className={css["head"]}>
        <div className={css["title"]}>
          {domain.name}
          <Pill tone={domain.verified_at ? "ok" : "medium"} icon>
            {domain.verified_at ? "Verified" : "Not verified"}
          </Pill>
          {domain.verified_at ? (
            <span className="muted" style={{ fontWeight: 400, fontSize: 13 }}>
              <Time at={domain.verified_at} />
            </span>
          ) : null}
        </div>
        <div className={css["acts"]}>
          {domain.verified_at ? null : (
            <Button size="xs" loading={verify.isPending} onClick={() => verify.mutate()}>
              Check now
            </Button>
          )}
          <ConfirmButton
            size="xs"
            danger
            label="Remove"
            title={`Remove ${domain.name}?`}
            body={
              domain.verified_at
                ? `Nobody with an address at ${domain.name} can sign in by a provider any more. Sessions go on until they end.`
                : "It can be added again; the record then gets another value."
            }
            confirm="Remove"
            run={() => remove.mutateAsync()}
          />
        </div>
      </div>
      {domain.verified_at ? null : (
        <>
          <div className={css["copies"]}>
            <CopyField label="Name of the TXT record" value={domain.record_name} />
            <CopyField label="Value of the TXT record" value={domain.record_value} />
          </div>
          <p className="muted" style={{ margin: "8px 0 0", fontSize: 13 }}>
            Publish it at whoever runs the domain’s name servers. It may take an hour until everyone sees it.
          </p>
          <div style={{ marginTop: 10 }}>
            <FormProblem error={verify.error} />
          </div>
        </>
      )}
    </div>
  );
}

function AddDomain({ first }: { first: boolean }) {
  const [name, setName] = useState("");
  const add = useChange({
    run: () => unwrap(api.POST("/sso/domains", { params: { path: {} }, body: { name } })),
    touches: [SSO],
    quiet: true,
    onDone: () => setName(""),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      {first ? (
        <p className="soft" style={{ margin: "0 0 12px" }}>
          Which addresses belong to your company? Without a verified domain an identity provider lets nobody
          in, so that no provider can vouch for other people’s addresses.
        </p>
      ) : null}
      <Group align="flex-start" gap={8}>
        <TextInput
          aria-label="Domain"
          placeholder="example.com"
          required
          value={name}
          error={fieldErrors(add.error)["name"]}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" variant={first ? "filled" : "default"} loading={add.isPending}>
          Add the domain
        </Button>
      </Group>
      <div style={{ marginTop: 10 }}>
        <FormProblem error={add.error} beside={["name"]} />
      </div>
    </form>
  );
}
