import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { api, ApiProblem, rememberCsrf, unwrap } from "./client";
import type { FactorType, Problem, Session } from "./types";

/** `factors`: the password was right already, and one of these is needed as well. `note`: why nobody can be here now. */
export type Place =
  | { kind: "tenant"; session: Session }
  | { kind: "sign-in"; factors: FactorType[]; note?: string }
  | { kind: "root" };

/** What a refusal asks for as well; empty when it is about something else. */
export function factorsOf(problem: Problem): FactorType[] {
  const { factors } = problem as { factors?: FactorType[] };
  return problem.code === "second-factor-needed" ? (factors ?? []) : [];
}

export const PLACE = ["place"];

async function whereAmI(): Promise<Place> {
  try {
    const session = await unwrap(api.GET("/session", { params: { path: {} } }));
    rememberCsrf(session.csrf_token);
    return { kind: "tenant", session };
  } catch (error) {
    if (error instanceof ApiProblem) {
      if (error.status === 404) return { kind: "root" };
      if (error.status === 401) return { kind: "sign-in", factors: factorsOf(error.problem) };
      if (error.status === 403) return { kind: "sign-in", factors: [], note: error.message };
    }
    throw error;
  }
}

/** Which of the three front doors this host and cookie lead to. */
export function usePlace() {
  return useQuery({ queryKey: PLACE, queryFn: whereAmI, staleTime: 300_000, refetchOnWindowFocus: true });
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
