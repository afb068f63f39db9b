import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { ConnectionDetail, Connector } from "@/api/types";
import { ConfirmButton } from "@/ui/Confirm";
import { Column, Grid, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { SchemaForm, type SettingsValues } from "@/ui/SchemaForm";
import { Loaded } from "@/ui/States";
import { RunnerSelect } from "../runners/RunnerSelect";
import { connectorsQuery, setupQuery } from "./query";
import { cleanSettings } from "./settings";
import { Generated, SetupTexts } from "./SetupTexts";

export function ConnectionSettings({ connection }: { connection: ConnectionDetail }) {
  const connectors = useQuery(connectorsQuery);
  const setup = useQuery(setupQuery(connection.id));
  return (
    <Grid>
      <Column span={6}>
        <Panel title="Settings">
          <Loaded query={connectors}>
            {(rows) => {
              const connector = rows.find((row) => row.key === connection.connector);
              return connector ? (
                <Form connection={connection} connector={connector} />
              ) : (
                <p className="muted">The connector of this connection is no longer offered.</p>
              );
            }}
          </Loaded>
        </Panel>
      </Column>
      <Column span={6}>
        <Panel title="Set-up at the vendor">
          <Loaded query={setup}>
            {(data) => (
              <>
                <Generated values={data.generated} />
                {data.generated["ingest_url"] ? <RotateToken id={connection.id} /> : null}
                <SetupTexts texts={data.texts} />
              </>
            )}
          </Loaded>
        </Panel>
      </Column>
    </Grid>
  );
}

function Form({ connection, connector }: { connection: ConnectionDetail; connector: Connector }) {
  const can = useCan("connections.write");
  const [name, setName] = useState(connection.name);
  const [values, setValues] = useState<SettingsValues>(connection.settings);
  const [runner, setRunner] = useState(connection.runner);
  const save = useChange({
    run: () =>
      unwrap(
        api.PATCH("/connections/{id}", {
          params: { path: { id: connection.id } },
          body: { name, settings: cleanSettings(connector.settings_schema, values), runner },
        }),
      ),
    touches: [["connections"]],
    done: "Saved.",
    quiet: true,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <SchemaForm
          schema={connector.settings_schema}
          values={values}
          onChange={setValues}
          errors={fieldErrors(save.error)}
        />
        <RunnerSelect value={runner} onChange={setRunner} error={fieldErrors(save.error)["runner"]} />
        <FormProblem error={save.error} />
        <div>
          <Button type="submit" loading={save.isPending} disabled={!can}>
            Save
          </Button>
        </div>
      </Stack>
    </form>
  );
}

/** A pushed source proves itself with a token; a new one ends the old at once. */
function RotateToken({ id }: { id: string }) {
  const can = useCan("connections.write");
  const rotate = useChange({
    run: () => unwrap(api.POST("/connections/{id}/rotate-token", { params: { path: { id } }, body: {} })),
    touches: [["connections"]],
    quiet: true,
  });
  return (
    <Stack gap={10} mb={16} align="flex-start">
      {rotate.data ? <Generated values={rotate.data} /> : null}
      <ConfirmButton
        size="xs"
        label="Make a new ingest token"
        title="Make a new ingest token?"
        body="The old token stops working at once. Calls are refused until the vendor's side has the new one; what it keeps in its queue is sent then."
        confirm="Make a new token"
        disabled={!can}
        run={() => rotate.mutateAsync()}
      />
    </Stack>
  );
}
