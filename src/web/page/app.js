// The page: who one is, which conversation is open, which keys do what.

import { $, toast } from "./dom.js";
import * as api from "./api.js";
import * as bar from "./bar.js";
import { Chat } from "./chat.js";
import { Compose } from "./compose.js";
import * as dialogs from "./dialogs.js";
import * as enter from "./enter.js";
import { Projects } from "./files.js";
import { local, tab } from "./keep.js";
import { Notify } from "./notify.js";
import { Scroll } from "./scroll.js";
import { Side, hash, ofHash } from "./side.js";
import { Switcher } from "./switcher.js";

const wide = matchMedia("(min-width: 720px)");

class App {
  constructor(me) {
    const chat = new Chat(me);
    this.chat = chat;
    this.side = new Side(chat);
    this.scroll = new Scroll(chat);
    this.compose = new Compose(chat, { said: () => this.scroll.toEnd() });
    this.notify = new Notify(chat, (id) => this.go(id));
    this.switcher = new Switcher(chat, this.side, (id) => this.go(id));
    this.projects = new Projects(chat, (id) => this.go(id));
    this.projects.none = !enter.isAccount();
    dialogs.prepare(chat, { go: (id) => this.go(id), leave: () => this.logout() });
    chat.addEventListener("state", () => this.showState());
    chat.addEventListener("rooms", () => this.showHead());
    chat.addEventListener("online", () => this.showHead());
    chat.addEventListener("projects", () => this.showHead());
    chat.addEventListener("missed", (event) => this.missed(event));
    chat.addEventListener("ended", () => enter.isKeeping() || location.reload());
    this.listen();
  }

  listen() {
    const click = (selector, action) => $(selector).addEventListener("click", action);
    click("#back", () => this.go(null));
    click("#new-message", () => this.switcher.show(true));
    click("#make-room", () => dialogs.showNewRoom(this.chat));
    click("#find", () => this.switcher.show());
    click("#me", () => dialogs.showSelf());
    click("#help-button", () => $("#help").showModal());
    click("#show-files", () => this.projects.show(this.side.open));
    click("#show-members", () => dialogs.showPeople(this.chat, this.side.open));
    click("#leave-room", () => this.leaveRoom());
    click("#join", () => this.join());
    click("#overview-keep", () => dialogs.showSelf());
    window.addEventListener("hashchange", () => {
      if (enter.takeInvitation()) this.invited();
      this.route();
    });
    window.addEventListener("pagehide", () => this.keepPlace());
    window.addEventListener("focus", () => this.scroll.follows && this.scroll.talk && this.scroll.saw());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.keepPlace();
      else if (this.scroll.follows && this.scroll.talk) this.scroll.saw();
    });
    document.addEventListener("keydown", (event) => this.key(event));
  }

  async start() {
    const invited = enter.takeInvitation();
    let wanted = ofHash(location.hash);
    // One look at the address decides; with none, the last place, or the first room.
    if (!isOverview()) wanted ??= wide.matches ? local.get(`place ${this.chat.me}`) : null;
    await this.chat.start(wanted);
    $("#app").hidden = false;
    this.showState();
    if (wanted && !ofHash(location.hash)) history.replaceState(null, "", hash(wanted));
    if (wanted && !wanted.startsWith("@") && !this.chat.rooms.has(wanted)) {
      toast("This room is not there, or not open to you.");
      history.replaceState(null, "", "./");
    }
    await this.route(tab.get("reading"));
    this.side.render();
    if (invited) this.invited();
  }

  // Whoever is here already comes with an invitation.
  invited() {
    if (enter.isAccount()) toast(`You have an account already: ${this.chat.me}.`);
    else dialogs.showSelf();
  }

  // Opens what the address names.
  async route(place = null) {
    this.keepPlace();
    const { chat, side } = this;
    let id = ofHash(location.hash);
    if (id && !id.startsWith("@") && !chat.rooms.has(id)) id = null;
    side.open = id;
    side.draw();
    const overview = isOverview();
    document.body.dataset.view = id || overview ? "talk" : "list";
    $("#nothing").hidden = Boolean(id) || overview;
    $("#head").hidden = !id && !overview;
    this.projects.overview(overview);
    this.notify.at(id ? chat.nameOf(id) : overview ? "Projects" : "");
    const isIn = id !== null && chat.knows(id);
    const talk = isIn ? chat.talk(id) : null;
    if (id) local.set(`place ${chat.me}`, id);
    $("#invite").hidden = !id || isIn;
    $("#scroll").hidden = !isIn;
    this.compose.open(talk, id ? chat.nameOf(id) : "");
    this.showHead();
    this.scroll.open(talk, place?.talk === id ? place : null);
    if (!talk) return;
    if (wide.matches && !document.querySelector("dialog[open]")) this.compose.focus();
    if (!talk.loaded || talk.stale) await this.load(talk, place?.talk === id ? place : null);
  }

  // Reads it as soon as the server is there, unless something else is opened meanwhile.
  async load(talk, place) {
    const turn = (this.loading = {});
    const wanted = () => this.loading === turn && talk === this.scroll.talk;
    const read = async () => {
      await this.chat.load(talk);
      for (let pages = 0; place && pages < 20 && talk.hasOlder && talk.messages[0]?.id > place.id; pages++) {
        await this.chat.loadOlder(talk);
      }
    };
    try {
      await api.insist(read, wanted);
    } catch {
      return;
    }
    if (wanted()) this.scroll.open(talk, place);
  }

  go(id) {
    if (id && ofHash(location.hash) === id) this.compose.focus();
    else location.hash = id ? hash(id) : "";
  }

  keepPlace() {
    const { talk, position } = this.scroll;
    tab.set("reading", talk && position ? { talk: talk.id, ...position } : null);
  }

  showHead() {
    const id = this.side.open;
    if (!id) return this.headOverview();
    const { chat } = this;
    const room = chat.rooms.get(id);
    const isRoom = !id.startsWith("@");
    $("#title").textContent = chat.nameOf(id);
    $("#show-members").hidden = !isRoom;
    $("#show-files").hidden = !this.projects.project(id);
    $("#leave-room").hidden = !isRoom || !chat.isIn(id);
    const people = room?.participants ?? [];
    const here = people.filter((name) => chat.online.has(name)).length;
    const count = people.length === 1 ? "1 person" : `${people.length} people`;
    const online = chat.online.has(chat.nameOf(id)) ? "Online" : "Offline";
    $("#about").textContent = isRoom ? `${count}, ${here} online` : online;
    $("#about").classList.toggle("here", !isRoom && chat.online.has(chat.nameOf(id)));
    $("#invite-text").textContent = `${count} ${people.length === 1 ? "is" : "are"} in ${chat.nameOf(id)}.`;
  }

  headOverview() {
    for (const name of ["show-members", "show-files", "leave-room"]) $(`#${name}`).hidden = true;
    $("#title").textContent = "Projects";
    $("#about").textContent = "";
    $("#about").classList.remove("here");
  }

  showState() {
    const { state } = this.chat;
    const line = $("#state");
    // At the start one waits a moment before speaking of it.
    clearTimeout(this.speak);
    if (state === "online") {
      line.hidden = true;
      return;
    }
    const text = "No connection to the server. Trying again …";
    const say = () => {
      line.hidden = false;
      $("#state-text").textContent = text;
    };
    if (state === "offline") this.speak = setTimeout(say, 300);
    else this.speak = setTimeout(say, 3000);
  }

  missed({ anew }) {
    if (anew) toast("The server began anew; what was said before is no longer there.");
    const { talk } = this.scroll;
    if (talk) this.load(talk, this.scroll.position);
  }

  async join() {
    const id = this.side.open;
    try {
      await this.chat.join(id);
      await this.route();
    } catch (error) {
      toast(error.message);
    }
  }

  async leaveRoom() {
    const id = this.side.open;
    try {
      await this.chat.leave(id);
      this.go(null);
      toast(`You have left ${id.replace(/^room_/, "")}.`);
    } catch (error) {
      toast(error.message);
    }
  }

  async logout() {
    this.chat.end();
    const end = enter.isAccount() ? api.signOut() : api.logout(this.chat.me);
    await end.catch(() => {});
    enter.forget();
    history.replaceState(null, "", "./");
    location.reload();
  }

  key(event) {
    const open = document.querySelector("dialog[open]");
    const writing = event.target.closest?.("input, textarea");
    const is = (key) => event.key === key;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!open) this.switcher.show();
    } else if (open) {
      return;
    } else if (event.altKey && (is("ArrowUp") || is("ArrowDown"))) {
      event.preventDefault();
      this.step(is("ArrowUp") ? -1 : 1);
    } else if (is("Escape")) {
      this.scroll.toEnd();
      this.compose.focus();
    } else if (is("?") && !writing) {
      event.preventDefault();
      $("#help").showModal();
    } else if (writing?.id === "text" && (is("PageUp") || is("PageDown"))) {
      event.preventDefault();
      this.scroll.by(is("PageUp") ? -1 : 1);
    }
  }

  step(by) {
    const { ids, open } = this.side;
    if (ids.length === 0) return;
    const place = open ? ids.indexOf(open) : by > 0 ? -1 : 0;
    this.go(ids[(place + by + ids.length) % ids.length]);
  }
}

// Whether the address asks for all projects.
const isOverview = () => location.hash === "#projects";

// Whoever comes in for the first time finds a room open, not an empty page.
async function firstRoom(me) {
  if (isOverview()) return null;
  if (ofHash(location.hash)) return ofHash(location.hash);
  const { rooms } = await api.rooms(me);
  return rooms.find(({ kind }) => kind === "named")?.room_id;
}

function why(had) {
  if (!had) return "";
  if (had.account) return "Your session has ended; please sign in again.";
  return `${had.username} is taken by somebody else by now.`;
}

async function begin() {
  bar.follow();
  let me = null;
  let retry = 500;
  for (;;) {
    try {
      const had = enter.known();
      me = await enter.again();
      if (me) break;
      me = await enter.ask(enter.isInvited() ? "" : why(had));
      const room = await firstRoom(me);
      if (room?.startsWith("room_")) await api.joinRoom(me, room).catch(() => {});
      if (room) history.replaceState(null, "", hash(room));
      break;
    } catch {
      $("#state").hidden = false;
      $("#state-text").textContent = "No connection to the server. Trying again …";
      await new Promise((done) => setTimeout(done, retry));
      retry = Math.min(retry * 2, 5000);
    }
  }
  const app = new App(me);
  for (;;) {
    try {
      await app.start();
      return;
    } catch (error) {
      if (!error.passing) throw error;
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

begin();
