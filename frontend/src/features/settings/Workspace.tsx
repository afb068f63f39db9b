import { Button, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Tenant } from "@/api/types";
import { Facts, Grid, Panel, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { Loaded } from "@/ui/States";

export function Workspace() {
  const tenant = useQuery({
    queryKey: ["tenant"],
    queryFn: () => unwrap(api.GET("/tenant", { params: { path: {} } })),
  });
  return (
    <Loaded query={tenant}>
      {(data) => (
        <Grid>
          <Panel title="Workspace" span={6}>
            <NameForm tenant={data} />
          </Panel>
          <Panel title="About" span={6}>
            <Facts
              rows={[
                [
                  "Address",
                  <span key="a" className="mono">
                    {window.location.host}
                  </span>,
                ],
                ["Created", <Time key="c" at={data.created_at} none="not known" />],
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
          </Panel>
        </Grid>
      )}
    </Loaded>
  );
}

function NameForm({ tenant }: { tenant: Tenant }) {
  const can = useCan("tenant.write");
  const [name, setName] = useState(tenant.name);
  const save = useChange({
    run: () => unwrap(api.PATCH("/tenant", { params: { path: {} }, body: { name } })),
    touches: [["tenant"], ["place"]],
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
          required
          w="100%"
          maw={360}
          disabled={!can}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <FormProblem error={save.error} />
        <Button type="submit" loading={save.isPending} disabled={!can}>
          Save
        </Button>
      </Stack>
    </form>
  );
}
