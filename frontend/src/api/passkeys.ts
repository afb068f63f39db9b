/** The browser's side of passkeys. What goes wrong there is a problem with a way on, like an answer of the server. */
import { ApiProblem } from "./client";

export interface CreationOptions {
  publicKey: PublicKeyCredentialCreationOptionsJSON;
}
export interface RequestOptions {
  publicKey: PublicKeyCredentialRequestOptionsJSON;
}

/** Passkeys need a secure address (https, or localhost) and a browser of 2025 or later. */
export const passkeysWork = (): boolean =>
  typeof PublicKeyCredential !== "undefined" &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function";

function refused(title: string, detail: string, action: string): ApiProblem {
  return new ApiProblem({
    type: "about:blank",
    title,
    status: 0,
    code: "passkey",
    detail,
    unchanged: "Nothing was changed.",
    action,
  });
}

/** Says in words why the browser gave no passkey. */
function explained(cause: unknown): unknown {
  const name = cause instanceof Error ? cause.name : "";
  if (name === "NotAllowedError" || name === "AbortError")
    return refused(
      "No passkey was used",
      "The browser’s window was closed, took too long, or found no passkey for this address.",
      "Try again, or go another way.",
    );
  if (name === "InvalidStateError")
    return refused(
      "This device has a passkey already",
      "A passkey for this account is on this device or key.",
      "Use that one, or add one on another device.",
    );
  if (name === "SecurityError")
    return refused(
      "Passkeys do not work at this address",
      "The browser allows them on secure addresses only.",
      "Open the workspace by its https address.",
    );
  return cause;
}

async function ceremony(run: () => Promise<Credential | null>): Promise<unknown> {
  if (!passkeysWork())
    throw refused(
      "This browser cannot use passkeys here",
      "It is too old, or the address is not a secure one.",
      "Use another browser or another way.",
    );
  let made: Credential | null = null;
  try {
    made = await run();
  } catch (cause) {
    throw explained(cause);
  }
  return (made as PublicKeyCredential | null)?.toJSON();
}

export const createPasskey = ({ publicKey }: CreationOptions): Promise<unknown> =>
  ceremony(() =>
    navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey),
    }),
  );

export const askPasskey = ({ publicKey }: RequestOptions): Promise<unknown> =>
  ceremony(() =>
    navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }),
  );
