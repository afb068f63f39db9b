import { ActionIcon, Button, Checkbox, Popover, Stack, Tooltip } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp, IconColumns3, IconDownload } from "@tabler/icons-react";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  useReactTable,
  type SortingState,
  type Table,
} from "@tanstack/react-table";
import { useCallback, useMemo, useRef, useState, type ReactNode } from "react";
import type { Page } from "@/api/types";
import { integer, plural } from "../format";
import { ErrorState, Loading } from "../States";
import { columnDefs, type Column } from "./columns";
import { download, toCsv } from "./csv";
import css from "./DataTable.module.css";
import { useRowKeys } from "./useRowKeys";
import { useUrlState } from "./useUrlState";

export type ListQuery<T> = UseInfiniteQueryResult<InfiniteData<Page<T>>>;

interface DataTableProps<T> {
  /** Names the table for its stored column choice and its CSV file. */
  id: string;
  label: string;
  columns: Column<T>[];
  rowId: (row: T) => string;
  rowHref?: (row: T) => string;
  query?: ListQuery<T>;
  rows?: T[];
  /** Which of the loaded rows are shown, for lists the server does not narrow. */
  keep?: (row: T) => boolean;
  /** "server" sends the order to the API; "loaded" orders the rows at hand. */
  sorting?: "server" | "loaded";
  /** Keeps the order in the address; for a page's main table. */
  inUrl?: boolean;
  tools?: ReactNode;
  chips?: ReactNode;
  empty: ReactNode;
  plain?: boolean;
  /** Rows shown at first; the rest is one click away. */
  show?: number;
}

const parseSort = (text: string | undefined): SortingState =>
  text ? [{ id: text.replace(/^-/, ""), desc: text.startsWith("-") }] : [];
const writeSort = (state: SortingState): string | undefined =>
  state[0] ? `${state[0].desc ? "-" : ""}${state[0].id}` : undefined;

/** The one table of the product: columns, order, keyboard, CSV, paging and all its states. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { id, columns, query, rowId, rowHref, sorting = "loaded", inUrl = false } = props;
  const navigate = useNavigate();
  const [search, patch] = useUrlState();
  const [local, setLocal] = useState<SortingState>([]);
  const byServer = columns.find((column) => column.order && column.order === search["sort"]);
  const orderText = search["sort"];
  const ordered = useMemo(() => parseSort(orderText), [orderText]);
  const sort =
    sorting === "server"
      ? byServer
        ? [{ id: byServer.id, desc: byServer.numeric ?? false }]
        : []
      : inUrl
        ? ordered
        : local;
  const hiddenByDefault = Object.fromEntries(columns.filter((c) => c.hidden).map((c) => [c.id, false]));
  const [visible, setVisible] = useLocalStorage<Record<string, boolean>>({
    key: `columns:${id}`,
    defaultValue: {},
  });
  const loaded = useMemo(
    () => props.rows ?? query?.data?.pages.flatMap((page) => page.data) ?? [],
    [props.rows, query?.data],
  );
  const { keep } = props;
  const data = useMemo(() => (keep ? loaded.filter(keep) : loaded), [loaded, keep]);
  const server = sorting === "server";
  const defs = useMemo(() => columnDefs(columns, server), [columns, server]);
  // eslint-disable-next-line react-hooks/incompatible-library -- TanStack Table 8 keeps its own state
  const table = useReactTable({
    data,
    columns: defs,
    getRowId: rowId,
    state: { sorting: sort, columnVisibility: { ...hiddenByDefault, ...visible } },
    manualSorting: server,
    // There are no pages here; resetting the page index on each new order would render again without end.
    autoResetPageIndex: false,
    onSortingChange: (update) => {
      const next = typeof update === "function" ? update(sort) : update;
      if (sorting === "server") patch({ sort: columns.find((column) => column.id === next[0]?.id)?.order });
      else if (inUrl) patch({ sort: writeSort(next) });
      else setLocal(next);
    },
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const all = table.getRowModel().rows;
  const [shown, setShown] = useState(props.show ?? Number.POSITIVE_INFINITY);
  const rows = useMemo(() => all.slice(0, shown), [all, shown]);
  const body = useRef<HTMLTableSectionElement>(null);
  const openRow = useCallback(
    (index: number) => {
      const row = rows[index];
      if (row && rowHref) void navigate({ href: rowHref(row.original) } as never);
    },
    [rows, rowHref, navigate],
  );
  useRowKeys(body, rowHref ? rows.length : 0, openRow);

  const exportCsv = (): void => {
    const kept = columns.filter((column) => table.getColumn(column.id)?.getIsVisible());
    const text = toCsv(
      kept.map((column) => column.label),
      all.map((row) => kept.map((column) => String(column.value(row.original) ?? ""))),
    );
    download(`${id}.csv`, text);
  };

  const failed = query?.isError && query.data === undefined;
  const loading = query?.isPending ?? false;
  return (
    <div>
      {props.plain ? null : (
        <div className={css["tools"]}>
          {props.tools}
          <div className={css["toolsRight"]}>
            <span className={css["count"]} aria-live="polite">
              {loading || failed
                ? ""
                : `${plural(all.length, "row")}${query?.hasNextPage ? ", more to load" : ""}`}
            </span>
            <ColumnChoice table={table} onChange={(key, on) => setVisible({ ...visible, [key]: on })} />
            <Tooltip label={`Export the ${integer(all.length)} loaded rows as CSV`}>
              <ActionIcon onClick={exportCsv} disabled={!rows.length} aria-label="Export CSV">
                <IconDownload size={17} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </div>
        </div>
      )}
      {props.chips}
      {failed ? <ErrorState error={query.error} retry={() => void query.refetch()} /> : null}
      {loading ? <Loading rows={8} label={`Loading ${props.label.toLowerCase()}`} /> : null}
      {!failed && !loading && rows.length === 0 ? (
        loaded.length > 0 ? (
          <p className={css["none"]}>None of the {plural(loaded.length, "row")} matches.</p>
        ) : (
          props.empty
        )
      ) : null}
      {rows.length > 0 ? (
        <div className={css["scroll"]}>
          <table
            className={`${css["table"]} ${query?.isPlaceholderData ? css["stale"] : ""}`}
            aria-label={props.label}
          >
            <Head table={table} />
            <tbody ref={body}>
              {rows.map((row, index) => (
                <tr
                  key={row.id}
                  tabIndex={rowHref ? -1 : undefined}
                  data-link={rowHref ? "" : undefined}
                  onClick={(event) => {
                    if ((event.target as HTMLElement).closest("a,button,input,[role=button]")) return;
                    if (window.getSelection()?.toString()) return;
                    openRow(index);
                  }}
                >
                  {row.getVisibleCells().map((cell) => (
                    <td
                      key={cell.id}
                      className={cell.column.columnDef.meta?.numeric ? css["numeric"] : undefined}
                    >
                      {flexRender(cell.column.columnDef.cell, cell.getContext())}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {rows.length < all.length ? (
        <div className={css["foot"]}>
          <Button variant="default" size="xs" onClick={() => setShown(shown + 50)}>
            Show {integer(Math.min(50, all.length - rows.length))} more
          </Button>
          <span>of {integer(all.length)}</span>
        </div>
      ) : query?.hasNextPage ? (
        <div className={css["foot"]}>
          <Button
            variant="default"
            size="xs"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Load more
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Head<T>({ table }: { table: Table<T> }) {
  return (
    <thead>
      {table.getHeaderGroups().map((group) => (
        <tr key={group.id}>
          {group.headers.map((header) => {
            const sorted = header.column.getIsSorted();
            const meta = header.column.columnDef.meta;
            const label = meta?.label ?? "";
            return (
              <th
                key={header.id}
                scope="col"
                className={meta?.numeric ? css["numeric"] : undefined}
                style={{ width: meta?.width }}
                aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : undefined}
              >
                {header.column.getCanSort() ? (
                  <button
                    type="button"
                    className={css["sort"]}
                    onClick={header.column.getToggleSortingHandler()}
                  >
                    {label}
                    {sorted === "asc" ? <IconArrowUp size={12} aria-hidden /> : null}
                    {sorted === "desc" ? <IconArrowDown size={12} aria-hidden /> : null}
                  </button>
                ) : (
                  label
                )}
              </th>
            );
          })}
        </tr>
      ))}
    </thead>
  );
}

function ColumnChoice<T>({
  table,
  onChange,
}: {
  table: Table<T>;
  onChange: (id: string, on: boolean) => void;
}) {
  return (
    <Popover position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <ActionIcon aria-label="Choose columns">
          <IconColumns3 size={17} aria-hidden />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Stack gap={8}>
          {table.getAllLeafColumns().map((column) => (
            <Checkbox
              key={column.id}
              size="xs"
              label={column.columnDef.meta?.label}
              checked={column.getIsVisible()}
              onChange={(event) => onChange(column.id, event.currentTarget.checked)}
            />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
