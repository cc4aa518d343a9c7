// Everything is done with the keyboard alone, and the focus is never lost.
// Run: node tests/web/keyboard.mjs http://127.0.0.1:5003 /usr/bin/chromium

import { assert, device, done, open, post, send, shows, story } from "./support.mjs";

await story(async () => {
  await post("/register", { username: "Bob" });
  await post("/join_room", { username: "Bob", room_id: "room_General" });
  const page = await open(await device());
  const { keyboard } = page;
  const press = async (...keys) => {
    for (const key of keys) await keyboard.press(key);
  };
  const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.textContent);
  // Presses Tab until the focus is where it should be; each stop shows that it has the focus.
  const reach = async (wanted, key = "Tab") => {
    const stops = [];
    for (let steps = 0; steps < 40; steps++) {
      await press(key);
      stops.push(await focus());
      const visible = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        return document.activeElement === document.body || (outlineStyle !== "none" && outlineWidth !== "0px");
      });
      assert.ok(visible, `${stops.at(-1)} does not show that it has the focus`);
      if (stops.at(-1) === wanted || (/[A-Z]/.test(wanted) && stops.at(-1).includes(wanted))) return;
    }
    assert.fail(`${wanted} cannot be reached: ${stops}`);
  };
  const title = (text) => page.waitForFunction((wanted) => document.querySelector("#title").textContent === wanted, text);

  // In: the name is chosen already.
  await page.waitForSelector("#welcome:not([hidden])");
  assert.equal(await focus(), "name");
  await keyboard.type("Ann");
  await press("Enter");
  await title("General");
  await page.waitForFunction(() => document.activeElement.id === "text");

  // Several lines, then sent.
  await keyboard.type("one");
  await press("Shift+Enter");
  await keyboard.type("two");
  await press("Enter");
  await shows(page, ["one\ntwo"]);
  assert.equal(await focus(), "text");

  // A direct message by the switcher, which goes by its arrows too.
  await send("Bob", "Ann", "psst");
  await page.waitForSelector("#direct .count");
  await press("Control+k");
  await keyboard.type("bo");
  assert.equal(await page.getAttribute("#switcher-text", "aria-activedescendant"), "option-0");
  await press("Enter");
  await title("Bob");
  await shows(page, ["psst"]);
  await page.waitForFunction(() => document.activeElement.id === "text");
  await keyboard.type("yes?");
  await press("Enter");
  await shows(page, ["psst", "yes?"]);

  // From one conversation to the next and back.
  await press("Alt+ArrowUp");
  await title("General");
  await press("Alt+ArrowDown");
  await title("Bob");
  await press("Control+k", "ArrowDown", "ArrowUp", "Enter");
  await title("General");

  // A room: by Tab alone.
  await reach("make-room", "Shift+Tab");
  await press("Enter");
  await page.waitForSelector("#new-room[open]");
  await page.waitForSelector("#new-room-people input");
  for (let steps = 0; steps < 5; steps++) {
    if (await page.evaluate(() => document.activeElement.type === "checkbox")) break;
    await press("Tab");
  }
  await press("Space");
  await reach("Make the room");
  await press("Enter");
  await title("Room 1");

  // Its people; a dialog gives the focus back to where it came from.
  await reach("show-members", "Shift+Tab");
  await press("Enter");
  await page.waitForSelector("#members[open]");
  await press("Escape");
  assert.equal(await focus(), "show-members");

  // The keys themselves; not while one writes.
  await press("Shift+?");
  await page.waitForSelector("#help[open]");
  await press("Escape");
  await press("Escape");
  assert.equal(await focus(), "text");
  await keyboard.type("What?");
  assert.equal(await page.inputValue("#text"), "What?");
  await press("Enter");
  await page.waitForSelector("#log .said:text('What?')");

  // Leaving a room; the bar; oneself; out.
  await reach("leave-room", "Shift+Tab");
  await press("Enter");
  await page.waitForSelector("#nothing:not([hidden])");
  await reach("General");
  await press("Enter");
  await title("General");
  await reach("scroll", "Shift+Tab");
  await press("PageUp", "Home", "End");
  await page.focus("#announcement .close");
  await press("Enter");
  await page.waitForSelector("#announcement[hidden]", { state: "attached" });
  await reach("me");
  await press("Enter");
  await page.waitForSelector("#self[open]");
  await reach("leave");
  await press("Enter");
  await page.waitForSelector("#welcome:not([hidden])");
});
done();
