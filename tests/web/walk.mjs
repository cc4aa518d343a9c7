// Two people meet: a room, messages both ways, a direct message, a reload.
// Run: node tests/web/walk.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, choose, device, done, enter, open, say, shows, story } from "./support.mjs";

await story(async () => {
  // Who only looks writes nothing.
  const context = await device();
  const methods = new Set();
  context.on("request", (request) => methods.add(request.method()));
  const looker = await open(context);
  await looker.waitForSelector("#announcement:not([hidden])");
  await looker.waitForSelector("#welcome:not([hidden])");
  assert.deepEqual([...methods], ["GET"]);
  await looker.close();

  const ann = await enter("Ann");
  // Whoever comes in first finds a room open.
  await ann.waitForSelector("#title:text('General')");
  const bob = await enter("Bob", { path: "/#room_General" });
  await say(bob, "Hello, Ann! <b>👋</b>");
  await shows(ann, ["Hello, Ann! <b>👋</b>"]);
  await say(ann, "Ça va, Bob ?");
  await say(ann, "See https://example.org/a_(b).");
  const talk = ["Hello, Ann! <b>👋</b>", "Ça va, Bob ?", "See https://example.org/a_(b)."];
  await shows(bob, talk);
  await shows(ann, talk);
  const link = bob.locator("#log a");
  assert.equal(await link.getAttribute("href"), "https://example.org/a_(b)");
  assert.match(await link.getAttribute("rel"), /noopener/);
  assert.equal(await ann.locator("#log .mine").count(), 2);
  assert.equal(await ann.locator("#log .mention").count(), 1);

  // A room of their own.
  await ann.click("#make-room");
  await ann.check("#new-room-people input[value=Bob]");
  await ann.click("#new-room [type=submit]");
  await ann.waitForSelector("#title:text('Room 1')");
  await say(ann, "Just us here");
  await bob.waitForSelector("#rooms li:has-text('Room 1') .count");
  assert.match(await bob.title(), /^\(\d\)/);
  await choose(bob, "Room 1");
  await shows(bob, ["Just us here"]);
  assert.equal(await bob.textContent("#log .line"), "New messages");
  assert.match(await bob.textContent("#log .notice"), /^Room 1 has been created/);
  await bob.waitForFunction(() => !document.querySelector("#rooms .count"));

  // A direct message, to somebody who looks elsewhere.
  await bob.click("#new-message");
  await bob.fill("#switcher-text", "an");
  await bob.press("#switcher-text", "Enter");
  await bob.waitForSelector("#title:text('Ann')");
  await say(bob, "Only for you");
  await ann.waitForSelector("#direct li:has-text('Bob') .count");
  await choose(ann, "Bob");
  await shows(ann, ["Only for you"]);
  await say(ann, "Thank you");
  await shows(bob, ["Only for you", "Thank you"]);

  // What was begun, who one is, where one was: all there after a reload.
  await ann.fill("#text", "a draft");
  await ann.reload();
  await ann.waitForSelector("#title:text('Bob')");
  assert.equal(await ann.textContent("#me-name"), "Ann");
  await shows(ann, ["Only for you", "Thank you"]);
  assert.equal(await ann.inputValue("#text"), "a draft");
  assert.equal(await ann.locator("#log .mine .said").textContent(), "Thank you");

  // A room that is left is gone; the other is told.
  await choose(ann, "Room 1");
  await shows(ann, ["Just us here"]);
  await choose(bob, "Room 1");
  await ann.click("#leave-room");
  await bob.waitForSelector(".notice:text('Ann has left room 1.')");
  await ann.waitForFunction(() => !document.querySelector("#rooms").textContent.includes("Room 1"));

  // Who gives the name back is asked for one again.
  await ann.click("#me");
  await ann.click("#leave");
  await ann.waitForSelector("#welcome:not([hidden])");
  const again = await open(ann.context());
  await again.waitForSelector("#welcome:not([hidden])");
});
done();
