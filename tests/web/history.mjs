// A room of 10,000 messages, read from its end up to its beginning.
// Run by tests/web.rs, after it has filled the room.

import { assert, done, enter, story } from "./support.mjs";

const COUNT = 10_000;

await story(async () => {
  const ann = await enter("Ann");
  await ann.waitForSelector(`#log .said:text-is('number ${COUNT - 1}')`);
  // Notes each message that comes into the document, how many there are at once, and whether what
  // was in sight stays in its place.
  await ann.evaluate(() => {
    window.seen = new Set();
    window.most = 0;
    window.jumps = 0;
    const box = document.querySelector("#scroll");
    const log = document.querySelector("#log");
    const inSight = () =>
      [...log.children].find((row) => row.dataset.id && row.getBoundingClientRect().top >= box.getBoundingClientRect().top);
    const note = () => {
      const texts = [...log.querySelectorAll(".said")].map((said) => said.textContent);
      for (const text of texts) window.seen.add(text);
      window.most = Math.max(window.most, texts.length);
    };
    note();
    let before = null;
    window.remember = () => {
      const row = inSight();
      before = row && { row, top: row.getBoundingClientRect().top };
    };
    new MutationObserver(() => {
      note();
      if (!before?.row.isConnected) return;
      if (Math.abs(before.row.getBoundingClientRect().top - before.top) > 1) window.jumps++;
    }).observe(log, { childList: true });
  });
  await ann.hover("#scroll");
  const state = () =>
    ann.evaluate(() => {
      const { seen, most, jumps } = window;
      return { seen: seen.size, most, jumps, begins: Boolean(document.querySelector(".start")) };
    });
  for (let now = await state(); !now.begins; now = await state()) {
    // One step up, and whatever that brings in.
    await ann.evaluate(async () => {
      const box = document.querySelector("#scroll");
      box.scrollTop = Math.max(0, box.scrollTop - 3000);
      await new Promise((done) => requestAnimationFrame(done));
      window.remember();
      await new Promise((done) => setTimeout(done, 30));
    });
  }
  const end = await state();
  assert.equal(end.seen, COUNT, "each message was in the document");
  assert.ok(end.most <= 300, `${end.most} messages at once`);
  assert.equal(end.jumps, 0, "what was in sight moved");
  assert.equal(await ann.textContent("#log .said >> nth=0"), "number 0");
  await ann.click("#newer");
  await ann.waitForSelector(`#log .row:last-child .said:text-is('number ${COUNT - 1}')`);
});
done();
