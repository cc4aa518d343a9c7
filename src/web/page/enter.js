// The way in: a name, and one is here.

import { $ } from "./dom.js";
import * as api from "./api.js";
import { local } from "./keep.js";
import { suggest } from "./names.js";

// Who this browser is, from the last time: { username, token }.
export const known = () => local.get("identity");

export function forget() {
  local.set("identity", null);
  api.prove("");
}

// Takes up the registration of the last time; null when its name is somebody else's now.
export async function again() {
  const identity = known();
  if (!identity) return null;
  api.prove(identity.token);
  try {
    await api.rooms(identity.username);
    return identity.username;
  } catch (error) {
    if (error.code !== "not_registered") throw error;
  }
  return register(identity.username, identity.token).catch((error) => {
    if (error.passing) throw error;
    forget();
    return null;
  });
}

async function register(username, before) {
  const { token } = await api.register(username, before);
  local.set("identity", { username, token });
  api.prove(token);
  return username;
}

// Asks for a name until one is given that the server takes.
export function ask(why = "") {
  const form = $("#enter");
  const field = $("#name");
  const problem = $("#name-problem");
  const button = form.querySelector("[type=submit]");
  const say = (text) => {
    problem.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  $("#welcome").hidden = false;
  field.value = suggest();
  say(why);
  field.focus();
  field.select();
  const controller = new AbortController();
  const { signal } = controller;
  $("#another").addEventListener("click", () => {
    field.value = suggest();
    say("");
  }, { signal });
  return new Promise((done) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = field.value.trim();
      say(name ? "" : "Please type a name.");
      if (!name || button.disabled) return;
      button.disabled = true;
      try {
        const username = await register(name);
        $("#welcome").hidden = true;
        controller.abort();
        done(username);
      } catch (error) {
        say(error.message);
        field.focus();
      } finally {
        button.disabled = false;
      }
    }, { signal });
  });
}
