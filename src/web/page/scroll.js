// The open conversation: a window of rows onto its messages, however many there are.
//
// Rows are kept while what they show is the same, so a new message costs one row. Whatever
// changes above, what is being read stays where it is.

import { $, drawn, h, toast } from "./dom.js";
import { SERVER } from "./chat.js";
import { at, dayOf, dayRow, gapRow, joins, messageRow, noticeRow, pendingRow, unreadRow } from "./row.js";

// The most messages in the document, and how many come in at its ends at once.
const MOST = 240;
const STEP = 80;

// So near to an end, more is shown: pixels.
const NEAR = 800;

// The end counts as in sight this close to it: pixels.
const CLOSE = 48;

export class Scroll {
  constructor(chat) {
    this.chat = chat;
    this.box = $("#scroll");
    this.log = $("#log");
    this.newer = $("#newer");
    this.rows = new Map();
    this.draw = drawn(() => this.render());
    this.box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.newer.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.keepEnd()).observe(this.box);
    chat.addEventListener("talk", ({ talk, history }) => {
      if (talk !== this.talk) return;
      if (history) this.quiet();
      this.draw();
    });
    chat.addEventListener("news", ({ talk }) => {
      // Whoever looks elsewhere meanwhile finds the line above what came.
      if (talk !== this.talk || talk.unread !== 1 || document.hasFocus()) return;
      this.lineAfter = talk.read;
      this.draw();
    });
    chat.addEventListener("sent", ({ talk }) => talk === this.talk && this.draw());
  }

  // Shows a conversation from its first unread message, or where it was left, or its end.
  open(talk, place) {
    this.quiet();
    this.talk = talk;
    this.rows.clear();
    this.log.replaceChildren();
    Object.assign(this, { from: 0, to: Infinity, follows: true, seen: 0, lineAfter: null });
    if (!talk) return;
    const unread = talk.loaded && talk.unread > 0;
    // The line above what was not read when the conversation was opened.
    this.lineAfter = unread ? talk.read : null;
    const first = unread ? { id: talk.messages[talk.place(talk.read + 1)]?.id, offset: 120 } : place;
    if (!first || !talk.has(first.id)) {
      this.render();
      return;
    }
    const index = talk.place(first.id);
    this.from = talk.messages[Math.max(0, index - STEP)].id;
    this.to = talk.messages[Math.min(talk.messages.length - 1, index + STEP)].id;
    this.follows = false;
    this.render();
    const row = this.rows.get(first.id)?.element;
    if (row) this.box.scrollTop = row.offsetTop - first.offset;
    this.lastTop = 0;
    this.scrolled();
  }

  // Those who listen are not told of what was said before.
  quiet() {
    this.log.setAttribute("aria-live", "off");
    clearTimeout(this.loud);
    this.loud = setTimeout(() => this.log.setAttribute("aria-live", "polite"), 1000);
  }

  // Where the reader is, to come back to.
  get position() {
    if (!this.talk || this.follows) return null;
    const row = this.anchor();
    return row ? { id: row.id, offset: row.element.offsetTop - this.box.scrollTop } : null;
  }

  // The first row in sight.
  anchor() {
    const top = this.box.scrollTop;
    for (const element of this.log.children) {
      if (element.dataset.id && element.offsetTop + element.offsetHeight > top) {
        return { id: Number(element.dataset.id), element };
      }
    }
    return null;
  }

  window() {
    const { messages } = this.talk;
    let end = this.to === Infinity ? messages.length : this.talk.place(this.to + 1);
    let start = this.talk.place(this.from);
    if (this.follows) start = Math.max(start, end - MOST);
    if (this.from === 0 && this.follows) start = Math.max(0, end - STEP);
    if (end - start > MOST) end = start + MOST;
    return { start, end };
  }

  render() {
    const { talk } = this;
    if (!talk) return;
    const { start, end } = this.window();
    const { messages } = talk;
    const anchor = this.follows ? null : this.anchor();
    // The foot of a row stays; its head may lose the day that stood above it.
    const foot = (element) => element.offsetTop + element.offsetHeight - this.box.scrollTop;
    const before = anchor && foot(anchor.element);
    const wanted = [];
    if (start === 0 && talk.loaded && !talk.hasOlder) wanted.push(this.beginning());
    for (let index = start; index < end; index++) wanted.push(this.row(messages[index], messages[index - 1]));
    const atEnd = end === messages.length;
    if (atEnd) for (const sent of talk.pending) if (!this.isShown(sent)) wanted.push(this.pending(sent));
    this.reconcile(wanted);
    if (messages.length > 0 && start < messages.length) {
      this.from = messages[start].id;
      this.to = atEnd && end - start < MOST ? Infinity : (messages[end - 1]?.id ?? Infinity);
    }
    this.atEnd = atEnd;
    if (this.follows) {
      this.box.scrollTop = this.box.scrollHeight;
      this.saw();
    } else if (anchor && this.rows.has(anchor.id)) {
      const moved = foot(this.rows.get(anchor.id).element) - before;
      if (moved !== 0) this.box.scrollTop += moved;
    }
    this.lastTop = this.box.scrollTop;
    this.showNewer();
    this.empty();
    if (!this.fits) this.scrolled();
  }

  // Whether the server has told of it already.
  isShown(sent) {
    return sent.twin !== undefined && this.talk.has(sent.twin);
  }

  row(message, previous) {
    const { chat, talk } = this;
    const newDay = !previous || dayOf(at(previous)) !== dayOf(at(message));
    const gap = previous && talk.gapBefore(message.id, previous.id);
    const line =
      this.lineAfter !== null && message.id > this.lineAfter && (previous?.id ?? 0) <= this.lineAfter;
    const joined = joins(message, previous) && !gap && !line && !newDay;
    const key = `${newDay}${Boolean(gap)}${line}${joined}`;
    const kept = this.rows.get(message.id);
    if (kept?.key === key) return kept.element;
    const mine = message.sender === chat.me;
    const element = h("div", { class: "row", "data-id": message.id });
    if (newDay) element.append(dayRow(at(message)));
    if (gap) element.append(gapRow(({ target }) => this.fill(gap, target)));
    if (line) element.append(unreadRow());
    const notice = message.sender === SERVER;
    const options = { mine, joined, mention: chat.mentions(message), direct: !talk.isRoom };
    element.append(notice ? noticeRow(message) : messageRow(message, options));
    this.rows.set(message.id, { key, element });
    return element;
  }

  pending(sent) {
    if (sent.row?.dataset.state === sent.state) return sent.row;
    const { outbox } = this.chat;
    const actions = { again: () => outbox.again(sent), drop: () => outbox.drop(sent) };
    sent.row = h("div", { class: "row", "data-state": sent.state }, pendingRow(sent, actions));
    return sent.row;
  }

  beginning() {
    this.start ??= h("p", { class: "start" });
    const name = this.chat.nameOf(this.talk.id);
    const text = this.talk.isRoom
      ? `This is where ${name} begins.`
      : `This is where your conversation with ${name} begins.`;
    if (this.start.textContent !== text) this.start.textContent = text;
    return this.start;
  }

  // Makes the log show exactly these rows, moving none that is in its place.
  reconcile(wanted) {
    const keep = new Set(wanted);
    for (const element of [...this.log.children]) {
      if (!keep.has(element)) element.remove();
    }
    for (const [id, { element }] of this.rows) if (!keep.has(element)) this.rows.delete(id);
    let next = this.log.firstChild;
    for (const element of wanted) {
      if (element === next) next = next.nextSibling;
      else this.log.insertBefore(element, next);
    }
  }

  empty() {
    const { talk } = this;
    const none = talk.loaded && talk.messages.length === 0 && talk.pending.length === 0;
    $("#empty").hidden = !none;
    $("#loading").hidden = talk.loaded || talk.messages.length > 0;
    this.fits = this.box.scrollHeight > this.box.clientHeight + NEAR || !talk.hasOlder;
  }

  get toTheEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight;
  }

  scrolled() {
    const { talk } = this;
    if (!talk?.loaded || this.rows.size === 0) return;
    const { start, end } = this.window();
    const { messages } = talk;
    this.follow();
    if (this.box.scrollTop < NEAR && start > 0) {
      this.from = messages[Math.max(0, start - STEP)].id;
      const last = Math.min(end, Math.max(0, start - STEP) + MOST);
      this.to = last === messages.length ? Infinity : messages[last - 1].id;
      this.quiet();
      this.draw();
    } else if (this.box.scrollTop < NEAR && talk.hasOlder) {
      this.older();
    } else if (this.toTheEnd < NEAR && end < messages.length) {
      const last = Math.min(messages.length, end + STEP);
      this.to = messages[last - 1].id;
      this.from = messages[Math.max(0, last - MOST, start)].id;
      this.quiet();
      this.draw();
    }
    this.showNewer();
  }

  // Whoever is at the end stays there when something comes; whoever scrolls up does not.
  follow() {
    const up = this.box.scrollTop < this.lastTop - 1;
    this.lastTop = this.box.scrollTop;
    const close = this.atEnd && this.toTheEnd < CLOSE;
    this.follows = close && (!up || this.toTheEnd < 4);
    if (this.follows) this.saw();
  }

  async older() {
    const { talk } = this;
    if (talk.loading || this.pausedUntil > Date.now()) return;
    this.log.setAttribute("aria-busy", "true");
    $("#older").hidden = false;
    try {
      const first = talk.messages[0]?.id;
      await this.chat.loadOlder(talk);
      // Those who read older ones stay at their message; the new ones are above the window.
      if (talk === this.talk && this.from === first) this.scrolled();
    } catch {
      this.pausedUntil = Date.now() + 2000;
    } finally {
      $("#older").hidden = true;
      this.log.removeAttribute("aria-busy");
    }
  }

  async fill(gap, button) {
    button.disabled = true;
    try {
      await this.chat.fill(this.talk, gap);
    } catch {
      toast("The server cannot be reached.");
    } finally {
      button.disabled = false;
    }
  }

  // What is at the end is in sight.
  saw() {
    if (!this.talk.loaded) return;
    this.seen = this.talk.lastId;
    if (document.visibilityState === "visible" && document.hasFocus()) this.chat.markRead(this.talk);
  }

  showNewer() {
    const { talk } = this;
    const below = this.follows ? 0 : talk.messages.length - talk.place(this.seen + 1);
    const away = !this.atEnd || this.toTheEnd > this.box.clientHeight;
    this.newer.hidden = this.follows || (below === 0 && !away) || !talk.loaded;
    const text = below > 0 && this.seen > 0 ? `${below} new` : "Newest messages";
    if (this.newer.lastChild.textContent !== text) this.newer.lastChild.textContent = text;
  }

  toEnd() {
    if (!this.talk) return;
    Object.assign(this, { from: 0, to: Infinity, follows: true, lineAfter: null });
    this.render();
  }

  // A smaller box (a keyboard, a taller composer) hides what is above, not the end.
  keepEnd() {
    if (this.talk && this.follows) this.box.scrollTop = this.box.scrollHeight;
  }

  by(pages) {
    this.box.scrollBy({ top: pages * this.box.clientHeight * 0.85 });
  }
}
