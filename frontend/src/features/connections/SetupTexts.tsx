import { Button, Select, Tabs } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useState } from "react";
import type { Setup } from "@/api/types";
import { Pill } from "@/ui/Badges";
import { CodeBlock, CopyButton } from "@/ui/CodeBlock";
import { words } from "@/ui/format";
import css from "./Connections.module.css";

const secretLike = /token|secret/;

/** Values made by us for this connection only: never typed, never edited. */
export function Generated({ values }: { values: Record<string, string> }) {
  const entries = Object.entries(values).filter(([, value]) => typeof value === "string" && value);
  if (!entries.length) return null;
  return (
    <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: 10, marginBottom: 16 }}>
      {entries.map(([key, value]) => (
        <div key={key}>
          <div style={{ fontSize: 13, marginBottom: 3 }}>
            {words(key).replace(/\burl\b/i, "address")}
            {secretLike.test(key) ? (
              <span className="muted"> shown until it is used: copy it now</span>
            ) : null}
          </div>
          <div className={css["value"]}>
            <span style={{ flex: 1 }}>{value}</span>
            <CopyButton value={value} label={`Copy ${words(key).toLowerCase()}`} />
          </div>
        </div>
      ))}
    </div>
  );
}

const HTTPS = /^https:\/\//;

type Text = Setup["texts"][number];

/** "Read role: Terraform" belongs to the group "Read role" under the name "Terraform". */
function grouped(texts: Text[]): Map<string, { name: string; text: Text }[]> {
  const groups = new Map<string, { name: string; text: Text }[]>();
  for (const text of texts) {
    const [, group, name] = /^(.+?): (.+)$/.exec(text.title) ?? [null, "", text.title];
    const key = group ?? "";
    groups.set(key, [...(groups.get(key) ?? []), { name: name ?? text.title, text }]);
  }
  return groups;
}

/** The vendor's side: one group per role or step, and in each the tools it can be done with. */
export function SetupTexts({ texts }: { texts: Text[] }) {
  const groups = [...grouped(texts)];
  const [at, setAt] = useState(0);
  const [, members] = groups[at] ?? [];
  if (!members) return <p className="muted">Nothing needs to be done at the vendor. Enter the settings.</p>;
  return (
    <div style={{ display: "grid", gap: 14, gridTemplateColumns: "minmax(0, 1fr)" }}>
      {groups.length > 1 ? (
        <Select
          label="What to set up"
          data={groups.map(([group, [first]], index) => ({
            value: String(index),
            label: group || (first?.name ?? ""),
          }))}
          value={String(at)}
          allowDeselect={false}
          onChange={(value) => setAt(Number(value))}
        />
      ) : null}
      <Tabs key={at} defaultValue="text-0">
        <Tabs.List mb={12}>
          {members.map(({ name }, index) => (
            <Tabs.Tab key={name} value={`text-${index}`}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {members.map(({ name, text }, index) => (
          <Tabs.Panel key={name} value={`text-${index}`}>
            <SetupText text={text} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}

function SetupText({ text }: { text: Text }) {
  return (
    <div style={{ display: "grid", gap: 12, gridTemplateColumns: "minmax(0, 1fr)" }}>
      {text.access ? (
        <div>
          <Pill tone={text.access === "write" ? "medium" : "info"}>
            {text.access === "write" ? "Write: optional, for blocking" : "Read only"}
          </Pill>
        </div>
      ) : null}
      {text.link && HTTPS.test(text.link) ? (
        <div>
          <Button
            component="a"
            href={text.link}
            target="_blank"
            rel="noreferrer"
            variant="light"
            rightSection={<IconExternalLink size={15} aria-hidden />}
          >
            {text.link.includes("cloudformation") ? "Open CloudFormation" : "Open at the vendor"}
          </Button>
        </div>
      ) : null}
      {text.language && !["text", "markdown"].includes(text.language) ? (
        <CodeBlock code={text.body} title={text.title} copyLabel={`Copy ${text.title}`} />
      ) : (
        <div style={{ whiteSpace: "pre-line", maxWidth: "70ch" }}>{text.body}</div>
      )}
    </div>
  );
}
