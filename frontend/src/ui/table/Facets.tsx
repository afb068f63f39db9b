import { Button, Checkbox, Popover, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChevronDown, IconSearch, IconX } from "@tabler/icons-react";
import { useState } from "react";
import type { FacetCount, Facets } from "@/api/types";
import { integer, words } from "../format";
import css from "./DataTable.module.css";
import { several, useUrlState } from "./useUrlState";

/** A facet in either of the two forms the API may use. */
export function facetCounts(facet: Record<string, number> | FacetCount[] | undefined): FacetCount[] {
  if (!facet) return [];
  if (!Array.isArray(facet)) return Object.entries(facet).map(([value, count]) => ({ value, count }));
  return facet.map((item) => {
    const loose = item as FacetCount & { id?: string; name?: string };
    return { value: loose.value ?? loose.id ?? "", label: loose.label ?? loose.name, count: loose.count };
  });
}

export interface FacetSpec {
  key: string;
  label: string;
  name?: (value: string) => string;
  /** The API takes one value of this filter at a time. */
  single?: boolean;
}

/** Filters with counts. Several values of one facet mean "any of them". */
export function FacetBar({ specs, facets }: { specs: FacetSpec[]; facets: Facets | undefined }) {
  return (
    <>
      {specs.map((spec) => (
        <FacetFilter key={spec.key} spec={spec} counts={facetCounts(facets?.[spec.key])} />
      ))}
    </>
  );
}

function FacetFilter({ spec, counts }: { spec: FacetSpec; counts: FacetCount[] }) {
  const [search, patch] = useUrlState();
  const [needle, setNeedle] = useState("");
  const chosen = several(search[spec.key]);
  const known = new Set(counts.map((item) => item.value));
  const all = [
    ...counts,
    ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }) as FacetCount),
  ];
  const name = (item: FacetCount): string => item.label ?? (spec.name ?? words)(item.value);
  const shown = all.filter((item) => name(item).toLowerCase().includes(needle.toLowerCase()));
  const toggle = (value: string, on: boolean): void => {
    const next = on
      ? spec.single
        ? [value]
        : [...chosen, value]
      : chosen.filter((other) => other !== value);
    patch({ [spec.key]: next.join(",") });
  };
  return (
    <Popover position="bottom-start" shadow="md" width={260} trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant={chosen.length ? "light" : "default"}
          size="xs"
          rightSection={<IconChevronDown size={13} aria-hidden />}
          aria-label={`Filter by ${spec.label.toLowerCase()}${chosen.length ? `, ${chosen.length} chosen` : ""}`}
        >
          {spec.label}
          {chosen.length ? ` · ${chosen.length}` : ""}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={10} aria-label={`${spec.label} filter`}>
        {all.length > 8 ? (
          <TextInput
            size="xs"
            mb={8}
            placeholder="Find"
            aria-label={`Find ${spec.label.toLowerCase()}`}
            value={needle}
            onChange={(event) => setNeedle(event.currentTarget.value)}
          />
        ) : null}
        <div className={css["facetList"]}>
          {shown.map((item) => (
            <div key={item.value} className={css["facetRow"]}>
              <Checkbox
                size="xs"
                label={name(item)}
                checked={chosen.includes(item.value)}
                onChange={(event) => toggle(item.value, event.currentTarget.checked)}
              />
              <span className={css["facetCount"]}>{integer(item.count)}</span>
            </div>
          ))}
          {shown.length === 0 ? <span className="muted">Nothing to choose from yet.</span> : null}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

export function SearchBox({ placeholder, label }: { placeholder: string; label: string }) {
  const [search, patch] = useUrlState();
  const inForce = search["q"] ?? "";
  const [text, setText] = useState(inForce);
  const [before, setBefore] = useState(inForce);
  // Cleared elsewhere, as by "Clear filters": the field follows.
  if (inForce !== before) {
    setBefore(inForce);
    if (!inForce) setText("");
  }
  const send = useDebouncedCallback((value: string) => patch({ q: value }), 250);
  return (
    <TextInput
      size="xs"
      w={{ base: "100%", xs: 250 }}
      placeholder={placeholder}
      aria-label={label}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
    />
  );
}

/** A filter that takes one value keeps it whole: names may hold commas. */
const chosenOf = (spec: FacetSpec, value: string | undefined): string[] =>
  spec.single ? [value ?? ""].filter(Boolean) : several(value);

/** The filters in force, each removable, and one way to clear them all. */
export function FilterChips({ specs, facets }: { specs: FacetSpec[]; facets: Facets | undefined }) {
  const [search, patch] = useUrlState();
  const active = specs.flatMap((spec) => chosenOf(spec, search[spec.key]).map((value) => ({ spec, value })));
  if (!active.length) return null;
  const name = ({ spec, value }: { spec: FacetSpec; value: string }): string =>
    facetCounts(facets?.[spec.key]).find((item) => item.value === value)?.label ??
    (spec.name ?? words)(value);
  return (
    <div className={css["chips"]}>
      {active.map((item) => (
        <span key={item.spec.key + item.value} className={css["chip"]}>
          {item.spec.label}: {name(item)}
          <button
            type="button"
            aria-label={`Remove filter ${item.spec.label}: ${name(item)}`}
            onClick={() =>
              patch({
                [item.spec.key]: chosenOf(item.spec, search[item.spec.key])
                  .filter((v) => v !== item.value)
                  .join(","),
              })
            }
          >
            <IconX size={12} aria-hidden />
          </button>
        </span>
      ))}
      <Button
        variant="subtle"
        size="compact-xs"
        onClick={() => patch(Object.fromEntries(specs.map((spec) => [spec.key, undefined])))}
      >
        Clear filters
      </Button>
    </div>
  );
}
