// Runs the scripts of JavaScript policies in Node as Apigee's Rhino would: one JSON request and answer a line. Each script gets
// its own world without what came after ECMAScript 5.
"use strict";
const vm = require("vm");
const readline = require("readline");

const LATER = {
  String: ["at", "codePointAt", "endsWith", "includes", "matchAll", "normalize", "padEnd", "padStart", "repeat", "replaceAll",
    "startsWith", "trimEnd", "trimStart"],
  Array: ["at", "copyWithin", "entries", "fill", "find", "findIndex", "findLast", "findLastIndex", "flat", "flatMap",
    "includes", "keys", "toReversed", "toSorted", "toSpliced", "values", "with"],
};
const GLOBALS = ["Map", "Set", "WeakMap", "WeakSet", "Promise", "Proxy", "Reflect", "Symbol", "BigInt", "globalThis", "WebAssembly"];
const BARE = `(function () {
  var later = ${JSON.stringify(LATER)};
  Object.keys(later).forEach(function (name) {
    later[name].forEach(function (member) { delete this[name].prototype[member]; }, this);
  }, this);
  ["assign", "entries", "fromEntries", "hasOwn", "is", "values"].forEach(function (name) { delete Object[name]; });
  ${JSON.stringify(GLOBALS)}.forEach(function (name) { delete this[name]; }, this);
}).call(this)`;
const worlds = new Map();

function world(source) {
  if (!worlds.has(source)) {
    const sandbox = vm.createContext({});
    vm.runInContext(BARE, sandbox);
    worlds.set(source, { sandbox, script: new vm.Script(source) });
  }
  return worlds.get(source);
}

function run(asked) {
  const variables = new Map(Object.entries(asked.variables));
  const { sandbox, script } = world(asked.source);
  sandbox.context = {
    getVariable: (name) => (variables.has(name) ? variables.get(name) : null),
    setVariable: (name, value) => { variables.set(name, value); return true; },
  };
  let error;
  try { script.runInContext(sandbox, { timeout: asked.limit }); } catch (thrown) { error = String(thrown); }
  return { error, variables: Object.fromEntries(variables) };
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try { answer = run(JSON.parse(line)); } catch (error) { answer = { error: String(error) }; }
  process.stdout.write(JSON.stringify(answer) + "\n");
});
