import { Menu } from "@mantine/core";
import {
  IconApi,
  IconCheck,
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useSession, useSignOut } from "@/api/session";
import type { Theme } from "@/api/types";
import { words } from "@/ui/format";
import css from "./Shell.module.css";
import { useTheme } from "./useTheme";

const themes: { value: Theme; label: string; icon: typeof IconSun }[] = [
  { value: "system", label: "Same as the system", icon: IconDeviceDesktop },
  { value: "light", label: "Light", icon: IconSun },
  { value: "dark", label: "Dark", icon: IconMoon },
];

export function UserMenu() {
  const { user, role } = useSession();
  const { theme, setTheme } = useTheme();
  const signOut = useSignOut();
  const name = user.name || user.email;
  return (
    <Menu position="top-start" width={232} shadow="md">
      <Menu.Target>
        <button type="button" className={css["user"]}>
          <span className={css["avatar"]} aria-hidden>
            {name.slice(0, 2).toUpperCase()}
          </span>
          <span className={css["userText"]}>
            <span className="visually-hidden">Account menu of </span>
            {name}
            <small>{words(role)}</small>
          </span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/settings/account" leftSection={<IconUser size={15} aria-hidden />}>
          Account and security
        </Menu.Item>
        <Menu.Item
          component="a"
          href="/api/docs"
          target="_blank"
          rel="noreferrer"
          leftSection={<IconApi size={15} aria-hidden />}
        >
          REST API reference
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Theme</Menu.Label>
        {themes.map((item) => (
          <Menu.Item
            key={item.value}
            role="menuitemradio"
            aria-checked={theme === item.value}
            leftSection={<item.icon size={15} aria-hidden />}
            rightSection={theme === item.value ? <IconCheck size={14} aria-hidden /> : null}
            onClick={() => setTheme(item.value)}
          >
            {item.label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={15} aria-hidden />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
