import { useEffect, useState } from "react";
import { problemOf } from "@/api/client";

/** Whole seconds until a refused try may be repeated; 0 when it may be repeated now. */
export function useWait(error: unknown): number {
  const until = error ? problemOf(error).retry_at : undefined;
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!until) return undefined;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 1000);
    return () => clearInterval(timer);
  }, [until]);
  return until ? Math.max(0, Math.ceil((until - now) / 1000)) : 0;
}
