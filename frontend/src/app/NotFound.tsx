import { PageHeader, Panel } from "@/ui/Layout";
import { EmptyState } from "@/ui/States";

export function NotFound() {
  return (
    <>
      <PageHeader title="Page not found" />
      <Panel>
        <EmptyState
          title="There is no page at this address"
          why="The address may be from an older version, or what it named may have been removed."
          action={{ label: "Go to the overview", to: "/" }}
        />
      </Panel>
    </>
  );
}
