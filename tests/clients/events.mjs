// Shows a user's events as they come, with the `eventsource` package (Node has none by default).
// Run: node tests/clients/events.mjs http://127.0.0.1:5003 ann
// It ends when somebody writes `bye`.

import { EventSource } from "eventsource";

const [server, username] = process.argv.slice(2);
const query = new URLSearchParams({ username, last_id: "0" });
const events = new EventSource(`${server}/events?${query}`);

events.onopen = () => console.log("open");
events.onerror = () => console.log("interrupted");
for (const name of ["ready", "gap", "presence", "bye"]) {
  events.addEventListener(name, ({ data }) => console.log(`${name} ${data}`));
}
events.onmessage = ({ data, lastEventId }) => {
  console.log(`message ${lastEventId} ${data}`);
  if (JSON.parse(data).message === "bye") events.close();
};
