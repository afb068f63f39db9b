import { Tabs } from "@mantine/core";
import { PageHeader } from "@/ui/Layout";
import { useUrlState } from "@/ui/table/useUrlState";
import { Deliveries } from "./Deliveries";
import { Destinations } from "./Destinations";

export default function AlertsPage() {
  const [search, patch] = useUrlState();
  return (
    <>
      <PageHeader
        title="Alerts"
        lead="Where news of findings, threats and blocks is sent, and what became of each message."
      />
      <Tabs value={search["tab"] ?? "destinations"} onChange={(tab) => patch({ tab: tab ?? undefined })}>
        <Tabs.List mb={16}>
          <Tabs.Tab value="destinations">Destinations</Tabs.Tab>
          <Tabs.Tab value="deliveries">Delivery log</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="destinations">
          <Destinations />
        </Tabs.Panel>
        <Tabs.Panel value="deliveries">
          <Deliveries />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
