// Projects: their conversations in the list, and their files in a dialog.

import * as api from "./api.js";
import { $, h, toast } from "./dom.js";

// Pictures that browsers draw without running anything in them.
const PICTURES = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", webp: "image/webp", avif: "image/avif" };

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

const endingOf = (name) => /\.([^.]{1,8})$/.exec(name)?.[1].toLowerCase() ?? "";

export class Projects {
  constructor(chat, go) {
    Object.assign(this, { chat, go, list: [], of: new Map(), open: null, shown: [] });
    chat.projects = this;
    chat.addEventListener("rooms", () => this.refresh());
    $("#make-project").addEventListener("click", () => {
      $("#project-name").value = "";
      $("#project-problem").textContent = "";
      $("#new-project").showModal();
    });
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
      this.of = new Map(
        talks.filter(({ project_id }) => project_id).map(({ id, project_id }) => [`room_${id}`, project_id]),
      );
      $("#projects-part").hidden = false;
      this.chat.tell("projects");
    } catch (error) {
      this.none = !error.passing;
    } finally {
      this.asking = false;
    }
  }

  project(room) {
    return this.list.find(({ id }) => id === this.of.get(room));
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
    if (!project) return;
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
