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
  imports: "/imports",
  import: "/imports/imp_1",
  alerts: "/alerts",
  deliveries: "/alerts?tab=deliveries",
  profile: "/settings/profile",
  members: "/settings/members",
  tokens: "/settings/tokens",
  audit: "/settings/audit",
  missing: "/findings/fnd_nope",
};

const steps = {
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
  wizard: async (page, shot) => {
    await page.getByRole("button", { name: "Save and check" }).click();
    await page.getByText("Check again").waitFor();
    await shot("wizard-2");
    await page.getByRole("button", { name: /Continue with|Read the/ }).click();
    await page.waitForTimeout(3000);
    await shot("wizard-3");
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
  for (const [name, path] of wanted) {
    await page.goto(BASE + path);
    await page.waitForLoadState("networkidle").catch(() => undefined);
    await shot(name);
    if (steps[name] && look !== "phone") await steps[name](page, shot);
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
