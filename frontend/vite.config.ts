/// <reference types="vitest/config" />
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The recorded back end is a dev-server plugin: nothing of it can reach the production bundle. */
export default defineConfig(async ({ mode }) => ({
  base: "/",
  plugins: [react(), ...(mode === "mock" ? [(await import("./mocks/plugin.ts")).mockApi()] : [])],
  resolve: { alias: { "@": path("./src"), "@mocks": path("./mocks") } },
  // The host name says which tenant: it is passed on as the browser sent it.
  server: {
    proxy: Object.fromEntries(
      ["/api", "/_allauth", "/sso", "/session/handoff"].map((prefix) => [
        prefix,
        { target: process.env["PORTCULLIS_URL"] ?? "http://127.0.0.1:8000", changeOrigin: false },
      ]),
    ),
  },
  build: {
    outDir: "dist",
    assetsDir: "assets",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./tests/setup.ts"],
    include: ["tests/**/*.test.{ts,tsx}"],
    css: false,
    testTimeout: 20_000,
  },
}));
