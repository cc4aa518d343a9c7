// The server's endpoints, as any other client would call them.

// Above every id there is: "the newest".
const NEWEST = Number.MAX_SAFE_INTEGER;

// A request that came to nothing. `code` is the server's, or "offline" when no answer came.
export class Refused extends Error {
  constructor(code, message, status = 0, wait = 0) {
    super(message);
    Object.assign(this, { code, status, wait });
  }

  // Whether the same request may yet succeed.
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let proof = "";

// Proves from now on who asks.
export function prove(token) {
  proof = token ?? "";
}

export function headers() {
  return proof ? { Authorization: `Bearer ${proof}` } : {};
}

// Addresses are relative, so that the page works behind a proxy that adds a prefix.
export function address(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

export async function call(method, path, { query, body, form, signal, patience = 15_000 } = {}) {
  const options = { method, headers: headers(), cache: "no-store" };
  const ends = [AbortSignal.timeout(patience)];
  if (signal) ends.push(signal);
  options.signal = any(ends);
  if (body) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  } else if (form) {
    options.body = form;
  }
  let answer;
  let said;
  try {
    answer = await fetch(address(path, query), options);
    said = await answer.json().catch((error) => {
      if (options.signal.aborted) throw error;
      return {};
    });
  } catch {
    throw new Refused("offline", "The server cannot be reached.");
  }
  if (answer.ok) return said;
  const wait = Number(answer.headers.get("Retry-After")) * 1000 || 0;
  const sentence = said.message ?? said.error ?? `The server answered ${answer.status}.`;
  throw new Refused(said.code ?? "unknown", sentence, answer.status, wait);
}

function any(signals) {
  if (AbortSignal.any) return AbortSignal.any(signals);
  const both = new AbortController();
  for (const signal of signals) signal.addEventListener("abort", () => both.abort());
  return both.signal;
}

export const register = (username, token) =>
  call("POST", "register", { body: token ? { username, token } : { username } });

export const logout = (username) => call("POST", "logout", { body: { username } });

export const rooms = (username) => call("GET", "rooms", { query: { username } });

export const online = () => call("GET", "online");

export const announcement = () => call("GET", "announcement");

export const send = (sender, recipient, message, key) =>
  call("POST", "send", {
    body: { sender, recipient, message, client_msg_id: key },
    patience: 10_000,
  });

export const createRoom = (admin, participants) =>
  call("POST", "create_room", { body: { admin, participants } });

export const joinRoom = (username, room_id) =>
  call("POST", "join_room", { body: { username, room_id } });

export const leaveRoom = (username, room_id) =>
  call("POST", "leave_room", { body: { username, room_id } });

// The newest messages below `before`; of one conversation, when `talk` names it.
export const before = (username, { talk, before = NEWEST, limit }) =>
  call("GET", "messages", {
    query: { username, with: talk, before_id: before, limit, view: "full" },
  });

// The oldest messages above `after`, and where to go on.
export const after = (username, { talk, after, epoch, limit, wait, signal }) =>
  call("GET", "messages", {
    query: { username, with: talk, last_id: after, epoch, limit, wait, view: "full" },
    signal,
    patience: 15_000 + (wait ?? 0) * 1000,
  });

// Whether the server answers at all.
export async function reachable(patience) {
  try {
    const signal = AbortSignal.timeout(patience);
    await fetch("./", { method: "HEAD", cache: "no-store", signal });
    return true;
  } catch {
    return false;
  }
}
