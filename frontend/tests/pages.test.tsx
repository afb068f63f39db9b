import { screen, waitFor } from "@testing-library/react";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { open } from "./open";

const pages: [string, RegExp][] = [
  ["/", /Overview/],
  ["/endpoints", /Endpoints/],
  ["/endpoints/ep_001", /GET/],
  ["/services", /Services/],
  ["/services/svc_orders", /orders/],
  ["/findings", /Findings/],
  ["/findings/fnd_001", /Authentication is declared/],
  ["/threats", /Threats/],
  ["/actors/act_001", /user:7f31c9/],
  ["/blocks", /Blocks/],
  ["/blocks/new", /Preview a block/],
  ["/blocks/blk_001", /Block calls from/],
  ["/blocks/protected", /Protected networks/],
  ["/connections", /Connections/],
  ["/connections/new", /Connect a gateway/],
  ["/connections/con_aws", /Production, eu-west-1/],
  ["/connections/con_aws?tab=changes", /Production, eu-west-1/],
  ["/connections/con_aws?tab=accounts", /Production, eu-west-1/],
  ["/connections/con_kong?tab=changes", /Partner gateway/],
  ["/imports", /Import a file/],
  ["/imports/imp_1", /access-2026/],
  ["/alerts", /Alerts/],
  ["/settings/members", /Settings/],
  ["/settings/tokens", /Settings/],
  ["/settings/audit", /Settings/],
];

describe("every page", () => {
  it.each(pages)("%s opens with one heading and no accessibility violation", async (path, heading) => {
    const { container } = await open(path, heading);
    expect(screen.getAllByRole("heading", { level: 1 })).toHaveLength(1);
    // Colours need a real browser: scripts/shots.mjs checks them there.
    const found = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(found.violations.map((item) => `${item.id}: ${item.nodes[0]?.html ?? ""}`)).toEqual([]);
  });

  it.each(pages)("%s comes to rest once it shows its data", async (path, heading) => {
    const { renders } = await open(path, heading);
    await waitFor(
      async () => {
        const before = renders.count;
        await new Promise((resolve) => setTimeout(resolve, 100));
        expect(renders.count).toBe(before);
      },
      // A page that renders without end never rests; a busy machine only takes longer.
      { timeout: 15_000 },
    );
  });
});
