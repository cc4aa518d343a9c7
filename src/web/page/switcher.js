// Goes to any conversation, or begins one, by typing a part of its name.

import { $, avatar, h, icon } from "./dom.js";
import { withUser } from "./talk.js";

const MOST = 12;

export class Switcher {
  constructor(chat, side, go) {
    Object.assign(this, { chat, side, go, at: 0, found: [] });
    this.dialog = $("#switcher");
    this.field = $("#switcher-text");
    this.list = $("#switcher-list");
    this.field.addEventListener("input", () => this.render());
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.take(this.found[this.at]);
    });
  }

  // `people` alone, to write to somebody.
  show(people = false) {
    this.people = people;
    $("#switcher-title").textContent = people ? "Message somebody" : "Go to";
    this.field.placeholder = people ? "A name" : "A room or a name";
    this.field.value = "";
    this.render();
    this.dialog.showModal();
    this.field.focus();
  }

  candidates() {
    const { chat } = this;
    const talks = this.side.ids.filter((id) => !this.people || id.startsWith("@"));
    const people = [...chat.online].filter((name) => name !== chat.me).map(withUser);
    const all = [...new Set([...talks, ...people])];
    const text = this.field.value.trim();
    const part = text.toLowerCase();
    const scored = all
      .map((id) => ({ id, place: chat.nameOf(id).toLowerCase().indexOf(part) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => Math.min(a.place, 1) - Math.min(b.place, 1));
    const found = scored.map(({ id }) => id).slice(0, MOST);
    const known = found.some((id) => chat.nameOf(id).toLowerCase() === part);
    if (text && !known && text !== chat.me) found.push(withUser(text));
    return found;
  }

  render() {
    this.found = this.candidates();
    this.at = 0;
    this.list.replaceChildren(...this.found.map((id, place) => this.option(id, place)));
    const none = this.found.length === 0;
    $("#switcher-none").hidden = !none;
    this.list.hidden = none;
    this.field.setAttribute("aria-expanded", String(!none));
    this.mark();
  }

  option(id, place) {
    const name = this.chat.nameOf(id);
    const isRoom = !id.startsWith("@");
    const online = this.chat.online.has(name);
    const about = isRoom ? "room" : online ? "online" : "";
    return h(
      "li",
      { role: "option", id: `option-${place}`, onclick: () => this.take(id) },
      isRoom ? h("span", { class: "mark" }, icon("room")) : avatar(name, online ? "here" : ""),
      h("span", { class: "name", dir: "auto" }, name),
      h("span", { class: "state" }, about),
    );
  }

  mark() {
    for (const [place, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(place === this.at));
      if (place === this.at) option.scrollIntoView({ block: "nearest" });
    }
    if (this.found.length > 0) this.field.setAttribute("aria-activedescendant", `option-${this.at}`);
    else this.field.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.altKey || this.found.length === 0) return;
    event.preventDefault();
    this.at = (this.at + step + this.found.length) % this.found.length;
    this.mark();
  }

  take(id) {
    if (!id) return;
    this.dialog.close();
    this.go(id);
  }
}
