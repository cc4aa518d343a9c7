// What this person knows: rooms, conversations, who is here, what is read. No picture of it.
//
// It tells of changes by the events "talks" (the list of conversations), "talk" (the messages of
// one), "online", "state", "rooms", "news" (a message that was not here before), "ended".

import * as api from "./api.js";
import { local } from "./keep.js";
import { Outbox } from "./outbox.js";
import { Tabs } from "./tabs.js";
import { Talk, withUser } from "./talk.js";

const PAGE = 60;
const OLDER = 200;

// How far back the list of conversations is gathered from at the start.
const RECENT = 500;

export const SERVER = "server";

export class Chat extends EventTarget {
  constructor(me) {
    super();
    this.me = me;
    this.rooms = new Map();
    this.talks = new Map();
    this.online = new Set();
    this.state = "connecting";
    // Notices name the room they are about in their text.
    this.notices = new Map();
    this.epoch = undefined;
    this.outbox = new Outbox(this);
    this.tabs = new Tabs(me, (event) => this.hear(event));
  }

  tell(name, detail = {}) {
    this.dispatchEvent(Object.assign(new Event(name), detail));
  }

  // Reads what is needed first, then follows what is new, then looks at the rest.
  async start(wanted) {
    const [rooms, newest] = await Promise.all([
      api.rooms(this.me),
      api.before(this.me, { limit: 1 }),
    ]);
    this.epoch = newest.epoch;
    this.marks = this.remembered();
    this.takeRooms(rooms.rooms);
    const talk = wanted && this.knows(wanted) ? this.talk(wanted) : null;
    const first = talk ? this.load(talk).catch(() => {}) : Promise.resolve();
    this.tabs.start(newest.last_id, newest.epoch);
    this.baseline(newest.last_id);
    await first;
    this.gatherAtLast();
    this.outbox.resume();
    window.addEventListener("storage", (event) => {
      if (event.key === `chatroom.read ${this.me}`) this.readElsewhere();
    });
  }

  end() {
    this.gathering = undefined;
    this.tabs.end();
    this.outbox.end();
  }

  // How far each conversation was read, on this device. Marks of another life of the ids are void.
  remembered() {
    const marks = local.get(`read ${this.me}`);
    return marks?.epoch === this.epoch ? marks : { epoch: this.epoch, talks: {} };
  }

  // What was said before one came for the first time is not unread.
  baseline(head) {
    if (this.marks.since !== undefined) return;
    this.marks.since = head;
    this.keepMarks();
  }

  keepMarks() {
    local.set(`read ${this.me}`, this.marks);
  }

  readElsewhere() {
    this.marks = this.remembered();
    for (const talk of this.talks.values()) {
      const read = this.marks.talks[talk.id] ?? 0;
      if (read > talk.read) {
        talk.read = read;
        talk.unread = talk.countUnread(this.me);
      }
    }
    this.tell("talks");
  }

  talk(id) {
    let talk = this.talks.get(id);
    if (!talk) {
      talk = new Talk(id);
      talk.read = this.marks.talks[id] ?? this.marks.since ?? 0;
      this.talks.set(id, talk);
      this.tell("talks");
    }
    return talk;
  }

  // Whether one may look into it: any user, and a room one is in.
  knows(id) {
    return id.startsWith("@") ? id.length > 1 : this.isIn(id);
  }

  isIn(room) {
    return this.rooms.get(room)?.participants.includes(this.me) ?? false;
  }

  nameOf(id) {
    if (id.startsWith("@")) return id.slice(1);
    const project = this.projects?.project(id);
    if (project) return this.projects.nameOf(id, project);
    return this.rooms.get(id)?.name ?? id.replace(/^room_/, (/^room_\d+$/.test(id) ? "Room " : ""));
  }

  get unread() {
    let sum = 0;
    for (const talk of this.talks.values()) sum += talk.unread;
    return sum;
  }

  async refreshRooms() {
    const { rooms } = await api.rooms(this.me);
    this.takeRooms(rooms);
  }

  takeRooms(rooms) {
    this.rooms = new Map(rooms.map((room) => [room.room_id, room]));
    this.tell("rooms");
    this.tell("talks");
  }

  async load(talk) {
    const page = await api.before(this.me, { talk: talk.recipient, limit: PAGE });
    talk.mergeNewest(page.messages, page.has_more);
    talk.merge(this.noticesFor(talk));
    this.tell("talk", { talk, history: true });
  }

  async loadOlder(talk) {
    if (talk.loading || !talk.hasOlder || talk.messages.length === 0) return;
    talk.loading = true;
    try {
      const first = talk.messages.find(({ sender }) => sender !== SERVER || !talk.isRoom);
      const query = { talk: talk.recipient, before: first?.id ?? talk.messages[0].id, limit: OLDER };
      const page = await api.before(this.me, query);
      talk.mergeOlder(page.messages, page.has_more);
      talk.merge(this.noticesFor(talk));
    } finally {
      talk.loading = false;
    }
    this.tell("talk", { talk, history: true });
  }

  async fill(talk, gap) {
    // One more than is wanted tells whether the hole ends there.
    const query = { talk: talk.recipient, after: gap.after, epoch: this.epoch, limit: OLDER + 1 };
    const page = await api.after(this.me, query);
    talk.mergeGap(gap, page.messages, page.has_more);
    this.tell("talk", { talk, history: true });
  }

  // The notices about a room that belong among the messages that are here.
  noticesFor(talk) {
    const list = this.notices.get(talk.id) ?? [];
    const from = talk.hasOlder ? (talk.messages[0]?.id ?? Infinity) : 0;
    return list.filter(({ id }) => id >= from);
  }

  // Looks at the newest, however often that fails: what was missed comes no other way.
  gatherAtLast() {
    const turn = (this.gathering = {});
    api.insist(() => this.gather(), () => this.gathering === turn).catch(() => {});
  }

  // Looks at the newest of everything: who wrote directly, what is unread.
  async gather() {
    const page = await api.before(this.me, { limit: RECENT });
    const byTalk = new Map();
    for (const message of page.messages) {
      const id = this.place(message);
      if (!byTalk.has(id)) byTalk.set(id, []);
      byTalk.get(id).push(message);
    }
    for (const [id, messages] of byTalk) {
      const talk = this.talk(id);
      // What is open begins where it begins; it is read further back when that is wanted.
      const from = talk.loaded ? (talk.messages[0]?.id ?? 0) : 0;
      const here = messages.filter((message) => message.id >= from);
      talk.mergeTail(here, here.length === messages.length && page.has_more);
      talk.unread = talk.countUnread(this.me);
      this.tell("talk", { talk, history: true });
    }
    const missing = [...this.rooms.values()].filter(
      (room) => this.isIn(room.room_id) && room.last_id > this.talk(room.room_id).read,
    );
    for (const room of missing) await this.countMissed(this.talk(room.room_id));
    this.tell("talks");
  }

  // Counts on the server what is not here.
  async countMissed(talk) {
    if (talk.place(talk.read + 1) > 0 && !talk.stale) return;
    const query = { talk: talk.recipient, after: talk.read, epoch: this.epoch, limit: 100 };
    const page = await api.after(this.me, query).catch(() => null);
    if (!page?.recovered) return;
    talk.unread = page.messages.filter(({ sender }) => sender !== this.me).length;
  }

  // The conversation a message belongs to.
  place(message) {
    if (message.kind === "room") return message.recipient;
    if (message.sender !== SERVER) {
      return withUser(message.sender === this.me ? message.recipient : message.sender);
    }
    const room = roomOfNotice(message.message);
    if (!room) return withUser(SERVER);
    const list = this.notices.get(room) ?? [];
    if (!list.some(({ id }) => id === message.id)) list.push(message);
    this.notices.set(room, list);
    return room;
  }

  hear(event) {
    if (event.type === "message") {
      this.receive(event.message, event.live);
    } else if (event.type === "presence") {
      const before = this.online;
      this.online = new Set(event.online);
      this.tell("online");
      if (before.size !== this.online.size) this.refreshRooms().catch(() => {});
    } else if (event.type === "state") {
      this.state = event.state;
      if (event.state === "online") {
        this.outbox.resume();
        this.refreshRooms().catch(() => {});
      }
      this.tell("state");
    } else if (event.type === "jump") {
      for (const talk of this.talks.values()) talk.miss();
      this.tell("missed");
      this.gatherAtLast();
    } else if (event.type === "reset") {
      this.restart(event);
    } else if (event.type === "ended") {
      this.tell("ended");
    }
  }

  // The ids began anew: nothing that is here means anything any more.
  restart({ epoch, cursor }) {
    this.epoch = epoch;
    this.marks = { epoch, talks: {}, since: cursor };
    this.keepMarks();
    this.notices.clear();
    for (const talk of this.talks.values()) {
      Object.assign(talk, new Talk(talk.id), { pending: talk.pending });
      talk.read = cursor;
    }
    this.tell("missed", { anew: true });
    this.gatherAtLast();
  }

  receive(message, live) {
    const id = this.place(message);
    const talk = this.talk(id);
    if (talk.has(message.id)) return;
    if (!talk.isRoom || this.rooms.has(id)) this.outbox.came(talk, message);
    talk.merge([message]);
    const mine = message.sender === this.me;
    if (!mine && message.id > talk.read) talk.unread++;
    if (message.sender === SERVER || (talk.isRoom && !this.rooms.has(id))) {
      this.refreshRooms().catch(() => {});
    }
    const room = this.rooms.get(id);
    if (room) room.last_id = Math.max(room.last_id, message.id);
    this.tell("talk", { talk });
    this.tell("talks");
    if (!mine) this.tell("news", { talk, message, live });
  }

  markRead(talk) {
    if (talk.lastId <= talk.read && talk.unread === 0) return;
    talk.read = Math.max(talk.read, talk.lastId);
    talk.unread = 0;
    this.marks.talks[talk.id] = talk.read;
    this.keepMarks();
    this.tell("talks");
  }

  // Whether a message speaks of this person.
  mentions(message) {
    const at = message.message.toLowerCase().indexOf(this.me.toLowerCase());
    if (at < 0 || message.sender === this.me) return false;
    const around = [message.message[at - 1] ?? " ", message.message[at + this.me.length] ?? " "];
    return around.every((letter) => !/[\p{L}\p{N}_]/u.test(letter));
  }

  async join(room) {
    await api.joinRoom(this.me, room);
    await this.refreshRooms();
  }

  async leave(room) {
    await api.leaveRoom(this.me, room);
    this.talks.delete(room);
    await this.refreshRooms();
  }

  async createRoom(participants) {
    const { room_id } = await api.createRoom(this.me, participants);
    await this.refreshRooms();
    return room_id;
  }

  // A conversation of a project, whose people have accounts.
  async createConversation(participants, project) {
    const ids = [];
    for (const name of participants) {
      const found = await api.people(name);
      const person = found.find(({ username }) => username.toLowerCase() === name.toLowerCase());
      if (!person) throw new Error(`${name} has no account.`);
      ids.push(person.id);
    }
    const { conversation_id } = await api.createConversation(ids, project);
    await this.refreshRooms();
    return `room_${conversation_id}`;
  }
}

function roomOfNotice(text) {
  const found =
    /^Room (\d+) has been created and you have been added/.exec(text) ??
    /has left room (\d+)\.$/.exec(text);
  return found ? `room_${found[1]}` : null;
}
