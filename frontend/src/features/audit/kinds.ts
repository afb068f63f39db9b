import { words } from "@/ui/format";

/** Who or what acts, as the trail names it. */
export const KINDS: Record<string, string> = {
  user: "Person",
  token: "API token",
  job: "Background work",
  sso: "Identity provider, at sign-in",
  scim: "Identity provider, by SCIM",
  system: "Portcullis itself",
};
export const kindName = (kind: string): string => KINDS[kind] ?? words(kind);

/** Beginnings of actions, for the list one can choose from; anything else can be typed. */
export const AREAS = [
  "archive.",
  "block.",
  "connection.",
  "email.",
  "factor.",
  "finding.",
  "invitation.",
  "member.",
  "password.",
  "protected-network.",
  "scim.",
  "session.",
  "sign-in.policy",
  "sso.",
  "tenant.",
  "threat.",
  "token.",
];
