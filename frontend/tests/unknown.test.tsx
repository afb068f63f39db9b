import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open } from "./open";
import { serveRecorded } from "./recorded";

describe("what nobody could read", () => {
  it("is shown as not known, never as zero", async () => {
    await open("/endpoints", "Endpoints");
    const row = (await screen.findByText("/CustomerService", { exact: false })).closest("tr");
    expect(row).not.toBeNull();
    const cells = within(row as HTMLElement);
    expect(cells.getAllByLabelText(/^not known:/).length).toBeGreaterThanOrEqual(2);
    expect(cells.getByText("Not known")).toBeInTheDocument();
  });

  it("does not call an unread workspace clean", async () => {
    serveRecorded((sent) =>
      sent.path === "/findings" ? { status: 200, body: { data: [], next: null } } : undefined,
    );
    await open("/findings", "Findings");
    expect(await screen.findByText(/not the same as clean/)).toBeInTheDocument();
  });
});

describe("changes at the vendor", () => {
  const none = () =>
    serveRecorded((sent) =>
      sent.path.endsWith("/changes") ? { status: 200, body: { data: [], next: null } } : undefined,
    );

  it("are none only when the audit trail was read", async () => {
    none();
    await open("/connections/con_aws?tab=changes", /Production/);
    expect(await screen.findByText(/^No changes since/)).toBeInTheDocument();
  });

  it("are not known when it could not be read, with the reason", async () => {
    none();
    await open("/connections/con_kong?tab=changes", /Partner/);
    expect(await screen.findByText("Nothing can be said of changes")).toBeInTheDocument();
    expect(screen.getByText(/refused GET \/audit\/requests/)).toBeInTheDocument();
    expect(screen.queryByText(/^No changes/)).not.toBeInTheDocument();
  });

  it("are not known for a vendor whose trail is not read", async () => {
    await open("/connections/con_apigee?tab=changes", /Legacy/);
    expect(await screen.findByText("Who changes what here is not known")).toBeInTheDocument();
  });

  it("narrow to one author from an entry", async () => {
    const { user } = await open("/connections/con_aws?tab=changes", /Production/);
    await user.click(await screen.findByRole("button", { name: "CreateDeployment" }));
    await user.click(await screen.findByRole("button", { name: "all by this one" }));
    expect(await screen.findByText(/^Who: deploy-apis/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "UpdateAccount" })).not.toBeInTheDocument();
  });
});

describe("a failed request", () => {
  it("says what happened, what stayed, what to do and the id to quote", async () => {
    serveRecorded((sent) =>
      sent.path === "/findings"
        ? {
            status: 503,
            body: {
              type: "x",
              title: "Reading is paused",
              status: 503,
              detail: "The database is being moved.",
              unchanged: "No finding was changed.",
              action: "Try again in a minute.",
              request_id: "req_42",
            },
          }
        : undefined,
    );
    await open("/findings", "Findings");
    const alert = await screen.findByRole("alert", {}, { timeout: 15_000 });
    for (const text of [
      "Reading is paused",
      "The database is being moved.",
      "No finding was changed.",
      "Try again in a minute.",
    ]) {
      expect(within(alert).getByText(text)).toBeInTheDocument();
    }
    expect(within(alert).getByText(/req_42/)).toBeInTheDocument();
    expect(within(alert).getByRole("button", { name: "Try again" })).toBeInTheDocument();
  });
});
