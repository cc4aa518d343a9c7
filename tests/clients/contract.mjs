// Walks through contract.json with Node's fetch, comparing whole bodies.
// Run: node tests/clients/contract.mjs http://127.0.0.1:5003
// (a server that was just started with `--store memory:`)

import { readFile } from "node:fs/promises";

const base = process.argv[2];
const steps = JSON.parse(await readFile(new URL("contract.json", import.meta.url), "utf8"));

const allowed = {
  "<token>": /^[\w-]{22,}$/,
  "<time>": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  "<epoch>": /./,
  "<text>": /./,
};

// Equality of JSON, where a placeholder stands for what it allows.
function same(wanted, got) {
  if (wanted === got) return true;
  if (typeof wanted === "string") {
    return typeof got === "string" && (allowed[wanted]?.test(got) ?? false);
  }
  if (wanted === null || got === null || typeof wanted !== "object" || typeof got !== "object") {
    return false;
  }
  if (Array.isArray(wanted) !== Array.isArray(got)) return false;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(got).length &&
    keys.every((key) => Object.hasOwn(got, key) && same(wanted[key], got[key]))
  );
}

function request(step, tokens) {
  const [method, path] = step.call.split(" ");
  const url = new URL(path, base);
  url.search = new URLSearchParams(step.query ?? {});
  const options = { method, signal: AbortSignal.timeout(30_000) };
  if ("json" in step) {
    const body = structuredClone(step.json);
    if (body?.token === "<token>") body.token = tokens.get(body.username);
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  if ("form" in step) options.body = new URLSearchParams(step.form);
  if ("text" in step) options.body = step.text; // fetch says text/plain by itself
  return fetch(url, options);
}

const tokens = new Map();
let about = "";
let calls = 0;
let wrong = 0;
for (const step of steps) {
  if (!step.call) {
    about = step.about;
    continue;
  }
  const response = await request(step, tokens);
  const got = await response.json();
  calls += 1;
  if (response.status !== step.status || !same(step.body, got)) {
    wrong += 1;
    console.log(`${about}: ${step.call} ${JSON.stringify(step.json ?? step.query ?? "")}`);
    console.log(`  wanted ${step.status} ${JSON.stringify(step.body)}`);
    console.log(`  got    ${response.status} ${JSON.stringify(got)}`);
  }
  if (step.call === "POST /register" && got.token) {
    tokens.set((step.json ?? step.form).username, got.token);
  }
}
console.log(`${calls} calls, ${wrong} wrong`);
process.exitCode = wrong > 0 || calls === 0 ? 1 : 0;
