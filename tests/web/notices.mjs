// Notices of the browser: for direct messages and one's own name, only while nobody looks, never
// for what is replayed.
// Run: node tests/web/notices.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, device, done, enter, post, send, story } from "./support.mjs";

await story(async () => {
  await post("/register", { username: "Bob" });
  await post("/join_room", { username: "Bob", room_id: "room_General" });
  const context = await device({ permissions: ["notifications"] });
  await context.addInitScript(() => {
    // A browser without a screen always says that its page is looked at.
    document.hasFocus = () => false;
    window.notices = [];
    window.Notification = class extends Notification {
      constructor(title, options) {
        super(title, options);
        window.notices.push(`${title}: ${options.body}`);
      }
    };
  });
  const ann = await enter("Ann", { context });
  await ann.click("#me");
  await ann.check("#notices");
  await ann.keyboard.press("Escape");
  const notices = () => ann.evaluate(() => window.notices);
  await send("Bob", "room_General", "Annoying, this weather");
  await send("Bob", "room_General", "isn't it, ann?");
  await send("Bob", "Ann", "psst");
  await ann.waitForSelector("#direct .count");
  assert.deepEqual(await notices(), ["Bob in General: isn't it, ann?", "Bob: psst"]);
  await ann.waitForFunction(() => document.title.startsWith("(3)"));
  assert.equal(await ann.textContent("#log .line"), "New messages");

  await context.setOffline(true);
  await ann.waitForSelector("#state:not([hidden])");
  await send("Bob", "Ann", "while you were away");
  await context.setOffline(false);
  await ann.waitForFunction(() => document.title.startsWith("(4)"));
  await send("Bob", "Ann", "and now");
  await ann.waitForFunction(() => document.title.startsWith("(5)"));
  assert.deepEqual((await notices()).slice(2), ["Bob: and now"]);
});
done();
