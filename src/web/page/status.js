// How the server is doing, for whoever runs it.

import { $, h, icon } from "./dom.js";
import * as api from "./api.js";
import { chart } from "./chart.js";

const AGAIN = 5000;

const number = (value) => value.toLocaleString();
const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
const messages = (count) => plural(count, "message", "messages");

function size(bytes) {
  const units = ["kilobyte", "megabyte", "gigabyte"];
  const place = Math.min(Math.max(Math.floor(Math.log10(bytes) / 3) - 1, 0), units.length - 1);
  const options = { style: "unit", unit: units[place], maximumFractionDigits: 1 };
  return (bytes / 1000 ** (place + 1)).toLocaleString(undefined, options);
}

// The two largest units that say something.
function lasting(seconds) {
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? parts.slice(-1) : parts.slice(first, first + 2);
  return shown.filter(([count], place) => place === 0 || count > 0).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

const minutesAgo = (ago) => (ago === 0 ? "this minute, so far" : ago === 1 ? "1 minute ago" : `${ago} minutes ago`);

function showHealth({ takes_writes, uptime_seconds, version }) {
  const text = takes_writes ? "All is well" : "Nothing can be written: see to the disk, and to the log";
  const line = `${text}. Version ${version}, running for ${lasting(uptime_seconds)}.`;
  const health = $("#health");
  health.classList.toggle("ill", !takes_writes);
  // Said aloud when it changes, and not at every look.
  if (health.dataset.text === text) health.lastChild.textContent = line;
  else health.replaceChildren(icon(takes_writes ? "well" : "warn"), h("span", { "aria-live": "off" }, line));
  health.dataset.text = text;
}

function showPace(counts) {
  const sum = counts.reduce((all, count) => all + count, 0);
  const most = Math.max(...counts);
  const span = counts.length >= 60 ? "the last hour" : `the last ${plural(counts.length, "minute", "minutes")}`;
  const text = `${messages(sum)} in ${span}, ${number(most)} a minute at most.`;
  $("#pace-sum").textContent = text;
  const say = (count, ago) => `${messages(count)}, ${minutesAgo(ago)}`;
  $("#pace").replaceChildren(chart(counts, `Messages a minute: ${text}`, say));
  const rows = [...counts].reverse().map((count, ago) =>
    h("tr", {}, h("td", {}, minutesAgo(ago)), h("td", {}, number(count))));
  $("#pace-table").replaceChildren(...rows);
}

const STORES = { sqlite: "SQLite", nats: "NATS", memory: "Memory" };

function showHeld(now) {
  const held = [
    ["People here", number(now.users_here), `of ${plural(now.users_held, "name", "names")}`],
    ["Accounts", number(now.accounts), plural(now.sessions, "session", "sessions")],
    ["Rooms", number(now.rooms), null],
    ["Messages", number(now.messages), `${number(now.messages_in_memory)} in memory`],
    ["Connections", number(now.streams + now.sockets + now.long_polls), `${plural(now.streams, "stream", "streams")}, ${plural(now.sockets, "socket", "sockets")}, ${plural(now.long_polls, "waiting poll", "waiting polls")}`],
    ["Memory", now.memory_bytes === null ? "unknown" : size(now.memory_bytes), null],
    ["Store", STORES[now.store] ?? now.store, now.store === "memory" ? "kept until the server stops" : null],
    ["Running for", lasting(now.uptime_seconds), null],
  ];
  const entry = ([name, value, more]) => {
    const rest = more && h("dd", { class: "more" }, more);
    return h("div", {}, h("dt", {}, name), h("dd", {}, value), rest);
  };
  $("#held").replaceChildren(...held.map(entry));
}

async function look() {
  try {
    const now = await api.details();
    showHealth(now);
    showPace(now.messages_by_minute);
    showHeld(now);
    show("figures");
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      $("#locked-why").textContent = error.status === 401 ? "" : error.message;
      show("locked");
    }
    $("#state").hidden = !error.passing;
  }
}

function show(part) {
  $("#state").hidden = true;
  for (const id of ["figures", "locked"]) $(`#${id}`).hidden = id !== part;
}

async function follow() {
  for (;;) {
    if (document.visibilityState === "visible") await look();
    await new Promise((done) => setTimeout(done, AGAIN));
  }
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
follow();
