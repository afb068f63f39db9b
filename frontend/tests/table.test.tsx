import { fireEvent, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open, place } from "./open";
import { requests } from "./recorded";

describe("the table", () => {
  it("keeps filters and order in the address and asks the server for them", async () => {
    const { user } = await open("/endpoints", "Endpoints");
    await user.click(await screen.findByRole("button", { name: /Filter by state/ }));
    await user.click(await screen.findByRole("checkbox", { name: "Shadow" }));
    await user.click(screen.getByRole("button", { name: "Risk" }));
    await waitFor(() => expect(place().search).toMatchObject({ state: "shadow", sort: "risk" }));
    await waitFor(() => {
      const last = requests()
        .filter((sent) => sent.path === "/endpoints")
        .at(-1);
      expect(last?.query.get("state")).toBe("shadow");
      expect(last?.query.get("sort")).toBe("risk");
    });
  });

  it("opens a row by keyboard alone", async () => {
    await open("/findings", "Findings");
    await screen.findByRole("link", { name: /Authentication is declared/ });
    fireEvent.keyDown(document, { key: "j" });
    fireEvent.keyDown(document, { key: "j" });
    fireEvent.keyDown(document, { key: "k" });
    fireEvent.keyDown(document.activeElement as Element, { key: "Enter" });
    await waitFor(() => expect(place().path).toBe("/findings/fnd_001"));
  });

  it("removes a filter from its chip", async () => {
    const { user } = await open("/endpoints?state=shadow", "Endpoints");
    await user.click(await screen.findByRole("button", { name: "Remove filter State: Shadow" }));
    await waitFor(() => expect(place().search).toEqual({}));
  });
});
