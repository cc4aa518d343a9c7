// The page at /docs in Chromium, reached by a name as on a real network: it renders, calls the
// server, and asks no other host for anything.
// Run: node tests/clients/docs.mjs http://127.0.0.1:5003 [SCREENSHOT.png]

import { chromium } from "playwright-core";

const port = new URL(process.argv[2]).port;
const origin = `http://chat.lan:${port}`;
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--host-resolver-rules=MAP chat.lan 127.0.0.1"],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
page.setDefaultTimeout(60_000);

const complaints = [];
page.on("request", (request) => {
  const url = new URL(request.url());
  if (url.protocol !== "data:" && url.origin !== origin) complaints.push(`asked for ${url}`);
});
page.on("response", (response) => {
  if (response.status() >= 400) complaints.push(`${response.status()} for ${response.url()}`);
});
// What the page's policy forbids is told here too.
page.on("console", (message) => {
  if (message.type() === "error") complaints.push(message.text());
});
page.on("pageerror", (error) => complaints.push(String(error)));

await page.goto(`${origin}/docs`);
await page.waitForSelector(".opblock");
console.log(`${await page.locator(".opblock").count()} operations`);
if (process.argv[3]) await page.screenshot({ path: process.argv[3], fullPage: true });

// The example is sent as it stands.
await page.click("#operations-People-register .opblock-summary-control");
await page.click("#operations-People-register .try-out__btn");
await page.click("#operations-People-register .execute");
const body = "#operations-People-register .live-responses-table .response-col_description";
await page.waitForSelector(`${body} >> text=User ann registered successfully.`);
console.log("registered ann");

await browser.close();
for (const complaint of complaints) console.log(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
