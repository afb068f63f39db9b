import { Alert, Text, TextInput } from "@mantine/core";
import "@mantine/dropzone/styles.css";
import { Dropzone } from "@mantine/dropzone";
import { IconFileUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, upload } from "@/api/client";
import { useList } from "@/api/queries";
import { useCan } from "@/api/session";
import type { Import } from "@/api/types";
import { Known } from "@/ui/Badges";
import { compact, integer, words } from "@/ui/format";
import { Grid, PageHeader, Panel, Time } from "@/ui/Layout";
import { FormProblem } from "@/ui/Problem";
import { DataTable } from "@/ui/table/DataTable";
import { RunStatePill } from "../connections/RunProgress";

export default function ImportsPage() {
  return (
    <>
      <PageHeader
        title="Import a file"
        crumb={{ label: "Connections", to: "/connections" }}
        lead="Endpoints, findings and threats from a log or a document, without a connection. The format is recognised."
      />
      <Grid>
        <Panel span={7} title="File">
          <Drop />
        </Panel>
        <Panel span={5} title="What can be read">
          <ul style={{ margin: 0, paddingLeft: 18, fontSize: 13, display: "grid", gap: 6 }}>
            <li>
              Access logs: API Gateway, Kong, Apigee or firewall (AWS WAF) as JSON lines; nginx and common log
              format. Plain or gzip.
            </li>
            <li>API documents: OpenAPI 2, 3.0 or 3.1 as JSON or YAML.</li>
            <li>Configuration: a decK dump, which is how Kong exports its configuration.</li>
          </ul>
          <p className="soft" style={{ fontSize: 13 }}>
            Values that look like secrets or personal data are redacted before anything is stored.
          </p>
        </Panel>
        <Past />
      </Grid>
    </>
  );
}

function Drop() {
  const can = useCan("imports.write");
  const navigate = useNavigate();
  const client = useQueryClient();
  const [host, setHost] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async (files: File[]): Promise<void> => {
    const file = files[0];
    if (!file) return;
    setBusy(true);
    setError(null);
    const form = new FormData();
    form.append("file", file);
    if (host.trim()) form.append("host", host.trim());
    try {
      const made = await upload<Import>("/imports", form);
      await client.invalidateQueries({ queryKey: ["imports"] });
      await navigate({ to: "/imports/$id", params: { id: made.id } });
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div style={{ display: "grid", gap: 14 }}>
      <TextInput
        label="Host"
        description="Optional: used where the log itself does not name one."
        placeholder="api.example.com"
        maw={360}
        value={host}
        onChange={(event) => setHost(event.currentTarget.value)}
      />
      <Dropzone
        onDrop={(files) => void send(files)}
        onReject={() => setError(new Error("One file at a time, up to 1 GB. Nothing was sent."))}
        multiple={false}
        maxSize={1024 ** 3}
        loading={busy}
        disabled={!can}
        inputProps={{ "aria-label": "File to import" }}
        p={28}
      >
        <div style={{ display: "grid", justifyItems: "center", gap: 8, textAlign: "center" }}>
          <IconFileUpload size={32} stroke={1.4} aria-hidden />
          <Text fw={500}>Drop a log or a document here</Text>
          <Text size="sm" c="dimmed">
            or press Enter or click to choose one, up to 1 GB
          </Text>
        </div>
      </Dropzone>
      {can ? null : <Alert color="yellow">Your role cannot import files.</Alert>}
      <FormProblem error={error} />
    </div>
  );
}

function Past() {
  const list = useList<Import>(["imports", "list"], {}, (query) =>
    api.GET("/imports", { params: { path: {}, query } }),
  );
  return (
    <Panel title="Earlier imports" flush>
      <DataTable
        plain
        id="imports"
        label="Earlier imports"
        query={list}
        rowId={(row) => row.id}
        rowHref={(row) => `/imports/${row.id}`}
        empty={
          <p className="muted" style={{ padding: "0 16px" }}>
            No file has been imported yet.
          </p>
        }
        columns={[
          {
            id: "filename",
            label: "File",
            value: (row) => row.filename,
            cell: (row) => (
              <Link to="/imports/$id" params={{ id: row.id }}>
                {row.filename}
              </Link>
            ),
          },
          {
            id: "format",
            label: "Format",
            value: (row) => row.format,
            cell: (row) =>
              row.format ? (
                row.format_title || words(row.format)
              ) : (
                <span className="muted">not recognised yet</span>
              ),
          },
          {
            id: "state",
            label: "State",
            value: (row) => row.state,
            cell: (row) => <RunStatePill state={row.state} />,
          },
          {
            id: "calls",
            label: "Calls",
            value: (row) => row.calls,
            cell: (row) => <Known value={row.calls} format={compact} reason="This file carries no calls." />,
            numeric: true,
          },
          {
            id: "endpoints",
            label: "Endpoints",
            value: (row) => row.endpoints,
            cell: (row) => <Known value={row.endpoints} format={integer} reason="Not read yet." />,
            numeric: true,
          },
          {
            id: "created",
            label: "When",
            value: (row) => row.created_at,
            cell: (row) => <Time at={row.created_at} none="" />,
          },
        ]}
      />
    </Panel>
  );
}
