import { useCallback } from "react";
import { api, ApiProblem, cancelled, unwrap } from "./client";
import { askForProof } from "./stepUp";

const SOON = 30_000;

/** For what the browser fetches by itself: asks who it is when the last proof is over, or about to be. */
export function useProof(): () => Promise<void> {
  return useCallback(async () => {
    const { step_up } = await unwrap(api.GET("/session", { params: { path: {} } }));
    if (step_up.until && Date.parse(step_up.until) > Date.now() + SOON) return;
    if (!(await askForProof())) throw new ApiProblem(cancelled);
  }, []);
}
