/** How pages read: one place for paging, polling and refresh after a change. */
import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { notifications } from "@mantine/notifications";
import { CANCELLED, problemOf, unwrapPage } from "./client";
import type { Page } from "./types";

/** Poll intervals in milliseconds. Queries pause by themselves while the tab is hidden. */
export const FAST = 4_000;
export const CALM = 30_000;

export type ListParams = Record<string, string | number | undefined>;

type Fetch<T> = (query: ListParams) => Promise<{ data?: Page<T>; error?: unknown; response: Response }>;

/** A cursor-paged list; the filters are part of its identity. */
export function useList<T>(key: QueryKey, params: ListParams, fetchPage: Fetch<T>, refresh: number = CALM) {
  return useInfiniteQuery({
    queryKey: [...key, params],
    queryFn: ({ pageParam }) =>
      unwrapPage(fetchPage({ limit: 50, ...params, cursor: pageParam ?? undefined })),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : refresh),
  });
}

interface ChangeOptions<V, R> {
  run: (variables: V) => Promise<R>;
  /** Everything under these keys is read again. */
  touches: QueryKey[];
  done?: string | ((result: R, variables: V) => string);
  onDone?: (result: R, variables: V) => void;
  /** The form shows the problem itself. */
  quiet?: boolean;
}

/** A write: tells the person how it went and refreshes what it touched. */
export function useChange<V = void, R = unknown>({ run, touches, done, onDone, quiet }: ChangeOptions<V, R>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: run,
    onSuccess: async (result, variables) => {
      await Promise.all(touches.map((queryKey) => client.invalidateQueries({ queryKey })));
      const message = typeof done === "function" ? done(result, variables) : done;
      if (message) notifications.show({ message, color: "green" });
      onDone?.(result, variables);
    },
    onError: (error) => {
      if (quiet) return;
      const { title, detail, unchanged, action, code } = problemOf(error);
      notifications.show({
        title,
        message: [detail, unchanged, action].filter(Boolean).join(" "),
        color: code === CANCELLED ? "gray" : "red",
        autoClose: 12_000,
      });
    },
  });
}
