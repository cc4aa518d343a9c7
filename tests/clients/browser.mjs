// Two people chat in examples/fetch.html, opened from its file in Chromium.
// Run: node tests/clients/browser.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { chromium } from "playwright-core";

const [server, executablePath] = process.argv.slice(2);
const address = new URL("../../examples/fetch.html", import.meta.url).href;
const browser = await chromium.launch({ executablePath });

async function enter(username) {
  // A context of its own: another person's browser.
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => console.log(`${username}: ${message.text()}`));
  page.on("pageerror", (error) => {
    console.log(`${username}: ${error}`);
    process.exitCode = 1;
  });
  await page.goto(address);
  await page.fill("[name=server]", server);
  await page.fill("[name=username]", username);
  await page.click("text=Enter");
  await page.waitForSelector("[name=message]");
  return page;
}

async function say(page, recipient, message) {
  await page.fill("[name=recipient]", recipient);
  await page.fill("[name=message]", message);
  await page.click("text=Send");
}

// Waits until the page shows exactly these lines.
async function shows(page, lines) {
  const all = () => [...document.querySelectorAll("#messages li")].map((item) => item.textContent);
  await page
    .waitForFunction(`JSON.stringify((${all})()) === ${JSON.stringify(JSON.stringify(lines))}`)
    .catch(async (error) => {
      console.log(`wanted ${lines}, got ${await page.evaluate(all)}`);
      throw error;
    });
}

try {
  const ann = await enter("ann");
  const bob = await enter("bob");
  if ((await ann.evaluate(() => origin)) !== "null") throw new Error("this page has an origin");
  await ann.waitForSelector("#online option[value=bob]", { state: "attached" });
  await say(ann, "bob", "Hello, Bob! <b>👋</b>");
  await shows(bob, ["ann: Hello, Bob! <b>👋</b>"]);
  await say(bob, "ann", "Ça va ?");
  await shows(ann, ["ann: Hello, Bob! <b>👋</b>", "bob: Ça va ?"]);
  await say(bob, "nobody", "Anybody there?");
  await bob.waitForSelector("text=Recipient not online.");
  // Closing the page logs out, so the name is free for the next one.
  await bob.goto("about:blank");
  await ann.waitForSelector("#online option[value=bob]", { state: "detached" });
  await enter("bob");
  console.log("They talked.");
} finally {
  await browser.close();
}
