// The way in: a name, and one is here.

import { $ } from "./dom.js";
import * as api from "./api.js";
import { local } from "./keep.js";
import { suggest } from "./names.js";

// Who this browser is, from the last time: { username, token } of a guest, or
// { username, account: true }, whose session is a cookie.
export const known = () => local.get("identity");

export const isAccount = () => known()?.account === true;

export function forget() {
  local.set("identity", null);
  api.prove("");
}

const INVITE = /^#invite=(.+)$/;

// The invitation that the address brought. It is worth an account, so it leaves the address.
let invitation = "";

// Whether the address brings an invitation.
export const isInvited = () => invitation !== "" || INVITE.test(location.hash);

// Takes the invitation out of the address; whether there was one.
export function takeInvitation() {
  const found = INVITE.exec(location.hash);
  if (!found) return false;
  try {
    invitation = decodeURIComponent(found[1]);
  } catch {
    invitation = found[1];
  }
  history.replaceState(null, "", "./");
  return true;
}

// Takes up the session or the registration of the last time; null when there is none any more.
export async function again() {
  const identity = known();
  if (!identity) return null;
  if (identity.account) {
    const username = await session();
    if (!username) forget();
    return username;
  }
  api.prove(identity.token);
  try {
    await api.rooms(identity.username);
    return identity.username;
  } catch (error) {
    if (error.passing) throw error;
  }
  return register(identity.username, identity.token).catch((error) => {
    if (error.passing) throw error;
    forget();
    return null;
  });
}

// Whose session the browser's cookie is.
async function session() {
  try {
    const { username } = await api.check();
    remember(username);
    return username;
  } catch (error) {
    if (error.passing) throw error;
    return null;
  }
}

// Whether the server has accounts at all.
export const offersAccounts = () => api.check().then(() => true, ({ status }) => status === 401);

function remember(username) {
  local.set("identity", { username, account: true });
  api.prove("");
}

async function register(username, before) {
  const { token } = await api.register(username, before);
  local.set("identity", { username, token });
  api.prove(token);
  return username;
}

let keeping = false;

// Whether this guest's name is becoming an account: what was open for the guest ends then, perhaps
// before the answer is here.
export const isKeeping = () => keeping;

// Makes the name of this guest an account; what was said to it comes along.
export async function keep(password) {
  const { username, token } = known();
  keeping = true;
  try {
    await api.signUp(username, password, { token, invite: invitation || undefined });
    invitation = "";
    remember(username);
  } finally {
    keeping = false;
  }
}

const WAYS = {
  guest: {
    title: "Come in and talk",
    lead: "Choose a name; that is all it takes. It stays yours on this device.",
    button: "Start chatting",
    enter: (name) => register(name),
  },
  login: {
    title: "Welcome back",
    lead: "Sign in with your name and your password.",
    button: "Sign in",
    autocomplete: "current-password",
    enter: (name, password) => api.signIn(name, password).then(({ username }) => entered(username)),
  },
  account: {
    title: "A name of your own",
    lead: "With a password it is yours on every device, and nobody else's.",
    button: "Create the account",
    autocomplete: "new-password",
    enter: (name, password, invite) => api.signUp(name, password, { invite }).then(({ username }) => entered(username)),
  },
};

function entered(username) {
  remember(username);
  return username;
}

// Asks who comes in until the server takes it.
export function ask(why = "") {
  const form = $("#enter");
  const field = $("#name");
  const secret = $("#password");
  const problem = $("#name-problem");
  const button = form.querySelector("[type=submit]");
  const invite = $("#invitation");
  const controller = new AbortController();
  const { signal } = controller;
  let way;
  const say = (text) => {
    problem.textContent = text;
    if (text) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  const choose = (name) => {
    way = WAYS[name];
    const guest = name === "guest";
    $("#enter h1").textContent = way.title;
    $("#enter .lead").textContent = way.lead;
    button.textContent = way.button;
    $("#secret").hidden = $("#another").hidden = guest;
    $("#another").hidden = !guest;
    // Where one is needed without having come with one, the refusal says so.
    $("#invited").hidden = name !== "account" || !invite.value;
    field.autocomplete = guest ? "nickname" : "username";
    secret.autocomplete = way.autocomplete ?? "off";
    for (const other of form.querySelectorAll("[data-way]")) {
      other.hidden = other.dataset.way === name;
    }
    if (guest && !field.value) field.value = suggest();
    if (!guest && field.value === suggested) field.value = "";
    say("");
    field.focus();
    field.select();
  };
  let suggested = suggest();
  field.value = suggested;
  $("#welcome").hidden = false;
  takeInvitation();
  invite.value = invitation;
  choose(invitation ? "account" : "guest");
  say(why);
  offersAccounts().then((offered) => {
    $("#ways").hidden = !offered;
  });
  // A link that is opened where the page is open already only changes the address.
  window.addEventListener("hashchange", () => {
    if (!takeInvitation()) return;
    invite.value = invitation;
    choose("account");
  }, { signal });
  for (const other of form.querySelectorAll("[data-way]")) {
    other.addEventListener("click", () => choose(other.dataset.way), { signal });
  }
  $("#another").addEventListener("click", () => {
    field.value = suggested = suggest();
    say("");
  }, { signal });
  return new Promise((done) => {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const name = field.value.trim();
      const password = secret.value;
      if (button.disabled) return;
      if (!name) return say("Please type a name.");
      if (!$("#secret").hidden && !password) return say("Please type a password.");
      button.disabled = true;
      try {
        const username = await way.enter(name, password, invite.value.trim() || undefined);
        $("#welcome").hidden = true;
        secret.value = invite.value = invitation = "";
        controller.abort();
        done(username);
      } catch (error) {
        say(error.message);
        const isInvite = error.code?.startsWith("invite_");
        if (isInvite) $("#invited").hidden = false;
        (isInvite ? invite : error.code?.includes("password") ? secret : field).focus();
      } finally {
        button.disabled = false;
      }
    }, { signal });
  });
}
