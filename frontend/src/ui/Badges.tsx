import { Tooltip } from "@mantine/core";
import {
  IconAlertOctagonFilled,
  IconAlertTriangleFilled,
  IconAlertSquareRoundedFilled,
  IconInfoCircle,
  IconArrowDownCircle,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconHelpCircle,
  type Icon,
} from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import type { Severity } from "@/api/types";
import css from "./Badges.module.css";
import { words } from "./format";

export type Tone = Severity | "ok" | "accent" | "unknown";

const severityIcon: Record<Severity, Icon> = {
  critical: IconAlertOctagonFilled,
  high: IconAlertTriangleFilled,
  medium: IconAlertSquareRoundedFilled,
  low: IconArrowDownCircle,
  info: IconInfoCircle,
};

export const SEVERITIES: Severity[] = ["critical", "high", "medium", "low", "info"];

export function SeverityBadge({ severity }: { severity: Severity }) {
  const Mark = severityIcon[severity] ?? IconInfoCircle;
  return (
    <span className={`${css["pill"]} ${css[severity] ?? css["info"]}`}>
      <Mark size={13} aria-hidden />
      {words(severity)}
    </span>
  );
}

export function Pill({
  tone,
  icon,
  children,
  title,
}: {
  tone: Tone;
  icon?: boolean;
  children: ReactNode;
  title?: string;
}) {
  const Mark =
    tone === "ok"
      ? IconCircleCheckFilled
      : tone === "unknown"
        ? IconHelpCircle
        : tone === "info" || tone === "accent"
          ? IconCircleDashed
          : IconAlertTriangleFilled;
  const pill = (
    <span className={`${css["pill"]} ${icon ? "" : css["plain"]} ${css[tone]}`}>
      {icon ? <Mark size={13} aria-hidden /> : null}
      {children}
    </span>
  );
  return title ? <Tooltip label={title}>{pill}</Tooltip> : pill;
}

export function MethodBadge({ method }: { method: string }) {
  return (
    <span className={`${css["method"]} ${css[method.toLowerCase()] ?? ""}`}>{method.toUpperCase()}</span>
  );
}

/** Lets a long path wrap at its slashes rather than inside a word. */
function breakable(text: string): ReactNode {
  return text.split(/(?=\/)/).map((segment, index) => (
    <Fragment key={index}>
      {index || segment.startsWith("/") ? <wbr /> : null}
      {segment}
    </Fragment>
  ));
}

/** A path with its learnt parameters set apart, as in /orders/{order_id}. */
export function PathText({ host, path, large }: { host?: string | null; path: string; large?: boolean }) {
  const parts = path.split(/(\{[^}]*\})/g);
  return (
    <span className={css["path"]} style={large ? { fontSize: 19 } : undefined}>
      {host ? <span className={css["host"]}>{host}</span> : null}
      {parts.map((part, index) =>
        part.startsWith("{") ? (
          <span key={index} className={css["param"]}>
            {part}
          </span>
        ) : (
          breakable(part)
        ),
      )}
    </span>
  );
}

export function Operation({ method, host, path }: { method: string; host?: string | null; path: string }) {
  return (
    <span className={css["operation"]}>
      <MethodBadge method={method} />
      <PathText host={host} path={path} />
    </span>
  );
}

/** A value nobody could read. Never shown as zero or as clean. */
export function Unknown({ reason }: { reason?: string | null }) {
  const why = reason ?? "No source connected so far can tell.";
  return (
    <Tooltip label={why}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the reason must be reachable by keyboard */}
      <span className={css["unknownText"]} tabIndex={0} aria-label={`not known: ${why}`}>
        not known
      </span>
    </Tooltip>
  );
}

export function Known({
  value,
  format,
  reason,
}: {
  value: number | null | undefined;
  format: (n: number) => string;
  reason?: string;
}) {
  return value === null || value === undefined ? <Unknown reason={reason} /> : <>{format(value)}</>;
}

export function Tags({
  values,
  none = "none",
  limit = 99,
}: {
  values: string[];
  none?: string;
  limit?: number;
}) {
  if (!values.length) return <span className={none.length < 16 ? "muted nowrap" : "muted"}>{none}</span>;
  const more = values.length - limit;
  return (
    <span>
      {values.slice(0, limit).map((value) => (
        <span key={value} className={css["tag"]}>
          {value}
        </span>
      ))}
      {more > 0 ? <span className={css["tag"]}>+{more}</span> : null}
    </span>
  );
}

export function toneOfScore(score: number): Tone {
  if (score >= 80) return "critical";
  if (score >= 60) return "high";
  if (score >= 35) return "medium";
  return score >= 15 ? "low" : "info";
}

/** A 0–100 score: number first, bar second. */
export function Score({ value, reason }: { value: number | null; reason?: string }) {
  if (value === null) return <Unknown reason={reason} />;
  return (
    <span className={css["score"]}>
      <span style={{ minWidth: 22, textAlign: "right" }}>{Math.round(value)}</span>
      <span className={css["track"]} aria-hidden>
        <span
          className={css["fill"]}
          style={{
            width: `${Math.min(100, Math.max(3, value))}%`,
            background: `var(--${toneOfScore(value)}-fill)`,
          }}
        />
      </span>
    </span>
  );
}
