// A conversation between two socket.io-clients, one of them over polling alone.
// Run: node tests/clients/socketio_conversations.mjs http://127.0.0.1:5003
// (a server that was just started with `--store memory:`)
import assert from "node:assert/strict";
import { once } from "node:events";
import { io } from "socket.io-client";

const base = process.argv[2];

async function ask(path, body, token) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  const answer = await fetch(base + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(answer.status, 201, path);
  return answer.json();
}

async function person(username, transports) {
  const account = await ask("/auth/register", { username, password: `the secret of ${username}` });
  const socket = io(base, { transports, auth: { token: account.token }, forceNew: true });
  const [greeting] = await once(socket, "connection_response");
  assert.equal(greeting.username, username);
  return { ...account, socket };
}

const ann = await person("ann", ["websocket"]);
const bob = await person("bob", ["polling"]);
const { conversation_id } = await ask("/conversations", { participant_ids: [bob.user_id] }, ann.token);
await ask(`/conversations/${conversation_id}/messages`, { content: "first" }, ann.token);
for (const { socket } of [ann, bob]) {
  const recent = once(socket, "recent_messages");
  assert.deepEqual(await socket.emitWithAck("join", { conversation_id }), { ok: true });
  const [{ messages }] = await recent;
  assert.deepEqual(messages.map(({ content, user_id }) => [content, user_id]), [["first", 1]]);
}
const heard = [ann, bob].map(({ socket }) => once(socket, "message"));
const ack = await bob.socket.emitWithAck("send_message", { conversation_id, message: "hé 🎈" });
assert.deepEqual(ack, { ok: true, id: 2 });
for (const [message] of await Promise.all(heard)) {
  const { created_at, ...rest } = message;
  assert.match(created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    id: 2, conversation_id, message: "hé 🎈", user_id: bob.user_id, username: "bob",
    project_id: null, is_ai: false,
  });
}
for (const { socket } of [ann, bob]) socket.disconnect();
console.log("0 wrong");
