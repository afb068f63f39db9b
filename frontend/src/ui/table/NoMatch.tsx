import { EmptyState } from "../States";
import { filtersOf, useUrlState } from "./useUrlState";

/** Rows exist, but the filters in the address leave none: one click takes them away. */
export function NoMatch({ title }: { title: string }) {
  const [search, patch] = useUrlState();
  const clear = (): void =>
    patch(Object.fromEntries(Object.keys(filtersOf(search)).map((key) => [key, undefined])));
  return (
    <EmptyState
      title={title}
      why="Take a filter or word of the search away to see more."
      action={{ label: "Clear filters", onClick: clear }}
    />
  );
}
