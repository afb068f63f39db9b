import { Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import css from "./Layout.module.css";
import { ago, moment } from "./format";

interface HeaderProps {
  title: string;
  heading?: ReactNode;
  crumb?: { label: string; to: string };
  lead?: ReactNode;
  actions?: ReactNode;
}

/** The page's one h1, its document title and its actions. */
export function PageHeader({ title, heading, crumb, lead, actions }: HeaderProps) {
  useEffect(() => {
    document.title = `${title} · Portcullis`;
  }, [title]);
  return (
    <header className={css["header"]}>
      <div className={css["headText"]}>
        {crumb ? (
          <nav aria-label="Breadcrumb" className={css["crumb"]}>
            <Link to={crumb.to}>{crumb.label}</Link> /
          </nav>
        ) : null}
        <h1 className={css["title"]}>{heading ?? title}</h1>
        {lead ? <div className={css["lead"]}>{lead}</div> : null}
      </div>
      {actions ? <div className={css["actions"]}>{actions}</div> : null}
    </header>
  );
}

export function Grid({ children }: { children: ReactNode }) {
  return <div className={css["grid"]}>{children}</div>;
}

type Span = 3 | 4 | 5 | 6 | 7 | 8 | 9 | 12;

interface PanelProps {
  title?: string;
  note?: ReactNode;
  span?: Span;
  flush?: boolean;
  children: ReactNode;
}

export function Panel({ title, note, span = 12, flush, children }: PanelProps) {
  const classes = [css["panel"], flush ? css["flush"] : "", css[`s${span}`] ?? ""].join(" ");
  return (
    <section className={classes} aria-label={title}>
      {title ? (
        <div className={css["panelHead"]}>
          <h2>{title}</h2>
          {note ? <div className={css["panelNote"]}>{note}</div> : null}
        </div>
      ) : null}
      <div className={css["panelBody"]}>{children}</div>
    </section>
  );
}

/** Groups panels in one column of the grid. */
export function Column({ span, children }: { span: Span; children: ReactNode }) {
  return (
    <div
      className={css[`s${span}`]}
      style={{ display: "grid", gap: 16, alignContent: "start", gridTemplateColumns: "minmax(0, 1fr)" }}
    >
      {children}
    </div>
  );
}

export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className={css["facts"]}>
      {rows.map(([label, value]) => (
        <div key={label} style={{ display: "contents" }}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export interface StatItem {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  to?: string;
  search?: Record<string, string>;
}

/** One strip of figures that belong together; each can lead to its rows. */
export function Stats({ items, label }: { items: StatItem[]; label: string }) {
  return (
    <section className={css["stats"]} aria-label={label}>
      {items.map((item) => {
        const body = (
          <>
            <div className={css["statLabel"]}>{item.label}</div>
            <div className={css["statValue"]}>{item.value}</div>
            <div className={css["statNote"]}>{item.note}</div>
          </>
        );
        return item.to ? (
          <Link key={item.label} className={css["stat"]} to={item.to} search={item.search ?? {}}>
            {body}
          </Link>
        ) : (
          <div key={item.label} className={css["stat"]}>
            {body}
          </div>
        );
      })}
    </section>
  );
}

export function Time({ at, none = "never" }: { at: string | null | undefined; none?: string }) {
  if (!at) return <span className="muted">{none}</span>;
  return (
    <Tooltip label={`${moment(at)}; ${at}`}>
      <time dateTime={at} className="nowrap">
        {ago(at)}
      </time>
    </Tooltip>
  );
}

export interface TimelineItem {
  at: string;
  title: ReactNode;
  detail?: ReactNode;
  tone?: string;
}

export function Timeline({ items, none }: { items: TimelineItem[]; none: string }) {
  if (!items.length) return <p className="muted">{none}</p>;
  return (
    <ol className={css["timeline"]}>
      {items.map((item, index) => (
        <li key={`${item.at}${index}`} data-tone={item.tone}>
          <div>{item.title}</div>
          {item.detail}
          <div className={css["when"]}>
            <Time at={item.at} /> · {moment(item.at)}
          </div>
        </li>
      ))}
    </ol>
  );
}
