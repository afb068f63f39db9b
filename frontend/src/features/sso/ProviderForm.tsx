import {
  Alert,
  Button,
  Drawer,
  Group,
  PasswordInput,
  SegmentedControl,
  Stack,
  Switch,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { api, fieldErrors, unwrap } from "@/api/client";
import { useChange } from "@/api/queries";
import type { Provider, ProviderDraft } from "@/api/types";
import { FormProblem } from "@/ui/Problem";
import { FIELDS, type Field } from "./fields";
import { PROTOCOLS } from "./OneProvider";
import { SSO } from "./query";

interface ProviderFormProps {
  provider: Provider | null;
  onClose: () => void;
}

/** Adds or changes a provider. Its own description is read on saving, so a wrong address shows at once. */
export function ProviderForm({ provider, onClose }: ProviderFormProps) {
  const [protocol, setProtocol] = useState(provider?.protocol ?? "oidc");
  const [name, setName] = useState(provider?.name ?? "");
  const [creates, setCreates] = useState(provider?.creates_members ?? true);
  const [settings, setSettings] = useState<Record<string, string>>(provider?.settings ?? {});
  const [vouched, setVouched] = useState(provider?.settings["second_factor"] === "always");
  const [secret, setSecret] = useState("");
  const [metadata, setMetadata] = useState("");
  const fields = FIELDS[protocol];
  const save = useChange({
    run: () => {
      const kept = fields.filter((field) => settings[field.key] !== undefined);
      const draft: ProviderDraft = {
        protocol,
        name,
        creates_members: creates,
        settings: {
          ...Object.fromEntries(kept.map((field) => [field.key, settings[field.key] ?? ""])),
          second_factor: vouched ? "always" : "said",
        },
        ...(secret ? { client_secret: secret } : {}),
        ...(metadata ? { metadata } : {}),
      };
      if (!provider) return unwrap(api.POST("/sso/providers", { params: { path: {} }, body: draft }));
      const { protocol: fixed, ...change } = draft;
      void fixed;
      return unwrap(
        api.PATCH("/sso/providers/{id}", { params: { path: { id: provider.id } }, body: change }),
      );
    },
    touches: [SSO],
    done: (made) =>
      provider ? "Saved. Test the sign-in again." : `${made.name} is added. Now enter our address there.`,
    quiet: true,
    onDone: onClose,
  });
  const problems = fieldErrors(save.error);
  const put = (key: string, value: string): void => setSettings({ ...settings, [key]: value });
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="lg"
      title={provider ? `Edit ${provider.name}` : "Add an identity provider"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack>
          {provider ? null : (
            <>
              <SegmentedControl
                aria-label="Protocol"
                value={protocol}
                onChange={(value) => setProtocol(value as "oidc" | "saml")}
                data={Object.entries(PROTOCOLS).map(([value, label]) => ({ value, label }))}
              />
              <Alert color="gray" title="Create an app at the provider first">
                {protocol === "oidc"
                  ? `Choose a web application with authorization code. It asks for a redirect address: enter ${window.location.origin}/ for now. You get the exact one here after saving.`
                  : `It asks for our addresses: enter ${window.location.origin}/ for now. You get the exact ones here after saving, and a metadata address to load.`}
              </Alert>
            </>
          )}
          {provider?.enabled ? (
            <Alert color="yellow">
              Other settings switch {provider.name} off until a test has worked. A new secret does not.
            </Alert>
          ) : null}
          <TextInput
            label="Name"
            description="As it stands on the button: “Continue with Okta”."
            required
            data-autofocus
            maxLength={80}
            value={name}
            error={problems["name"]}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {fields.map((field) => (
            <SettingsField
              key={field.key}
              field={field}
              value={settings[field.key]}
              error={problems[field.key]}
              onChange={(value) => put(field.key, value)}
            />
          ))}
          {protocol === "oidc" ? (
            <PasswordInput
              label="Client secret"
              description="Kept sealed, never shown again. Leave it empty for a public client."
              autoComplete="off"
              placeholder={provider?.secret_set ? "Stored. Type to replace it." : undefined}
              value={secret}
              error={problems["client_secret"]}
              onChange={(event) => setSecret(event.currentTarget.value)}
            />
          ) : (
            <Textarea
              label="Or paste the metadata"
              description="The XML the provider offers, if it has no address we can reach."
              autosize
              minRows={3}
              maxRows={8}
              styles={{ input: { fontFamily: "var(--mono)", fontSize: 12 } }}
              value={metadata}
              error={problems["metadata"]}
              onChange={(event) => setMetadata(event.currentTarget.value)}
            />
          )}
          <Switch
            label="People new to us become members"
            description="With the role their groups make, at their first sign-in. Off: only who is a member already comes in."
            checked={creates}
            onChange={(event) => setCreates(event.currentTarget.checked)}
          />
          <Switch
            label="It asks everybody for two factors, whatever it says"
            description="Off: a sign-in counts as two factors only when the provider says so."
            checked={vouched}
            onChange={(event) => setVouched(event.currentTarget.checked)}
          />
          <FormProblem
            error={save.error}
            beside={["name", "client_secret", "metadata", ...fields.map((field) => field.key)]}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              {provider ? "Save" : "Read and add"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  );
}

interface SettingsFieldProps {
  field: Field;
  value: string | undefined;
  error: string | undefined;
  onChange: (value: string) => void;
}

function SettingsField({ field, value, error, onChange }: SettingsFieldProps) {
  return (
    <TextInput
      label={field.label}
      description={field.description}
      placeholder={field.placeholder}
      required={field.required}
      autoComplete="off"
      value={value ?? field.usual ?? ""}
      error={error}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
