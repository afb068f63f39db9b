import { Button, Select } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { AccountState, ConnectionDetail, OrganizationAccount, OrganizationReading } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { moment } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { FilterChips, type FacetSpec } from "@/ui/table/Facets";
import { useUrlState } from "@/ui/table/useUrlState";
import { ConnectionStatusPill } from "./names";
import { NotKnown } from "./NotKnown";

const states: Record<AccountState, { tone: Tone; label: string }> = {
  connected: { tone: "ok", label: "Connected" },
  waiting: { tone: "unknown", label: "Not known" },
  refused: { tone: "high", label: "Refused by us" },
  left_out: { tone: "info", label: "Left out" },
  gone: { tone: "info", label: "Gone" },
};
const ORDER = Object.keys(states) as AccountState[];

const FILTERS: FacetSpec[] = [
  {
    key: "state",
    label: "State",
    name: (value) => states[value as AccountState]?.label ?? value,
    single: true,
  },
];

interface AccountsProps {
  connection: ConnectionDetail;
  reading: OrganizationReading;
}

/** Every account of the organisation: read through a connection of its own, or why not. */
export function Accounts({ connection, reading }: AccountsProps) {
  const { id } = connection;
  const [search, patch] = useUrlState();
  const can = useCan("connections.write");
  const list = useList<OrganizationAccount>(
    ["connections", "accounts", id],
    { state: search["state"] },
    (query) => api.GET("/connections/{id}/accounts", { params: { path: { id }, query } }),
  );
  const look = useChange({
    run: (accounts: string[]) =>
      unwrap(api.POST("/connections/{id}/roll-out", { params: { path: { id } }, body: { accounts } })),
    touches: [["connections"]],
    done: "The accounts are looked at as soon as a worker is free.",
  });
  return (
    <>
      {reading.state === "failed" ? (
        <NotKnown
          title={
            reading.read_at
              ? `Which accounts there are since ${moment(reading.read_at)} is not known`
              : "Which accounts there are is not known"
          }
          error={reading.error}
          after="It is tried again every quarter of an hour. No account is taken for gone meanwhile."
        />
      ) : null}
      <Panel
        title="Accounts of the organisation"
        note={
          <Button
            size="xs"
            variant="default"
            disabled={!can || connection.status === "disabled"}
            loading={look.isPending}
            onClick={() => look.mutate([])}
          >
            Look now
          </Button>
        }
        flush
      >
        <p className="muted" style={{ padding: "0 16px" }}>
          {told(reading)}
        </p>
        <DataTable
          id="accounts"
          label="Accounts of the organisation"
          query={list}
          rowId={(row) => row.id}
          tools={
            <Select
              size="xs"
              w={170}
              aria-label="State"
              placeholder="Any state"
              clearable
              data={ORDER.map((value) => ({ value, label: states[value].label }))}
              value={search["state"] ?? null}
              onChange={(value) => patch({ state: value ?? undefined })}
            />
          }
          chips={<FilterChips specs={FILTERS} facets={undefined} />}
          empty={<Nothing filtered={Boolean(search["state"])} reading={reading} />}
          columns={[
            { id: "name", label: "Account", value: (row) => row.name },
            {
              id: "ref",
              label: "Id",
              value: (row) => row.ref,
              cell: (row) => <span className="mono">{row.ref}</span>,
            },
            {
              id: "state",
              label: "State",
              value: (row) => row.state,
              cell: (row) => (
                <Pill tone={states[row.state].tone} icon>
                  {states[row.state].label}
                </Pill>
              ),
            },
            {
              id: "connection",
              label: "Read through",
              value: (row) => row.connection?.name ?? "",
              cell: (row) => <Through account={row} />,
            },
            {
              id: "reason",
              label: "Why",
              value: (row) => row.reason,
              cell: (row) => (
                <>
                  {row.reason}{" "}
                  {row.state === "left_out" && can ? (
                    <button type="button" className="textbutton" onClick={() => look.mutate([row.ref])}>
                      connect it again
                    </button>
                  ) : null}
                </>
              ),
            },
            {
              id: "checked",
              label: "Tried",
              value: (row) => row.checked_at,
              cell: (row) => <Time at={row.checked_at} none="not yet" />,
            },
          ]}
        />
      </Panel>
    </>
  );
}

function Through({ account }: { account: OrganizationAccount }) {
  const { connection } = account;
  if (!connection) return <span className="muted">no connection</span>;
  return (
    <>
      <Link to="/connections/$id" params={{ id: connection.id }}>
        {connection.name}
      </Link>{" "}
      <ConnectionStatusPill status={connection.status} />
    </>
  );
}

function told({ read_at, accounts }: OrganizationReading): string {
  const parts = ORDER.filter((state) => accounts[state]).map(
    (state) => `${accounts[state] ?? 0} ${states[state].label.toLowerCase()}`,
  );
  const counted = parts.length ? `${parts.join(", ")}. ` : "";
  return `${counted}${read_at ? `Listed ${moment(read_at)}.` : "Not listed yet."} An account is connected by itself as soon as its read role works.`;
}

function Nothing({ filtered, reading }: { filtered: boolean; reading: OrganizationReading }) {
  if (filtered)
    return <EmptyState title="No account in this state" why="Other accounts may be in another state." />;
  if (reading.state === "read")
    return (
      <EmptyState
        title="The organisation has no other account"
        why="AWS lists only the account this connection reads itself."
      />
    );
  return (
    <EmptyState
      title="No account is known yet"
      why="The organisation has not been listed, so this list is empty because nothing is known. It fills by itself."
    />
  );
}
