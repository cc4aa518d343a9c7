// The broadcast of this server, done by the Socket.IO server of npm: the base of `sockets.rs`.
//
// It prints its port and ends with its input. `ws` and `bufferutil` are found by themselves;
// compression of messages is off, as it is by default.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
let id = 0;

io.on("connection", (socket) => {
  const username = `Guest${String(Math.random()).slice(2, 10)}`;
  socket.on("join", ({ room }, acknowledge) => {
    socket.join(room);
    acknowledge({ ok: true });
  });
  socket.on("message", ({ room, msg }) => {
    const timestamp = new Date().toISOString();
    id += 1;
    io.to(room).emit("message", { msg, username, room, timestamp, id });
  });
});

http.listen(0, "127.0.0.1", () => console.log(http.address().port));
process.stdin.resume().on("end", () => process.exit());
