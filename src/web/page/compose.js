// Where one writes. What was begun in a conversation waits there, over a reload too.

import { $ } from "./dom.js";
import { tab } from "./keep.js";

// The server's limit (limits.message_bytes) unless its owner changed it: bytes.
const LONGEST = 16_384;

export class Compose {
  constructor(chat, { said }) {
    Object.assign(this, { chat, said, talk: null });
    this.form = $("#compose");
    this.field = $("#text");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.altKey) return;
      event.preventDefault();
      this.send();
    });
    this.field.addEventListener("input", () => this.changed());
  }

  open(talk, name) {
    this.talk = talk;
    this.form.hidden = !talk;
    if (!talk) return;
    this.field.placeholder = `Message ${name}`;
    this.field.setAttribute("aria-label", `Message ${name}`);
    this.field.value = this.drafts()[talk.id] ?? "";
    this.changed();
  }

  drafts() {
    return tab.get(`drafts ${this.chat.me}`) ?? {};
  }

  changed() {
    const text = this.field.value;
    const drafts = this.drafts();
    if (text) drafts[this.talk.id] = text;
    else delete drafts[this.talk.id];
    tab.set(`drafts ${this.chat.me}`, drafts);
    if (!CSS.supports("field-sizing", "content")) {
      this.field.style.height = "auto";
      this.field.style.height = `${Math.min(this.field.scrollHeight, 200)}px`;
    }
    // Counting the bytes of what is plainly short would be work at every key.
    const over = text.length * 3 > LONGEST ? new TextEncoder().encode(text).length - LONGEST : 0;
    $("#too-long").textContent =
      over > 0 ? `Too long by ${over.toLocaleString()} bytes; please send it in parts.` : "";
    this.tooLong = over > 0;
    $("#send").disabled = this.tooLong || !text.trim();
  }

  send() {
    const text = this.field.value.trim();
    if (!text || this.tooLong || !this.talk) return;
    this.field.value = "";
    this.changed();
    this.chat.outbox.send(this.talk, text);
    this.said();
  }

  focus() {
    if (!this.form.hidden) this.field.focus({ preventScroll: true });
  }
}
