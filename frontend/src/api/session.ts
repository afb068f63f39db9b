import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, ApiProblem, rememberCsrf, unwrap } from "./client";
import type { Session } from "./types";

export type Place = { kind: "tenant"; session: Session } | { kind: "sign-in" } | { kind: "root" };

async function whereAmI(): Promise<Place> {
  try {
    const session = await unwrap(api.GET("/session", { params: { path: {} } }));
    rememberCsrf(session.csrf_token);
    return { kind: "tenant", session };
  } catch (error) {
    if (error instanceof ApiProblem) {
      if (error.status === 404) return { kind: "root" };
      if (error.status === 401 || error.status === 403) {
        const token = (error.problem as { csrf_token?: string }).csrf_token;
        rememberCsrf(token ?? null);
        return { kind: "sign-in" };
      }
    }
    throw error;
  }
}

/** Which of the three front doors this host and cookie lead to. */
export function usePlace() {
  return useQuery({ queryKey: ["place"], queryFn: whereAmI, staleTime: 300_000, refetchOnWindowFocus: true });
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("The session is only known inside the signed-in shell.");
  return session;
}

/** Whether this person may do something; the server decides again on each request. */
export function useCan(permission: string): boolean {
  return useSession().permissions.includes(permission);
}

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    await unwrap(api.DELETE("/session", { params: { path: {} } }));
    client.clear();
    window.location.assign("/");
  };
}
