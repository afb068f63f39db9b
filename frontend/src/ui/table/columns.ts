import type { ColumnDef, RowData } from "@tanstack/react-table";
import type { ReactNode } from "react";

declare module "@tanstack/react-table" {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the library fixes both parameters
  interface ColumnMeta<TData extends RowData, TValue> {
    numeric?: boolean;
    hidden?: boolean;
    width?: number | string;
    label?: string;
  }
}

export interface Column<T> {
  id: string;
  label: string;
  /** What sorting and CSV use; null sorts last and exports as empty. */
  value: (row: T) => string | number | null | undefined;
  cell?: (row: T) => ReactNode;
  numeric?: boolean;
  hidden?: boolean;
  width?: number | string;
  sortable?: boolean;
  /** What the API calls this order; only such columns sort when the server does it. */
  order?: string;
}

/** Our short column form as the table library reads it. */
export function columnDefs<T>(columns: Column<T>[], server = false): ColumnDef<T>[] {
  return columns.map((column) => ({
    id: column.id,
    header: column.label,
    accessorFn: (row) => column.value(row) ?? undefined,
    cell: ({ row }) => (column.cell ? column.cell(row.original) : (column.value(row.original) ?? "")),
    enableSorting: server ? Boolean(column.order) : column.sortable !== false,
    sortUndefined: "last" as const,
    sortDescFirst: Boolean(column.numeric),
    meta: { numeric: column.numeric, hidden: column.hidden, width: column.width, label: column.label },
  }));
}
