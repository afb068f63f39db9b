import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { ConnectionDetail, Connector } from "@/api/types";
import { Column, Grid, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { SchemaForm, type SettingsValues } from "@/ui/SchemaForm";
import { Loaded } from "@/ui/States";
import { RunnerSelect } from "../runners/RunnerSelect";
import css from "./Connections.module.css";
import { PermissionNeeds } from "./Permissions";
import { setupQuery } from "./query";
import { Generated, SetupTexts } from "./SetupTexts";
import { cleanSettings } from "./settings";

interface SetupStepProps {
  connection: ConnectionDetail;
  connector: Connector;
  onDone: () => void;
}

/** Left: what to do at the vendor, pre-filled. Right: what to enter here. */
export function SetupStep({ connection, connector, onDone }: SetupStepProps) {
  const setup = useQuery(setupQuery(connection.id));
  const [values, setValues] = useState<SettingsValues>(connection.settings);
  const [runner, setRunner] = useState(connection.runner);
  const save = useChange({
    run: async (check: boolean) => {
      await unwrap(
        api.PATCH("/connections/{id}", {
          params: { path: { id: connection.id } },
          body: { settings: cleanSettings(connector.settings_schema, values), runner },
        }),
      );
      return check;
    },
    touches: [["connections"]],
    quiet: true,
    onDone: (check) => {
      if (check) onDone();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(true);
      }}
    >
      <Grid>
        <Column span={7}>
          <Panel title={`At ${connector.vendor}`} note="everything is already filled in">
            <Loaded query={setup} rows={6}>
              {(data) => (
                <>
                  <Generated values={data.generated} />
                  <SetupTexts texts={data.texts} />
                </>
              )}
            </Loaded>
          </Panel>
          <Panel title="What the permissions are for">
            <PermissionNeeds permissions={connector.permissions} />
          </Panel>
        </Column>
        <Column span={5}>
          <Panel title="Settings">
            <SchemaForm
              schema={connector.settings_schema}
              values={values}
              onChange={setValues}
              errors={fieldErrors(save.error)}
            />
            <RunnerSelect value={runner} onChange={setRunner} error={fieldErrors(save.error)["runner"]} />
            <div style={{ marginTop: 12 }}>
              <FormProblem error={save.error} />
            </div>
            <div className={css["foot"]}>
              <span className="muted" style={{ fontSize: 13 }}>
                Secrets are stored encrypted and never shown again.
              </span>
              <Group gap={8}>
                <Button variant="default" loading={save.isPending} onClick={() => save.mutate(false)}>
                  Save and fill in the texts
                </Button>
                <Button type="submit" loading={save.isPending}>
                  {connector.capabilities.includes("access") ? "Save and check" : "Save and continue"}
                </Button>
              </Group>
            </div>
          </Panel>
        </Column>
      </Grid>
    </form>
  );
}
