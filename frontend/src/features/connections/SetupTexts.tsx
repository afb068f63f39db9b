import { Button, Tabs } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
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
            {secretLike.test(key) ? <span className="muted"> shown once: copy it now</span> : null}
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

/** The vendor's side as tabs: a quick link, Terraform, command line. */
export function SetupTexts({ texts }: { texts: Setup["texts"] }) {
  if (!texts.length)
    return <p className="muted">Nothing needs to be done at the vendor. Enter the settings.</p>;
  return (
    <Tabs defaultValue="text-0">
      <Tabs.List mb={12}>
        {texts.map((text, index) => (
          <Tabs.Tab key={text.title} value={`text-${index}`}>
            {text.title}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {texts.map((text, index) => (
        <Tabs.Panel key={text.title} value={`text-${index}`}>
          <div style={{ display: "grid", gridTemplateColumns: "minmax(0, 1fr)", gap: 12 }}>
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
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
