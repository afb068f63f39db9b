import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense, type ComponentType } from "react";
import { useSession } from "@/api/session";
import { PageHeader } from "@/ui/Layout";
import { EmptyState, Loading } from "@/ui/States";

interface Part {
  value: string;
  label: string;
  needs?: string;
  page: ComponentType;
}

const parts: Part[] = [
  { value: "account", label: "Account and security", page: lazy(() => import("../account/AccountPage")) },
  {
    value: "members",
    label: "Members",
    needs: "members.read",
    page: lazy(() => import("../members/MembersPage")),
  },
  { value: "sso", label: "Single sign-on", needs: "sso.manage", page: lazy(() => import("../sso/SsoPage")) },
  {
    value: "provisioning",
    label: "Provisioning",
    needs: "sso.manage",
    page: lazy(() => import("../scim/ProvisioningPage")),
  },
  {
    value: "tokens",
    label: "API tokens",
    needs: "tokens.read",
    page: lazy(() => import("../tokens/TokensPage")),
  },
  {
    value: "runners",
    label: "Runners",
    needs: "connections.read",
    page: lazy(() => import("../runners/RunnersPage")),
  },
  {
    value: "sign-ins",
    label: "Sign-in log",
    needs: "audit.read",
    page: lazy(() => import("../members/SignInLog")),
  },
  { value: "audit", label: "Audit log", needs: "audit.read", page: lazy(() => import("../audit/AuditPage")) },
  { value: "workspace", label: "Workspace", page: lazy(() => import("./Workspace")) },
];

/** Addresses that mails and older links name. */
const also: Record<string, string> = { profile: "account", security: "account", scim: "provisioning" };

export default function SettingsPage() {
  const { part: named = "account" } = useParams({ strict: false }) as { part?: string };
  const { permissions } = useSession();
  const navigate = useNavigate();
  const chosen = also[named] ?? named;
  const part = parts.find((item) => item.value === chosen);
  // Who follows a link to what they may not see is told so, under its name.
  const shown = parts.filter((item) => !item.needs || permissions.includes(item.needs) || item === part);
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs
        value={chosen}
        onChange={(value) => void navigate({ to: "/settings/$part", params: { part: value ?? "account" } })}
      >
        <Tabs.List mb={16}>
          {shown.map((item) => (
            <Tabs.Tab key={item.value} value={item.value}>
              {item.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {part ? (
          <Tabs.Panel value={part.value}>
            <Suspense fallback={<Loading />}>
              <part.page />
            </Suspense>
          </Tabs.Panel>
        ) : (
          <EmptyState
            title="There are no such settings"
            why="The address may be from an older version."
            action={{ label: "Your account", to: "/settings/account" }}
          />
        )}
      </Tabs>
    </>
  );
}
