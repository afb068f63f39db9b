import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type UrlState = Partial<Record<string, string>>;

/** Keeps only the named text parameters of an address; anything else is ignored. */
export function textSearch<K extends string>(
  keys: readonly K[],
): (search: Record<string, unknown>) => Partial<Record<K, string>> {
  return (search) => {
    const out: Partial<Record<K, string>> = {};
    for (const key of keys) {
      const value = search[key];
      if (typeof value === "string" && value !== "") out[key] = value;
      else if (typeof value === "number" || typeof value === "boolean") out[key] = String(value);
    }
    return out;
  };
}

/** The page's filters and sort order, held in the address so that a link shares the view. */
export function useUrlState(): [UrlState, (patch: UrlState) => void] {
  const search: UrlState = useSearch({ strict: false });
  const navigate = useNavigate();
  const patch = useCallback(
    (change: UrlState) => {
      const merge = (before: UrlState): UrlState =>
        Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value));
      void navigate({ to: ".", search: merge as never, replace: true });
    },
    [navigate],
  );
  return [search, patch];
}

/** What narrows the rows: all but their order. */
export function filtersOf(search: UrlState): UrlState {
  return Object.fromEntries(Object.entries(search).filter(([key]) => key !== "sort"));
}

/** Several values of one filter travel as one comma-separated parameter. */
export const several = (value: string | undefined): string[] => (value ? value.split(",") : []);
