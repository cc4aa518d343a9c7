// Accounts, and what those who have one share: projects, conversations, files.
// Run: node tests/web/accounts.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, choose, device, done, enter, open, say, shows, story } from "./support.mjs";

const PASSWORD = "correct horse battery";

async function signIn(way, name, password = PASSWORD, context = undefined) {
  const page = await open(context ?? (await device()));
  await page.click(`#ways [data-way=${way}]`);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.click("#enter [type=submit]");
  return page;
}

const inside = (page) => page.waitForSelector("#app:not([hidden])");

await story(async () => {
  const ann = await signIn("account", "Ann");
  await inside(ann);
  await say(ann, "hello from my own name");
  await shows(ann, ["hello from my own name"]);
  // The session is nothing that a script could read, and outlives a reload.
  assert.equal(await ann.evaluate(() => document.cookie), "");
  assert.ok(!(await ann.evaluate(() => JSON.stringify(localStorage))).includes("token"));
  await ann.reload();
  await inside(ann);
  await shows(ann, ["hello from my own name"]);

  // The name is nobody else's, with no password and with a wrong one.
  const thief = await open(await device());
  await thief.fill("#name", "Ann");
  await thief.click("#enter [type=submit]");
  await thief.waitForSelector("#name-problem:not(:empty)");
  const guesser = await signIn("login", "Ann", "not the password");
  await guesser.waitForSelector("#name-problem:text('Invalid credentials')");
  await guesser.fill("#password", PASSWORD);
  await guesser.click("#enter [type=submit]");
  await inside(guesser);
  await choose(guesser, "General");
  await shows(guesser, ["hello from my own name"]);

  // A guest keeps the name, and what was said to it.
  const bob = await enter("Bob");
  await say(bob, "I am a guest");
  await bob.click("#me");
  await bob.fill("#keep-password", "short");
  await bob.click("#keep [type=submit]");
  await bob.waitForSelector("#keep-problem:not(:empty)");
  await bob.fill("#keep-password", PASSWORD);
  await bob.click("#keep [type=submit]");
  await bob.waitForSelector("#projects-part:not([hidden])");
  await shows(bob, ["hello from my own name", "I am a guest"]);

  // A project, its conversation, its files.
  await ann.click("#make-project");
  await ann.fill("#project-name", "The <b>boat</b>");
  await ann.click("#new-project [type=submit]");
  await ann.waitForSelector(".project:text-is('The <b>boat</b>')");
  await say(ann, "plans go here");
  await shows(ann, ["plans go here"]);
  await ann.click("#show-files");
  await ann.waitForSelector("#no-files:not([hidden])");
  // Slow enough that its progress can be seen.
  const session = await ann.context().newCDPSession(ann);
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 2 << 20 };
  await session.send("Network.emulateNetworkConditions", slow);
  await ann.evaluate(() => {
    window.progress = new Set();
    new MutationObserver(() => {
      const bar = document.querySelector("#uploads progress");
      const look = () => bar.isConnected && (window.progress.add(bar.value), requestAnimationFrame(look));
      if (bar) look();
    }).observe(document.querySelector("#uploads"), { childList: true });
  });
  const name = "plan <img src=x onerror=alert(1)>.bin";
  await ann.setInputFiles("#file-input", { name, mimeType: "application/octet-stream", buffer: Buffer.alloc(4 << 20, 7) });
  await ann.waitForSelector("#files-list .filename");
  assert.equal(await ann.textContent("#files-list .filename"), name);
  const progress = await ann.evaluate(() => [...window.progress]);
  assert.ok(progress.some((part) => part > 0 && part < 1), `${progress}`);
  assert.deepEqual(progress, [...progress].sort((a, b) => a - b));

  // A picture is shown; a download has the bytes.
  const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  await ann.setInputFiles("#file-input", { name: "dot.png", mimeType: "image/png", buffer: Buffer.from(dot, "base64") });
  await ann.waitForFunction(() => document.querySelector("#files-list img")?.naturalWidth === 1);
  const [download] = await Promise.all([ann.waitForEvent("download"), ann.click("#files-list a:has-text('plan')")]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(Buffer.alloc(4 << 20, 7)));
  await ann.keyboard.press("Escape");

  // A conversation of the project brings others in, who find the files there.
  await ann.click("#make-room");
  await ann.fill("#new-room-names", "bob");
  await ann.selectOption("#new-room-project", { label: "The <b>boat</b>" });
  await ann.click("#new-room [type=submit]");
  await ann.waitForFunction(() => document.querySelectorAll("#projects li").length === 2);
  await say(ann, "welcome aboard");

  // Conversations of a project are told apart: the one that came with it, those with others, and
  // a second one with the same.
  const names = (page) => page.evaluate(() => [...document.querySelectorAll("#projects li .name")].map(({ textContent }) => textContent));
  assert.deepEqual(await names(ann), ["Main conversation", "Bob"]);
  assert.equal(await ann.textContent("#title"), "The <b>boat</b>: Bob");
  await ann.click("#projects li a >> nth=0");
  await ann.waitForSelector("#title:text-is('The <b>boat</b>')");
  await bob.waitForSelector("#projects li .count");
  await bob.click("#projects li a");
  await shows(bob, ["welcome aboard"]);
  await bob.click("#show-files");
  await bob.waitForSelector("#files-list .filename >> nth=1");
  await bob.keyboard.press("Escape");
  assert.deepEqual(await names(bob), ["Ann"]);
  await ann.click("#make-room");
  await ann.fill("#new-room-names", "bob");
  await ann.selectOption("#new-room-project", { label: "The <b>boat</b>" });
  await ann.click("#new-room [type=submit]");
  await ann.waitForFunction(() => document.querySelectorAll("#projects li").length === 3);
  assert.deepEqual(await names(ann), ["Main conversation", "Bob (1)", "Bob (2)"]);

  // All projects in one place, which older pages link to.
  await ann.goto(new URL("/project_management.html", ann.url()).href);
  await ann.waitForSelector("#overview section h2:text-is('The <b>boat</b>')");
  assert.equal(await ann.textContent("#title"), "Projects");
  assert.equal(await ann.locator("#overview li").count(), 3);
  await ann.click("#overview section button:text-is('Files')");
  await ann.waitForSelector("#files-list .filename >> nth=1");
  await ann.keyboard.press("Escape");
  await ann.reload();
  await ann.waitForSelector("#overview li >> nth=2");
  await ann.click("#overview li a >> nth=1");
  await shows(ann, ["welcome aboard"]);
  assert.ok(!(await ann.isVisible("#overview")));
  await ann.click("#projects-title a");
  await ann.waitForSelector("#overview li");
  const guest = await enter("Gil", { path: "/#projects" });
  await guest.waitForSelector("#overview-guest:not([hidden])");
  await guest.click("#overview-keep");
  await guest.fill("#keep-password", PASSWORD);
  await guest.click("#keep [type=submit]");
  await guest.waitForSelector("#overview-none:not([hidden])");
  await guest.click("#overview-make");
  await guest.fill("#project-name", "A raft");
  await guest.click("#new-project [type=submit]");
  await guest.waitForSelector("#title:text-is('A raft')");

  // Who signs out is out, in every tab of that session.
  const tab = await open(ann.context());
  await inside(tab);
  await ann.click("#me");
  await ann.click("#leave");
  await ann.waitForSelector("#welcome:not([hidden])");
  await tab.waitForSelector("#welcome:not([hidden])");
});
done();
