import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api } from "@/api/client";
import { useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { SignIn } from "@/api/types";
import { Pill, type Tone } from "@/ui/Badges";
import { words } from "@/ui/format";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState, Forbidden } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { useUrlState } from "@/ui/table/useUrlState";
import { beganBy, device } from "../account/device";
import { peopleQuery } from "./query";

const OUTCOMES: Record<string, { label: string; tone: Tone }> = {
  "signed-in": { label: "Signed in", tone: "ok" },
  "factor-asked": { label: "Second factor asked", tone: "info" },
  "wrong-password": { label: "Wrong password", tone: "medium" },
  "wrong-factor": { label: "Wrong code or passkey", tone: "high" },
};

/** Who signed in and who tried. */
export default function SignInLog() {
  const can = useCan("audit.read");
  return can ? (
    <Panel flush>
      <Log />
    </Panel>
  ) : (
    <Forbidden what="The sign-in log" who="Owners and admins" />
  );
}

function Log() {
  const [search, patch] = useUrlState();
  const people = useQuery(peopleQuery).data ?? [];
  const chosen = { user: search["user"], outcome: search["outcome"] };
  const list = useList<SignIn>(["sign-ins"], chosen, (query) =>
    api.GET("/sign-ins", { params: { path: {}, query } }),
  );
  const filtered = chosen.user !== undefined || chosen.outcome !== undefined;
  return (
    <DataTable
      id="sign-ins"
      label="Sign-in log"
      query={list}
      rowId={(row) => row.id}
      tools={
        <>
          <Select
            size="xs"
            w={220}
            clearable
            searchable
            placeholder="Anybody"
            aria-label="Filter by person"
            data={people.map((person) => ({ value: person.user, label: person.name || person.email }))}
            value={chosen.user ?? null}
            onChange={(value) => patch({ user: value ?? undefined })}
          />
          <Select
            size="xs"
            w={190}
            clearable
            placeholder="Any outcome"
            aria-label="Filter by outcome"
            data={Object.entries(OUTCOMES).map(([value, { label }]) => ({ value, label }))}
            value={chosen.outcome ?? null}
            onChange={(value) => patch({ outcome: value ?? undefined })}
          />
        </>
      }
      empty={
        <EmptyState
          title={filtered ? "No try matches" : "Nobody has signed in yet"}
          why="Every sign-in and every failed try of the last 90 days is listed here, with its address and device."
          action={
            filtered
              ? { label: "Clear filters", onClick: () => patch({ user: undefined, outcome: undefined }) }
              : undefined
          }
        />
      }
      columns={[
        { id: "at", label: "When", value: (row) => row.at, cell: (row) => <Time at={row.at} /> },
        {
          id: "who",
          label: "Who",
          value: (row) => row.email,
          cell: (row) => (
            <>
              {row.email || <span className="muted">not known</span>}
              {row.user || !row.email ? null : <div className="muted">nobody here has this address</div>}
            </>
          ),
        },
        {
          id: "outcome",
          label: "Outcome",
          value: (row) => row.outcome,
          cell: (row) => (
            <Pill tone={OUTCOMES[row.outcome]?.tone ?? "unknown"} icon>
              {OUTCOMES[row.outcome]?.label ?? words(row.outcome)}
            </Pill>
          ),
        },
        { id: "by", label: "By", value: (row) => beganBy(row.by) },
        {
          id: "address",
          label: "Address",
          value: (row) => row.address,
          cell: (row) => <span className="mono">{row.address || "not known"}</span>,
        },
        {
          id: "device",
          label: "Device",
          value: (row) => device(row.agent),
          cell: (row) => <span title={row.agent}>{device(row.agent)}</span>,
        },
      ]}
    />
  );
}
