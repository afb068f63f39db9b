import { lazy, Suspense, useEffect } from "react";
import { answerProof, hostProof, proofWanted, useProofWanted } from "@/api/stepUp";

const StepUpDialog = lazy(() => import("./StepUpDialog"));

/**
 * Only the dialog on top closes by Escape: the one below waits for the answer. Dialogs listen on the window too, so this
 * has to be there before any of them.
 */
function onKey(event: KeyboardEvent): void {
  if (event.key !== "Escape" || !proofWanted()) return;
  event.stopImmediatePropagation();
  answerProof(false);
}

/** Listens for requests that need proof of who sits there; the dialog is loaded when one comes. */
export function StepUp() {
  const wanted = useProofWanted();
  useEffect(() => {
    window.addEventListener("keydown", onKey, { capture: true });
    return () => window.removeEventListener("keydown", onKey, { capture: true });
  }, []);
  useEffect(hostProof, []);
  return wanted ? (
    <Suspense>
      <StepUpDialog />
    </Suspense>
  ) : null;
}
