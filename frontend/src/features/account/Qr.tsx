import { encodeQR } from "qr";
import { useMemo } from "react";

/** A QR code drawn as one path, black on white in both themes: a camera has to read it. */
export function Qr({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      style={{ width: 184, height: 184, flex: "none", borderRadius: 6, background: "#fff" }}
    >
      <path d={path} fill="#000" />
    </svg>
  );
}

/** Squares of one unit each, with the quiet zone of four that readers ask for. */
export function drawn(text: string): { size: number; path: string } {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: 4 });
  const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return { size: rows.length, path };
}
