// People in Chromium who chat in the server's own page.
//
// Each has a browser of their own. Whatever goes wrong in a page, or leaves its origin, fails the
// test.

import assert from "node:assert/strict";
import { createInterface } from "node:readline";
import { chromium } from "../clients/node_modules/playwright-core/index.mjs";

export const server = process.argv[2];

const PATIENCE = 30_000;
const troubles = [];
let browser;

// Runs a story in one browser, which is closed whatever happens.
export async function story(tell) {
  browser = await chromium.launch({ executablePath: process.argv[3] });
  try {
    await tell();
    assert.deepEqual(troubles, []);
    console.log("well");
  } finally {
    await browser.close();
  }
}

// A browser of its own, of which nothing may leave the server's origin.
export async function device(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    const inside = origin === server || protocol === "blob:" || protocol === "data:";
    if (!inside) troubles.push(`a request to ${request.url()}`);
  });
  return context;
}

// A browser that may go wherever a page has it go.
export const anywhere = (options) => browser.newContext(options);

// A tab. `expected` says which messages of the console are none of the page's doing.
export async function open(context, path = "/", expected = /Failed to load resource/) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => troubles.push(`${error.stack}`));
  page.on("dialog", (dialog) => troubles.push(`a dialog: ${dialog.message()}`));
  page.on("console", (message) => {
    const bad = message.type() === "error" || message.type() === "warning";
    if (bad && !expected.test(message.text())) troubles.push(`console: ${message.text()}`);
  });
  await page.goto(server + path);
  return page;
}

// Comes in as a guest; gives the tab.
export async function enter(name, { path, options, context } = {}) {
  const page = await open(context ?? (await device(options)), path);
  await page.fill("#name", name);
  await page.click("#enter [type=submit]");
  await page.waitForSelector("#app:not([hidden])");
  return page;
}

export async function say(page, text) {
  await page.fill("#text", text);
  await page.press("#text", "Enter");
}

// Goes to a conversation by its place in the list.
export async function choose(page, name) {
  await page.click(`#side li a:has-text("${name}")`);
  await page.waitForFunction((wanted) => document.querySelector("#title").textContent === wanted, name);
}

// What the open conversation shows, in order.
export const shown = (page) =>
  page.evaluate(() => [...document.querySelectorAll("#log .said")].map((said) => said.textContent));

// Waits until the open conversation shows exactly these messages, none on its way.
export async function shows(page, wanted) {
  const holds = (texts) => {
    const said = [...document.querySelectorAll("#log .said")].map((element) => element.textContent);
    return JSON.stringify(said) === JSON.stringify(texts) && !document.querySelector(".pending");
  };
  await page.waitForFunction(holds, wanted).catch(async (error) => {
    assert.deepEqual(await shown(page), wanted);
    throw error;
  });
}

// A request like those of any other client.
export async function post(path, body) {
  const answer = await fetch(server + path, { method: "POST", body: JSON.stringify(body) });
  const said = await answer.json();
  return { status: answer.status, ...said };
}

export async function send(sender, recipient, message) {
  const answer = await post("/send", { sender, recipient, message });
  assert.equal(answer.status, "success", JSON.stringify(answer));
}

// Tells the test above, and waits for its word.
const lines = createInterface({ input: process.stdin });
const words = lines[Symbol.asyncIterator]();

export async function tell(what) {
  console.log(what);
  const { value } = await words.next();
  return value;
}

export const done = () => lines.close();

export { assert };
