import { Drawer, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import type { ConfigChange } from "@/api/types";
import { Unknown } from "@/ui/Badges";
import { JsonDocument } from "@/ui/CodeBlock";
import { moment, words } from "@/ui/format";
import { Facts, Time } from "@/ui/Layout";
import { Only } from "@/ui/table/Only";
import { useUrlState } from "@/ui/table/useUrlState";

export const channels: Partial<Record<ConfigChange["channel"], string>> = {
  console: "Console",
  api: "API or command line",
  automation: "Automation",
};

const kinds: Record<ConfigChange["author_kind"], string> = {
  person: "a person",
  service: "a service",
  vendor: "the vendor itself",
  portcullis: "by this connection's own role",
  unknown: "person or program: not known",
};

/** References may be as long as an ARN: they wrap, but not to a letter a line. */
const WRAPPED = { display: "inline-block", minWidth: "18ch", overflowWrap: "anywhere" } as const;

/** Who it was, as the vendor names them; our own writes by our name. */
export function Author({ change }: { change: ConfigChange }) {
  if (change.author_kind === "portcullis") return <>Portcullis</>;
  if (!change.author) return <Unknown reason="The vendor does not say who it was." />;
  const [, last] = change.author.match(/\/([^/]+)$/) ?? [];
  return (
    <>
      <span title={change.author} style={WRAPPED}>
        {change.author_kind === "person" ? (last ?? change.author) : change.author}
      </span>
      <div className="muted">{kinds[change.author_kind]}</div>
    </>
  );
}

/** The object by its name where it has one, else by the vendor's reference. */
export function Changed({ change }: { change: ConfigChange }) {
  const { object_name: name, object_ref: ref } = change;
  const short = !/^(arn:|\/)/.test(ref) && ref.includes(name);
  return (
    <>
      {words(change.object_kind.replace(/^.*\//, ""))}{" "}
      <span className="mono" style={WRAPPED} title={ref}>
        {name && !short ? name : ref}
      </span>
    </>
  );
}

/** One change whole, with the part of the audit trail that shows it. */
export function ChangeEntry({ change, onClose }: { change: ConfigChange; onClose: () => void }) {
  const [, patch] = useUrlState();
  const only = (narrowed: Record<string, string>): void => {
    patch(narrowed);
    onClose();
  };
  const { link, ...shown } = change.evidence;
  const rows: [string, ReactNode][] = [
    [
      "When",
      <span key="w">
        {moment(change.at)}, <Time at={change.at} />
      </span>,
    ],
    [
      "Who",
      change.author ? (
        <span key="a" style={{ overflowWrap: "anywhere" }}>
          {change.author_kind === "portcullis" ? "Portcullis, " : null}
          <span className="mono">{change.author}</span>{" "}
          <span className="muted">({kinds[change.author_kind]})</span>{" "}
          <Only label="all by this one" onClick={() => only({ author: change.author })} />
        </span>
      ) : (
        <Unknown key="a" reason="The vendor does not say who it was." />
      ),
    ],
    [
      "What",
      <span key="x">
        <span className="mono">{change.action}</span>
        {change.succeeded ? "" : ", refused by the vendor: nothing was changed"}
      </span>,
    ],
    [
      "On",
      <span key="o" style={{ overflowWrap: "anywhere" }}>
        {words(change.object_kind)} <span className="mono">{change.object_ref}</span>{" "}
        <Only label="all on this" onClick={() => only({ object: change.object_ref })} />
      </span>,
    ],
    ["Through", channels[change.channel] ?? <Unknown key="c" reason="The vendor does not say." />],
    [
      "From",
      change.source_address ? (
        <span key="f" className="mono">
          {change.source_address}
        </span>
      ) : (
        <span key="f" className="muted">
          not given
        </span>
      ),
    ],
  ];
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="xl"
      title={<span className="mono">{change.action}</span>}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap={20}>
        <Facts rows={rows} />
        <JsonDocument value={shown} title="Evidence" />
        {typeof link === "string" && link.startsWith("https://") ? (
          <a href={link} target="_blank" rel="noreferrer">
            Open this entry at the vendor
          </a>
        ) : null}
      </Stack>
    </Drawer>
  );
}
