import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Profiler } from "react";
import { App } from "@/app/App";

/** Opens the real application at an address and waits for its heading; counts its renders. */
export async function open(path: string, heading?: RegExp | string) {
  window.history.replaceState(null, "", path);
  const user = userEvent.setup();
  const renders = { count: 0 };
  const view = render(
    <Profiler id="app" onRender={() => (renders.count += 1)}>
      <App />
    </Profiler>,
  );
  if (heading) await screen.findByRole("heading", { level: 1, name: heading }, { timeout: 10_000 });
  return { user, renders, ...view };
}

/** Where the application is now. */
export const place = () => ({
  path: window.location.pathname,
  search: Object.fromEntries(new URLSearchParams(window.location.search)),
});
