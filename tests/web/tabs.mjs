// Two tabs of one person share one stream, whichever of them is closed or asleep.
// Run: node tests/web/tabs.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, done, enter, open, post, say, send, shows, story } from "./support.mjs";

await story(async () => {
  await post("/register", { username: "Bob" });
  await post("/join_room", { username: "Bob", room_id: "room_General" });
  const first = await enter("Ann");
  const context = first.context();
  let streams = 0;
  context.on("request", (request) => {
    if (new URL(request.url()).pathname === "/events") streams++;
  });
  await send("Bob", "room_General", "one");
  await shows(first, ["one"]);
  const second = await open(context, "/#room_General");
  await shows(second, ["one"]);
  await send("Bob", "room_General", "two");
  await shows(first, ["one", "two"]);
  await shows(second, ["one", "two"]);
  await say(second, "three");
  await shows(first, ["one", "two", "three"]);
  await shows(second, ["one", "two", "three"]);
  assert.equal(streams, 0, "the second tab opened a stream of its own");

  // What is read in one is read in the other.
  await send("Bob", "Ann", "psst");
  await first.waitForSelector("#direct .count");
  await second.waitForSelector("#direct .count");
  await second.bringToFront();
  await second.click("#direct li a");
  await first.waitForSelector("#direct .count", { state: "detached" });
  await second.click("#rooms li a");

  // The one with the stream is closed; the other takes it over, and nothing is missing.
  await first.close();
  await send("Bob", "room_General", "four");
  await shows(second, ["one", "two", "three", "four"]);
  assert.equal(streams, 1);

  // The one with the stream sleeps; one that is looked at takes it away.
  const third = await open(context, "/#room_General");
  await shows(third, ["one", "two", "three", "four"]);
  const session = await context.newCDPSession(second);
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  await third.bringToFront();
  await send("Bob", "room_General", "five");
  await shows(third, ["one", "two", "three", "four", "five"]);
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await send("Bob", "room_General", "six");
  const all = ["one", "two", "three", "four", "five", "six"];
  await shows(third, all);
  await shows(second, all);
});
done();
