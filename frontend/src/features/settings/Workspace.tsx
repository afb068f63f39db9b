import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { PLACE, useCan } from "@/api/session";
import type { Tenant } from "@/api/types";
import { CopyButton } from "@/ui/CodeBlock";
import { Facts, Grid, Panel } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";
import { Archives } from "./Archives";
import { Deletion } from "./Deletion";
import { RawRecords } from "./RawRecords";

export default function Workspace() {
  const connections = useCan("connections.read");
  const exports = useCan("tenant.export");
  const deletes = useCan("tenant.delete");
  const tenant = useQuery({
    queryKey: ["tenant"],
    queryFn: () => unwrap(api.GET("/tenant", { params: { path: {} } })),
  });
  return (
    <Loaded query={tenant}>
      {(data) => (
        <Grid>
          <Panel title="Name" span={6}>
            <NameForm key={data.name} tenant={data} />
          </Panel>
          <Panel title="About" span={6}>
            <About tenant={data} />
          </Panel>
          {connections ? (
            <Panel title="Raw records">
              <RawRecords />
            </Panel>
          ) : null}
          {exports ? (
            <Panel title="Take everything along" flush>
              <Archives />
            </Panel>
          ) : null}
          {deletes ? (
            <Panel title="Delete the workspace">
              <Deletion tenant={data} />
            </Panel>
          ) : null}
        </Grid>
      )}
    </Loaded>
  );
}

function About({ tenant }: { tenant: Tenant }) {
  return (
    <Facts
      rows={[
        [
          "Address",
          <span key="a" className="mono">
            {window.location.host}
          </span>,
        ],
        [
          "ID",
          <span key="i" className="mono">
            {tenant.id} <CopyButton value={tenant.id} label="Copy the workspace’s id" />
          </span>,
        ],
        [
          "REST API",
          <a key="r" href="/api/docs" target="_blank" rel="noreferrer">
            Reference with examples
          </a>,
        ],
        [
          "API description",
          <a key="o" href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
            OpenAPI document
          </a>,
        ],
      ]}
    />
  );
}

function NameForm({ tenant }: { tenant: Tenant }) {
  const can = useCan("tenant.write");
  const [name, setName] = useState(tenant.name);
  const save = useChange({
    run: () => unwrap(api.PATCH("/tenant", { params: { path: {} }, body: { name } })),
    touches: [["tenant"], PLACE],
    done: "Renamed.",
    quiet: true,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack align="flex-start">
        <TextInput
          label="Name"
          description={can ? undefined : "Admins and owners change it."}
          required
          w="100%"
          maw={360}
          disabled={!can}
          value={name}
          error={fieldErrors(save.error)["name"]}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <FormProblem error={save.error} beside={["name"]} />
        {can ? (
          <Button type="submit" loading={save.isPending} disabled={name === tenant.name}>
            Save
          </Button>
        ) : null}
      </Stack>
    </form>
  );
}
