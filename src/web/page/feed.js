// What is new, from a cursor on: a stream of events; long polls where no stream comes through.
//
// The cursor is what was handed on last. Whatever ends a connection, the next one goes on from
// there, so nothing is missed and nothing comes twice.

import * as api from "./api.js";

// A server that is there answers this soon: milliseconds.
const PATIENCE = 2000;

// So long may be silence before it is asked whether it is there: milliseconds.
const SILENCE = 1500;

// The stream has a comment every 15 seconds. One without has gone astray.
const ASTRAY = 25_000;

// A tick that is this late was slept over.
const SLEPT = 5000;

// Ids that are replayed after an absence. Above it the newest are read, and the hole is shown.
const REPLAY = 500;

// So often in a row is it found to end before the cursor until what was there is taken as lost.
const LOST = 5;

const POLL = 25;

// For so long the long poll is used before a stream is tried again.
const POLLING = 5 * 60_000;

export class Feed {
  // `tell` gets { type: "message" | "at" | "state" | "presence" | "jump" | "reset" | "ended", … }.
  constructor(username, tell) {
    Object.assign(this, { username, tell });
    this.cursor = 0;
    this.epoch = undefined;
    this.state = "connecting";
    this.running = false;
    this.barren = 0;
    this.behind = 0;
    this.pollUntil = 0;
  }

  start(cursor, epoch) {
    if (this.running) return;
    Object.assign(this, { cursor, epoch, running: true, failures: 0, slept: false });
    this.stop = new AbortController();
    const { signal } = this.stop;
    const listen = (target, name, handler) => target.addEventListener(name, handler, { signal });
    listen(window, "offline", () => this.lose());
    listen(window, "online", () => this.nudge());
    listen(window, "pageshow", () => this.wake());
    listen(document, "resume", () => this.wake());
    listen(document, "visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
    this.heard = this.asked = this.ticked = Date.now();
    const timer = setInterval(() => this.tick(), 1000);
    signal.addEventListener("abort", () => clearInterval(timer));
    this.run(signal);
  }

  end() {
    this.running = false;
    this.stop?.abort();
    this.connection?.abort();
  }

  // Try again now rather than later.
  nudge() {
    this.hurry?.();
  }

  // The machine, or the tab, may have been asleep: the connection may be dead without a word.
  wake() {
    this.nudge();
    if (Date.now() - this.heard > ASTRAY) this.connection?.abort();
    else this.probe();
  }

  lose() {
    this.say("offline");
    this.connection?.abort();
  }

  say(state) {
    if (this.state === state) return;
    this.state = state;
    this.tell({ type: "state", state });
  }

  tick() {
    const now = Date.now();
    const late = now - this.ticked > SLEPT && document.visibilityState === "visible";
    this.ticked = now;
    if (late) this.wake();
    else if (now - this.heard > ASTRAY && this.state === "online") this.connection?.abort();
    else if (now - Math.max(this.heard, this.asked) > SILENCE && document.visibilityState === "visible") this.probe();
  }

  // Asks whether the server is there, when the stream has nothing to say.
  async probe() {
    if (this.probing || this.state !== "online") return;
    this.probing = true;
    const there = await api.reachable(PATIENCE);
    this.probing = false;
    if (!there && this.running && this.state === "online") this.lose();
    this.asked = Date.now();
  }

  async run(signal) {
    while (!signal.aborted) {
      this.connection = new AbortController();
      const { signal: broken } = this.connection;
      try {
        await this.catchUp();
        if (Date.now() < this.pollUntil) await this.poll(broken);
        else await this.stream(broken);
      } catch (error) {
        if (error.code === "not_registered" || error.status === 401) {
          if (!signal.aborted) this.tell({ type: "ended" });
          return;
        }
      }
      this.connection.abort();
      if (signal.aborted) return;
      this.say("offline");
      await this.pause();
    }
  }

  // Waits before the next try: longer each time, and not all pages at the same moment.
  async pause() {
    const longest = Math.min(10_000, 400 * 2 ** this.failures++);
    await new Promise((done) => {
      const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
      this.hurry = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.hurry = undefined;
  }

  // After a long absence, the newest matter more than all that was said.
  async catchUp() {
    const { last_id, epoch } = await api.before(this.username, { limit: 1 });
    const same = epoch === this.epoch;
    // One of several nodes may be a moment behind what another has shown.
    this.behind = same && last_id < this.cursor ? this.behind + 1 : 0;
    if (this.behind > 0 && this.behind < LOST) throw new api.Refused("behind", "", 503);
    if (!same || last_id < this.cursor) {
      Object.assign(this, { cursor: last_id, epoch, behind: 0 });
      this.tell({ type: "reset", cursor: last_id, epoch });
    } else if (last_id - this.cursor > REPLAY) {
      this.cursor = last_id;
      this.tell({ type: "jump", cursor: last_id });
    }
  }

  hand(message, live) {
    if (message.id <= this.cursor) return;
    const previous = this.cursor;
    this.cursor = message.id;
    this.tell({ type: "message", message, previous, live });
  }

  // All up to `cursor` was handed on, or is not for this reader.
  reach(cursor) {
    if (cursor <= this.cursor) return;
    const previous = this.cursor;
    this.cursor = cursor;
    this.tell({ type: "at", previous, cursor });
  }

  well() {
    this.failures = 0;
    this.heard = Date.now();
    this.say("online");
  }

  async stream(signal) {
    const query = { username: this.username, last_id: this.cursor, epoch: this.epoch, view: "full" };
    const connection = this.connection;
    const first = setTimeout(() => connection.abort(), 5000);
    let bytes = 0;
    try {
      const headers = { ...api.headers(), Accept: "text/event-stream" };
      const answer = await fetch(api.address("events", query), { headers, signal, cache: "no-store" });
      if (!answer.ok) {
        const said = await answer.json().catch(() => ({}));
        throw new api.Refused(said.code ?? "unknown", "", answer.status);
      }
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let left = "";
      let live = false;
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(first);
        bytes += value.length;
        this.heard = Date.now();
        const blocks = (left + value).split("\n\n");
        left = blocks.pop();
        for (const block of blocks) live = this.event(block, live) || live;
      }
    } finally {
      clearTimeout(first);
      // Something on the way lets polls through, but no streams.
      this.barren = bytes ? 0 : this.barren + 1;
      if (this.barren >= 2) this.pollUntil = Date.now() + POLLING;
    }
  }

  // Takes one event; true when the replay is over with it.
  event(block, live) {
    let name = "message";
    let data = "";
    for (const line of block.split("\n")) {
      if (line.startsWith("event: ")) name = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (!data) return false;
    const said = JSON.parse(data);
    if (name === "message") {
      this.hand(said, live);
    } else if (name === "ready") {
      this.reach(said.last_id);
      this.well();
      return true;
    } else if (name === "presence") {
      this.tell({ type: "presence", online: said.online_users });
    } else if (name === "bye") {
      if (!said.reconnect) throw new api.Refused("not_registered", "", 400);
      this.connection.abort();
    }
    return false;
  }

  async poll(signal) {
    let live = false;
    let looked = 0;
    while (Date.now() < this.pollUntil) {
      if (Date.now() - looked > POLL * 500) {
        looked = Date.now();
        const { online_users } = await api.online();
        this.tell({ type: "presence", online: online_users });
      }
      const options = { after: this.cursor, epoch: this.epoch, limit: 500, wait: live ? POLL : 0, signal };
      const page = await api.after(this.username, options);
      if (!page.recovered) return;
      for (const message of page.messages) this.hand(message, live);
      this.reach(page.last_id);
      this.well();
      live ||= !page.has_more;
    }
  }
}
