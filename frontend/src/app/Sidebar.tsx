import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useSession } from "@/api/session";
import { overviewQuery } from "@/features/overview/query";
import { compact } from "@/ui/format";
import { Logo } from "@/ui/Logo";
import { navigation, type NavItem } from "./nav";
import { openPalette } from "./palette";
import css from "./Shell.module.css";
import { SetupChecklist } from "./SetupChecklist";
import { UserMenu } from "./UserMenu";

export function Sidebar({ open }: { open: boolean }) {
  const { tenant } = useSession();
  const overview = useQuery(overviewQuery);
  const counts = overview.data?.counts;
  const badge: Record<string, { n: number; hot: boolean } | undefined> = counts
    ? {
        "/endpoints": { n: counts.endpoints, hot: false },
        "/findings": { n: counts.findings_open, hot: counts.critical > 0 },
        "/threats": { n: counts.threats_open, hot: counts.threats_open > 0 },
        "/blocks": { n: counts.blocks_active, hot: false },
      }
    : {};
  return (
    <aside className={css["side"]} data-open={open} aria-label="Workspace">
      <div className={css["brand"]}>
        <Logo />
        <div style={{ minWidth: 0 }}>
          <div className={css["brandName"]}>{tenant.name}</div>
          <div className={css["brandSub"]}>Portcullis</div>
        </div>
      </div>
      <button type="button" className={css["search"]} onClick={openPalette}>
        <IconSearch size={15} aria-hidden />
        Search
        <kbd>{navigator.platform.startsWith("Mac") ? "⌘K" : "Ctrl K"}</kbd>
      </button>
      <nav aria-label="Main" className={css["nav"]}>
        {navigation.map((item, index) => (
          <div key={item.to}>
            {item.group && navigation[index - 1]?.group !== item.group ? (
              <div className={css["group"]}>{item.group}</div>
            ) : null}
            <NavLink item={item} badge={badge[item.to]} />
          </div>
        ))}
      </nav>
      {overview.data ? <SetupChecklist steps={overview.data.setup} /> : null}
      <div className={css["foot"]}>
        <UserMenu />
      </div>
    </aside>
  );
}

function NavLink({ item, badge }: { item: NavItem; badge: { n: number; hot: boolean } | undefined }) {
  return (
    <Link
      to={item.to}
      className={css["link"]}
      activeOptions={{ exact: item.to === "/", includeSearch: false }}
    >
      <item.icon size={17} stroke={1.7} aria-hidden />
      {item.label}
      {badge && badge.n > 0 ? (
        <span className={`${css["badge"]} ${badge.hot ? css["badgeHot"] : ""}`}>{compact(badge.n)}</span>
      ) : null}
    </Link>
  );
}
