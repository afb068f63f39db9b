import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { ConnectionDetail, Connector } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { words } from "@/ui/format";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";
import css from "./Connections.module.css";
import { capabilityName, VendorMark } from "./names";
import { connectorsQuery } from "./query";

/** Alert connectors are chosen on the alerts page, files under Import a file. */
const ELSEWHERE = ["notification", "alert", "ticketing", "file"];

interface CatalogueProps {
  chosen: string | undefined;
  onChoose: (key: string | undefined) => void;
  onCreated: (connection: ConnectionDetail) => void;
}

export function Catalogue({ chosen, onChoose, onCreated }: CatalogueProps) {
  const connectors = useQuery(connectorsQuery);
  return (
    <Loaded query={connectors}>
      {(rows) => {
        const usable = rows.filter((row) => !ELSEWHERE.includes(row.kind));
        const selected = usable.find((row) => row.key === chosen);
        return (
          <>
            <div className={css["cards"]}>
              {usable.map((connector) => (
                <Card key={connector.key} connector={connector} onClick={() => onChoose(connector.key)} />
              ))}
            </div>
            {selected ? (
              <NameDialog connector={selected} onClose={() => onChoose(undefined)} onCreated={onCreated} />
            ) : null}
          </>
        );
      }}
    </Loaded>
  );
}

function Card({ connector, onClick }: { connector: Connector; onClick: () => void }) {
  return (
    <article className={css["card"]}>
      <div className={css["cardHead"]}>
        <VendorMark vendor={`${connector.vendor} ${connector.key}`} />
        <div>
          <h2 className={css["cardTitle"]}>{connector.title}</h2>
          <span className="muted" style={{ fontSize: 12 }}>
            {words(connector.kind)}
          </span>
        </div>
      </div>
      <div className={css["cardText"]}>{connector.summary}</div>
      {connector.cannot.length ? (
        <ul className={css["cannot"]}>
          {connector.cannot.slice(0, 2).map((text) => (
            <li key={text}>Limit: {text}</li>
          ))}
        </ul>
      ) : null}
      <div className={css["caps"]}>
        {connector.capabilities.map((capability) => (
          <Pill key={capability} tone={capability === "enforce" ? "accent" : "info"}>
            {capabilityName(capability)}
          </Pill>
        ))}
      </div>
      <div>
        <Button variant="light" onClick={onClick}>
          Connect <span className="visually-hidden">{connector.title}</span>
        </Button>
      </div>
    </article>
  );
}

interface NameProps {
  connector: Connector;
  onClose: () => void;
  onCreated: (connection: ConnectionDetail) => void;
}

function NameDialog({ connector, onClose, onCreated }: NameProps) {
  const can = useCan("connections.write");
  const [name, setName] = useState(connector.title);
  const create = useChange({
    run: () =>
      unwrap(api.POST("/connections", { params: { path: {} }, body: { connector: connector.key, name } })),
    touches: [["connections"]],
    quiet: true,
    onDone: onCreated,
  });
  return (
    <Modal opened onClose={onClose} title={`Connect ${connector.title}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            description="How your team will call it, such as “Production, eu-west-1”."
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormProblem error={create.error} />
          {can ? null : (
            <span className="muted">Your role cannot add connections. Ask an admin of this workspace.</span>
          )}
          <Group justify="flex-end">
            <Button type="submit" loading={create.isPending} disabled={!can}>
              Continue
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
