import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import type { Provider, ProviderLink } from "@/api/types";
import { ConfirmButton } from "@/ui/Confirm";
import { Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { SSO } from "./query";

/** Which subject of a provider is which member: a person is the subject, not the address. */
export function Links({ providers }: { providers: Provider[] }) {
  const list = useList<ProviderLink>([...SSO, "links"], {}, (query) =>
    api.GET("/sso/links", { params: { path: {}, query } }),
  );
  const unlink = useChange({
    run: (id: string) => unwrap(api.DELETE("/sso/links/{id}", { params: { path: { id } } })),
    touches: [SSO],
    done: "The link is removed. The next sign-in goes by the address again.",
    quiet: true,
  });
  const name = (id: string): string => providers.find((provider) => provider.id === id)?.name ?? id;
  return (
    <DataTable
      id="sso-links"
      label="People who sign in by a provider"
      query={list}
      show={10}
      rowId={(row) => row.id}
      empty={
        <EmptyState
          title="Nobody has signed in by a provider yet"
          why="The first sign-in ties the provider’s person to the member with the same address; from then on the provider’s own identifier counts, so a reused address opens nobody else’s account."
        />
      }
      columns={[
        { id: "email", label: "Member", value: (row) => row.email },
        { id: "provider", label: "Provider", value: (row) => name(row.provider) },
        {
          id: "subject",
          label: "Identifier there",
          value: (row) => row.subject,
          cell: (row) => <span className="mono">{row.subject}</span>,
        },
        {
          id: "last",
          label: "Last sign-in",
          value: (row) => row.last_sign_in_at,
          cell: (row) => <Time at={row.last_sign_in_at} />,
        },
        {
          id: "acts",
          label: "Actions",
          sortable: false,
          value: () => "",
          cell: (row) => (
            <ConfirmButton
              size="compact-xs"
              label="Remove the link"
              title={`Remove the link of ${row.email}?`}
              body={`Sessions begun by ${name(row.provider)} end. Whoever signs in there next with this address becomes ${row.email} here: do it when the provider gave the same person another identifier.`}
              confirm="Remove the link"
              run={() => unlink.mutateAsync(row.id)}
            />
          ),
        },
      ]}
    />
  );
}
