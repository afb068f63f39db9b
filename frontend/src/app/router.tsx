import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { ErrorState } from "@/ui/States";
import { textSearch } from "@/ui/table/useUrlState";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const under = <P extends string>(path: P) => ({ getParentRoute: () => root, path });

const overview = createRoute({
  ...under("/"),
  component: lazyRouteComponent(() => import("@/features/overview/OverviewPage")),
});

const endpoints = createRoute({
  ...under("/endpoints"),
  validateSearch: textSearch(["q", "state", "method", "auth", "data_class", "service", "exposure", "sort"]),
  component: lazyRouteComponent(() => import("@/features/inventory/EndpointsPage")),
});
const endpoint = createRoute({
  ...under("/endpoints/$id"),
  component: lazyRouteComponent(() => import("@/features/inventory/EndpointPage")),
});
const services = createRoute({
  ...under("/services"),
  validateSearch: textSearch(["q", "sort"]),
  component: lazyRouteComponent(() => import("@/features/inventory/ServicesPage")),
});
const service = createRoute({
  ...under("/services/$id"),
  component: lazyRouteComponent(() => import("@/features/inventory/ServicePage")),
});

const findings = createRoute({
  ...under("/findings"),
  validateSearch: textSearch(["q", "status", "severity", "check", "service", "endpoint", "sort"]),
  component: lazyRouteComponent(() => import("@/features/findings/FindingsPage")),
});
const finding = createRoute({
  ...under("/findings/$id"),
  component: lazyRouteComponent(() => import("@/features/findings/FindingPage")),
});

const threats = createRoute({
  ...under("/threats"),
  validateSearch: textSearch(["q", "status", "severity", "sort"]),
  component: lazyRouteComponent(() => import("@/features/threats/ThreatsPage")),
});
const threat = createRoute({
  ...under("/threats/$id"),
  component: lazyRouteComponent(() => import("@/features/threats/ThreatPage")),
});
const actor = createRoute({
  ...under("/actors/$id"),
  component: lazyRouteComponent(() => import("@/features/threats/ActorPage")),
});

const blocks = createRoute({
  ...under("/blocks"),
  validateSearch: textSearch(["status", "sort"]),
  component: lazyRouteComponent(() => import("@/features/blocks/BlocksPage")),
});
const newBlock = createRoute({
  ...under("/blocks/new"),
  validateSearch: textSearch(["actor", "threat", "finding", "network", "method", "path"]),
  component: lazyRouteComponent(() => import("@/features/blocks/NewBlockPage")),
});
const protectedNetworks = createRoute({
  ...under("/blocks/protected"),
  component: lazyRouteComponent(() => import("@/features/blocks/ProtectedPage")),
});
const block = createRoute({
  ...under("/blocks/$id"),
  component: lazyRouteComponent(() => import("@/features/blocks/BlockPage")),
});

const connections = createRoute({
  ...under("/connections"),
  component: lazyRouteComponent(() => import("@/features/connections/ConnectionsPage")),
});
const newConnection = createRoute({
  ...under("/connections/new"),
  validateSearch: textSearch(["connector", "connection"]),
  component: lazyRouteComponent(() => import("@/features/connections/NewConnectionPage")),
});
const connection = createRoute({
  ...under("/connections/$id"),
  validateSearch: textSearch(["tab", "author", "object", "range"]),
  component: lazyRouteComponent(() => import("@/features/connections/ConnectionPage")),
});
const imports = createRoute({
  ...under("/imports"),
  component: lazyRouteComponent(() => import("@/features/imports/ImportsPage")),
});
const oneImport = createRoute({
  ...under("/imports/$id"),
  component: lazyRouteComponent(() => import("@/features/imports/ImportPage")),
});

const alerts = createRoute({
  ...under("/alerts"),
  validateSearch: textSearch(["tab"]),
  component: lazyRouteComponent(() => import("@/features/alerts/AlertsPage")),
});
const settings = createRoute({
  ...under("/settings"),
  component: lazyRouteComponent(() => import("@/features/settings/SettingsPage")),
});
const settingsPart = createRoute({
  ...under("/settings/$part"),
  validateSearch: textSearch([
    "q",
    "actor",
    "actor_kind",
    "action",
    "target",
    "range",
    "since",
    "until",
    "user",
    "outcome",
    "show",
    "tested",
    "sort",
  ]),
  component: lazyRouteComponent(() => import("@/features/settings/SettingsPage")),
});

const inventory = createRoute({
  ...under("/inventory"),
  beforeLoad: () => {
    throw redirect({ to: "/endpoints" });
  },
});

const routeTree = root.addChildren([
  overview,
  endpoints,
  endpoint,
  services,
  service,
  findings,
  finding,
  threats,
  threat,
  actor,
  blocks,
  newBlock,
  protectedNetworks,
  block,
  connections,
  newConnection,
  connection,
  imports,
  oneImport,
  alerts,
  settings,
  settingsPart,
  inventory,
]);

export const makeRouter = () =>
  createRouter({
    routeTree,
    defaultPreload: "intent",
    defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
    scrollRestoration: true,
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
