// Messages on their way: shown at once, sent one after the other, sent again under the same key
// until the server has answered.
//
// They are kept for a reload of the tab; the key makes sure that none is sent twice.

import * as api from "./api.js";
import { tab, unique } from "./keep.js";

const LONGEST = 10_000;

export class Outbox {
  constructor(chat) {
    this.chat = chat;
    this.queue = [];
    this.tries = 0;
  }

  get place() {
    return `outbox ${this.chat.me}`;
  }

  // Takes up what an earlier life of this tab left behind.
  resume() {
    if (!this.restored) {
      this.restored = true;
      for (const { talk, key, text } of tab.get(this.place) ?? []) this.add(talk, text, key);
    }
    this.tries = 0;
    this.hurry?.();
    this.run();
  }

  end() {
    this.over = true;
    tab.set(this.place, null);
    this.hurry?.();
  }

  send(talk, text) {
    this.add(talk.id, text, unique());
    this.run();
  }

  add(id, text, key) {
    const talk = this.chat.talk(id);
    const sent = { talk: id, text, key, state: "sending", at: new Date() };
    talk.pending.push(sent);
    this.queue.push(sent);
    this.keep();
    this.chat.tell("talk", { talk });
  }

  keep() {
    const kept = this.queue.map(({ talk, key, text }) => ({ talk, key, text }));
    tab.set(this.place, kept.length > 0 ? kept : null);
  }

  again(sent) {
    sent.state = "sending";
    if (!this.queue.includes(sent)) this.queue.push(sent);
    this.keep();
    this.tries = 0;
    this.hurry?.();
    this.show(sent);
    this.run();
  }

  drop(sent) {
    const talk = this.chat.talk(sent.talk);
    talk.pending = talk.pending.filter((other) => other !== sent);
    this.queue = this.queue.filter((other) => other !== sent);
    this.keep();
    this.show(sent);
  }

  show(sent) {
    this.chat.tell("talk", { talk: this.chat.talk(sent.talk) });
  }

  // The server told of a message of ours before it answered that it has it: the one on its way
  // is shown no longer, but asked for on, for it may have been another with the same words.
  came(talk, message) {
    if (message.sender !== this.chat.me) return;
    const same = (sent) =>
      sent.id ? sent.id === message.id : sent.text === message.message && !sent.twin;
    const sent = talk.pending.find(same);
    if (sent) sent.twin = message.id;
  }

  async run() {
    if (this.running) return;
    this.running = true;
    while (this.queue.length > 0 && !this.over) {
      const sent = this.queue[0];
      try {
        const answer = await api.send(this.chat.me, this.recipient(sent), sent.text, sent.key);
        this.queue.shift();
        this.tries = 0;
        this.confirm(sent, answer);
      } catch (error) {
        if (error.passing) {
          await this.pause(sent, error);
        } else {
          this.queue.shift();
          Object.assign(sent, { state: "failed", why: error.message });
        }
      }
      this.keep();
      this.show(sent);
    }
    this.running = false;
  }

  recipient(sent) {
    return this.chat.talk(sent.talk).recipient;
  }

  confirm(sent, { id, epoch }) {
    const talk = this.chat.talk(sent.talk);
    Object.assign(sent, { state: "sent", id, twin: undefined });
    if (talk.has(id) || epoch !== this.chat.epoch) {
      talk.pending = talk.pending.filter((other) => other !== sent);
    }
    this.chat.tell("sent", { talk });
  }

  async pause(sent, error) {
    sent.state = "waiting";
    this.show(sent);
    if (error.status === 0) this.chat.tabs.nudge();
    const longest = Math.max(error.wait, Math.min(LONGEST, 500 * 2 ** this.tries++));
    await new Promise((done) => {
      const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
      this.hurry = () => {
        clearTimeout(timer);
        done();
      };
    });
    this.hurry = undefined;
  }
}
