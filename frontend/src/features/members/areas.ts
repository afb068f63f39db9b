import { words } from "@/ui/format";

const NAMES: Record<string, string> = { sso: "Single sign-on", tenant: "Workspace" };

/** "blocks.push" belongs to "blocks". */
export const areaOf = (permission: string): string => permission.split(".")[0] ?? permission;
export const areaName = (area: string): string => NAMES[area] ?? words(area);
