// How soon the page shows messages, and how soon a letter that is typed, in a room of 10,000.
//
//   cargo run --release -- --store memory: --port 5003
//   node benches/page/painting.mjs http://127.0.0.1:5003 $(command -v chromium)

import { device, done, enter, open, story } from "../../tests/web/support.mjs";

const COUNT = 10_000;
const OPENINGS = 20;
const KEYS = 200;
const PER_SECOND = 50;

const server = process.argv[2];

async function post(path, body) {
  const answer = await fetch(server + path, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(await answer.text());
}

const say = (message) => post("/send", { sender: "Historian", recipient: "room_General", message });

function line(name, values) {
  values.sort((a, b) => a - b);
  const at = (part) => `${values[Math.min(values.length - 1, Math.floor(values.length * part))].toFixed(0)} ms`;
  console.log(`${name}: median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)}`);
}

await story(async () => {
  await post("/register", { username: "Historian" });
  await post("/join_room", { username: "Historian", room_id: "room_General" });
  for (let first = 0; first < COUNT; first += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, number) => say(`This is message number ${first + number}.`)));
  }

  // From the moment of asking for the page to the picture with the newest messages in it.
  const page = await enter("Reader");
  await page.context().addInitScript(() => {
    const look = () => {
      if (document.querySelectorAll("#log .said").length < 20) return requestAnimationFrame(look);
      return requestAnimationFrame(() => setTimeout(() => (window.painted = performance.now())));
    };
    requestAnimationFrame(look);
  });
  const opened = { cold: [], warm: [] };
  const identity = await page.evaluate(() => localStorage["chatroom.identity"]);
  for (let number = 0; number < OPENINGS; number++) {
    await page.reload();
    await page.waitForFunction(() => window.painted);
    opened.warm.push(await page.evaluate(() => window.painted));
  }
  for (let number = 0; number < OPENINGS; number++) {
    // Nothing in the cache.
    const context = await device();
    await context.addInitScript((text) => {
      localStorage["chatroom.identity"] = text;
      const look = () => {
        if (document.querySelectorAll("#log .said").length < 20) return requestAnimationFrame(look);
        return requestAnimationFrame(() => setTimeout(() => (window.painted = performance.now())));
      };
      requestAnimationFrame(look);
    }, identity);
    const fresh = await open(context, "/#room_General");
    await fresh.waitForFunction(() => window.painted);
    opened.cold.push(await fresh.evaluate(() => window.painted));
    await context.close();
  }
  line("first messages, empty cache", opened.cold);
  line("first messages, reload", opened.warm);

  // From the key to the picture with its letter, while the room goes on.
  await page.waitForSelector("#text");
  await page.evaluate(() => {
    window.keys = [];
    document.querySelector("#text").addEventListener("keydown", (event) => {
      requestAnimationFrame(() => setTimeout(() => window.keys.push(performance.now() - event.timeStamp)));
    });
  });
  let said = 0;
  let heard = 0;
  let missed = 0;
  const began = performance.now();
  // As many as are due by the clock: a timer comes late, and what it is late adds up.
  const talk = () => {
    const due = ((performance.now() - began) / 1000) * PER_SECOND;
    for (; said < due; said++) say(`and another, ${said}`).then(() => heard++, () => missed++);
  };
  const timer = setInterval(talk, 1000 / PER_SECOND);
  await page.focus("#text");
  for (let number = 0; number < KEYS; number++) {
    await page.keyboard.press("abcdefghij "[number % 11]);
    await page.waitForTimeout(40);
  }
  // What the server has taken, not what was asked of it.
  const rate = heard / ((performance.now() - began) / 1000);
  clearInterval(timer);
  if (missed) throw new Error(`${missed} messages were not sent`);
  if (rate < PER_SECOND * 0.95) throw new Error(`only ${rate.toFixed(1)} messages a second were sent`);
  line(`a key, under ${rate.toFixed(0)} messages a second`, await page.evaluate(() => window.keys));
});
done();
