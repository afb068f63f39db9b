const KEY = "sign-in-problem";

/** The code with which single sign-on sent the browser back here; empty without one. */
export const signInProblem = (): string => new URLSearchParams(window.location.search).get(KEY) ?? "";

/** Takes the code out of the address, so that a reload does not say it again. */
export function withoutProblem(): void {
  const url = new URL(window.location.href);
  if (!url.searchParams.has(KEY)) return;
  url.searchParams.delete(KEY);
  window.history.replaceState(window.history.state, "", url.pathname + url.search + url.hash);
}
