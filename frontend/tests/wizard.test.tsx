import { cleanSettings } from "@/features/connections/settings";
import { ApiProblem, fieldErrors } from "@/api/client";
import { screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { open } from "./open";
import { requests } from "./recorded";

describe("connecting a gateway", () => {
  it("goes from the catalogue to the first read and names a missing permission with its fix", async () => {
    const { user } = await open("/connections/new", /Connect a gateway/);
    await user.click(await screen.findByRole("button", { name: "Connect Amazon API Gateway and AWS WAF" }));
    await user.click(await screen.findByRole("button", { name: "Continue" }));
    expect(await screen.findByText("pcl-7Q2M-x81k-90fa")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Save and check" }));
    expect(await screen.findByText(/AccessDenied on log group/)).toBeInTheDocument();
    expect(screen.getByText("How to grant it")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Continue with what is granted" }));
    expect(await screen.findByRole("progressbar", { name: "Progress of the read" })).toBeInTheDocument();
    await waitFor(() => expect(requests().some((sent) => sent.path.endsWith("/sync"))).toBe(true));
  });

  it("has nothing to check or read for what only sends calls, and shows whether they arrive", async () => {
    const { user } = await open("/connections/new", /Connect a gateway/);
    await user.click(await screen.findByRole("button", { name: "Connect nginx" }));
    await user.click(await screen.findByRole("button", { name: "Continue" }));
    await user.click(await screen.findByRole("button", { name: "Save and continue" }));
    expect(await screen.findByRole("heading", { name: "Calls received" })).toBeInTheDocument();
    expect(requests().some((sent) => /\/(check|sync)$/.test(sent.path))).toBe(false);
  });

  it("does not send generated values or a stored secret that was not retyped", () => {
    const schema = {
      required: ["url"],
      properties: { external_id: { generated: true }, token: { secret: true }, url: {}, note: {} },
    };
    expect(cleanSettings(schema, { external_id: "x", token: { set: true }, url: "u", note: "" })).toEqual({
      url: "u",
    });
  });

  it("asks for what the chosen way to sign in needs, and sends nothing of the other", async () => {
    const { user } = await open("/connections/con_apigee?tab=settings", /Legacy, Apigee/);
    expect(await screen.findByLabelText(/Service account key/)).toBeInTheDocument();
    expect(screen.queryByLabelText(/Workload identity provider/)).not.toBeInTheDocument();
    await user.type(screen.getByLabelText(/Service account key/), "typed before");
    await user.click(screen.getByRole("combobox", { name: /Sign in with/ }));
    await user.click(await screen.findByRole("option", { name: "federation" }));
    expect(screen.queryByLabelText(/Service account key/)).not.toBeInTheDocument();
    await user.type(screen.getByLabelText(/Workload identity provider/), "projects/1");
    await user.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(requests().some((request) => request.method === "PATCH")).toBe(true));
    const sent = requests().findLast((request) => request.method === "PATCH")?.body as {
      settings: Record<string, unknown>;
    };
    expect(sent.settings).toMatchObject({ sign_in: "federation", workload_provider: "projects/1" });
    expect(sent.settings).not.toHaveProperty("service_account_key");
  });

  it("puts a problem beside its field", () => {
    const error = new ApiProblem({
      type: "",
      title: "",
      status: 422,
      detail: "",
      errors: [{ pointer: "/settings/role_arn", detail: "Not an ARN." }],
    });
    expect(fieldErrors(error)).toEqual({ role_arn: "Not an ARN." });
  });
});
