import { useEffect, type ReactNode } from "react";
import { Logo } from "@/ui/Logo";
import css from "./Front.module.css";

interface FrontCardProps {
  title: string;
  lead?: ReactNode;
  foot?: ReactNode;
  children: ReactNode;
}

/** The frame of every page before sign-in: one card, one heading. */
export function FrontCard({ title, lead, foot, children }: FrontCardProps) {
  useEffect(() => {
    document.title = `${title} · Portcullis`;
  }, [title]);
  return (
    <main className={css["center"]}>
      <div className={css["card"]}>
        <div className={css["brand"]}>
          <Logo size={30} /> Portcullis
        </div>
        <h1 className={css["cardTitle"]}>{title}</h1>
        {lead ? <div className={css["cardLead"]}>{lead}</div> : null}
        {children}
        {foot ? <div className={css["cardFoot"]}>{foot}</div> : null}
      </div>
    </main>
  );
}
