import { screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { connectionDetail } from "@mocks/connections";
import { open } from "./open";
import { requests, serveRecorded } from "./recorded";

const ACCOUNTS = "/connections/con_aws?tab=accounts";
const asked = () => requests().filter((sent) => sent.path === "/connections/con_aws/roll-out");

async function row(name: string): Promise<HTMLElement> {
  return (await screen.findByText(name)).closest("tr") as HTMLElement;
}

describe("accounts of an organisation", () => {
  it("are read through a connection of their own", async () => {
    await open(ACCOUNTS, /Production/);
    const shop = within(await row("111122223333"));
    expect(shop.getByRole("link", { name: "shop-production" })).toHaveAttribute(
      "href",
      "/connections/con_a0",
    );
    expect(await screen.findByText(/2 connected, 1 not known, 1 refused by us/)).toBeInTheDocument();
  });

  it("that let nobody in are not known, with the reason", async () => {
    await open(ACCOUNTS, /Production/);
    const late = within(await row("data-platform"));
    expect(late.getByText("Not known")).toBeInTheDocument();
    expect(late.getByText(/it is not there yet, or it trusts another principal/)).toBeInTheDocument();
    expect(late.getByText("no connection")).toBeInTheDocument();
  });

  it("that left stay listed as gone", async () => {
    await open(ACCOUNTS, /Production/);
    expect(within(await row("555566667777")).getByText("Gone")).toBeInTheDocument();
  });

  it("are looked at again when asked, and taken in again one by one", async () => {
    const { user } = await open(ACCOUNTS, /Production/);
    await user.click(await screen.findByRole("button", { name: "Look now" }));
    await waitFor(() => expect(asked().map((sent) => sent.body)).toEqual([{ accounts: [] }]));
    await user.click(within(await row("sandbox")).getByRole("button", { name: "connect it again" }));
    await waitFor(() => expect(asked().at(-1)?.body).toEqual({ accounts: ["444455556666"] }));
  });

  it("of one state can be asked for", async () => {
    await open(`${ACCOUNTS}&state=refused`, /Production/);
    await row("legacy-erp");
    expect(screen.queryByText("sandbox")).not.toBeInTheDocument();
  });

  it("are not none while the organisation could not be listed", async () => {
    const detail = connectionDetail("con_aws");
    serveRecorded((sent) => {
      if (sent.path.endsWith("/accounts")) return { status: 200, body: { data: [], next: null } };
      if (sent.path !== "/connections/con_aws") return undefined;
      const organization = {
        state: "failed",
        read_at: null,
        failed_at: null,
        accounts: {},
        error: { detail: "AWS refused organizations:ListAccounts.", unchanged: "", action: "Allow it." },
      };
      return { status: 200, body: { ...detail, organization } as never };
    });
    await open(ACCOUNTS, /Production/);
    expect(await screen.findByText("Which accounts there are is not known")).toBeInTheDocument();
    expect(screen.getByText(/AWS refused organizations:ListAccounts\./)).toBeInTheDocument();
    expect(await screen.findByText("No account is known yet")).toBeInTheDocument();
    expect(screen.queryByText(/has no other account/)).not.toBeInTheDocument();
  });

  it("have no tab where one account is read", async () => {
    await open("/connections/con_kong", /Partner/);
    expect(screen.getByRole("tab", { name: "Changes" })).toBeInTheDocument();
    expect(screen.queryByRole("tab", { name: "Accounts" })).not.toBeInTheDocument();
  });
});
