/**
 * Showing once more who sits there. The client asks here when an answer is `step-up-needed`; the dialog (`app/StepUp`)
 * answers. However many requests wait, the person is asked once.
 */
import { useSyncExternalStore } from "react";

let asked: Promise<boolean> | null = null;
let settle: (shown: boolean) => void = () => undefined;
let hosts = 0;
const listeners = new Set<() => void>();
const tell = (): void => {
  for (const listener of listeners) listener();
};
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
};

/** Whether a dialog is there to ask with; nobody is asked on pages before sign-in. */
export const canAsk = (): boolean => hosts > 0;

/** Resolves to whether the person has shown who they are. */
export function askForProof(): Promise<boolean> {
  asked ??= new Promise((resolve) => {
    settle = resolve;
  });
  tell();
  return asked;
}

export function answerProof(shown: boolean): void {
  const answer = settle;
  asked = null;
  settle = () => undefined;
  tell();
  answer(shown);
}

/** Says that a dialog is there; what still waits when it goes is not carried out. */
export function hostProof(): () => void {
  hosts += 1;
  return () => {
    hosts -= 1;
    if (hosts === 0) answerProof(false);
  };
}

export const proofWanted = (): boolean => asked !== null;
export const useProofWanted = (): boolean => useSyncExternalStore(subscribe, proofWanted);
