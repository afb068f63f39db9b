import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open, place } from "./open";
import { requests, serveRecorded } from "./recorded";

describe("a new block", () => {
  it("starts from the actor's suggestion and changes nothing before the last step", async () => {
    const { user } = await open("/blocks/new?actor=act_001", "Preview a block");
    await user.click(await screen.findByRole("checkbox", { name: /globex-edge/ }));
    await user.click(screen.getByRole("button", { name: "Run the preview" }));
    await screen.findByText("Requests hit");
    const asked = requests().find((sent) => sent.path === "/blocks/preview")?.body as {
      ttl_seconds: number;
      match: { networks: string[] };
    };
    expect(asked.ttl_seconds).toBe(86_400);
    expect(asked.match.networks).toEqual(["198.18.4.7/32", "198.18.4.9/32"]);
    await user.click(screen.getByRole("button", { name: "Check the gates" }));
    await screen.findByText("All gates pass");
    await user.click(screen.getByRole("button", { name: "Continue" }));
    expect(screen.getByRole("radio", { name: "Count first" })).toBeChecked();
    expect(requests().filter((sent) => sent.path === "/blocks" && sent.method === "POST")).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Start counting" }));
    await waitFor(() => expect(place().path).toBe("/blocks/blk_001"));
    const pushed = requests().find((sent) => sent.path === "/blocks" && sent.method === "POST");
    expect(pushed?.body).toMatchObject({
      preview_id: "prv_01",
      stage: "count",
      reason: { kind: "threat", id: "thr_001" },
    });
    expect(pushed?.headers.get("Idempotency-Key")).toBeTruthy();
    expect(pushed?.headers.get("X-CSRFToken")).toBe("mock");
  });

  it("cannot go past a gate that refuses", async () => {
    const { user } = await open("/blocks/new?network=198.18.0.0/16", "Preview a block");
    await user.type(screen.getByRole("textbox", { name: /^Reason/ }), "Too wide");
    await user.click(await screen.findByRole("checkbox", { name: /globex-edge/ }));
    await user.click(screen.getByRole("button", { name: "Run the preview" }));
    await user.click(await screen.findByRole("button", { name: "Check the gates" }));
    expect(await screen.findByText("A gate refuses this block")).toBeInTheDocument();
    expect(screen.getByText(/hit 7.3 % of known-good traffic/)).toBeInTheDocument();
    expect(screen.getByText("Logistics partner: 1,204 requests", { exact: false })).toBeInTheDocument();
    expect(screen.queryByText(/\[object/)).not.toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Continue" })).toBeDisabled();
  });

  it("cannot be pushed by a role that may only preview", async () => {
    serveRecorded((sent) => {
      if (sent.path !== "/session") return undefined;
      return {
        status: 200,
        body: {
          user: { id: "u", email: "n@globex.example", name: "Noor", theme: "auto" },
          tenant: { id: "t", slug: "globex", name: "Globex", status: "active" },
          role: "analyst",
          permissions: ["blocks.read", "blocks.preview"],
          csrf_token: "x",
        },
      };
    });
    await open("/blocks/blk_002", /Block calls from/);
    expect(await screen.findByRole("button", { name: "Undo" })).toBeDisabled();
  });
});

describe("a running block", () => {
  it("shows what the vendor holds and is undone in one click", async () => {
    const { user } = await open("/blocks/blk_001", /Block calls from/);
    expect(screen.getByText("Enforced")).toBeInTheDocument();
    expect(screen.getByText("Drifted")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Undo" }));
    await waitFor(() => expect(requests().some((sent) => sent.path === "/blocks/blk_001/undo")).toBe(true));
    const strip = await screen.findByRole("region", { name: "State" });
    expect(await within(strip).findByText("Undone")).toBeInTheDocument();
  });
});
