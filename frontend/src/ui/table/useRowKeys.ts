import { useEffect, useState, type RefObject } from "react";

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** j/k or arrows move a row cursor, Enter opens the row; typing in a field is left alone. */
export function useRowKeys(
  body: RefObject<HTMLTableSectionElement | null>,
  count: number,
  open: ((index: number) => void) | undefined,
): number {
  const [cursor, setCursor] = useState(-1);
  useEffect(() => {
    const move = (to: number): void => {
      const next = Math.max(0, Math.min(count - 1, to));
      setCursor(next);
      const row = body.current?.rows.item(next);
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
    };
    const onKey = (event: KeyboardEvent): void => {
      if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || count === 0) return;
      const inside = body.current?.contains(event.target as Node) ?? false;
      const onRow = event.target instanceof HTMLTableRowElement;
      if (event.key === "j" || (inside && event.key === "ArrowDown")) {
        event.preventDefault();
        move(cursor + 1);
      } else if (event.key === "k" || (inside && event.key === "ArrowUp")) {
        event.preventDefault();
        move(cursor - 1);
      } else if (event.key === "Enter" && onRow && inside && open && cursor >= 0) {
        event.preventDefault();
        open(cursor);
      }
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, [body, count, cursor, open]);
  return cursor;
}
