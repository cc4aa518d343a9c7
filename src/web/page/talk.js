// One conversation: what of it is here, where the holes are, how far it was read.

// The conversation with a user is known by "@" and the name, one in a room by the room's id.
export const withUser = (name) => `@${name}`;

export class Talk {
  constructor(id) {
    this.id = id;
    // Ascending by id, no id twice.
    this.messages = [];
    // Holes: messages above `after` and below `before` were never here.
    this.gaps = [];
    // Whether the newest page was read, so that only what is older is missing.
    this.loaded = false;
    this.hasOlder = true;
    // Above this id nothing was known when the newest were last read from afresh.
    this.stale = 0;
    this.read = 0;
    this.unread = 0;
    // What is on its way out of this tab.
    this.pending = [];
  }

  get isRoom() {
    return !this.id.startsWith("@");
  }

  // How the server calls it.
  get recipient() {
    return this.isRoom ? this.id : this.id.slice(1);
  }

  get lastId() {
    return this.messages.at(-1)?.id ?? 0;
  }

  // The place of the first message with this id or a higher one.
  place(id) {
    let low = 0;
    let high = this.messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.messages[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  has(id) {
    return this.messages[this.place(id)]?.id === id;
  }

  // Takes messages in, ascending; what is here already stays as it is.
  merge(messages) {
    if (messages.length === 0) return;
    if (messages[0].id > this.lastId) {
      this.messages.push(...messages);
    } else if (messages.at(-1).id < this.messages[0].id) {
      this.messages.unshift(...messages);
    } else {
      const fresh = messages.filter((message) => !this.has(message.id));
      this.messages = [...this.messages, ...fresh].sort((a, b) => a.id - b.id);
    }
    for (const { id } of messages) this.settle(id);
  }

  // A message that came back from the server is no longer on its way.
  settle(id) {
    if (this.pending.length === 0) return;
    this.pending = this.pending.filter((sent) => sent.id !== id);
  }

  // From here on there may be messages that were never told of.
  miss() {
    if (this.messages.length === 0) return;
    // What came between two absences is read again, so that there is one hole, not two.
    if (this.stale) this.messages.splice(this.place(this.stale + 1));
    else this.stale = this.lastId;
  }

  // Takes the newest page in.
  mergeNewest(messages, more) {
    if (!this.loaded || this.messages.length === 0) {
      this.hasOlder = more || this.place(messages[0]?.id ?? 0) > 0;
    }
    this.mergeTail(messages, more);
    this.loaded = true;
  }

  // Takes in messages after which only newer ones come that are told of; `more` says that there
  // are others before them. After an absence, what they do not reach down to is a hole.
  mergeTail(messages, more) {
    const known = this.stale;
    this.stale = 0;
    this.merge(messages);
    if (messages.length === 0) return;
    const oldest = messages[0].id;
    for (const gap of this.gaps) gap.before = Math.min(gap.before, oldest);
    this.gaps = this.gaps.filter(({ after, before }) => before > after && more);
    if (known && more && oldest > known) {
      this.gaps.push({ after: known, before: this.messages[this.place(known + 1)].id });
    }
  }

  mergeOlder(messages, more) {
    this.merge(messages);
    this.hasOlder = more;
  }

  // Fills a hole from below.
  mergeGap(gap, messages, more) {
    const inside = messages.filter(({ id }) => id < gap.before);
    this.merge(inside);
    if (inside.length < messages.length || !more || inside.length === 0) {
      this.gaps = this.gaps.filter((other) => other !== gap);
    } else {
      gap.after = inside.at(-1).id;
    }
  }

  gapBefore(id, previous) {
    return this.gaps.find((gap) => gap.before <= id && gap.after >= previous);
  }

  countUnread(me) {
    let count = 0;
    for (let place = this.place(this.read + 1); place < this.messages.length; place++) {
      if (this.messages[place].sender !== me) count++;
    }
    return count;
  }
}
