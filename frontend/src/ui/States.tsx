import { Button, Skeleton, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ButtonLink } from "./ButtonLink";
import { problemOf } from "@/api/client";
import { useSession } from "@/api/session";
import { CopyButton } from "./CodeBlock";
import { words } from "./format";
import css from "./Layout.module.css";

interface EmptyProps {
  title: string;
  why: ReactNode;
  action?: { label: string; to: string } | { label: string; onClick: () => void };
}

/** What will appear here, why it matters, and one thing to do. */
export function EmptyState({ title, why, action }: EmptyProps) {
  return (
    <div className={css["state"]} role="status">
      <h2>{title}</h2>
      <p>{why}</p>
      {action && "to" in action ? <ButtonLink to={action.to}>{action.label}</ButtonLink> : null}
      {action && "onClick" in action ? <Button onClick={action.onClick}>{action.label}</Button> : null}
    </div>
  );
}

/** What a role may not see, and who may. The server refuses it as well. */
export function Forbidden({ what, who }: { what: string; who: string }) {
  const { role } = useSession();
  return (
    <div className={css["state"]} role="status">
      <h2>{what} cannot be seen with your role</h2>
      <p>
        You are {words(role).toLowerCase()} of this workspace. {who} can see it: ask one of them, or for
        another role.
      </p>
    </div>
  );
}

/** What happened, what was not changed, what to do, and the id to quote. */
export function ErrorState({ error, retry, page }: { error: unknown; retry?: () => void; page?: boolean }) {
  const problem = problemOf(error);
  const Heading = page ? "h1" : "h2";
  return (
    <div className={`${css["state"]} ${css["problem"]}`} role="alert">
      <Heading>{problem.title}</Heading>
      <p>{problem.detail}</p>
      {problem.unchanged ? <p>{problem.unchanged}</p> : null}
      {problem.action ? <p>{problem.action}</p> : null}
      {problem.errors?.length ? (
        <ul style={{ margin: 0, paddingLeft: 18 }}>
          {problem.errors.map((item) => (
            <li key={item.pointer + item.detail}>
              <code>{item.pointer}</code>: {item.detail}
            </li>
          ))}
        </ul>
      ) : null}
      {problem.request_id ? (
        <p className={css["requestId"]}>
          Request {problem.request_id} <CopyButton value={problem.request_id} label="Copy request id" />
        </p>
      ) : null}
      {retry ? (
        <Button variant="default" onClick={retry}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}

export function Loading({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <Stack gap={10} p={16} role="status" aria-label={label} aria-busy>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={14} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  rows?: number;
  /** The content is the whole page: its problem is the page's heading. */
  page?: boolean;
  children: (data: T) => ReactNode;
}

/** Skeleton, problem or content. A failed refresh keeps the last good content on screen. */
export function Loaded<T>({ query, rows, page, children }: LoadedProps<T>) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} page={page} />;
  return <Loading rows={rows} />;
}
