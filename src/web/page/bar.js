// The announcement of the server's owner: a bar that is gone for good once it was closed.

import { $ } from "./dom.js";
import * as api from "./api.js";
import { local } from "./keep.js";

const AGAIN = 5 * 60_000;

export function follow() {
  const look = () => show().catch(() => {});
  $("#announcement .close").addEventListener("click", () => {
    local.set("read announcement", $("#announcement-text").textContent);
    $("#announcement").hidden = true;
  });
  look();
  const timer = setInterval(() => document.visibilityState === "visible" && look(), AGAIN);
  return () => clearInterval(timer);
}

async function show() {
  const { announcement } = await api.announcement();
  const closed = local.get("read announcement") === announcement;
  $("#announcement-text").textContent = announcement;
  $("#announcement").hidden = !announcement || closed;
}
