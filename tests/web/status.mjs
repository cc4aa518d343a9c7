// How the server is doing, for whoever is near and for whoever may administer.
// Run: node tests/web/status.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, device, done, open, post, send, story } from "./support.mjs";

const held = (page, name) =>
  page.evaluate((wanted) => {
    const entry = [...document.querySelectorAll("#held dt")].find(({ textContent }) => textContent === wanted);
    return [...entry.parentElement.querySelectorAll("dd")].map(({ textContent }) => textContent).join(", ");
  }, name);

await story(async () => {
  for (const username of ["ann", "bob"]) await post("/register", { username });
  for (let number = 0; number < 12; number++) await send("ann", "bob", `number ${number}`);
  const page = await open(await device(), "/status");
  await page.waitForSelector("#figures:not([hidden])");
  assert.ok((await page.textContent("#health")).startsWith("All is well. Version "));
  assert.ok((await page.textContent("#pace-sum")).startsWith("12 messages in the last "));
  assert.equal(await held(page, "Messages"), "12, 12 in memory");
  // Root has an account, the others a name.
  assert.equal(await held(page, "Accounts"), "1, 1 session");
  assert.ok((await held(page, "People here")).endsWith(", of 3 names"));
  const store = process.env.CHATROOM_TEST_CLUSTER === "1" ? "NATS" : "SQLite";
  assert.equal(await held(page, "Store"), store);
  assert.match(await held(page, "Memory"), /^[\d.,]+ (MB|megabytes?)$/i);

  // A bar for each minute, as high as it had messages; the same as a table, with the keyboard.
  const bars = await page.locator(".chart .bar").count();
  const rows = await page.locator("#pace-table tr").count();
  assert.ok(bars >= 1 && bars === rows);
  const heights = await page.evaluate(() => [...document.querySelectorAll(".chart .bar")].map((bar) => Number(bar.getAttribute("height"))));
  assert.equal(heights.reduce((all, height) => all + height, 0), 60, "12 of 20 is 60 of 100");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "To the chat");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("#pace-table"));

  // It follows what happens, and the table stays open.
  await send("bob", "ann", "one more");
  await page.waitForFunction(() => document.querySelector("#pace-sum").textContent.startsWith("13 messages"));
  assert.ok(await page.isVisible("#pace-table"));

  // Without the server it says so, and what was known stays.
  await page.context().setOffline(true);
  await page.waitForSelector("#state:not([hidden])");
  assert.ok(await page.isVisible("#figures"));
  await page.context().setOffline(false);
  await page.waitForSelector("#state", { state: "hidden" });

  // Through a proxy nobody is near: nothing is shown, until somebody comes who may administer.
  const far = await device({ extraHTTPHeaders: { "X-Forwarded-For": "10.0.0.1" } });
  const locked = await open(far, "/status");
  await locked.waitForSelector("#locked:not([hidden])");
  assert.ok(!(await locked.isVisible("#figures")));
  await locked.click("#locked a");
  await locked.click("#ways [data-way=login]");
  await locked.fill("#name", "root");
  await locked.fill("#password", "correct horse");
  await locked.click("#enter [type=submit]");
  await locked.waitForSelector("#app:not([hidden])");
  const shown = await open(far, "/status");
  await shown.waitForSelector("#figures:not([hidden])");
  assert.ok((await held(shown, "Messages")).startsWith("13, "));
});
done();
