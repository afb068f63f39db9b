import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./ui/styles/fonts.css";
import "./ui/styles/tokens.css";
import "./ui/styles/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";

// A page of an older version asks for files that are gone after an update: load the new version, once.
window.addEventListener("vite:preloadError", (event) => {
  const key = "reloaded-after-update";
  const last = Number(window.sessionStorage.getItem(key) ?? 0);
  if (Date.now() - last < 60_000) return;
  window.sessionStorage.setItem(key, String(Date.now()));
  event.preventDefault();
  window.location.reload();
});

const element = document.getElementById("root");
if (element) {
  createRoot(element).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
