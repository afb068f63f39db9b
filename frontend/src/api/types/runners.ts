import type { Iso } from "./shared";

export interface Runner {
  id: string;
  name: string;
  state: "invited" | "online" | "away";
  version: string;
  allowed: string[];
  read_only: boolean;
  enrolled_at: Iso | null;
  last_seen_at: Iso | null;
  created_at: Iso;
}

export interface NewRunner {
  runner: Runner;
  token: string;
  expires_at: Iso;
  command: string;
}
