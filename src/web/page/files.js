// Projects: their conversations in the list and all together, their files in a dialog.

import * as api from "./api.js";
import { $, h, icon, toast } from "./dom.js";
import { hash } from "./side.js";

// Pictures that browsers draw without running anything in them.
const PICTURES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif" };

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

// Names in the name of a conversation; one more than that is still named, further ones are counted.
const NAMED = 3;

const endingOf = (name) => /\.([^.]{1,8})$/.exec(name)?.[1].toLowerCase() ?? "";

export class Projects {
  constructor(chat, go) {
    Object.assign(this, { chat, go, list: [], of: new Map(), first: new Set(), open: null, shown: [] });
    chat.projects = this;
    chat.addEventListener("rooms", () => this.refresh());
    chat.addEventListener("projects", () => this.render());
    const make = () => {
      $("#project-name").value = "";
      $("#project-problem").textContent = "";
      $("#new-project").showModal();
    };
    for (const id of ["#make-project", "#overview-make"]) $(id).addEventListener("click", make);
    $("#new-project form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.create();
    });
    const drop = $("#drop");
    const over = (on) => (event) => {
      event.preventDefault();
      drop.classList.toggle("over", on);
    };
    for (const name of ["dragenter", "dragover"]) $("#files").addEventListener(name, over(true));
    $("#files").addEventListener("dragleave", over(false));
    $("#files").addEventListener("drop", (event) => {
      over(false)(event);
      this.upload(event.dataTransfer.files);
    });
    $("#files").addEventListener("paste", (event) => this.upload(event.clipboardData.files));
    $("#file-input").addEventListener("change", ({ target }) => {
      this.upload(target.files);
      target.value = "";
    });
    $("#files").addEventListener("close", () => this.release());
  }

  // Asks anew which there are. Where the server has none, or one is a guest, there is nothing.
  async refresh() {
    if (this.asking || this.none) return;
    this.asking = true;
    try {
      const [list, talks] = await Promise.all([api.projects(), api.conversations()]);
      this.list = list;
      this.of = new Map();
      this.first = new Set();
      for (const { id, project_id, created_at } of talks.sort((a, b) => a.id - b.id)) {
        const project = list.find((project) => project.id === project_id);
        if (!project) continue;
        this.of.set(`room_${id}`, project_id);
        // It was made together with the project.
        if (created_at === project.created_at) this.first.add(`room_${id}`);
      }
      $("#projects-part").hidden = false;
      this.chat.tell("projects");
    } catch (error) {
      this.none = !error.passing;
    } finally {
      this.asking = false;
      this.render();
    }
  }

  project(room) {
    return this.list.find(({ id }) => id === this.of.get(room));
  }

  // What a conversation is called under the name of its project: by those who are in it. Where
  // several have the same people, they are numbered.
  labelOf(room) {
    if (this.first.has(room)) return "Main conversation";
    const label = this.people(room);
    const alike = this.conversations(this.of.get(room)).filter((other) => !this.first.has(other) && this.people(other) === label);
    const number = alike.indexOf(room) + 1;
    return alike.length > 1 ? `${label} (${number})` : label;
  }

  // What it is called anywhere else.
  nameOf(room, project) {
    return this.first.has(room) ? project.name : `${project.name}: ${this.labelOf(room)}`;
  }

  people(room) {
    const names = (this.chat.rooms.get(room)?.participants ?? []).filter((name) => name !== this.chat.me);
    if (names.length === 0) return "Only you";
    const more = names.length - NAMED;
    return more > 1 ? `${names.slice(0, NAMED).join(", ")} and ${more} others` : names.join(", ");
  }

  conversations(project) {
    return [...this.of].filter(([, of]) => of === project).map(([room]) => room);
  }

  // Shows all projects in the place of a conversation, or shows them no more.
  overview(shown) {
    $("#overview").hidden = !shown;
    if (shown) $("#projects-title a").setAttribute("aria-current", "page");
    else $("#projects-title a").removeAttribute("aria-current");
    this.render();
  }

  render() {
    if ($("#overview").hidden) return;
    const guest = Boolean(this.none);
    $("#overview-guest").hidden = !guest;
    $("#overview-none").hidden = guest || this.asking || this.list.length > 0;
    const focused = document.activeElement?.dataset.key;
    $("#overview-projects").replaceChildren(...this.list.map((project) => this.part(project)));
    if (focused) $(`#overview [data-key="${focused}"]`)?.focus();
  }

  // A project with its conversations and the way to its files.
  part(project) {
    const id = `overview-${project.id}`;
    const talk = (room) => h("li", {}, h("a", { href: hash(room), "data-key": room },
      h("span", { class: "mark", "aria-hidden": "true" }, icon("room")),
      h("span", { class: "name", dir: "auto" }, this.labelOf(room)),
    ));
    const files = h("button", { type: "button", class: "quiet", "data-key": id, onclick: () => this.showFiles(project) }, "Files");
    return h("section", { "aria-labelledby": id },
      h("div", { class: "part" }, h("h2", { id, dir: "auto" }, project.name), files),
      h("ul", { class: "choices" }, ...this.conversations(project.id).map(talk)),
    );
  }

  async create() {
    try {
      const { conversation_id } = await api.createProject($("#project-name").value.trim());
      $("#new-project").close();
      await this.chat.refreshRooms();
      await this.refresh();
      this.go(`room_${conversation_id}`);
    } catch (error) {
      $("#project-problem").textContent = error.message;
    }
  }

  async show(room) {
    const project = this.project(room);
    if (project) await this.showFiles(project);
  }

  async showFiles(project) {
    this.open = project.id;
    $("#files-title").textContent = `Files of ${project.name}`;
    $("#uploads").replaceChildren();
    $("#files-list").replaceChildren();
    $("#no-files").hidden = true;
    $("#files").showModal();
    await this.look();
  }

  async look() {
    try {
      const files = await api.files(this.open);
      this.release();
      $("#no-files").hidden = files.length > 0;
      $("#files-list").replaceChildren(...files.reverse().map((file) => this.card(file)));
    } catch (error) {
      toast(error.message);
    }
  }

  // Pictures are shown, all else is a card; a press downloads either.
  card({ id, filename, uploaded_at }) {
    const kind = PICTURES[endingOf(filename)];
    const face = h("span", { class: "card", "aria-hidden": "true" }, endingOf(filename).toUpperCase() || "FILE");
    const link = h(
      "a",
      { href: api.fileAt(this.open, id), download: filename },
      face,
      h("span", { class: "filename", dir: "auto" }, filename),
      h("time", { datetime: uploaded_at }, WHEN.format(new Date(uploaded_at))),
    );
    if (kind) this.picture(id, kind, face);
    return h("li", {}, link);
  }

  async picture(id, kind, face) {
    try {
      const bytes = await api.bytes(this.open, id);
      const address = URL.createObjectURL(new Blob([bytes], { type: kind }));
      this.shown.push(address);
      const image = h("img", { src: address, alt: "" });
      image.addEventListener("error", () => image.replaceWith(face));
      face.replaceWith(image);
    } catch {
      // The card stays.
    }
  }

  release() {
    for (const address of this.shown.splice(0)) URL.revokeObjectURL(address);
  }

  async upload(files) {
    for (const file of [...files]) {
      const bar = h("progress", { max: 1, value: 0, "aria-label": `Uploading ${file.name}` });
      const item = h("li", {}, h("span", { dir: "auto" }, file.name), bar);
      $("#uploads").append(item);
      try {
        await api.upload(this.open, file, (part) => {
          bar.value = part;
        });
        item.remove();
      } catch (error) {
        bar.replaceWith(h("span", { class: "problem" }, error.message));
      }
    }
    await this.look();
  }
}
