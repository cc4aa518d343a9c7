// The list of conversations, with what is unread and who is here.

import { $, avatar, drawn, h, hidden, icon } from "./dom.js";
import { withUser } from "./talk.js";

export class Side {
  constructor(chat) {
    this.chat = chat;
    this.open = null;
    this.draw = drawn(() => this.render());
    for (const name of ["talks", "online", "rooms", "projects"]) chat.addEventListener(name, () => this.draw());
  }

  // All conversations in the order in which they stand.
  order() {
    const { chat } = this;
    const rooms = [...chat.rooms.values()];
    const named = rooms.filter(({ kind }) => kind === "named").map(({ room_id }) => room_id);
    const numbered = rooms.filter(({ kind }) => kind !== "named").map(({ room_id }) => room_id);
    const direct = [...chat.talks.values()]
      .filter((talk) => !talk.isRoom && (talk.lastId || talk.pending.length || talk.id === this.open))
      .sort((a, b) => b.lastId - a.lastId)
      .map(({ id }) => id);
    const of = (room) => chat.projects?.project(room);
    const projects = (chat.projects?.list ?? []).map((project) => ({
      project,
      rooms: numbered.filter((room) => of(room) === project),
    }));
    return { rooms: [...named, ...numbered.filter((room) => !of(room))], projects, direct };
  }

  get ids() {
    const { rooms, projects, direct } = this.order();
    return [...rooms, ...projects.flatMap((project) => project.rooms), ...direct];
  }

  render() {
    const { rooms, projects, direct } = this.order();
    const { chat } = this;
    this.group($("#projects"), projects);
    this.fill($("#rooms"), rooms.map((id) => this.item(id)));
    this.fill($("#direct"), direct.map((id) => this.item(id)));
    const others = [...chat.online].filter((name) => name !== chat.me && !direct.includes(withUser(name)));
    others.sort((a, b) => a.localeCompare(b));
    this.fill($("#people"), others.slice(0, 100).map((name) => this.item(withUser(name))));
    $("#direct-part").hidden = direct.length === 0;
    $("#people-part").hidden = others.length === 0;
    $("#alone").hidden = others.length > 0 || direct.length > 0;
  }

  // A list for each project, under its name.
  group(box, projects) {
    const old = new Map([...box.children].map((element) => [element.dataset.id, element]));
    for (const { project, rooms } of projects) {
      const id = String(project.id);
      const title = h("h3", { class: "project", id: `project-${id}`, dir: "auto" }, project.name);
      const made = () => h("div", { "data-id": id }, title, h("ul", { "aria-labelledby": `project-${id}` }));
      const part = old.get(id) ?? made();
      old.delete(id);
      if (!part.isConnected) box.append(part);
      this.fill(part.lastChild, rooms.map((room) => this.item(room)));
    }
    for (const gone of old.values()) gone.remove();
  }

  // An entry is made anew only when it says something else, so that focus stays where it is.
  item(id) {
    const { chat } = this;
    const talk = chat.talks.get(id);
    // Under the name of its project a conversation needs only its own.
    const name = chat.projects?.project(id) ? chat.projects.labelOf(id) : chat.nameOf(id);
    const isRoom = !id.startsWith("@");
    const unread = talk?.unread ?? 0;
    const here = isRoom ? chat.isIn(id) : chat.online.has(name);
    return { id, name, isRoom, unread, here, open: id === this.open };
  }

  fill(list, items) {
    const old = new Map([...list.children].map((element) => [element.dataset.id, element]));
    for (const item of items) {
      const key = JSON.stringify(item);
      const kept = old.get(item.id);
      old.delete(item.id);
      if (kept?.dataset.key === key) continue;
      const made = entry(item);
      Object.assign(made.dataset, { id: item.id, key });
      const focused = kept?.contains(document.activeElement);
      if (kept) kept.replaceWith(made);
      else list.append(made);
      if (focused) made.firstChild.focus();
    }
    for (const gone of old.values()) gone.remove();
    this.sort(list, items);
  }

  sort(list, items) {
    const byId = new Map([...list.children].map((element) => [element.dataset.id, element]));
    let next = list.firstChild;
    for (const { id } of items) {
      const element = byId.get(id);
      if (element === next) next = next.nextSibling;
      else move(list, element, next);
    }
  }
}

// Moving an element takes the focus from it.
function move(list, element, next) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  list.insertBefore(element, next);
  focused?.focus();
}

function entry({ id, name, isRoom, unread, here, open }) {
  const mark = isRoom
    ? h("span", { class: "mark", "aria-hidden": "true" }, icon(here ? "room" : "door"))
    : avatar(name, here ? "here" : "");
  const state = isRoom ? (here ? null : "not joined") : here ? "online" : "offline";
  const link = h(
    "a",
    { href: hash(id), "aria-current": open ? "page" : null, class: unread ? "unread" : null },
    mark,
    h("span", { class: "name", dir: "auto" }, name),
    state && (isRoom ? h("span", { class: "state" }, "Join") : hidden(`, ${state}`)),
    unread ? h("span", { class: "count" }, unread > 99 ? "99+" : String(unread), hidden(" unread")) : null,
  );
  return h("li", {}, link);
}

// The address of a conversation inside the page.
export const hash = (id) =>
  id.startsWith("@") ? `#@${encodeURIComponent(id.slice(1))}` : `#${encodeURIComponent(id)}`;

// The conversation an address names.
export function ofHash(text) {
  try {
    const id = decodeURIComponent(text.replace(/^#\/?/, ""));
    return id.startsWith("@") || id.startsWith("room_") ? id : null;
  } catch {
    return null;
  }
}
