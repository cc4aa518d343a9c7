// examples/socketio.html, opened from its file in Chromium, with the client as npm has it.
// Run: node tests/clients/socketio_browser.mjs http://127.0.0.1:5003

import { chromium } from "playwright-core";

const page_url = new URL(`../../examples/socketio.html?server=${process.argv[2]}`, import.meta.url).href;
const bundle = new URL("node_modules/socket.io-client/dist/socket.io.min.js", import.meta.url).pathname;
const browser = await chromium.launch({ executablePath: process.argv[3] ?? "/usr/bin/chromium" });

async function enter() {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
  await page.route("**/socket.io.min.js", (route) => route.fulfill({ path: bundle }));
  await page.goto(page_url);
  await page.waitForFunction(() => who.textContent.startsWith("You are Guest"));
  return [page, (await page.textContent("#who")).split(" ")[2]];
}

async function say(page, text) {
  await page.fill("#text", text);
  await page.click("text=Send");
}

// Waits until the page shows exactly these lines.
const shows = (page, lines) =>
  page.waitForFunction(
    (wanted) => JSON.stringify([...document.querySelectorAll("li")].map((item) => item.textContent)) === wanted,
    JSON.stringify(lines),
  );

try {
  const [ann, one] = await enter();
  const [bob, two] = await enter();
  await say(ann, "Hello <b>👋</b>");
  await shows(bob, [`${one}: Hello <b>👋</b>`]);
  await say(bob, "Ça va ?");
  await shows(ann, [`${one}: Hello <b>👋</b>`, `${two}: Ça va ?`]);
  await shows(bob, [`${one}: Hello <b>👋</b>`, `${two}: Ça va ?`]);
  console.log("they understood each other");
} finally {
  await browser.close();
}
