import { Tabs } from "@mantine/core";
import { useNavigate, useParams } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { useSession } from "@/api/session";
import { PageHeader } from "@/ui/Layout";
import { Loading } from "@/ui/States";
import { Profile } from "./Profile";
import { Workspace } from "./Workspace";

const Members = lazy(() => import("./Members"));
const Tokens = lazy(() => import("./Tokens"));
const AuditLog = lazy(() => import("@/features/audit/AuditLog"));

const parts = [
  { value: "profile", label: "Profile" },
  { value: "members", label: "Members and roles", needs: "members.read" },
  { value: "tokens", label: "API tokens", needs: "tokens.read" },
  { value: "audit", label: "Audit log", needs: "audit.read" },
  { value: "workspace", label: "Workspace" },
];

export default function SettingsPage() {
  const { part = "profile" } = useParams({ strict: false }) as { part?: string };
  const { permissions } = useSession();
  const navigate = useNavigate();
  const shown = parts.filter((item) => !item.needs || permissions.includes(item.needs));
  return (
    <>
      <PageHeader title="Settings" />
      <Tabs
        value={part}
        onChange={(value) => void navigate({ to: "/settings/$part", params: { part: value ?? "profile" } })}
      >
        <Tabs.List mb={16}>
          {shown.map((item) => (
            <Tabs.Tab key={item.value} value={item.value}>
              {item.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suspense fallback={<Loading />}>
          <Tabs.Panel value="profile">
            <Profile />
          </Tabs.Panel>
          <Tabs.Panel value="members">
            <Members />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <Tokens />
          </Tabs.Panel>
          <Tabs.Panel value="audit">
            <AuditLog />
          </Tabs.Panel>
          <Tabs.Panel value="workspace">
            <Workspace />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </>
  );
}
