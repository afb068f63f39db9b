import { useEffect, useSyncExternalStore } from "react";

/** The palette's code is only loaded once somebody asks for it. */
let wanted = false;
let opened = false;
const listeners = new Set<() => void>();
const tell = (): void => {
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

export function openPalette(): void {
  wanted = true;
  opened = true;
  tell();
}

export function closePalette(): void {
  opened = false;
  tell();
}

export const usePaletteOpen = (): boolean => useSyncExternalStore(subscribe, () => opened);

/** Listens for Ctrl/⌘-K and says whether the palette has been asked for. */
export function usePaletteKey(): boolean {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (opened) closePalette();
        else openPalette();
      }
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
    };
  }, []);
  return useSyncExternalStore(subscribe, () => wanted);
}
