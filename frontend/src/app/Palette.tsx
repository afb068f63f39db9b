import { Modal, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type KeyboardEvent, type ReactNode } from "react";
import { api, unwrapPage } from "@/api/client";
import { Operation, SeverityBadge } from "@/ui/Badges";
import { navigation } from "./nav";
import css from "./Palette.module.css";
import { closePalette, usePaletteOpen } from "./palette";

interface Entry {
  id: string;
  group: string;
  href: string;
  label: ReactNode;
  hint?: string;
}

const none = { path: {} };

async function find(q: string): Promise<Entry[]> {
  const query = { q, limit: 6 };
  const [endpoints, findings, threats] = await Promise.allSettled([
    unwrapPage(api.GET("/endpoints", { params: { ...none, query } })),
    unwrapPage(api.GET("/findings", { params: { ...none, query } })),
    unwrapPage(api.GET("/threats", { params: { ...none, query } })),
  ]);
  const rows = <T,>(answer: PromiseSettledResult<{ data: T[] }>): T[] =>
    answer.status === "fulfilled" ? answer.value.data.slice(0, 6) : [];
  return [
    ...rows(endpoints).map((e) => ({
      id: e.id,
      group: "Endpoints",
      href: `/endpoints/${e.id}`,
      label: <Operation method={e.method} path={e.template} />,
      hint: e.host,
    })),
    ...rows(findings).map((f) => ({
      id: f.id,
      group: "Findings",
      href: `/findings/${f.id}`,
      label: (
        <>
          <SeverityBadge severity={f.severity} /> {f.title}
        </>
      ),
      hint: f.subject.label,
    })),
    ...rows(threats).map((t) => ({
      id: t.id,
      group: "Threats",
      href: `/actors/${t.actor.id}`,
      label: (
        <>
          <SeverityBadge severity={t.severity} /> {t.title}
        </>
      ),
      hint: t.actor.label,
    })),
  ];
}

const pages: Entry[] = [
  ...navigation.map((item) => ({
    id: item.to,
    group: "Pages",
    href: item.to,
    label: item.label,
    hint: item.hint,
  })),
  { id: "/blocks/new", group: "Actions", href: "/blocks/new", label: "Preview a block" },
  {
    id: "/connections/new",
    group: "Actions",
    href: "/connections/new",
    label: "Connect a gateway or firewall",
  },
  { id: "/imports", group: "Actions", href: "/imports", label: "Import a log or an API document" },
  { id: "/settings/tokens", group: "Actions", href: "/settings/tokens", label: "Create an API token" },
  { id: "/settings/members", group: "Actions", href: "/settings/members", label: "Invite people" },
  {
    id: "/settings/account",
    group: "Settings",
    href: "/settings/account",
    label: "Account and security",
    hint: "Password, second factors, sessions",
  },
  {
    id: "/settings/sso",
    group: "Settings",
    href: "/settings/sso",
    label: "Single sign-on",
    hint: "Providers, domains, group roles",
  },
  {
    id: "/settings/provisioning",
    group: "Settings",
    href: "/settings/provisioning",
    label: "Provisioning (SCIM)",
  },
  { id: "/settings/sign-ins", group: "Settings", href: "/settings/sign-ins", label: "Sign-in log" },
  { id: "/settings/audit", group: "Settings", href: "/settings/audit", label: "Audit log" },
  {
    id: "/settings/workspace",
    group: "Settings",
    href: "/settings/workspace",
    label: "Workspace",
    hint: "Name, archive, deletion",
  },
];

/** Ctrl/⌘-K: any page, action, endpoint, finding or threat. */
export default function Palette() {
  const open = usePaletteOpen();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const [needle] = useDebouncedValue(text.trim(), 120);
  const search = useQuery({
    queryKey: ["palette", needle],
    queryFn: () => find(needle),
    enabled: open && needle.length > 1,
  });
  const local = pages.filter((page) => String(page.label).toLowerCase().includes(text.trim().toLowerCase()));
  const entries = [...local, ...(needle.length > 1 ? (search.data ?? []) : [])];
  const close = (): void => {
    closePalette();
    setText("");
    setAt(0);
  };
  const go = (entry: Entry | undefined): void => {
    if (!entry) return;
    close();
    void navigate({ href: entry.href } as never);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step) {
      event.preventDefault();
      setAt((before) => Math.max(0, Math.min(entries.length - 1, before + step)));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(entries[at]);
    }
  };
  return (
    <Modal
      opened={open}
      onClose={close}
      withCloseButton={false}
      size="lg"
      yOffset="12vh"
      centered={false}
      padding={12}
      title={null}
      aria-label="Search and go to"
    >
      <TextInput
        data-autofocus
        size="md"
        variant="unstyled"
        placeholder="Search endpoints, findings and threats, or go to a page"
        aria-label="Search and go to"
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={entries[at] ? `palette-${at}` : undefined}
        leftSection={<IconSearch size={17} aria-hidden />}
        value={text}
        onKeyDown={onKey}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
      />
      <div id="palette-list" role="listbox" aria-label="Results" className={css["list"]}>
        {entries.map((entry, index) => (
          <div key={entry.group + entry.id} role="presentation">
            {entries[index - 1]?.group === entry.group ? null : (
              <div className={css["group"]}>{entry.group}</div>
            )}
            {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the input owns the keyboard */}
            <div
              id={`palette-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              className={css["item"]}
              onMouseMove={() => setAt(index)}
              onClick={() => go(entry)}
            >
              {entry.label}
              <span className={css["hint"]}>{entry.hint}</span>
            </div>
          </div>
        ))}
        {entries.length === 0 ? (
          <div className={css["group"]}>{search.isFetching ? "Searching…" : "Nothing matches."}</div>
        ) : null}
      </div>
      <div className={css["keys"]} aria-hidden>
        <span>↑ ↓ choose</span>
        <span>Enter open</span>
        <span>j k move in tables</span>
        <span>Esc close</span>
      </div>
    </Modal>
  );
}
