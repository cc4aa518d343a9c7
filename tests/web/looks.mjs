// Goes over every screen in one size and theme: axe-core finds nothing, nothing is cut off. With
// a folder, a picture of each is put there.
// Run: node tests/web/looks.mjs http://127.0.0.1:5003 /usr/bin/chromium 390x844 dark [FOLDER]

import { readFile } from "node:fs/promises";
import { assert, choose, device, done, open, post, send, story } from "./support.mjs";

const axe = await readFile(new URL("../clients/node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const [shape, theme, folder] = process.argv.slice(4);
const [width, height] = shape.split("x").map(Number);
const size = { width, height };

async function look(page, name, picture = true) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  // In a world of its own, which the page's policy does not reach.
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const world = { frameId: frameTree.frame.id, worldName: "axe" };
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", world);
  const run = async (expression) => {
    const asked = { expression, contextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send("Runtime.evaluate", asked);
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return result.value;
  };
  await run(axe);
  const violations = await run(`axe.run(document).then(({ violations }) =>
    violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]) })))`);
  assert.deepEqual(violations, [], `${name}: ${JSON.stringify(violations, null, 1)}`);
  const wide = await run("document.scrollingElement.scrollWidth - innerWidth");
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
  await session.detach();
  if (folder && picture) {
    await page.screenshot({ path: `${folder}/${name}.png`, animations: "disabled", caret: "hide" });
  }
}

async function fill() {
  const people = ["Maren", "Joël", "Priya Nair"];
  for (const username of people) {
    await post("/register", { username });
    await post("/join_room", { username, room_id: "room_General" });
  }
  await send("Maren", "room_General", "Morning! Has anybody seen the key to the bike shed?");
  await send("Joël", "room_General", "It hangs beside the map, where it never hangs 🗺️");
  await send("Joël", "room_General", "I was as surprised as you will be.");
  await send("Priya Nair", "room_General", "The route for Sunday: https://example.org/routes/river-loop. About 42 km, flat.");
  await send("Priya Nair", "room_General", "Who wants the track on their device runs\n```\ngpx pull river-loop --to /media/bike\n```\nor asks me.");
  await send("Maren", "room_General", "🚲🌞");
}

async function tour() {
  const options = { viewport: size, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "Europe/Berlin" };
  const name = (screen) => `${screen}-${shape}-${theme}`;
  const small = size.width < 720;
  const context = await device(options);
  const me = "Toni";

  const page = await open(context);
  await page.waitForSelector("#welcome:not([hidden])");
  await page.waitForSelector("#announcement:not([hidden])");
  await page.fill("#name", me);
  await look(page, name("welcome"));
  for (const way of ["login", "account"]) {
    await page.click(`#ways [data-way=${way}]`);
    await look(page, name(way), way === "login");
  }
  await page.click("#ways [data-way=guest]");
  await page.fill("#name", "Maren");
  await page.click("#enter [type=submit]");
  await page.waitForSelector("#name-problem:not(:empty)");
  await look(page, name("welcome-taken"), false);
  await page.fill("#name", me);
  await page.click("#enter [type=submit]");
  await page.waitForSelector("#log .message >> nth=5");
  await page.click("#announcement .close");
  await page.fill("#text", "I am in, if the weather is kind to `us`.");
  await page.press("#text", "Enter");
  await page.waitForFunction(() => document.querySelector("#log .mine") && !document.querySelector(".pending"));
  await send("Maren", me, "Do you still have my pump?");
  await post("/create_room", { admin: "Priya Nair", participants: [me, "Joël"] });
  await page.waitForSelector("#direct .count", { state: "attached" });
  await page.waitForSelector("#rooms li:has-text('Room') .count", { state: "attached" });
  await look(page, name("room"));

  if (small) await page.click("#back");
  await look(page, name("list"), small);
  await choose(page, "Maren");
  await page.waitForSelector("#log .said:text('pump')");
  await look(page, name("direct"));
  if (small) await page.click("#back");

  const dialog = async (button, id, screen) => {
    await page.click(button);
    await page.waitForSelector(`${id}[open]`);
    await look(page, name(screen));
    await page.keyboard.press("Escape");
    await page.waitForSelector(`${id}:not([open])`, { state: "attached" });
  };
  await dialog("#find", "#switcher", "switcher");
  await dialog("#make-room", "#new-room", "new-room");
  await dialog("#help-button", "#help", "keys");
  await dialog("#me", "#self", "self");
  await choose(page, "General");
  await dialog("#show-members", "#members", "people");

  // An empty conversation, a room one is not in, none at all.
  if (small) await page.click("#back");
  await page.click("#new-message");
  await page.fill("#switcher-text", "Priya");
  await page.press("#switcher-text", "Enter");
  await page.waitForSelector("#empty:not([hidden])");
  await look(page, name("nothing-said"), false);
  if (small) await page.click("#back");
  await choose(page, "General");
  await page.click("#leave-room");
  if (!small) await look(page, name("nothing-open"), false);
  await page.click("#rooms li a:has-text('General')");
  await page.waitForSelector("#invite:not([hidden])");
  await look(page, name("invite"), false);

  // Narrow, as with 200 % zoom: nothing is cut off.
  await page.click("#join");
  await page.waitForSelector("#text");
  for (const viewport of [{ width: 320, height: 640 }, { width: 640, height: 400 }]) {
    await page.setViewportSize(viewport);
    await look(page, `narrow ${viewport.width}`, false);
  }

  // Offline, with a message that waits.
  await page.setViewportSize(size);
  await context.setOffline(true);
  await page.fill("#text", "Can anybody hear me?");
  await page.press("#text", "Enter");
  await page.waitForSelector("#state:not([hidden])");
  await page.waitForSelector(".pending.waiting");
  await look(page, name("offline"));
  await page.locator(".pending button:text('Try again')").waitFor();
  await context.setOffline(false);
  await page.waitForFunction(() => !document.querySelector(".pending"));

  // A refusal says why.
  await page.evaluate(() => {
    location.hash = "#@Nobody at all";
  });
  await page.waitForSelector("#empty:not([hidden])");
  await page.fill("#text", "Hello?");
  await page.press("#text", "Enter");
  await page.waitForSelector(".pending.failed :text('Recipient not online.')");
  await look(page, name("refused"), false);
  await page.click(".pending button:text('Remove')");

  // With an account: a project and its files.
  if (small) await page.click("#back");
  await page.click("#me");
  await page.fill("#keep-password", "correct horse battery");
  await page.click("#keep [type=submit]");
  await page.waitForSelector("#projects-part:not([hidden])");
  await dialog("#make-project", "#new-project", "new-project");
  await page.click("#make-project");
  await page.fill("#project-name", "River loop 2027");
  await page.click("#new-project [type=submit]");
  await page.waitForSelector("#show-files:not([hidden])");
  await page.fill("#text", "The track is among the files.");
  await page.press("#text", "Enter");
  await page.waitForFunction(() => document.querySelector("#log .mine") && !document.querySelector(".pending"));
  await look(page, name("project"), !small);
  await page.click("#show-files");
  await page.waitForSelector("#no-files:not([hidden])");
  const picture = await page.locator("body").screenshot();
  const text = Buffer.from("<gpx/>");
  await page.setInputFiles("#file-input", [
    { name: "river-loop.gpx", mimeType: "application/gpx+xml", buffer: text },
    { name: "the plan.pdf", mimeType: "application/pdf", buffer: text },
    { name: "screen.png", mimeType: "image/png", buffer: picture },
  ]);
  await page.waitForFunction(() => document.querySelector("#files-list img")?.complete);
  await page.waitForSelector("#files-list li >> nth=2");
  await look(page, name("files"));
  await page.keyboard.press("Escape");
  if (small) await page.click("#back");
  await page.click("#projects-title a");
  await page.waitForSelector("#overview li");
  await look(page, name("projects"));
  if (small) await page.click("#back");
  await page.click("#me");
  await look(page, name("account-self"), false);
  await page.click("#leave");
  await page.waitForSelector("#welcome:not([hidden])");
  await page.evaluate(() => {
    location.hash = "#invite=3f0a9c5b1d27";
  });
  await page.waitForSelector("#invited:not([hidden])");
  await look(page, name("invited"), false);
  await context.close();
}

// The page for whoever runs the server.
async function status() {
  const context = await device({ viewport: size, colorScheme: theme, reducedMotion: "reduce", locale: "en-GB" });
  // Nobody waits an hour for a picture: the answer is the server's, but for the minutes.
  await context.route("**/api/status/details", async (route) => {
    const answer = await route.fetch();
    const minutes = Array.from({ length: 60 }, (_, place) => Math.round(18 + 11 * Math.sin(place / 7) + 5 * Math.sin(place * 2.3)));
    await route.fulfill({ json: { ...(await answer.json()), messages_by_minute: minutes } });
  });
  const page = await open(context, "/status");
  await page.waitForSelector("#figures:not([hidden])");
  await look(page, `status-${shape}-${theme}`);
  await page.click("summary");
  await look(page, "status with a table", false);
  await page.setViewportSize({ width: 320, height: 640 });
  await look(page, "narrow status", false);
  await context.unroute("**/api/status/details");
  await context.setOffline(true);
  await page.waitForSelector("#state:not([hidden])");
  await look(page, "status offline", false);
  await context.close();
  const far = await device({ viewport: size, colorScheme: theme, extraHTTPHeaders: { "X-Forwarded-For": "10.0.0.1" } });
  const locked = await open(far, "/status");
  await locked.waitForSelector("#locked:not([hidden])");
  await look(locked, "status locked", false);
  await far.close();
}

await story(async () => {
  await fill();
  await tour();
  await status();
});
done();
