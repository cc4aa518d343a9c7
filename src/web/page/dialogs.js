// The dialogs: a new room, who is in a room, oneself, the keys.

import { $, avatar, h, toast } from "./dom.js";
import * as enter from "./enter.js";
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
  chat.addEventListener("online", () => $("#new-room").open && showChoices(chat));
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
      const project = Number($("#new-room-project").value);
      const room = await (project
        ? chat.createConversation(participants, project)
        : chat.createRoom(participants));
      $("#new-room").close();
      go(room);
    } catch (error) {
      problem.textContent = error.message;
    }
  });
}

export function showNewRoom(chat) {
  $("#new-room-people").replaceChildren();
  showChoices(chat);
  $("#new-room-names").value = "";
  const projects = chat.projects.list.map(({ id, name }) => h("option", { value: id }, name));
  $("#new-room-project").replaceChildren(h("option", { value: "" }, "No project"), ...projects);
  $("#new-room-where").hidden = projects.length === 0;
  $("#new-room-problem").textContent = "";
  $("#new-room").showModal();
}

// Who can be put into a new room; whoever was chosen stays chosen when others come and go.
function showChoices(chat) {
  const list = $("#new-room-people");
  const chosen = new Set([...list.querySelectorAll("input:checked")].map(({ value }) => value));
  const people = new Set([...chat.online, ...chosen]);
  people.delete(chat.me);
  const there = new Map([...list.children].map((item) => [item.dataset.name, item]));
  for (const [name, item] of there) if (!people.has(name)) item.remove();
  for (const name of [...people].sort((a, b) => a.localeCompare(b))) {
    if (!there.has(name)) list.append(choice(name));
  }
  $("#new-room-none").hidden = people.size > 0;
}

function choice(name) {
  const box = h("input", { type: "checkbox", value: name });
  const label = h("label", {}, box, avatar(name, "here"), h("span", { class: "name", dir: "auto" }, name));
  return h("li", { "data-name": name }, label);
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
  prepareKeep();
  $("#self-name").textContent = chat.me;
  $("#me-name").textContent = chat.me;
  $("#me .avatar")?.remove();
  $("#me").prepend(avatar(chat.me, "here"));
}

// A guest may keep the name for good, where the server has accounts.
function prepareKeep() {
  const form = $("#keep");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = $("#keep-password");
    const problem = $("#keep-problem");
    problem.textContent = "";
    try {
      await enter.keep(field.value);
      location.reload();
    } catch (error) {
      problem.textContent = error.message;
      field.focus();
    }
  });
  if (enter.isAccount()) {
    $("#self-about").textContent = "This name is your own, on every device.";
    $("#leave").textContent = "Sign out";
  } else {
    enter.offersAccounts().then((offered) => {
      form.hidden = !offered;
    });
  }
}

export function showSelf() {
  $("#notices").checked = wantsNotices();
  $("#self").showModal();
}
