// The dialogs: a new room, who is in a room, oneself, the keys.

import { $, avatar, h, toast } from "./dom.js";
import { askForNotices, canNotify, wantsNotices } from "./notify.js";
import { hash } from "./side.js";

export function prepare(chat, { go, leave }) {
  for (const button of document.querySelectorAll("dialog .close")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  // A click beside it closes it.
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
  prepareRoom(chat, go);
  prepareSelf(chat, leave);
}

function prepareRoom(chat, go) {
  const form = $("#new-room form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const named = $("#new-room-names").value.split(",").map((name) => name.trim());
    const chosen = [...form.querySelectorAll("input:checked")].map(({ value }) => value);
    const participants = [...new Set([...chosen, ...named])].filter(Boolean);
    const problem = $("#new-room-problem");
    problem.textContent = participants.length === 0 ? "Choose at least one person." : "";
    if (participants.length === 0) return;
    try {
      const room = await chat.createRoom(participants);
      $("#new-room").close();
      go(room);
    } catch (error) {
      problem.textContent = error.message;
    }
  });
}

export function showNewRoom(chat) {
  const people = [...chat.online].filter((name) => name !== chat.me);
  people.sort((a, b) => a.localeCompare(b));
  const choice = (name) =>
    h(
      "li",
      {},
      h("label", {}, h("input", { type: "checkbox", value: name }), avatar(name, "here"), h("span", { dir: "auto" }, name)),
    );
  $("#new-room-people").replaceChildren(...people.map(choice));
  $("#new-room-none").hidden = people.length > 0;
  $("#new-room-names").value = "";
  $("#new-room-problem").textContent = "";
  $("#new-room").showModal();
}

export function showPeople(chat, id) {
  const room = chat.rooms.get(id);
  if (!room) return;
  $("#members-title").textContent = `People in ${room.name}`;
  const person = (name) => {
    const here = chat.online.has(name);
    const self = name === chat.me;
    const label = h("span", { class: "name", dir: "auto" }, self ? `${name} (you)` : name);
    const state = h("span", { class: "state" }, here ? "online" : "offline");
    const to = { href: hash(`@${name}`), onclick: () => $("#members").close() };
    const parts = [avatar(name, here ? "here" : ""), label, state];
    return h("li", {}, self ? h("span", { class: "entry" }, ...parts) : h("a", to, ...parts));
  };
  $("#members-list").replaceChildren(...room.participants.map(person));
  $("#members").showModal();
}

function prepareSelf(chat, leave) {
  const notices = $("#notices");
  $("#notices-part").hidden = !canNotify();
  notices.addEventListener("change", async () => {
    notices.checked = await askForNotices(notices.checked);
    if (canNotify() && Notification.permission === "denied") {
      toast("The browser does not allow notices from this page; its settings can change that.");
    }
  });
  $("#leave").addEventListener("click", async () => {
    $("#self").close();
    await leave();
  });
  $("#self-name").textContent = chat.me;
  $("#me-name").textContent = chat.me;
  $("#me .avatar")?.remove();
  $("#me").prepend(avatar(chat.me, "here"));
}

export function showSelf() {
  $("#notices").checked = wantsNotices();
  $("#self").showModal();
}
