import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";
import { serveRecorded } from "./recorded";

configure({ asyncUtilTimeout: 8_000 });

// What the browser has and jsdom lacks.
window.matchMedia ??= (query: string) =>
  ({
    matches: query.includes("prefers-reduced-motion"),
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
    onchange: null,
    dispatchEvent: () => false,
  }) as MediaQueryList;
window.ResizeObserver ??= class {
  observe(): void {
    return;
  }
  unobserve(): void {
    return;
  }
  disconnect(): void {
    return;
  }
};
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
Object.defineProperty(document, "fonts", { value: new EventTarget(), configurable: true });
// axe asks for a canvas to measure icons; without one it skips that.
HTMLCanvasElement.prototype.getContext = () => null;
URL.createObjectURL ??= () => "blob:test";
URL.revokeObjectURL ??= () => undefined;

beforeEach(() => {
  window.localStorage.clear();
  serveRecorded();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});
