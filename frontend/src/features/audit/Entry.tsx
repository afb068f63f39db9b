import { Drawer, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import type { AuditEntry } from "@/api/types";
import { moment } from "@/ui/format";
import { Facts, Time } from "@/ui/Layout";
import { Only } from "@/ui/table/Only";
import { useUrlState } from "@/ui/table/useUrlState";
import { device } from "../account/device";
import { Diff } from "./Diff";
import { kindName } from "./kinds";

/** One entry whole: who, what, from where, before and after. */
export function Entry({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const [, patch] = useUrlState();
  const only = (change: Record<string, string>): void => {
    patch(change);
    onClose();
  };
  const rows: [string, ReactNode][] = [
    [
      "When",
      <span key="w">
        {moment(entry.at)}, <Time at={entry.at} />
      </span>,
    ],
    [
      "Who",
      <span key="a">
        {entry.actor_name || "not named"} <span className="muted">({kindName(entry.actor_kind)})</span>{" "}
        {entry.actor_id ? (
          <Only label="all by this one" onClick={() => only({ actor: entry.actor_id })} />
        ) : null}
      </span>,
    ],
    [
      "What",
      <span key="x">
        <span className="mono">{entry.action}</span>{" "}
        <Only label="all such" onClick={() => only({ action: entry.action })} />
      </span>,
    ],
    [
      "On",
      entry.target ? (
        <span key="t">
          <span className="mono">{entry.target}</span>{" "}
          <Only label="all on this" onClick={() => only({ target: entry.target })} />
        </span>
      ) : (
        "the workspace"
      ),
    ],
    ["Reason", entry.reason || <span className="muted">none given</span>],
    ["From", <Origin key="f" entry={entry} />],
    [
      "Request",
      entry.request_id ? (
        <span className="mono">{entry.request_id}</span>
      ) : (
        <span className="muted">none: it was not asked for by a request</span>
      ),
    ],
    ["Entry", String(entry.sequence)],
    [
      "Hash",
      <span key="h" className="mono">
        {entry.hash}
      </span>,
    ],
  ];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={<span className="mono">{entry.action}</span>}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap={20}>
        <Diff changes={entry.changes} />
        <Facts rows={rows} />
      </Stack>
    </Drawer>
  );
}

function Origin({ entry }: { entry: AuditEntry }) {
  if (!entry.client_address && !entry.user_agent) return <span className="muted">no request</span>;
  return (
    <>
      <span className="mono">{entry.client_address || "not known"}</span>
      {entry.user_agent ? <span title={entry.user_agent}>, {device(entry.user_agent)}</span> : null}
    </>
  );
}
