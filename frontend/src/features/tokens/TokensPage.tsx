import { Button, SegmentedControl } from "@mantine/core";
import { useCallback, useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Token } from "@/api/types";
import { Pill, Tags } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { Panel, Time } from "@/ui/Layout";
import { EmptyState, Forbidden } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";
import { useUrlState } from "@/ui/table/useUrlState";
import { device } from "../account/device";
import { NewToken } from "./NewToken";

export default function TokensPage() {
  return useCan("tokens.read") ? <Tokens /> : <Forbidden what="API tokens" who="Owners and admins" />;
}

function Tokens() {
  const can = useCan("tokens.write");
  const [making, setMaking] = useState(false);
  const [search, patch] = useUrlState();
  const ended = search["show"] === "ended";
  const keep = useCallback((row: Token) => (row.state === "active") !== ended, [ended]);
  const list = useList<Token>(["tokens"], { limit: 200 }, (query) =>
    api.GET("/tokens", { params: { path: {}, query } }),
  );
  return (
    <>
      <Panel flush>
        <DataTable
          id="tokens"
          label="API tokens"
          query={list}
          keep={keep}
          rowId={(row) => row.id}
          tools={
            <>
              <Button size="xs" disabled={!can} onClick={() => setMaking(true)}>
                Create a token
              </Button>
              <SegmentedControl
                size="xs"
                aria-label="Which tokens"
                data={[
                  { value: "active", label: "In force" },
                  { value: "ended", label: "Ended" },
                ]}
                value={ended ? "ended" : "active"}
                onChange={(value) => patch({ show: value === "ended" ? "ended" : undefined })}
              />
            </>
          }
          empty={
            <EmptyState
              title="No tokens yet"
              why="A token lets a script or a pipeline use the REST API with chosen rights and an end date. It is shown once."
              action={can ? { label: "Create a token", onClick: () => setMaking(true) } : undefined}
            />
          }
          columns={[
            {
              id: "name",
              label: "Name",
              value: (row) => row.name,
              cell: (row) => (
                <>
                  <strong style={{ fontWeight: 500 }}>{row.name}</strong>
                  <div className="mono muted nowrap">pcl_{row.prefix}_…</div>
                </>
              ),
            },
            {
              id: "state",
              label: "State",
              value: (row) => row.state,
              cell: (row) => <State token={row} />,
            },
            {
              id: "scopes",
              label: "Scopes",
              value: (row) => row.scopes.join(" "),
              cell: (row) => <Tags values={row.scopes} limit={4} />,
            },
            {
              id: "networks",
              label: "From",
              value: (row) => row.networks.join(" "),
              cell: (row) => <Tags values={row.networks} none="anywhere" limit={2} />,
            },
            {
              id: "used",
              label: "Last used",
              value: (row) => row.last_used_at,
              cell: (row) => (
                <>
                  <Time at={row.last_used_at} />
                  {row.last_used_address ? (
                    <div className="muted" title={row.last_used_agent}>
                      <span className="mono">{row.last_used_address}</span>
                      {row.last_used_agent ? `, ${device(row.last_used_agent)}` : ""}
                    </div>
                  ) : null}
                </>
              ),
            },
            { id: "made", label: "Made by", value: (row) => row.made_by || "not known" },
            {
              id: "created",
              label: "Made",
              value: (row) => row.created_at,
              cell: (row) => <Time at={row.created_at} />,
              hidden: true,
            },
            {
              id: "revoke",
              label: "Actions",
              sortable: false,
              value: () => "",
              cell: (row) => (can && row.state === "active" ? <Revoke token={row} /> : null),
            },
          ]}
        />
      </Panel>
      <p className="soft" style={{ fontSize: 13 }}>
        Send a token as <code>Authorization: Bearer pcl_…</code>. A token never does more than its maker may,
        and ends when its maker is removed or suspended.{" "}
        <a href="/api/docs" target="_blank" rel="noreferrer">
          REST API reference
        </a>
      </p>
      {making ? <NewToken onClose={() => setMaking(false)} /> : null}
    </>
  );
}

function State({ token }: { token: Token }) {
  if (token.state === "revoked")
    return (
      <>
        <Pill tone="info">Revoked</Pill>
        <div className="muted">
          <Time at={token.revoked_at} />
        </div>
      </>
    );
  if (token.state === "expired")
    return (
      <>
        <Pill tone="info">Expired</Pill>
        <div className="muted">
          <Time at={token.expires_at} />
        </div>
      </>
    );
  return (
    <>
      <Pill tone="ok" icon>
        Active
      </Pill>
      <div className="muted nowrap">
        ends <Time at={token.expires_at} />
      </div>
    </>
  );
}

function Revoke({ token }: { token: Token }) {
  const revoke = useChange({
    run: () => unwrap(api.DELETE("/tokens/{id}", { params: { path: { id: token.id } } })),
    touches: [["tokens"]],
    done: "Revoked. It stopped working at once.",
    quiet: true,
  });
  return (
    <ConfirmButton
      size="compact-xs"
      danger
      label="Revoke"
      title={`Revoke ${token.name}?`}
      body="Whatever uses it stops working at once. This cannot be undone; create a new one instead."
      confirm="Revoke"
      run={() => revoke.mutateAsync()}
    />
  );
}
