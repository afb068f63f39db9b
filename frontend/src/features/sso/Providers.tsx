import { Button } from "@mantine/core";
import { useState } from "react";
import type { Provider } from "@/api/types";
import { EmptyState } from "@/ui/States";
import { OneProvider } from "./OneProvider";
import { ProviderForm } from "./ProviderForm";

interface ProvidersProps {
  providers: Provider[];
  required: boolean;
}

export function Providers({ providers, required }: ProvidersProps) {
  const [editing, setEditing] = useState<Provider | "new" | null>(null);
  return (
    <>
      {providers.map((provider) => (
        <OneProvider
          key={provider.id}
          provider={provider}
          lastOne={required && providers.filter((other) => other.enabled).length === 1 && provider.enabled}
          onEdit={() => setEditing(provider)}
        />
      ))}
      {providers.length ? (
        <Button variant="default" onClick={() => setEditing("new")}>
          Add another provider
        </Button>
      ) : (
        <EmptyState
          title="No identity provider yet"
          why="Okta, Entra ID, Google Workspace, Keycloak and others say who your people are, so that joining and leaving is done in one place. Passwords go on beside it until you require it."
          action={{ label: "Add a provider", onClick: () => setEditing("new") }}
        />
      )}
      {editing ? (
        <ProviderForm
          key={editing === "new" ? "new" : editing.id}
          provider={editing === "new" ? null : editing}
          onClose={() => setEditing(null)}
        />
      ) : null}
    </>
  );
}
