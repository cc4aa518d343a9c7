// One feed for all tabs of one person: one tab reads the stream, and tells the others.
//
// A lock says which. When that tab is closed, the next one gets the lock and goes on from its own
// cursor; when it is asleep, one that is looked at takes the lock away. Each event says which one
// came before it, so a tab that missed one notices, and reads it for itself.

import * as api from "./api.js";
import { Feed } from "./feed.js";

const ASK_EVERY = 3000;
const ANSWER_IN = 2000;

export class Tabs {
  constructor(username, tell) {
    Object.assign(this, { username, tell });
    this.leads = false;
    this.cursor = 0;
    this.focused = new Map();
    this.self = Math.random();
    // Where there are no locks (plain HTTP from another machine) each tab has its own stream.
    this.shared = Boolean(navigator.locks && window.BroadcastChannel);
    this.early = [];
    this.feed = new Feed(username, (event) => {
      this.take(event);
      this.channel?.postMessage(event);
    });
    if (!this.shared) return;
    this.channel = new BroadcastChannel(`chatroom ${username}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
  }

  // From here on. What other tabs have told since this one was made counts as well.
  start(cursor, epoch) {
    Object.assign(this, { cursor, epoch });
    const early = this.early;
    this.early = null;
    if (!this.shared) {
      this.leads = true;
      this.feed.start(cursor, epoch);
      return;
    }
    for (const event of early) this.take(event);
    this.contend();
    this.timer = setInterval(() => this.ask(), ASK_EVERY);
    this.woken = () => document.visibilityState === "visible" && this.ask();
    document.addEventListener("visibilitychange", this.woken);
    this.ask();
  }

  end() {
    this.over = true;
    clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.woken);
    this.feed.end();
    this.queued?.abort();
    this.release?.();
    this.channel?.close();
  }

  nudge() {
    this.feed.nudge();
    if (!this.leads) this.channel?.postMessage({ type: "nudge" });
  }

  // Whether this tab, or another of this person, is being looked at.
  get watched() {
    if (document.hasFocus()) return true;
    const now = Date.now();
    return [...this.focused.values()].some((at) => now - at < 2 * ASK_EVERY);
  }

  async contend(steal = false) {
    this.queued?.abort();
    this.queued = new AbortController();
    const options = steal ? { steal: true } : { signal: this.queued.signal };
    let led = false;
    const lead = () => {
      led = true;
      return this.lead();
    };
    try {
      await navigator.locks.request(`chatroom ${this.username}`, options, lead);
    } catch {
      // Given up for a theft, or robbed.
      if (this.over || !led) return;
      this.leads = false;
      this.feed.end();
      this.contend();
    }
  }

  lead() {
    if (this.over) return undefined;
    this.leads = true;
    this.feed.state = "connecting";
    this.feed.start(this.cursor, this.epoch);
    return new Promise((done) => {
      this.release = done;
    });
  }

  // Asks the one who leads whether it is awake.
  ask() {
    if (this.leads) return;
    this.channel.postMessage({ type: "ask", tab: this.self, focus: document.hasFocus() });
    if (document.visibilityState !== "visible" || this.waiting) return;
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      if (!this.leads && !this.over) this.contend(true);
    }, ANSWER_IN);
  }

  hear(event) {
    if (event.type === "ask") {
      if (event.focus) this.focused.set(event.tab, Date.now());
      else this.focused.delete(event.tab);
      if (this.leads) this.channel.postMessage({ type: "answer", state: this.feed.state });
    } else if (event.type === "nudge") {
      if (this.leads) this.feed.wake();
    } else if (event.type === "answer") {
      clearTimeout(this.waiting);
      this.waiting = undefined;
      this.tell({ type: "state", state: event.state });
    } else if (this.early) {
      this.early.push(event);
    } else {
      this.take(event);
    }
  }

  take(event) {
    const reached = event.type === "at" ? event.cursor : event.message?.id;
    if (reached) {
      if (reached <= this.cursor) return;
      if (event.previous > this.cursor) {
        this.repair();
        return;
      }
      this.cursor = reached;
      if (event.type === "at") return;
    } else if (event.type === "jump" || event.type === "reset") {
      if (event.type === "jump" && event.cursor <= this.cursor) return;
      this.cursor = event.cursor;
      this.epoch = event.epoch ?? this.epoch;
    }
    this.tell(event);
  }

  // Reads what was told while this tab could not listen.
  async repair() {
    // An event that came while it was read may be newer than what was read.
    this.torn = true;
    if (this.repairing) return;
    this.repairing = true;
    try {
      while (this.torn) {
        this.torn = false;
        const options = { after: this.cursor, epoch: this.epoch, limit: 500 };
        const page = await api.after(this.username, options);
        if (!page.recovered) break;
        for (const message of page.messages) {
          if (message.id <= this.cursor) continue;
          this.cursor = message.id;
          this.tell({ type: "message", message, live: false });
        }
        this.torn ||= page.has_more;
      }
    } catch {
      // The next event finds the hole again.
    }
    this.repairing = false;
  }
}
