// Walks through socketio.json with socket.io-client, comparing everything that every client hears.
//
// Run: node tests/clients/socketio_walk.mjs http://127.0.0.1:5003 polling,websocket
// (a server that was just started with `--store memory:`)

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { io } from "socket.io-client";

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const ROSTER = ["active_users", "client_joined", "client_left"];
const PATIENCE = 20_000;
const [base, transports] = [process.argv[2], process.argv[3].split(",")];
const bound = new Map();
const clients = new Map();
const wrong = [];

const late = (what) =>
  new Promise((_, fail) => setTimeout(() => fail(new Error(`${what} did not come`)), PATIENCE).unref());

/** One client, and what it heard. */
class Probe {
  constructor(auth) {
    this.heard = [];
    this.wake = () => {};
    this.roster = [];
    this.last = 0;
    this.io = io(base, { auth, transports, forceNew: true, reconnection: false });
    const put = (item) => {
      this.heard.push(item);
      this.wake();
    };
    this.io.onAny((event, data) => put([event, data ?? null]));
    this.io.on("disconnect", () => put(["disconnect", null]));
  }

  async connected() {
    const answered = new Promise((done, fail) => {
      this.io.on("connect", done);
      this.io.on("connect_error", fail);
    });
    await Promise.race([answered, late("the connection")]);
    const transport = () => this.io.io.engine.transport.name;
    if (transport() !== transports.at(-1)) {
      await Promise.race([new Promise((done) => this.io.io.engine.once("upgrade", done)), late("the upgrade")]);
    }
    if (transport() !== transports.at(-1)) throw new Error(`it is on ${transport()}`);
    return this;
  }

  async hear() {
    while (this.heard.length === 0) {
      await Promise.race([new Promise((done) => (this.wake = done)), late("an event")]);
    }
    const item = this.heard.shift();
    for (const message of [item[1], ...(item[1]?.messages ?? [])]) {
      if (Number.isInteger(message?.id)) this.last = Math.max(this.last, message.id);
    }
    return item;
  }

  /** All that it hears before the event that `fence` accepts. */
  async until(fence) {
    const heard = [];
    for (;;) {
      const item = await this.hear();
      if (fence(item)) return heard;
      (ROSTER.includes(item[0]) ? this.roster : heard).push(item);
    }
  }
}

async function call(method, path, body) {
  const options = { method, headers: { "Content-Type": "application/json" } };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(base + path, options);
  return [answer.status, await answer.json()];
}

/** What a client heard up to now: a message behind everything else says where that ends. */
async function fenced(name) {
  const probe = clients.get(name);
  const text = `fence ${process.hrtime.bigint()}`;
  const [, { online_users }] = await call("GET", "/online");
  if (online_users.includes(bound.get(`name ${name}`))) {
    if (!bound.has("<fence>")) bound.set("<fence>", await call("POST", "/register", { username: "fence" }));
    await call("POST", "/send", { sender: "fence", recipient: bound.get(`name ${name}`), message: text });
    return probe.until(([event, data]) => event === "private_message" && data.msg === text);
  }
  probe.io.emit("echo", text);
  return probe.until(([event, data]) => event === "echo_response" && data.original_data === text);
}

/** The value that a step sends. */
function fill(value) {
  if (Array.isArray(value)) return value.map(fill);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item)]));
  }
  if (typeof value !== "string") return value;
  const [, kind, rest] = /^<(bytes|long|last) (.*)>$/.exec(value) ?? [];
  if (kind === "bytes") return Buffer.from(rest, "hex");
  if (kind === "long") return "x".repeat(Number(rest));
  if (kind === "last") return bound.get(`last ${rest}`);
  const filled = value.replace(/^<guest> /, `${bound.get("<guest>")} `);
  return bound.has(filled) ? bound.get(filled) : filled;
}

/** Equality of JSON, where a placeholder stands for what it allows. */
function same(wanted, got) {
  const text = typeof got === "string";
  if (wanted === "<any>") return true;
  if (wanted === "<time>") return text && TIME.test(got);
  if (wanted === "<token>") return text && /^[A-Za-z0-9_-]{43}$/.test(got);
  if (wanted === "<text>") return text && got !== "";
  if (wanted === "<guest>" && !bound.has(wanted)) return text && /^Guest\d{8}$/.test(got);
  if (typeof wanted === "string") {
    const filled = fill(wanted);
    return Buffer.isBuffer(filled) ? Buffer.isBuffer(got) && filled.equals(got) : filled === got;
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(got) || wanted.length !== got.length) return false;
    const names = wanted.every((item) => typeof item === "string" && !item.startsWith("<bytes"));
    const [left, right] = names ? [fill(wanted).sort(), [...got].sort()] : [wanted, got];
    return left.every((item, place) => same(item, right[place]));
  }
  if (wanted && typeof wanted === "object") {
    if (!got || typeof got !== "object" || Array.isArray(got)) return false;
    const keys = Object.keys(wanted);
    return isDeepStrictEqual(keys.toSorted(), Object.keys(got).sort())
      && keys.every((key) => same(wanted[key], got[key]));
  }
  return wanted === got;
}

function check(step, what, wanted, got) {
  if (same(wanted, got)) return;
  const lines = [JSON.stringify(step).slice(0, 200), `${what}: wanted ${JSON.stringify(wanted)}`];
  wrong.push([...lines, `got ${JSON.stringify(got)}`].join("\n  "));
}

async function connect(step) {
  const name = step.connect;
  const probe = await new Probe(fill(step.auth)).connected();
  clients.set(name, probe);
  const greeting = [];
  while (!greeting.some(([event]) => event === "active_users")) greeting.push(await probe.hear());
  probe.roster.push(greeting.pop());
  const response = greeting[1][1];
  bound.set(`<sid ${name}>`, probe.io.id);
  bound.set(`name ${name}`, response.username);
  bound.set("<epoch>", response.epoch);
  if (response.token) bound.set(`<token ${name}>`, response.token);
  if (step.hears) check(step, "greeting", step.hears[name], greeting);
  if (response.username.startsWith("Guest")) bound.set("<guest>", response.username);
}

async function emit(step) {
  const probe = clients.get(step.by);
  const data = "data" in step ? [fill(step.data)] : [];
  const ack = await probe.io.timeout(PATIENCE).emitWithAck(step.emit, ...data);
  if (step.refused) {
    check(step, "ack", { ok: false, code: step.refused, message: "<text>" }, ack);
    const { code, message } = ack;
    step.hears = { [step.by]: [["error", { error: message, message, code, timestamp: "<time>" }]] };
    return;
  }
  if (step.ack.id === "<id>") {
    bound.set("<id>", ack.id);
    if (!Number.isInteger(ack.id)) wrong.push(`${JSON.stringify(step)}: no id`);
  }
  check(step, "ack", step.ack, ack);
}

async function rest(step) {
  const [method, path] = step.rest.split(" ");
  const [status, body] = await call(method, path, step.json && fill(step.json));
  check(step, "status", 200, status);
  if (body.token) bound.set(`<token of ${step.json.username}>`, body.token);
  if (step.body) check(step, "body", step.body, body);
  if (step.newest) {
    const newest = body.messages.map(({ sender, recipient, message }) => [sender, recipient, message]);
    newest.forEach((message, place) => check(step, "newest", step.newest[place].join(), message.join()));
    check(step, "newest", step.newest.length, newest.length);
  }
}

const script = JSON.parse(readFileSync(new URL("socketio.json", import.meta.url)));
const steps = script.filter((step) => !("about" in step));
for (const step of steps) {
  if (step.connect) await connect(step);
  else if (step.emit) await emit(step);
  else if (step.rest) await rest(step);
  else if (step.disconnect) {
    const probe = clients.get(step.disconnect);
    bound.set(`last ${step.disconnect}`, probe.last);
    clients.delete(step.disconnect);
    probe.io.disconnect();
  }
  if (step.ends) {
    await clients.get(step.ends).until(([event]) => event === "disconnect");
    clients.delete(step.ends);
  }
  for (const [name, wanted] of Object.entries(step.eventually ?? {})) {
    const probe = clients.get(name);
    while (!probe.roster.some((item) => same(wanted, item))) {
      const item = await probe.hear();
      if (ROSTER.includes(item[0])) probe.roster.push(item);
      else wrong.push(`${JSON.stringify(step)}: ${name} heard ${JSON.stringify(item)}`);
    }
    probe.roster.length = 0;
  }
  for (const name of clients.keys()) {
    const heard = await fenced(name);
    check(step, name, step.connect ? [] : (step.hears?.[name] ?? []), heard);
  }
}
for (const probe of clients.values()) probe.io.disconnect();
console.error(wrong.join("\n"));
console.log(`${steps.length} steps, ${wrong.length} wrong`);
