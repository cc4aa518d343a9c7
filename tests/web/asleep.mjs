// A tab sleeps while others talk, wakes, and has missed nothing.
// Run: node tests/web/asleep.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, done, enter, post, say, send, shows, shown, story } from "./support.mjs";

await story(async () => {
  const ann = await enter("Ann");
  await post("/register", { username: "Bob" });
  await post("/join_room", { username: "Bob", room_id: "room_General" });
  await send("Bob", "room_General", "before");
  await shows(ann, ["before"]);

  const session = await ann.context().newCDPSession(ann);
  const life = (state) => session.send("Page.setWebLifecycleState", { state });
  await life("frozen");
  const asleep = Array.from({ length: 30 }, (_, number) => `asleep ${number}`);
  for (const text of asleep) await send("Bob", "room_General", text);
  await life("active");
  await shows(ann, ["before", ...asleep]);

  // Away without a connection, for longer than what is replayed: the newest are there, and the
  // hole is named and can be filled.
  await ann.context().setOffline(true);
  await ann.waitForSelector("#state:not([hidden])");
  for (let number = 0; number < 700; number++) await send("Bob", "room_General", `away ${number}`);
  // What is asked for then fails when the page has been well for a while.
  let refusals = 2;
  await ann.route(/\/messages\?.*before_id=\d+&limit=(?!1&)/, async (route) => {
    if (refusals-- <= 0) return route.continue();
    await ann.waitForSelector("#state[hidden]", { state: "attached" });
    return route.fulfill({ status: 503, json: { status: "fail", code: "store_unavailable" } });
  });
  await ann.context().setOffline(false);
  await ann.waitForSelector("#log .said:text-is('away 699')");
  assert.ok(refusals < 0, "it was not asked again");
  await ann.waitForSelector("#state[hidden]", { state: "attached" });
  // Upwards, until the hole is in sight; it is filled page by page.
  const button = ann.locator(".gap button");
  const seen = new Set();
  const look = async () => {
    for (const text of await shown(ann)) seen.add(text);
  };
  await ann.focus("#scroll");
  let holes = 0;
  for (let tries = 0; tries < 200 && !(seen.has("away 0") && seen.has("before")); tries++) {
    await look();
    if (await button.count()) {
      assert.ok(!seen.has("away 0"), "the hole is where something is missing");
      holes++;
      await button.click();
    }
    await ann.evaluate(() => document.querySelector("#scroll").scrollBy(0, -700));
    await ann.evaluate(() => new Promise((drawn) => setTimeout(drawn, 60)));
  }
  assert.ok(holes > 0, "nothing was missing");
  for (let number = 0; number < 700; number++) assert.ok(seen.has(`away ${number}`), `${number}`);
  const list = (await shown(ann)).filter((text) => text.startsWith("away "));
  const numbers = list.map((text) => Number(text.slice(5)));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  assert.equal(new Set(numbers).size, numbers.length);
  await ann.press("#scroll", "Escape");
  await say(ann, "back");
  await ann.waitForSelector("#log .row:last-child .said:text-is('back')");
});
done();
