import { ActionIcon, CopyButton as MantineCopy, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import css from "./CodeBlock.module.css";

export function CopyButton({ value, label }: { value: string; label: string }) {
  return (
    <MantineCopy value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon size="sm" onClick={copy} aria-label={label}>
            {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
            <span className="visually-hidden" aria-live="polite">
              {copied ? "Copied" : ""}
            </span>
          </ActionIcon>
        </Tooltip>
      )}
    </MantineCopy>
  );
}

interface CodeProps {
  code: string;
  title?: ReactNode;
  copyLabel?: string;
  /** Break long lines: for one command or secret that must be seen whole. */
  wrap?: boolean;
  children?: ReactNode;
}

export function CodeBlock({ code, title, copyLabel = "Copy", wrap = false, children }: CodeProps) {
  const label = typeof title === "string" ? title : "Code";
  return (
    <div className={css["frame"]}>
      <div className={css["bar"]}>
        <span>{title}</span>
        <CopyButton value={code} label={copyLabel} />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must take the keyboard */}
      <pre className={css["pre"]} data-wrap={wrap || undefined} tabIndex={0} aria-label={label}>
        {children ?? code}
      </pre>
    </div>
  );
}

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function paint(line: string): ReactNode[] {
  const out: ReactNode[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    out.push(line.slice(at, match.index));
    const [text, quoted, colon, word] = match;
    const kind = quoted ? (colon ? "key" : "string") : word ? "word" : "number";
    out.push(
      <span key={match.index} className={css[kind]}>
        {quoted ?? text}
      </span>,
      colon ?? "",
    );
    at = match.index + text.length;
  }
  out.push(line.slice(at));
  return out;
}

function normalise(highlight: string[] | string | null | undefined): string[] {
  if (!highlight) return [];
  return Array.isArray(highlight) ? highlight : highlight.split(/[./]/).filter(Boolean);
}

/** A document as the vendor gave it, with the decisive keys marked. */
export function JsonDocument({
  value,
  title,
  highlight,
}: {
  value: unknown;
  title?: string;
  highlight?: string[] | string | null;
}) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const keys = normalise(highlight);
  const marked = (line: string): boolean => keys.some((key) => line.includes(`"${key}"`));
  return (
    <CodeBlock code={text ?? ""} title={title} copyLabel={`Copy ${title ?? "document"}`}>
      {(text ?? "").split("\n").map((line, index) =>
        marked(line) ? (
          <mark key={index} className={css["mark"]} style={{ color: "inherit" }}>
            {paint(line)}
          </mark>
        ) : (
          <span key={index} className={css["line"]}>
            {paint(line)}
          </span>
        ),
      )}
    </CodeBlock>
  );
}
