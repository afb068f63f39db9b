import { Tabs } from "@mantine/core";
import type { Fix } from "@/api/types";
import { CodeBlock } from "@/ui/CodeBlock";

const titles: Record<Fix["tool"], string> = {
  terraform: "Terraform",
  deck: "decK",
  console: "Console",
  cli: "Command line",
};

/** The change for the resource at hand, in each tool that can make it. */
export function FixTabs({ fixes }: { fixes: Fix[] }) {
  const first = fixes[0];
  if (!first)
    return (
      <p className="muted">
        No tested fix is stored for this resource. The reason above says what to change.
      </p>
    );
  return (
    <Tabs defaultValue={first.tool}>
      <Tabs.List mb={12}>
        {fixes.map((fix) => (
          <Tabs.Tab key={fix.tool} value={fix.tool}>
            {titles[fix.tool] ?? fix.tool}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {fixes.map((fix) => (
        <Tabs.Panel key={fix.tool} value={fix.tool}>
          {fix.tool === "console" ? (
            <div style={{ whiteSpace: "pre-line", maxWidth: "75ch" }}>{fix.body}</div>
          ) : (
            <CodeBlock
              code={fix.body}
              title={titles[fix.tool] ?? fix.language}
              copyLabel={`Copy the ${titles[fix.tool] ?? fix.tool} fix`}
            />
          )}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
