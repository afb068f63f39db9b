const BROWSERS: [RegExp, string][] = [
  [/Edg(?:A|iOS)?\//, "Edge"],
  [/OPR\//, "Opera"],
  [/SamsungBrowser\//, "Samsung Internet"],
  [/Firefox\/|FxiOS\//, "Firefox"],
  [/HeadlessChrome|Chrome\/|CriOS\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Mac OS X|Macintosh/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

const first = (kinds: [RegExp, string][], text: string): string | undefined =>
  kinds.find(([pattern]) => pattern.test(text))?.[1];

/** "Firefox on Windows" from what a browser calls itself; the start of the text when it is no browser we know. */
export function device(agent: string): string {
  const browser = first(BROWSERS, agent);
  const system = first(SYSTEMS, agent);
  if (browser && system) return `${browser} on ${system}`;
  const text = browser ?? system ?? agent.split(/[\s(]/)[0];
  return text || "Unknown device";
}

const BY: Record<string, string> = {
  password: "Password",
  "password-and-factor": "Password and second factor",
  passkey: "Passkey",
  sso: "Single sign-on",
  "sign-up": "Sign-up",
  invitation: "Invitation",
};

/** What a session was begun with, in words. */
export const beganBy = (by: string): string => BY[by] ?? by;
