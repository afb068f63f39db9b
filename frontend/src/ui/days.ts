const DAY = 86_400_000;

/** So many days from now, as a time in UTC. */
export const afterDays = (days: number): string => new Date(Date.now() + days * DAY).toISOString();

/** The local date of a time, as a date field writes it. */
export function dayOf(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

export const dayAfter = (days: number): string => dayOf(afterDays(days));

/** The last second of a local day, as a time in UTC. */
export const endOf = (day: string): string => new Date(`${day}T23:59:59`).toISOString();
