// Calls for attention: the number in the title, and notices of the browser where they are wanted.

import { local } from "./keep.js";

// Over plain HTTP from another machine, browsers have no notices to give.
export const canNotify = () => "Notification" in window && window.isSecureContext;

export const wantsNotices = () =>
  canNotify() && Notification.permission === "granted" && local.get("notices") === true;

export async function askForNotices(wanted) {
  if (wanted && Notification.permission !== "granted") await Notification.requestPermission();
  local.set("notices", wanted && Notification.permission === "granted");
  return wantsNotices();
}

export class Notify {
  constructor(chat, open) {
    Object.assign(this, { chat, open, place: "" });
    chat.addEventListener("talks", () => this.title());
    chat.addEventListener("news", (event) => this.news(event));
  }

  at(place) {
    this.place = place;
    this.title();
  }

  title() {
    const { unread } = this.chat;
    const parts = [this.place, "chatroom"].filter(Boolean).join(" · ");
    const title = unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${parts}` : parts;
    if (document.title !== title) document.title = title;
  }

  // Only for what is said now, and only when nobody looks: what is replayed is no news.
  news({ talk, message, live }) {
    const meant = !talk.isRoom || this.chat.mentions(message);
    if (!live || !meant || message.sender === "server") return;
    if (!this.chat.tabs.leads || this.chat.tabs.watched || !wantsNotices()) return;
    const where = talk.isRoom ? `${message.sender} in ${this.chat.nameOf(talk.id)}` : message.sender;
    const body = message.message.slice(0, 200);
    const notice = new Notification(where, { body, tag: `${this.chat.epoch}:${message.id}` });
    notice.onclick = () => {
      window.focus();
      this.open(talk.id);
      notice.close();
    };
  }
}
