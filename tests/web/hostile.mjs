// Texts that try to become markup or code, wherever a text can be put: none runs, and nothing
// leaves the origin.
// Run by tests/web.rs, which also puts them into the announcement.

import { readFile } from "node:fs/promises";
import { assert, device, done, open, post, shows, story } from "./support.mjs";

const text = await readFile(new URL("payloads.txt", import.meta.url), "utf8");
const payloads = text.split("\n").filter(Boolean);
assert.ok(payloads.length >= 200, `${payloads.length} payloads`);

const name = "Hostile";

await story(async () => {
  const context = await device();
  // What gets as far as the policy has gone too far.
  await context.addInitScript(() => {
    window.hits = [];
    for (const call of ["alert", "prompt", "confirm", "print", "open"]) {
      window[call] = () => window.hits.push(call);
    }
    document.addEventListener("securitypolicyviolation", (event) => {
      window.hits.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const page = await open(context);
  const unhurt = async (where) => {
    const state = await page.evaluate(() => ({
      hits: window.hits,
      polluted: {}.polluted,
      scripts: [...document.scripts].map(({ src }) => new URL(src).origin === location.origin),
      strange: document.querySelectorAll("iframe, object, embed, base, math, marquee, video, audio, img").length,
      links: [...document.links].filter(({ protocol }) => !/^https?:$/.test(protocol)).length,
    }));
    assert.deepEqual(state, { hits: [], polluted: undefined, scripts: [true], strange: 0, links: 0 }, where);
  };

  // The announcement holds all of them.
  await page.waitForSelector("#announcement:not([hidden])");
  assert.equal(await page.textContent("#announcement-text"), payloads.join("\n"));
  await unhurt("the announcement");
  await page.click("#announcement .close");

  // As one's own name, in the form; those that the server takes are logged out again.
  const taken = [];
  for (const payload of payloads) {
    const answer = await post("/register", { username: payload });
    if (answer.status === "success") taken.push(payload);
  }
  assert.ok(taken.length > 10, `${taken.length} names were taken`);
  await page.fill("#name", payloads[0]);
  await page.click("#enter [type=submit]");
  await page.waitForSelector("#name-problem:not(:empty)");
  await page.fill("#name", name);
  await page.click("#enter [type=submit]");
  await page.waitForSelector("#text");

  // As the names of others, in lists and in rooms.
  await page.waitForFunction((count) => document.querySelectorAll("#people li").length >= count, taken.length);
  const people = await page.evaluate(() => [...document.querySelectorAll("#people .name")].map((item) => item.textContent));
  for (const payload of taken) assert.ok(people.includes(payload), payload);
  await unhurt("names in the list");
  const made = await post("/create_room", { admin: taken[0], participants: [name, ...taken.slice(1)] });
  assert.equal(made.status, "success");
  await page.click("#side li a:has-text('Room 1')");
  await page.click("#show-members");
  await page.waitForFunction((count) => document.querySelectorAll("#members-list li").length > count, taken.length - 1);
  await unhurt("people of a room");
  await page.keyboard.press("Escape");
  await page.click("#make-room");
  await page.waitForSelector("#new-room-people li");
  await unhurt("people to choose");
  await page.keyboard.press("Escape");
  for (const payload of taken) {
    await post("/send", { sender: payload, recipient: "room_1", message: "hello" });
  }
  await page.waitForFunction((count) => document.querySelectorAll("#log .said").length >= count, taken.length);
  await unhurt("authors");

  // As messages, from others and from oneself.
  await post("/register", { username: "Sender" });
  await post("/send", { sender: "Sender", recipient: name, message: "first" });
  await page.click("#direct li a:has-text('Sender')");
  const wanted = ["first"];
  for (const payload of payloads) {
    const answer = await post("/send", { sender: "Sender", recipient: name, message: payload });
    assert.equal(answer.status, "success");
    wanted.push(payload);
  }
  const last = (count) => document.querySelectorAll("#log .said").length >= count;
  await page.waitForFunction(last, wanted.length);
  await unhurt("messages");
  const said = await page.evaluate(() => [...document.querySelectorAll("#log .said")].map((item) => item.textContent));
  for (const [place, payload] of wanted.entries()) {
    if (!payload.includes("`")) assert.equal(said[place], payload);
  }
  for (const payload of payloads.slice(0, 20)) {
    await page.fill("#text", payload);
    await page.press("#text", "Enter");
  }
  await page.waitForFunction(() => !document.querySelector(".pending"));
  await unhurt("own messages");

  // As the address of a conversation, and as what one looks for.
  for (const payload of payloads) {
    await page.evaluate((id) => {
      location.hash = `#@${encodeURIComponent(id)}`;
    }, payload);
    await page.waitForFunction((id) => document.querySelector("#title").textContent === id, payload);
  }
  await unhurt("addresses");
  for (const room of ["room_<img src=x onerror=alert(1)>", "javascript:alert(1)", "%E0%A4%A", "/../..//evil.example"]) {
    await page.evaluate((id) => {
      location.hash = id;
    }, room);
  }
  await unhurt("addresses of rooms");
  await page.keyboard.press("Control+k");
  for (const payload of payloads) await page.fill("#switcher-text", payload);
  await unhurt("the switcher");
  await page.keyboard.press("Escape");

  // As the names of a project and of its files.
  await page.click("#me");
  await page.fill("#keep-password", payloads[0].padEnd(8));
  await page.click("#keep [type=submit]");
  await page.waitForSelector("#projects-part:not([hidden])");
  await page.click("#make-project");
  await page.fill("#project-name", payloads[0]);
  await page.click("#new-project [type=submit]");
  await page.waitForFunction((wanted) => document.querySelector(".project")?.textContent === wanted, payloads[0]);
  const names = payloads.filter((payload) => payload.length <= 200);
  const uploaded = await page.evaluate(async (list) => {
    let count = 0;
    for (const name of list) {
      const form = new FormData();
      form.append("file", new Blob(["x"]), name);
      const { status } = await fetch("/projects/1/files", { method: "POST", body: form });
      if (status === 201) count++;
    }
    return count;
  }, names);
  assert.ok(uploaded >= 200, `${uploaded} files`);
  await page.click("#show-files");
  await page.waitForFunction((count) => document.querySelectorAll("#files-list li").length === count, uploaded);
  await unhurt("files");
});
done();
