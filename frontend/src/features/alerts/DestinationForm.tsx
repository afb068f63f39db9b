import {
  Alert,
  Button,
  Checkbox,
  Drawer,
  Group,
  SegmentedControl,
  Select,
  Stack,
  TextInput,
} from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { AlertDestination, Severity } from "@/api/types";
import { SEVERITIES } from "@/ui/Badges";
import { CodeBlock } from "@/ui/CodeBlock";
import { words } from "@/ui/format";
import { FormProblem } from "@/ui/Problem";
import { SchemaForm, type SettingsValues } from "@/ui/SchemaForm";
import { Loading } from "@/ui/States";
import { connectorsQuery } from "../connections/query";
import { cleanSettings } from "../connections/settings";

const EVENTS = [
  { value: "finding.opened", label: "A finding opens" },
  { value: "threat.raised", label: "A threat is raised" },
  { value: "block.changed", label: "A block changes" },
];

interface FormProps {
  destination: AlertDestination | null;
  onClose: () => void;
}

export function DestinationForm({ destination, onClose }: FormProps) {
  const connectors = useQuery(connectorsQuery);
  const senders = (connectors.data ?? []).filter((item) => item.capabilities.includes("notify"));
  const [key, setKey] = useState(destination?.connector ?? "webhook");
  const [name, setName] = useState(destination?.name ?? "");
  const [severity, setSeverity] = useState<Severity>(destination?.min_severity ?? "high");
  const [events, setEvents] = useState<string[]>(destination?.events ?? EVENTS.map((event) => event.value));
  const [values, setValues] = useState<SettingsValues>(destination?.settings ?? {});
  const schema = senders.find((item) => item.key === key)?.settings_schema;
  const save = useChange({
    run: () => {
      const body = {
        connector: key,
        name,
        min_severity: severity,
        events,
        settings: cleanSettings(schema ?? {}, values),
      };
      return destination
        ? unwrap(api.PATCH("/alert-destinations/{id}", { params: { path: { id: destination.id } }, body }))
        : unwrap(api.POST("/alert-destinations", { params: { path: {} }, body }));
    },
    touches: [["alerts"], ["overview"]],
    done: "Saved.",
    quiet: true,
    onDone: (saved) => {
      if (!Object.keys(saved.generated ?? {}).length) onClose();
    },
  });
  const secret = Object.values(save.data?.generated ?? {})[0];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={destination ? `Edit ${destination.name}` : "Add a destination"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {connectors.isPending ? <Loading /> : null}
      {secret ? (
        <Stack>
          <Alert color="green" title="Saved">
            This is the signing secret. It is shown once; store it at the receiver to check signatures.
          </Alert>
          <CodeBlock code={secret} title="Signing secret" copyLabel="Copy the signing secret" />
          <Button onClick={onClose}>Done</Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save.mutate();
          }}
        >
          <Stack>
            {destination ? null : (
              <SegmentedControl
                aria-label="Kind of destination"
                value={key}
                onChange={setKey}
                data={
                  senders.length
                    ? senders.map((item) => ({ value: item.key, label: item.title }))
                    : [
                        { value: "webhook", label: "Webhook" },
                        { value: "email", label: "E-mail" },
                      ]
                }
              />
            )}
            <TextInput
              label="Name"
              required
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            {schema ? (
              <SchemaForm
                schema={schema}
                values={values}
                onChange={setValues}
                errors={fieldErrors(save.error)}
              />
            ) : null}
            <Select
              label="From severity"
              data={SEVERITIES.map((value) => ({
                value,
                label: `${words(value)}${value === "critical" ? "" : " and above"}`,
              }))}
              value={severity}
              allowDeselect={false}
              onChange={(value) => setSeverity((value ?? "high") as Severity)}
            />
            <Checkbox.Group label="Send when" value={events} onChange={setEvents}>
              <Stack gap={8} mt={6}>
                {EVENTS.map((event) => (
                  <Checkbox key={event.value} value={event.value} label={event.label} />
                ))}
              </Stack>
            </Checkbox.Group>
            <FormProblem error={save.error} />
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Drawer>
  );
}
