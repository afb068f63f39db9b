// First load of any page: the entry and everything it imports statically, gzipped. Fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const gz = (file) => gzipSync(readFileSync(new URL(file, dist))).length / 1000;

const seen = new Set();
const visit = (key) => {
  if (seen.has(key)) return;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) visit(next);
};
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
visit(entry);

const initial = [...seen].reduce((sum, key) => sum + gz(manifest[key].file), 0);
const css = [...new Set([...seen].flatMap((key) => manifest[key].css ?? []))].reduce(
  (sum, f) => sum + gz(f),
  0,
);
const rest = Object.entries(manifest)
  .filter(([key, chunk]) => !seen.has(key) && chunk.file.endsWith(".js"))
  .map(([key, chunk]) => [gz(chunk.file), key])
  .sort((a, b) => b[0] - a[0]);

console.log(
  `initial JavaScript ${initial.toFixed(1)} kB gz of ${BUDGET_KB}; initial CSS ${css.toFixed(1)} kB gz`,
);
for (const [size, key] of rest.slice(0, 8))
  console.log(`  on demand ${size.toFixed(1).padStart(7)} kB gz  ${key}`);
if (initial > BUDGET_KB) {
  console.error(`over budget by ${(initial - BUDGET_KB).toFixed(1)} kB gz`);
  process.exit(1);
}
