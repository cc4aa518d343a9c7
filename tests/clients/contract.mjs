// Walks through contract.json with Node's fetch, comparing whole bodies.
// Run: node tests/clients/contract.mjs http://127.0.0.1:5003
// (a server that was just started with `--store memory:`)

import { readFile } from "node:fs/promises";
import { same } from "./same.mjs";

const base = process.argv[2];
const steps = JSON.parse(await readFile(new URL("contract.json", import.meta.url), "utf8"));

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
