import { queryOptions } from "@tanstack/react-query";
import { authenticators } from "@/api/factors";

export const FACTORS = ["factors"];

export const factorsQuery = queryOptions({ queryKey: FACTORS, queryFn: authenticators });

/** Epoch seconds as the rest of the product writes times. */
export const iso = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString();
