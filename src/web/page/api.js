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

// Does it again, ever later, until it is done or can never be; `wanted` says whether it still matters.
export async function insist(work, wanted) {
  for (let pause = 500; wanted(); pause = Math.min(10_000, 2 * pause)) {
    try {
      return await work();
    } catch (error) {
      if (!error.passing) throw error;
    }
    await new Promise((done) => setTimeout(done, pause));
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

// Accounts. The session is a cookie that no script sees.

export const check = () => call("GET", "auth/check");

export const signIn = (username, password) =>
  call("POST", "auth/login", { body: { username, password }, patience: 60_000 });

export const signUp = (username, password, { token, invite } = {}) =>
  call("POST", "auth/register", { body: { username, password, token, invite }, patience: 60_000 });

export const signOut = () => call("POST", "auth/logout");

// Projects, which those with an account have.

export const projects = () => call("GET", "projects");

export const createProject = (name) => call("POST", "projects", { body: { name } });

export const conversations = () => call("GET", "conversations");

export const createConversation = (participant_ids, project_id) =>
  call("POST", "conversations", { body: { participant_ids, project_id } });

// The accounts whose names contain this.
export const people = (search) => call("GET", "conversations/users", { query: { search } });

export const files = (project) => call("GET", `projects/${project}/files`);

// The address of a file, for links; its bytes, for pictures.
export const fileAt = (project, id) => `projects/${project}/files/${id}`;

export async function bytes(project, id) {
  const answer = await fetch(fileAt(project, id), { headers: headers() });
  if (!answer.ok) throw new Refused("unknown", "The file cannot be read.", answer.status);
  return answer.blob();
}

// Uploads a file; `progress` hears how much is there, from 0 to 1. `fetch` cannot tell that.
export function upload(project, file, progress) {
  const form = new FormData();
  form.append("file", file, file.name);
  const request = new XMLHttpRequest();
  return new Promise((done, fail) => {
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onerror = () => fail(new Refused("offline", "The server cannot be reached."));
    request.onload = () => {
      const said = request.response ?? {};
      if (request.status < 300) done(said.file);
      else fail(new Refused(said.code ?? "unknown", said.message ?? "It was refused.", request.status));
    };
    request.open("POST", `projects/${project}/files`);
    request.responseType = "json";
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.send(form);
  });
}

// How the server is doing, for those who may see it.
export const details = () => call("GET", "api/status/details");

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
