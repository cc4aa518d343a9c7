// Three sockets, one on each transport, send to a room; twenty receivers on each transport must
// hear every one of their messages once, in order.
//
// Run: node tests/clients/socketio_order.mjs http://127.0.0.1:5003 1000 [reconnect]
// With `reconnect` every receiver loses its connection now and then, and resumes.

import { io } from "socket.io-client";

const [base, most, mode] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];
const RECEIVERS = 20;
// What the server allows is 100 events a second, 200 at once; what is refused would be out of order.
const AT_ONCE = 100;
const A_SECOND = 90;

const pause = (time) => new Promise((done) => setTimeout(done, time));
const once = (socket, event) => new Promise((done) => socket.once(event, done));

function open(transports, auth) {
  const options = { auth, transports, forceNew: true, timeout: 60_000 };
  return io(base, { ...options, reconnectionDelay: 20, reconnectionDelayMax: 200 });
}

class Receiver {
  constructor(number, transports) {
    this.name = `${transports.join("+")} receiver ${number}`;
    this.event = number % 2 ? "join" : "join_room";
    this.next = new Map();
    this.troubles = [];
    this.left = TRANSPORTS.length * most;
    this.reconnects = 0;
    this.patience = this.some();
    this.finished = new Promise((done) => (this.finish = done));
    this.socket = open(transports, (answer) => answer({ ...this.known }));
    this.joined = new Promise((done) => {
      this.socket.on("connect", async () => {
        await this.socket.timeout(60_000).emitWithAck(this.event, { room: "General" }).catch(() => {});
        done();
      });
    });
    this.socket.on("connection_response", ({ token, epoch, last_id, recovered }) => {
      if (!recovered) this.troubles.push("it was not recovered");
      this.known = { token, last_id, ...this.known, epoch };
      this.listening = true;
    });
    // The client library hands out what the last connection brought when the next one is open,
    // after `auth` was asked for: it was not heard, so it is missed and comes again.
    this.socket.on("disconnect", () => (this.listening = false));
    this.socket.on("missed", ({ messages, recovered }) => {
      if (recovered === false) this.troubles.push("too much was missed");
      messages.forEach(({ id, message }) => this.hear(id, message));
    });
    this.socket.on("message", ({ id, msg }) => this.hear(id, msg));
    this.socket.on("new_message", ({ id, message }) => this.hear(id, message));
  }

  some() {
    return 20 + Math.floor(Math.random() * most / 2);
  }

  hear(id, text) {
    if (!this.listening) return;
    const [sender, number] = text.split(" ");
    const wanted = this.next.get(sender) ?? 0;
    if (Number(number) !== wanted) this.troubles.push(`${sender}: ${number} came, not ${wanted}`);
    if (id <= this.known.last_id) this.troubles.push(`${id} came after ${this.known.last_id}`);
    this.next.set(sender, Number(number) + 1);
    this.known.last_id = Math.max(id, this.known.last_id);
    this.left -= 1;
    if (this.left === 0) this.finish();
    this.patience -= 1;
    if (mode === "reconnect" && this.patience === 0) {
      this.patience = this.some();
      this.reconnects += 1;
      // Everything it got was heard; the connection is just gone.
      this.socket.io.engine.close();
    }
  }
}

async function send(transports) {
  const sender = open(transports, { username: transports.join("+") });
  await once(sender, "connect");
  const began = performance.now();
  for (let number = 0; number < most; ) {
    const allowed = AT_ONCE + ((performance.now() - began) / 1000) * A_SECOND;
    const burst = Math.min(most, Math.floor(allowed), number + 20);
    const acks = [];
    for (; number < burst; number += 1) {
      const message = { room: "General", message: `${transports.join("+")} ${number}` };
      acks.push(sender.timeout(60_000).emitWithAck("send_message", message));
    }
    for (const ack of await Promise.all(acks)) {
      if (!ack.ok) throw new Error(JSON.stringify(ack));
    }
    if (acks.length === 0) await pause(10);
  }
  return sender;
}

const numbers = Array.from({ length: RECEIVERS }, (_, number) => number);
const receivers = TRANSPORTS.flatMap((t) => numbers.map((number) => new Receiver(number, t)));
await Promise.all(receivers.map(({ joined }) => joined));
const senders = await Promise.all(TRANSPORTS.map(send));
await Promise.race([Promise.all(receivers.map(({ finished }) => finished)), pause(60_000)]);
// What came twice may still be on its way: it would be before this.
for (const { socket } of receivers) await socket.timeout(60_000).emitWithAck("get_connections").catch(() => {});
const troubles = receivers.flatMap(({ name, troubles, left }) => {
  const missing = left === 0 ? [] : [`${left} are missing`];
  return [...missing, ...troubles.slice(0, 3)].map((trouble) => `${name}: ${trouble}`);
});
console.error(troubles.join("\n"));
const reconnects = receivers.reduce((sum, receiver) => sum + receiver.reconnects, 0);
console.log(`${reconnects} reconnects, ${troubles.length} troubles`);
for (const { socket } of receivers) socket.disconnect();
for (const sender of senders) sender.disconnect();
process.exit(troubles.length === 0 ? 0 : 1);
