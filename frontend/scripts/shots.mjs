// Screenshots of every page on the recorded back end. Usage: npm run build && node scripts/shots.mjs [page…]
// Needs a running `npm run preview:mock`; CHROMIUM names the browser.
import { mkdirSync } from "node:fs";
import { chromium } from "playwright-core";

const BASE = process.env.BASE ?? "http://globex.localhost:5198";
const ROOT = process.env.ROOT_BASE ?? "http://localhost:5198";
const AXE_SOURCE = new URL("../node_modules/axe-core/axe.min.js", import.meta.url).pathname;
const OUT = new URL("../.shots/", import.meta.url).pathname;
mkdirSync(OUT, { recursive: true });

const pages = {
  overview: "/",
  endpoints: "/endpoints?state=active,shadow",
  endpoint: "/endpoints/ep_001",
  services: "/services",
  service: "/services/svc_orders",
  findings: "/findings",
  finding: "/findings/fnd_001",
  threats: "/threats",
  actor: "/actors/act_001",
  blocks: "/blocks",
  block: "/blocks/blk_001",
  newblock: "/blocks/new?actor=act_001",
  protected: "/blocks/protected",
  connections: "/connections",
  connect: "/connections/new",
  wizard: "/connections/new?connection=con_aws",
  connection: "/connections/con_aws",
  traffic: "/connections/con_aws?tab=traffic",
  read: "/connections/con_aws?tab=configuration",
  changes: "/connections/con_aws?tab=changes",
  changesmany: "/connections/con_aws?tab=changes&range=month",
  changesnone: "/connections/con_aws?tab=changes",
  changesnever: "/connections/con_aws?tab=changes",
  changesunknown: "/connections/con_kong?tab=changes",
  changesunread: "/connections/con_kong?tab=changes",
  changesunsupported: "/connections/con_apigee?tab=changes",
  accounts: "/connections/con_aws?tab=accounts",
  accountsunread: "/connections/con_aws?tab=accounts",
  imports: "/imports",
  import: "/imports/imp_1",
  alerts: "/alerts",
  deliveries: "/alerts?tab=deliveries",
  account: "/settings/account",
  members: "/settings/members",
  sso: "/settings/sso",
  provisioning: "/settings/provisioning",
  tokens: "/settings/tokens",
  runners: "/settings/runners",
  connectionsettings: "/connections/con_aws?tab=settings",
  federationsettings: "/connections/con_apigee?tab=settings",
  signins: "/settings/sign-ins",
  audit: "/settings/audit",
  auditfiltered: "/settings/audit?action=block.&range=month&actor=usr_1",
  workspace: "/settings/workspace",
  missing: "/findings/fnd_nope",
  endpointsmany: "/endpoints",
  overviewnone: "/",
  overviewquiet: "/",
  endpointsnone: "/endpoints",
  servicesnone: "/services",
  findingsnone: "/findings",
  threatsnone: "/threats",
  blocksnone: "/blocks",
  connectionsnone: "/connections",
  importsnone: "/imports",
  alertsnone: "/alerts",
  deliveriesnone: "/alerts?tab=deliveries",
  overviewerror: "/",
  endpointserror: "/endpoints",
  endpointerror: "/endpoints/ep_001",
  findingserror: "/findings",
  threatserror: "/threats",
  blockserror: "/blocks",
  newblockerror: "/blocks/new?actor=act_001",
  connectionserror: "/connections",
  importserror: "/imports",
  alertserror: "/alerts",
  signin: "/",
  signinfactor: "/",
  signinrequired: "/?sign-in-problem=sso-domain",
  reset: "/account/reset#secret",
  resetspent: "/account/reset#spent",
  verify: "/account/email#secret",
  invitation: "/invitation#secret",
  invitationspent: "/invitation#spent",
  needsfactor: "/",
  offer: "/",
  deletion: "/settings/workspace",
  forbidden: "/settings/sso",
  accountnone: "/settings/account",
  membersnone: "/settings/members",
  ssonone: "/settings/sso",
  provisioningnone: "/settings/provisioning",
  tokensnone: "/settings/tokens",
  auditnone: "/settings/audit",
  workspacenone: "/settings/workspace",
  memberserror: "/settings/members",
  ssoerror: "/settings/sso",
  auditerror: "/settings/audit",
  accounterror: "/settings/account",
};

/** Answers of the recorded back end that a page needs otherwise: [method, address under /api/v1, answer from the usual one]. */
const nothing = () => ({ status: 200, body: { data: [], next: null } });
const fault = () => ({
  status: 503,
  body: {
    title: "Temporarily unavailable",
    status: 503,
    detail: "The database is being moved; nothing was changed.",
    action: "Try again in a minute.",
    request_id: "req_01shot",
  },
});
const signedOut = (more = {}) => [
  "GET",
  /^\/session$/,
  () => ({ status: 401, body: { code: "not-signed-in", title: "Not signed in", status: 401, ...more } }),
];
const session = (change) => ["GET", /^\/session$/, (usual) => ({ status: 200, body: change(usual) })];
const reading = (changes) => [
  "GET",
  /^\/connections\/[^/]+$/,
  (usual) => ({ status: 200, body: { ...usual, changes: { ...usual.changes, ...changes } } }),
];
const organization = (change) => [
  "GET",
  /^\/connections\/[^/]+$/,
  (usual) => ({ status: 200, body: { ...usual, organization: { ...usual.organization, ...change } } }),
];
/** The first look at a new workspace; `quiet`: connected, but nothing has been called or found. */
const fresh = (quiet) => (usual) => ({
  status: 200,
  body: {
    ...usual,
    counts: {
      ...Object.fromEntries(Object.keys(usual.counts).map((key) => [key, 0])),
      ...(quiet ? { services: 1, endpoints: 12 } : {}),
    },
    findings_by_severity: {},
    risk: { score: quiet ? 0 : null, previous: null },
    calls_series: [],
    top_endpoints: quiet ? usual.top_endpoints.map((row) => ({ ...row, calls_24h: null })) : [],
    top_actors: [],
    setup: usual.setup.map((step, at) => ({ ...step, done: quiet && at < 2 })),
    recent: [],
  },
});
/** A long list: the recorded rows again and again, under other paths. */
const many = (usual) => ({
  status: 200,
  body: {
    data: Array.from({ length: 200 }, (_, at) => {
      const row = usual.data[at % usual.data.length];
      const depth = "/organisations/{organisation_id}/departments/{department_id}".repeat(
        at % 4 === 3 ? 2 : 0,
      );
      return { ...row, id: `ep_m${at}`, template: `/v${1 + (at % 7)}${depth}${row.template}` };
    }),
    next: "more",
  },
});
const otherwise = {
  overviewnone: [
    ["GET", /^\/overview$/, fresh(false)],
    ["GET", /^\/connections$/, nothing],
  ],
  overviewquiet: [["GET", /^\/overview$/, fresh(true)]],
  endpointsmany: [["GET", /^\/endpoints$/, many]],
  endpointsnone: [["GET", /^\/endpoints$/, nothing]],
  servicesnone: [["GET", /^\/services$/, nothing]],
  findingsnone: [["GET", /^\/findings$/, nothing]],
  threatsnone: [["GET", /^\/threats$/, nothing]],
  blocksnone: [["GET", /^\/blocks$/, nothing]],
  connectionsnone: [["GET", /^\/connections$/, nothing]],
  importsnone: [["GET", /^\/imports$/, nothing]],
  accountsunread: [
    organization({
      state: "failed",
      read_at: null,
      accounts: {},
      error: {
        detail: "AWS answered AccessDeniedException to organizations:ListAccounts: not authorized.",
        unchanged: "",
        action: "Allow organizations:ListAccounts in the role's policy.",
      },
    }),
    ["GET", /^\/connections\/[^/]+\/accounts$/, nothing],
  ],
  alertsnone: [["GET", /^\/alert-destinations$/, nothing]],
  deliveriesnone: [["GET", /^\/alert-deliveries$/, nothing]],
  overviewerror: [["GET", /^\/overview$/, fault]],
  endpointserror: [["GET", /^\/endpoints/, fault]],
  endpointerror: [["GET", /^\/endpoints\/ep_001$/, fault]],
  findingserror: [["GET", /^\/findings/, fault]],
  threatserror: [["GET", /^\/threats/, fault]],
  blockserror: [["GET", /^\/blocks$/, fault]],
  newblockerror: [["POST", /^\/blocks\/preview$/, fault]],
  connectionserror: [["GET", /^\/connections$/, fault]],
  importserror: [["GET", /^\/imports$/, fault]],
  alertserror: [["GET", /^\/alert-destinations$/, fault]],
  signin: [signedOut()],
  signinfactor: [
    signedOut({ code: "second-factor-needed", factors: ["recovery_codes", "totp", "webauthn"] }),
  ],
  signinrequired: [
    signedOut(),
    ["GET", /^\/sso\/sign-in$/, (usual) => ({ status: 200, body: { ...usual, required: true } })],
  ],
  reset: [signedOut()],
  invitation: [signedOut()],
  needsfactor: [
    session((usual) => ({ ...usual, needs: "second-factor", permissions: [] })),
    ["GET", /authenticators$/, () => ({ status: 200, body: { data: [] } })],
  ],
  offer: [session((usual) => ({ ...usual, by: "sign-up", step_up: { until: null, ways: ["password"] } }))],
  deletion: [
    [
      "GET",
      /^\/tenant\/deletion$/,
      () => ({
        status: 200,
        body: { delete_after: new Date(Date.now() + 5e8).toISOString(), grace_hours: 168 },
      }),
    ],
  ],
  forbidden: [session((usual) => ({ ...usual, role: "viewer", permissions: ["members.read"] }))],
  accountnone: [
    session((usual) => ({
      ...usual,
      user: { ...usual.user, email_verified: false, name: "" },
      step_up: { until: null, ways: [] },
      by: "sso",
      provider: "idp_okta",
    })),
    ["GET", /authenticators$/, () => ({ status: 200, body: { data: [] } })],
  ],
  membersnone: [
    ["GET", /^\/invitations$/, nothing],
    ["GET", /^\/sign-ins$/, nothing],
    ["GET", /^\/members$/, (usual) => ({ status: 200, body: { data: usual.data.slice(0, 1), next: null } })],
  ],
  ssonone: [["GET", /^\/sso\/(providers|domains|links|scim\/groups)$/, nothing]],
  provisioningnone: [
    ["GET", /^\/sso\/scim\/(tokens|events|groups)$/, nothing],
    [
      "GET",
      /^\/sso\/scim$/,
      (usual) => ({
        status: 200,
        body: {
          ...usual,
          active: false,
          tokens: 0,
          provisioned: 0,
          groups: 0,
          last_request_at: null,
          last_change_at: null,
          last_error_at: null,
        },
      }),
    ],
  ],
  changesmany: [
    [
      "GET",
      /\/changes$/,
      (usual) => ({
        status: 200,
        body: {
          data: Array.from({ length: 50 }, (_, at) => ({
            ...usual.data[at % usual.data.length],
            id: `chg_m${at}`,
          })),
          next: "more",
        },
      }),
    ],
  ],
  changesnone: [["GET", /\/changes$/, nothing]],
  changesnever: [["GET", /\/changes$/, nothing], reading({ state: "never", since: null, read_at: null })],
  changesunread: [["GET", /\/changes$/, nothing], reading({ since: null, read_at: null })],
  federationsettings: [
    [
      "GET",
      /^\/connections\/[^/]+$/,
      (usual) => ({
        status: 200,
        body: { ...usual, settings: { organization: "globex-apis", sign_in: "federation" } },
      }),
    ],
    [
      "GET",
      /\/setup$/,
      (usual) => ({
        status: 200,
        body: {
          generated: {
            federation_issuer: "https://portcullis.example",
            federation_subject: "workspace:t_0123456789abcdef:connection:con_01k8x0000000000000000000aa",
          },
          texts: [
            {
              ...usual.texts[1],
              title: "Sign in without a key: gcloud",
              body: "gcloud iam workload-identity-pools providers create-oidc …",
            },
          ],
        },
      }),
    ],
  ],
  tokensnone: [["GET", /^\/tokens$/, nothing]],
  auditnone: [["GET", /^\/audit$/, nothing]],
  workspacenone: [["GET", /^\/archives$/, nothing]],
  memberserror: [["GET", /^\/(members|invitations|sign-in-policy|roles)$/, fault]],
  ssoerror: [["GET", /^\/sso\/(providers|domains|links|policy)$/, fault]],
  auditerror: [
    ["GET", /^\/audit$/, fault],
    [
      "POST",
      /^\/audit\/verify$/,
      () => ({
        status: 200,
        body: {
          ok: false,
          checked: 811,
          sequence: 812,
          until: 840,
          fault: "Entry 812 is not the one that was signed: its hash differs.",
          signed: { sequence: 1284, at: new Date().toISOString(), key: "ed25519-7f31c9", reason: "" },
          restored: [],
        },
      }),
    ],
  ],
  accounterror: [["GET", /(authenticators|account\/sessions)$/, fault]],
};

const steps = {
  federationsettings: async (page, shot) => {
    await page.getByRole("combobox", { name: /Sign in with/ }).click();
    await page.getByRole("option", { name: "key" }).click();
    await page.getByLabel(/Service account key/).waitFor();
    await shot("federationsettings-key");
  },
  newblock: async (page, shot) => {
    for (const name of ["globex-edge", "Kong production"]) await page.getByLabel(new RegExp(name)).check();
    await shot("newblock-1");
    await page.getByRole("button", { name: "Run the preview" }).click();
    await page.getByText("Requests hit", { exact: true }).waitFor();
    await shot("newblock-2");
    await page.getByRole("button", { name: "Check the gates" }).click();
    await shot("newblock-3");
    await page.getByRole("button", { name: "Continue" }).click();
    await shot("newblock-4");
  },
  newblockerror: async (page, shot) => {
    await page.getByLabel(/globex-edge/).check();
    await page.getByRole("button", { name: "Run the preview" }).click();
    await page.getByText("being moved").waitFor();
    await shot("newblockerror-1");
  },
  alerts: async (page, shot) => {
    await page.getByRole("button", { name: "Add a destination" }).click();
    await page.getByLabel("Name").waitFor();
    await shot("alerts-form");
  },
  wizard: async (page, shot) => {
    await page.getByRole("button", { name: "Save and check" }).click();
    await page.getByText("Check again").waitFor();
    await shot("wizard-2");
    await page.getByRole("button", { name: /Continue with|Read the/ }).click();
    await page.waitForTimeout(3000);
    await shot("wizard-3");
  },
  account: async (page, shot) => {
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByLabel("New password").fill("globex dana 2026");
    await page.getByRole("button", { name: "Change the address" }).click();
    await shot("account-forms");
    await page.getByRole("button", { name: "Make new ones" }).first().click();
    await page
      .getByRole("dialog", { name: "Make new recovery codes?" })
      .getByRole("button", { name: "Make new ones" })
      .click();
    await page.getByText("Show that it is you").waitFor();
    await shot("stepup");
    await page.getByRole("button", { name: "Use the password" }).click();
    const dialog = page.getByRole("dialog", { name: "Show that it is you" });
    await dialog.locator("input").fill("wrong");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("The password is wrong").waitFor();
    await shot("stepup-wrong");
    await dialog.locator("input").fill("correct horse");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Keep your recovery codes").waitFor();
    await shot("codes");
  },
  accountnone: async (page, shot) => {
    await page.getByRole("button", { name: "Set up" }).click();
    await page.getByText("Scan this with").waitFor();
    await shot("addapp");
  },
  members: async (page, shot) => {
    await page.getByLabel("E-mail addresses").fill("sam@x.example, ines.moreau@globex.example");
    await page.getByRole("button", { name: /^Invite \d/ }).click();
    await page.getByText("the mail is on its way").waitFor();
    await shot("members-invited");
  },
  sso: async (page, shot) => {
    await page.getByRole("button", { name: "Check now" }).click();
    await page.getByText("no TXT record was found").waitFor();
    await page.getByRole("button", { name: "Move rule 2 up" }).click();
    await page.getByRole("button", { name: "Add a rule" }).click();
    await page.getByRole("combobox", { name: "Group of rule 3" }).fill("Finance");
    await page.getByRole("combobox", { name: "Group of rule 3" }).press("Tab");
    await shot("sso-changed");
    await page.getByRole("button", { name: "Add another provider" }).click();
    await page.getByText("Create an app at the provider first").waitFor();
    await shot("sso-form");
  },
  provisioning: async (page, shot) => {
    await page.getByRole("button", { name: "Create a token" }).click();
    await page.getByLabel("Name").fill("Entra");
    await shot("scim-token");
  },
  tokens: async (page, shot) => {
    await page.getByRole("button", { name: "Create a token" }).click();
    await page.getByText("Everything to read").waitFor();
    await page.getByRole("textbox", { name: "Name" }).fill("Nightly export");
    await shot("token-new");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByText("copy the token now").waitFor();
    await shot("token-made");
  },
  changes: async (page, shot) => {
    await page.getByRole("button", { name: "UpdateStage" }).click();
    await page.getByText("Open this entry at the vendor").waitFor();
    await shot("changes-entry");
    await page.getByRole("button", { name: "all by this one" }).click();
    await page.getByText("Who: ").waitFor();
    await shot("changes-by-one");
  },
  audit: async (page, shot) => {
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page.getByText("Unbroken over").waitFor();
    await page.getByRole("button", { name: "finding.triage" }).first().click();
    await page.getByText("risk_accepted").first().waitFor();
    await shot("audit-entry");
  },
  auditerror: async (page, shot) => {
    await page.getByRole("button", { name: "Verify the chain" }).click();
    await page.getByText("Broken between").waitFor();
    await shot("audit-broken");
  },
  workspace: async (page, shot) => {
    await page.getByRole("button", { name: "Delete the workspace" }).click();
    await shot("workspace-delete");
  },
  signin: async (page, shot) => {
    await page.getByLabel("E-mail").fill("dana@globex.example");
    await page.locator("input[type=password]").fill("slow down");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("Possible again").waitFor();
    await shot("signin-wait");
    await page.getByRole("button", { name: "Forgot the password?" }).click();
    await shot("forgot");
  },
  signinfactor: async (page, shot) => {
    await page.getByRole("button", { name: /code of the authenticator/ }).click();
    await page.getByRole("textbox").fill("000000");
    await page.getByText("does not fit").waitFor();
    await shot("signin-code");
  },
};

const only = process.argv.slice(2);
const wanted = Object.entries(pages).filter(([name]) => !only.length || only.includes(name));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
for (const [look, scheme, width, height] of [
  ["light", "light", 1440, 900],
  ["dark", "dark", 1440, 900],
  ["phone", "light", 390, 844],
]) {
  if (process.env.LOOK && process.env.LOOK !== look) continue;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  page.on(
    "console",
    (message) =>
      ["error", "warning"].includes(message.type()) &&
      console.log(look, page.url(), message.text().slice(0, 300)),
  );
  page.on("pageerror", (error) => console.log(look, page.url(), "PAGE ERROR", error.message));
  const shot = async (name) => {
    await page.waitForTimeout(500);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) console.log(look, name, `scrolls sideways by ${wide} px`);
    if (process.env.FULL === "1") {
      const tall = await page.evaluate(() => document.documentElement.scrollHeight);
      await page.setViewportSize({ width, height: Math.max(height, tall) });
      await page.waitForTimeout(200);
    }
    if (process.env.AXE === "1") {
      await page.addScriptTag({ path: AXE_SOURCE });
      const found = await page.evaluate(() =>
        globalThis.axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        }),
      );
      for (const item of found.violations) {
        console.log(
          look,
          name,
          item.impact,
          item.id,
          item.nodes.length,
          item.nodes[0].html.slice(0, 160),
          (item.nodes[0].any[0]?.message ?? "").slice(0, 160),
        );
      }
    }
    await page.screenshot({ path: `${OUT}${name}.${look}.png` });
    await page.setViewportSize({ width, height });
  };
  let answers = [];
  await context.route(/\/(api\/v1|_allauth\/browser\/v1)\//, async (route) => {
    const address = new URL(route.request().url()).pathname.replace(/^\/(api|_allauth\/browser)\/v1/, "");
    const other = answers.find(([verb, where]) => verb === route.request().method() && where.test(address));
    if (!other) return route.fallback();
    // Only browsers know that *.localhost is this machine.
    const url = new URL(route.request().url());
    const headers = { ...route.request().headers(), host: url.host };
    url.hostname = "localhost";
    // Nobody waits for it any more when the page has moved on.
    const usual = await route
      .fetch({ url: url.href, headers })
      .then((answer) => answer.json())
      .catch(() => null);
    if (!usual && other[2].length) return route.abort();
    const { status, body } = other[2](usual);
    return route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) });
  });
  for (const [name, path] of wanted) {
    answers = otherwise[name] ?? [];
    // Afresh, also when only what stands behind # differs.
    await page.goto("about:blank");
    await page.goto(BASE + path);
    await page.waitForLoadState("networkidle").catch(() => undefined);
    // Requests that fail are tried again before the page says so.
    if (name.endsWith("error") && name !== "newblockerror")
      await page
        .getByRole("alert")
        .first()
        .waitFor()
        .catch(() => console.log(look, name, "no problem shown"));
    await shot(name);
    if (steps[name] && look !== "phone")
      await steps[name](page, shot).catch((error) => console.log(look, name, "STEP FAILED", error.message));
  }
  if (!only.length || only.includes("landing")) {
    await page.goto(ROOT);
    await page.getByRole("textbox", { name: "Organisation" }).fill("Globex Trading");
    await page.waitForTimeout(700);
    await shot("landing");
  }
  await context.close();
}
await browser.close();
