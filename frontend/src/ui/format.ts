/** Numbers and times as people read them. Unknown stays unknown: callers pass null through. */
const whole = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });

export const integer = (value: number): string => whole.format(value);
export const compact = (value: number): string =>
  Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);

/** A share in 0…1. Small but real shares never read as 0 %. */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return "0 %";
  if (value < 0.01) return "< 0.01 %";
  if (value < 1) return `${value.toFixed(2)} %`;
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/** "41.2 MB": in thousands, as file managers count. */
export function bytes(count: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** at;
  return `${at && value < 100 ? value.toFixed(1) : whole.format(value)} ${units[at] ?? ""}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${integer(count)} ${count === 1 ? one : many}`;
}

/** "2 h 5 min" from seconds, at most two units. */
export function duration(seconds: number): string {
  const left = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(left / 86_400), "d"],
    [Math.floor((left % 86_400) / 3600), "h"],
    [Math.floor((left % 3600) / 60), "min"],
    [left % 60, "s"],
  ];
  const from = parts.findIndex(([n]) => n > 0);
  if (from < 0) return "0 s";
  return parts
    .slice(from, from + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}

/** "7 days": a length of time inside a sentence; "1 d 6 h" where one unit does not say it. */
export function spelled(seconds: number): string {
  if (seconds > 0 && seconds % 86_400 === 0) return plural(seconds / 86_400, "day");
  if (seconds > 0 && seconds % 3600 === 0) return plural(seconds / 3600, "hour");
  if (seconds > 0 && seconds % 60 === 0 && seconds < 3600) return plural(seconds / 60, "minute");
  if (seconds > 0 && seconds < 60) return plural(seconds, "second");
  return duration(seconds);
}

export function ago(iso: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < -1) return `in ${duration(-seconds)}`;
  if (seconds < 5) return "just now";
  if (seconds > 86_400 * 30) return day(iso);
  const text = duration(seconds).split(" ");
  return `${text.slice(0, 2).join(" ")} ago`;
}

const dayFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const momentParts = {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
} as const;
const momentFormat = new Intl.DateTimeFormat("en-GB", momentParts);
const yearFormat = new Intl.DateTimeFormat("en-GB", { ...momentParts, year: "numeric" });
export const day = (iso: string): string => dayFormat.format(new Date(iso));

/** "27 Nov, 13:07:32 CET": the reader's own time with its zone, and with the year where it is another one. */
export function moment(iso: string): string {
  const at = new Date(iso);
  const format = at.getFullYear() === new Date().getFullYear() ? momentFormat : yearFormat;
  return format.format(at);
}

const ACRONYMS =
  /\b(api|apis|ip|iban|id|ids|url|waf|acl|acls|tls|sql|xss|ssrf|bola|bfla|jwt|ja3|ja4|dns|http|https|aws|cors|ttl|asn|csv|ssn|bic|vat|cve|rce|lfi|xxe|soap|rest|grpc|sso|scim|saml|oidc)\b/gi;

/** "risk_accepted" → "Risk accepted", "api_key" → "API key". */
export function words(key: string): string {
  const text = key
    .replace(/[._-]+/g, " ")
    .trim()
    .replace(ACRONYMS, (short) =>
      /s$/i.test(short) && /^(apis|ids|acls)$/i.test(short)
        ? `${short.slice(0, -1).toUpperCase()}s`
        : short.toUpperCase(),
    )
    .replace(/\bemail/gi, "e-mail");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
