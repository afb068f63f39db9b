import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange, useList } from "@/api/queries";
import type { ScimToken } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { ConfirmButton } from "@/ui/Confirm";
import { afterDays } from "@/ui/days";
import { Expiry } from "@/ui/Expiry";
import { Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { ShownOnce } from "@/ui/ShownOnce";
import { EmptyState } from "@/ui/States";
import { DataTable } from "@/ui/table/DataTable";

const KEY = ["sso", "scim"];
const MOST = 2;

/** At most two are valid at once, so that one can take over from the other. */
export function ScimTokens({ valid }: { valid: number }) {
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const list = useList<ScimToken>([...KEY, "tokens"], {}, (query) =>
    api.GET("/sso/scim/tokens", { params: { path: {}, query } }),
  );
  const full = valid >= MOST;
  return (
    <>
      <DataTable
        id="scim-tokens"
        label="SCIM tokens"
        query={list}
        rowId={(row) => row.id}
        tools={
          <>
            <Button size="xs" disabled={full} onClick={() => setMaking(true)}>
              Create a token
            </Button>
            {full ? (
              <span className="muted" style={{ fontSize: 13 }}>
                Two are valid. Revoke the one that is not used any more first.
              </span>
            ) : null}
          </>
        }
        empty={
          <EmptyState
            title="No SCIM token yet"
            why="A token lets the identity provider change the members of this workspace and nothing else. Provisioning is on while one is valid."
            action={{ label: "Create a token", onClick: () => setMaking(true) }}
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
                <div className="mono muted">pcs_{row.prefix}_…</div>
              </>
            ),
          },
          {
            id: "state",
            label: "State",
            value: (row) => stateOf(row),
            cell: (row) => <Pill tone={isValid(row) ? "ok" : "info"}>{stateOf(row)}</Pill>,
          },
          {
            id: "used",
            label: "Last used",
            value: (row) => row.last_used_at,
            cell: (row) => <Time at={row.last_used_at} />,
          },
          {
            id: "expires",
            label: "Ends",
            value: (row) => row.revoked_at ?? row.expires_at,
            cell: (row) => <Time at={row.revoked_at ?? row.expires_at} />,
          },
          {
            id: "created",
            label: "Made",
            value: (row) => row.created_at,
            cell: (row) => <Time at={row.created_at} />,
          },
          {
            id: "acts",
            label: "Actions",
            sortable: false,
            value: () => "",
            cell: (row) => (isValid(row) ? <Acts token={row} full={full} onSecret={setSecret} /> : null),
          },
        ]}
      />
      {making ? (
        <NewScimToken
          onClose={() => setMaking(false)}
          onSecret={(made) => {
            setMaking(false);
            setSecret(made);
          }}
        />
      ) : null}
      {secret ? (
        <ShownOnce
          title="Copy the SCIM token now"
          secret={secret}
          what="SCIM token"
          onClose={() => setSecret(null)}
        />
      ) : null}
    </>
  );
}

const isValid = (token: ScimToken): boolean => stateOf(token) === "Valid";

function stateOf(token: ScimToken): string {
  if (token.revoked_at) return "Revoked";
  return Date.parse(token.expires_at) > Date.now() ? "Valid" : "Expired";
}

interface ActsProps {
  token: ScimToken;
  full: boolean;
  onSecret: (secret: string) => void;
}

function Acts({ token, full, onSecret }: ActsProps) {
  const params = { path: { id: token.id } };
  const rotate = useChange({
    run: () => unwrap(api.POST("/sso/scim/tokens/{id}/rotate", { params, body: {} })),
    touches: [KEY],
    quiet: true,
    onDone: (made) => onSecret(made.token),
  });
  const revoke = useChange({
    run: () => unwrap(api.DELETE("/sso/scim/tokens/{id}", { params })),
    touches: [KEY],
    done: "Revoked. It stopped working at once.",
    quiet: true,
  });
  return (
    <Group gap={6} wrap="nowrap">
      <ConfirmButton
        size="compact-xs"
        label="Replace"
        title={`Replace ${token.name}?`}
        body="You get its successor, shown once. The old one goes on for 24 hours at most, so that you can enter the new one at the provider without a gap."
        confirm="Make the successor"
        disabled={full}
        run={() => rotate.mutateAsync()}
      />
      <ConfirmButton
        size="compact-xs"
        danger
        label="Revoke"
        title={`Revoke ${token.name}?`}
        body="The identity provider cannot use it from now on. Members stay as they are."
        confirm="Revoke"
        run={() => revoke.mutateAsync()}
      />
    </Group>
  );
}

interface NewProps {
  onClose: () => void;
  onSecret: (secret: string) => void;
}

function NewScimToken({ onClose, onSecret }: NewProps) {
  const [name, setName] = useState("");
  const [expires, setExpires] = useState(() => afterDays(365));
  const create = useChange({
    run: () =>
      unwrap(api.POST("/sso/scim/tokens", { params: { path: {} }, body: { name, expires_at: expires } })),
    touches: [KEY],
    quiet: true,
    onDone: (made) => onSecret(made.token),
  });
  const problems = fieldErrors(create.error);
  return (
    <Modal opened onClose={onClose} title="Create a SCIM token">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="Which provider uses it."
            required
            data-autofocus
            maxLength={80}
            value={name}
            error={problems["name"]}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Expiry value={expires} onChange={setExpires} initial="365" error={problems["expires_at"]} />
          <Alert color="gray">
            Whoever holds it can make, change and end members of this workspace, owners excepted.
          </Alert>
          <FormProblem error={create.error} beside={["name", "expires_at"]} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
