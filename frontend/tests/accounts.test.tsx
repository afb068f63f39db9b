import { slugFrom, strength } from "@/features/accounts/password";
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open } from "./open";
import { requests, serveRecorded } from "./recorded";

describe("sign-up on the public host", () => {
  it("suggests a workspace address and says whether it is free", async () => {
    serveRecorded(undefined, "localhost");
    const { user } = await open("/");
    await user.type(await screen.findByLabelText(/Organisation/), "Größe & Söhne");
    expect(screen.getByLabelText(/Workspace address/)).toHaveValue("grosse-sohne");
    await screen.findByText("Available");
  });

  it("does not send a password that is too short", async () => {
    serveRecorded(undefined, "localhost");
    const { user } = await open("/");
    await user.type(await screen.findByLabelText(/Organisation/), "Initech");
    await user.type(screen.getByLabelText(/^Password/), "short");
    expect(screen.getByText("7 more characters needed")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Create the workspace" })).toBeDisabled();
  });

  it("judges length and variety", () => {
    expect(strength("aaaaaaaaaaaaaaa").level).toBe(1);
    expect(strength("correct horse battery").level).toBe(3);
    expect(slugFrom("  ACME Ltd. ")).toBe("acme-ltd");
  });
});

describe("sign-in on a tenant's host", () => {
  it("keeps the address asked for and opens it afterwards", async () => {
    let inside = false;
    serveRecorded((sent) => {
      if (sent.path === "/session" && sent.method === "POST") inside = true;
      if (sent.path === "/session" && sent.method === "GET" && !inside)
        return { status: 401, body: { title: "Signed out", status: 401 } };
      return undefined;
    });
    const { user } = await open("/findings");
    await user.type(await screen.findByLabelText(/E-mail/), "dana@globex.example");
    await user.type(screen.getByLabelText(/^Password/), "correct horse battery");
    await user.click(screen.getByRole("button", { name: "Sign in" }));
    await screen.findByRole("heading", { level: 1, name: "Findings" });
    await waitFor(() => expect(requests().some((sent) => sent.path === "/findings")).toBe(true));
  });
});
