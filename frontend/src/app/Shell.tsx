import { ActionIcon } from "@mantine/core";
import { IconMenu2, IconSearch } from "@tabler/icons-react";
import { Outlet, useLocation } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useSession } from "@/api/session";
import { Logo } from "@/ui/Logo";
import { ConnectionBanner } from "./ConnectionBanner";
import { DeletionBanner } from "./DeletionBanner";
import css from "./Shell.module.css";
import { Sidebar } from "./Sidebar";
import { useTheme } from "./useTheme";
import { openPalette, usePaletteKey } from "./palette";
import { useSignInProblem } from "./useSignInProblem";

const Palette = lazy(() => import("./Palette"));

/** The frame around every page: sidebar, banner, palette, content. */
export function Shell() {
  const [openAt, setOpenAt] = useState<string | null>(null);
  const { tenant, user } = useSession();
  const { apply } = useTheme();
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const paletteWanted = usePaletteKey();
  useSignInProblem();
  const open = openAt === pathname;
  useEffect(() => {
    apply(user.theme);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the account's theme is applied when it is read
  }, [user.theme]);
  useEffect(() => {
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <div className={css["frame"]}>
      <a className="skip-link" href="#content">
        Skip to content
      </a>
      <Sidebar open={open} />
      <button
        type="button"
        className={css["veil"]}
        data-open={open}
        aria-label="Close menu"
        onClick={() => setOpenAt(null)}
      />
      <div className={css["main"]}>
        <header className={css["top"]}>
          <ActionIcon
            color="white"
            c="white"
            aria-label="Open menu"
            aria-expanded={open}
            onClick={() => setOpenAt(pathname)}
          >
            <IconMenu2 size={20} aria-hidden />
          </ActionIcon>
          <Logo size={22} />
          <span>{tenant.name}</span>
          <ActionIcon c="white" ml="auto" aria-label="Search" onClick={openPalette}>
            <IconSearch size={18} aria-hidden />
          </ActionIcon>
        </header>
        <DeletionBanner />
        <ConnectionBanner />
        <main id="content" ref={main} tabIndex={-1} className={css["content"]}>
          <Outlet />
        </main>
      </div>
      {paletteWanted ? (
        <Suspense>
          <Palette />
        </Suspense>
      ) : null}
    </div>
  );
}
