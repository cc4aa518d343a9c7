// A web page on another origin than the server's walks through a table with fetch, in Chromium:
// everybody has a browser of their own, which keeps the cookie of their session.
// Run: node tests/clients/page_elsewhere.mjs conversations.json /usr/bin/chromium
// (it prints the origin of the page, which `cors_origins` has to list, and reads the address of a
// server that was just started with `--store memory:`)
//
// Behind it a page that is not listed tries the same in those browsers.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { same } from "./same.mjs";

const [table, executablePath] = process.argv.slice(2);
const steps = JSON.parse(await readFile(new URL(table, import.meta.url), "utf8"));

// A site that has nothing but an empty page; gives its origin.
async function site() {
  const server = createServer((_, answer) => {
    answer.setHeader("Content-Type", "text/html");
    answer.end("<!doctype html><title>A page</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

const [listed, stranger] = [await site(), await site()];
console.log(listed);
const input = createInterface({ input: process.stdin });
const [base] = await once(input, "line");
input.close();

const browser = await chromium.launch({ executablePath });
const pages = new Map();

// The page in the browser of `who`; whoever is nobody has one too, and never logs in.
async function pageOf(who) {
  if (!pages.has(who)) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(listed);
    pages.set(who, page);
  }
  return pages.get(who);
}

// What the page is told by fetch; null when the browser keeps the answer from it.
function ask(page, step, more = {}) {
  return page.evaluate(
    async ({ base, step, more }) => {
      const [method, path] = step.call.split(" ");
      const url = new URL(path, base);
      url.search = new URLSearchParams(step.query ?? {});
      const options = { method, credentials: "include", headers: {}, ...more };
      if ("json" in step) {
        options.body = JSON.stringify(step.json);
        options.headers["Content-Type"] = options.mode ? "text/plain" : "application/json";
      }
      if ("form" in step) options.body = new URLSearchParams(step.form);
      if ("file" in step) {
        options.body = new FormData();
        options.body.append("file", new Blob([step.file.content]), step.file.name);
      }
      if ("range" in step) options.headers.Range = `bytes=${step.range}`;
      try {
        const answer = await fetch(url, options);
        return { type: answer.type, status: answer.status, text: await answer.text() };
      } catch (error) {
        if (error instanceof TypeError) return null;
        throw error;
      }
    },
    { base, step, more },
  );
}

// The cookie is there, and no script sees it.
async function keepsCookie(page) {
  const cookies = await page.context().cookies(base);
  const [cookie] = cookies.filter(({ name }) => name === "chatroom_session");
  return cookie?.httpOnly && cookie.sameSite === "Lax" && (await page.evaluate(() => document.cookie)) === "";
}

function fits(step, got) {
  if (got?.status !== step.status) return false;
  return "text" in step ? got.text === step.text : same(step.body, JSON.parse(got.text));
}

// What everybody sees, wherever they may look.
async function everything(calls) {
  const reads = new Map(calls.filter(({ call }) => call.startsWith("GET ")).map((step) => [step.call, step]));
  const seen = [];
  for (const page of pages.values()) {
    for (const step of reads.values()) {
      const { status, text } = await ask(page, step);
      seen.push([step.call, status, text.replace(/"last_used_at":[^,]*/g, "")]);
    }
  }
  return seen;
}

let about = "";
let calls = 0;
let wrong = 0;
try {
  for (const step of steps) {
    if (!step.call) {
      about = step.about;
      continue;
    }
    const page = await pageOf(step.as ?? "");
    const got = await ask(page, step);
    calls += 1;
    const enters = /^POST \/auth\/(login|register)$/.test(step.call) && step.status < 300;
    if (!fits(step, got) || (enters && !(await keepsCookie(page)))) {
      wrong += 1;
      console.log(`${about}: ${JSON.stringify(step)}\n  got ${JSON.stringify(got)}`);
    }
  }

  const rows = steps.filter(({ call }) => call);
  const before = await everything(rows);
  for (const page of pages.values()) {
    const other = await page.context().newPage();
    await other.goto(stranger);
    for (const step of rows) {
      assert.equal(await ask(other, step), null, `a stranger was answered: ${step.call}`);
      // What a browser sends without asking first; the answer is out of sight.
      if (step.call.startsWith("POST ")) {
        assert.equal((await ask(other, step, { mode: "no-cors" })).type, "opaque");
      }
    }
  }
  assert.deepEqual(await everything(rows), before, "a stranger changed something");
} finally {
  await browser.close();
}
console.log(`${calls} calls, ${wrong} wrong`);
process.exitCode = wrong > 0 || calls === 0 ? 1 : 0;
