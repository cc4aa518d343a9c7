// One message as people see it.

import { avatar, h, hidden, icon } from "./dom.js";
import { isEmoji, isLong, nodes } from "./text.js";

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

// So long may a pause be inside one group.
const GROUP = 5 * 60_000;

export const dayOf = (date) => date.toDateString();

function dayName(date) {
  const now = new Date();
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(date) === dayOf(now)) return "Today";
  if (dayOf(date) === dayOf(yesterday)) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? DAY : YEAR).format(date);
}

// Whether a message goes on where the one before it left off.
export function joins(message, previous) {
  if (!previous || previous.sender !== message.sender) return false;
  return at(message) - at(previous) < GROUP && dayOf(at(message)) === dayOf(at(previous));
}

export function at(message) {
  message.time ??= new Date(message.created_at);
  return message.time;
}

export const dayRow = (date) => h("h2", { class: "day" }, h("span", {}, dayName(date)));

export const unreadRow = () => h("p", { class: "line" }, h("span", {}, "New messages"));

export function gapRow(load) {
  const button = h("button", { type: "button", class: "quiet", onclick: load }, "Load them");
  return h("p", { class: "gap" }, "Messages of your absence are missing here. ", button);
}

export const noticeRow = (message) =>
  h("p", { class: "notice", title: FULL.format(at(message)) }, message.message);

export function messageRow(message, { mine, joined, mention, direct }) {
  const time = h("time", { datetime: message.created_at, title: FULL.format(at(message)) });
  time.textContent = TIME.format(at(message));
  const classes = ["message", mine && "mine", joined && "joined", mention && "mention", direct && "direct"];
  const who = mine ? "You" : message.sender;
  const head = joined
    ? hidden(`${who}, `)
    : h("span", { class: mine || direct ? "sr" : "author" }, who);
  return h(
    "article",
    { class: classes.filter(Boolean).join(" ") },
    mine || direct ? null : joined ? h("span", { class: "avatar none" }) : avatar(message.sender),
    h(
      "div",
      { class: "bubble" },
      h("p", { class: "head" }, head, mention ? hidden("mentions you") : null, time),
      body(message.message),
    ),
  );
}

// A message on its way.
export function pendingRow(sent, { again, drop }) {
  const states = {
    sending: ["Sending …"],
    waiting: ["Waiting for the server …", h("button", { type: "button", onclick: again }, "Try again")],
    sent: ["Sent"],
    failed: [
      icon("warn"),
      `Not sent: ${sent.why}`,
      h("button", { type: "button", onclick: again }, "Try again"),
      h("button", { type: "button", onclick: drop }, "Remove"),
    ],
  };
  return h(
    "article",
    { class: `message mine pending ${sent.state}` },
    h(
      "div",
      { class: "bubble" },
      h("p", { class: "head" }, h("span", { class: "sr" }, "You")),
      body(sent.text),
      h("p", { class: "fate" }, ...states[sent.state]),
    ),
  );
}

function body(text) {
  const said = h("div", { class: isEmoji(text) ? "said emoji" : "said", dir: "auto" }, ...nodes(text));
  if (!isLong(text)) return said;
  said.classList.add("folded");
  const button = h("button", { type: "button", class: "fold", "aria-expanded": "false" }, "Show all");
  button.addEventListener("click", () => {
    const folded = said.classList.toggle("folded");
    button.textContent = folded ? "Show all" : "Show less";
    button.setAttribute("aria-expanded", String(!folded));
  });
  const both = document.createDocumentFragment();
  both.append(said, button);
  return both;
}
