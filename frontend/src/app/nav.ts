import {
  IconAffiliate,
  IconBell,
  IconBug,
  IconHome,
  IconPlug,
  IconRadar,
  IconSettings,
  IconShieldLock,
  IconStack2,
  type Icon,
} from "@tabler/icons-react";

export interface NavItem {
  label: string;
  to: string;
  icon: Icon;
  group?: string;
  hint: string;
}

export const navigation: NavItem[] = [
  { label: "Overview", to: "/", icon: IconHome, hint: "State of your APIs" },
  {
    label: "Endpoints",
    to: "/endpoints",
    icon: IconAffiliate,
    group: "Inventory",
    hint: "Every operation found",
  },
  {
    label: "Services",
    to: "/services",
    icon: IconStack2,
    group: "Inventory",
    hint: "Endpoints grouped by what runs them",
  },
  {
    label: "Findings",
    to: "/findings",
    icon: IconBug,
    group: "Security",
    hint: "Weak configuration, with fixes",
  },
  {
    label: "Threats",
    to: "/threats",
    icon: IconRadar,
    group: "Security",
    hint: "Who attacks, and what got through",
  },
  {
    label: "Blocks",
    to: "/blocks",
    icon: IconShieldLock,
    group: "Security",
    hint: "Previewed, time-limited, undoable",
  },
  {
    label: "Connections",
    to: "/connections",
    icon: IconPlug,
    group: "Workspace",
    hint: "Gateways and firewalls",
  },
  { label: "Alerts", to: "/alerts", icon: IconBell, group: "Workspace", hint: "Where news is sent" },
  {
    label: "Settings",
    to: "/settings",
    icon: IconSettings,
    group: "Workspace",
    hint: "Your account, people, sign-in, tokens, audit log",
  },
];
