import { Button, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { peopleQuery } from "@/features/members/query";
import { moment } from "@/ui/format";
import { SearchBox } from "@/ui/table/Facets";
import css from "@/ui/table/DataTable.module.css";
import { useUrlState } from "@/ui/table/useUrlState";
import { FILTERS, RANGES } from "./asked";
import { AREAS, KINDS, kindName } from "./kinds";

const CUSTOM = "custom";

/** Filters of the trail; all of them live in the address. */
export function Filters() {
  const [search, patch] = useUrlState();
  const people = useQuery(peopleQuery).data ?? [];
  const [custom, setCustom] = useState(Boolean(search["since"] ?? search["until"]));
  return (
    <>
      <SearchBox placeholder="Text anywhere in an entry" label="Search the audit log" />
      <Select
        size="xs"
        w={150}
        aria-label="Time"
        placeholder="Any time"
        clearable
        data={[
          ...Object.entries(RANGES).map(([value, { label }]) => ({ value, label })),
          { value: CUSTOM, label: "From … to …" },
        ]}
        value={search["range"] ?? (custom ? CUSTOM : null)}
        onChange={(value) => {
          setCustom(value === CUSTOM);
          patch({
            range: value && value !== CUSTOM ? value : undefined,
            since: undefined,
            until: undefined,
          });
        }}
      />
      {custom && !search["range"] ? (
        <>
          <TimeField label="From" name="since" />
          <TimeField label="To" name="until" />
        </>
      ) : null}
      <Select
        size="xs"
        w={180}
        aria-label="Person"
        placeholder="Anybody"
        clearable
        searchable
        data={people.map((person) => ({ value: person.user, label: person.name || person.email }))}
        value={people.some((person) => person.user === search["actor"]) ? (search["actor"] ?? null) : null}
        onChange={(value) => patch({ actor: value ?? undefined })}
      />
      <Select
        size="xs"
        w={170}
        aria-label="Kind of actor"
        placeholder="Any kind"
        clearable
        data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
        value={search["actor_kind"] ?? null}
        onChange={(value) => patch({ actor_kind: value ?? undefined })}
      />
      <TextFilter name="action" label="Action begins with" placeholder="Action, such as block." list />
      <TextFilter name="target" label="Id of what was changed" placeholder="On, such as blk_…" />
    </>
  );
}

interface FieldProps {
  name: "action" | "target";
  label: string;
  placeholder: string;
  list?: boolean;
}

function TextFilter({ name, label, placeholder, list }: FieldProps) {
  const [search, patch] = useUrlState();
  const [text, setText] = useState(search[name] ?? "");
  const [known, setKnown] = useState(search[name]);
  // The address changed elsewhere, by a chip or a link: the field follows.
  if (known !== search[name]) {
    setKnown(search[name]);
    setText(search[name] ?? "");
  }
  const send = useDebouncedCallback((value: string) => patch({ [name]: value }), 300);
  return (
    <>
      <TextInput
        size="xs"
        w={165}
        aria-label={label}
        placeholder={placeholder}
        list={list ? `audit-${name}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          send(event.currentTarget.value.trim());
        }}
      />
      {list ? (
        <datalist id={`audit-${name}`}>
          {AREAS.map((area) => (
            <option key={area} value={area} />
          ))}
        </datalist>
      ) : null}
    </>
  );
}

function TimeField({ label, name }: { label: string; name: "since" | "until" }) {
  const [search, patch] = useUrlState();
  return (
    <TextInput
      size="xs"
      type="datetime-local"
      aria-label={`${label}, your time`}
      value={search[name] ? localTime(search[name]) : ""}
      onChange={(event) => {
        const { value } = event.currentTarget;
        patch({ [name]: value ? new Date(value).toISOString() : undefined });
      }}
    />
  );
}

/** A time as a field for local times takes it. */
function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const LABELS: Record<string, string> = {
  q: "Text",
  actor: "Who",
  actor_kind: "Kind",
  action: "Action",
  target: "On",
  range: "Time",
  since: "From",
  until: "To",
};

/** The filters in force, each removable. */
export function ActiveFilters() {
  const [search, patch] = useUrlState();
  const people = useQuery(peopleQuery).data ?? [];
  const active = FILTERS.filter((key) => search[key]);
  if (!active.length) return null;
  const shown = (key: string): string => {
    const value = search[key] ?? "";
    if (key === "actor") {
      const person = people.find((item) => item.user === value);
      return person ? person.name || person.email : value;
    }
    if (key === "actor_kind") return kindName(value);
    if (key === "range") return RANGES[value]?.label ?? value;
    return key === "since" || key === "until" ? moment(value) : value;
  };
  return (
    <div className={css["chips"]}>
      {active.map((key) => (
        <span key={key} className={css["chip"]}>
          {LABELS[key]}: {shown(key)}
          <button
            type="button"
            aria-label={`Remove filter ${LABELS[key] ?? key}: ${shown(key)}`}
            onClick={() => patch({ [key]: undefined })}
          >
            <IconX size={12} aria-hidden />
          </button>
        </span>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        onClick={() => patch(Object.fromEntries(FILTERS.map((key) => [key, undefined])))}
      >
        Clear filters
      </Button>
    </div>
  );
}
