// The server goes silent, dies and comes back in the middle of a conversation.
// Run by tests/web.rs, which does that to it.

import { assert, done, enter, say, shows, story, tell } from "./support.mjs";

const offline = "#state:not([hidden])";
const online = "#state[hidden]";

await story(async () => {
  const ann = await enter("Ann");
  const bob = await enter("Bob");
  const talk = ["one", "two"];
  await say(ann, "one");
  await shows(bob, ["one"]);
  await say(bob, "two");
  await shows(ann, talk);

  // A server that is there but says nothing is noticed within 5 seconds.
  await tell("stop");
  const began = Date.now();
  await ann.waitForSelector(offline);
  const took = Date.now() - began;
  assert.ok(took < 5000, `it took ${took} ms`);
  await say(ann, "three");
  await ann.waitForSelector(".pending :text('three')");
  await tell("continue");
  talk.push("three");
  await shows(bob, talk);
  await shows(ann, talk);
  await ann.waitForSelector(online, { state: "attached" });

  // A server that is killed, with messages on their way.
  for (let number = 0; number < 20; number++) {
    await say(number % 2 ? ann : bob, `before ${number}`);
  }
  await tell("kill");
  await ann.waitForSelector(offline);
  await bob.waitForSelector(offline);
  for (let number = 0; number < 5; number++) await say(ann, `while away ${number}`);
  // What waits survives a reload too; the page itself is not to be had meanwhile.
  assert.equal(await ann.locator(".pending :text('while away')").count() >= 5, true);
  await tell("restart");
  await ann.waitForSelector(online, { state: "attached" });
  await bob.waitForSelector(online, { state: "attached" });
  await ann.waitForFunction(() => !document.querySelector(".pending"));
  await bob.waitForFunction(() => !document.querySelector(".pending"));
  await say(bob, "all there?");
  const has = () => document.querySelector("#log .row:last-child .said")?.textContent === "all there?";
  await ann.waitForFunction(has);
  await bob.waitForFunction(has);
  const all = () => [...document.querySelectorAll("#log .said")].map((said) => said.textContent);
  const seen = await ann.evaluate(all);
  assert.deepEqual(await bob.evaluate(all), seen, "both see the same, in the same order");
  const wanted = [...talk, ...Array.from({ length: 20 }, (_, n) => `before ${n}`)];
  wanted.push(...Array.from({ length: 5 }, (_, n) => `while away ${n}`), "all there?");
  assert.deepEqual([...seen].sort(), [...wanted].sort(), "none is lost, none is there twice");
  // Each one's own are in the order in which they were written.
  for (const own of [/^before \d*[13579]$/, /^before \d*[02468]$/, /^while away/]) {
    const pick = (list) => list.filter((text) => own.test(text));
    assert.deepEqual(pick(seen), pick(wanted));
  }
});
done();
