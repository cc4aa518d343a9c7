// Sockets over every transport in turn that listen to a room until they hear "end", through
// restarts of the server; each must have heard "number 0", "number 1", … once and in order.
//
// Run: node tests/clients/socketio_listen.mjs http://127.0.0.1:5003 180

import { io } from "socket.io-client";

const [base, count] = [process.argv[2], Number(process.argv[3])];
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];

function listen(number) {
  const known = {};
  let next = 0;
  let connections = 0;
  const options = { transports: TRANSPORTS[number % 3], forceNew: true, reconnectionDelay: 200, reconnectionDelayMax: 1000 };
  const socket = io(base, { ...options, auth: (answer) => answer({ ...known }) });
  const joined = new Promise((done) => {
    socket.on("connect", () => {
      connections += 1;
      socket.emit("join_room", { room: "General" }, done);
    });
  });
  const heard = new Promise((done, fail) => {
    const hear = (id, text) => {
      // The client library may hand out late what the connection before brought.
      if (id <= known.last_id) return;
      known.last_id = id;
      if (text === "end") return done([next, connections]);
      if (text !== `number ${next}`) fail(new Error(`${options.transports}: ${text}, not ${next}`));
      next += 1;
    };
    socket.on("missed", ({ messages }) => messages.forEach(({ id, message }) => hear(id, message)));
    socket.on("new_message", ({ id, message }) => hear(id, message));
    socket.on("connection_response", ({ token, epoch, last_id, recovered }) => {
      if (!recovered) fail(new Error("not recovered"));
      known.epoch = epoch;
      known.token ??= token;
      known.last_id ??= last_id;
    });
  });
  return { joined, heard };
}

const listeners = Array.from({ length: count }, (_, number) => listen(number));
await Promise.all(listeners.map(({ joined }) => joined));
console.log(`${count} are listening`);
const heard = await Promise.all(listeners.map(({ heard }) => heard));
const [numbers, connections] = [0, 1].map((place) => Math.min(...heard.map((one) => one[place])));
console.log(`each heard ${numbers}, connected ${connections} times`);
process.exit(0);
