// Where no stream comes through, the page chats by long polls.
// Run: node tests/web/polls.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { device, done, enter, post, say, send, shows, story } from "./support.mjs";

await story(async () => {
  const context = await device();
  await context.route(/\/events\?/, (route) => route.abort());
  const waits = (request) => new URL(request.url()).searchParams.get("wait") > 0;
  const polled = context.waitForEvent("request", waits);
  await post("/register", { username: "Bob" });
  await post("/join_room", { username: "Bob", room_id: "room_General" });
  const ann = await enter("Ann", { context });
  await say(ann, "Can you hear me?");
  await shows(ann, ["Can you hear me?"]);
  await send("Bob", "room_General", "By polls, yes");
  await shows(ann, ["Can you hear me?", "By polls, yes"]);
  await ann.waitForSelector("#people li:has-text('Bob')");
  await polled;
  await send("Bob", "room_General", "At once");
  await shows(ann, ["Can you hear me?", "By polls, yes", "At once"]);
  await ann.waitForSelector("#state[hidden]", { state: "attached" });
});
done();
