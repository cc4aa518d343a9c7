// Many WebSockets in one room. Says how many are in, and when each has heard a broadcast
// and a message, for which it waits for a line of input each.
//
// Run: node tests/clients/socketio_crowd.mjs http://127.0.0.1:5003 2000

import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [base, count] = [process.argv[2].replace("http", "ws"), Number(process.argv[3])];
const url = `${base}/socket.io/?EIO=4&transport=websocket`;
const heard = { broadcast_message: 0, message: 0 };
let told = () => {};

function enter() {
  return new Promise((done, fail) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on("error", fail);
    socket.on("close", (code) => fail(new Error(`closed: ${code}`)));
    socket.on("message", (data) => {
      const text = data.toString();
      if (text === "2") socket.send("3");
      else if (text.startsWith("0")) socket.send("40");
      else if (text.startsWith("40")) socket.send('421["join",{"room":"General"}]');
      else if (text.startsWith('431[{"ok":true')) done(socket);
      else if (text.startsWith('42["broadcast_message"')) heard.broadcast_message += 1;
      else if (text.startsWith('42["message"')) heard.message += 1;
      told();
    });
  });
}

const sockets = [];
while (sockets.length < count) {
  const some = Array.from({ length: Math.min(50, count - sockets.length) }, enter);
  sockets.push(...(await Promise.all(some)));
  console.log(`${sockets.length} are in`);
}
const events = [["broadcast_message", '42["broadcast",{"message":"to all"}]'], ["message", '42["message",{"msg":"hi"}]']];
for await (const _ of createInterface({ input: process.stdin })) {
  const [event, packet] = events.shift();
  const began = performance.now();
  const all = new Promise((done) => (told = () => heard[event] === count && done()));
  sockets[0].send(packet);
  await all;
  console.log(`${heard[event]} heard the ${event} within ${Math.round(performance.now() - began)} ms`);
  if (events.length === 0) process.exit(0);
}
