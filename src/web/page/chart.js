// Bars over the last hour, one a minute, the newest on the right.

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const MINUTES = 60;
const SLOT = 10;
const GAP = 2;
const HEIGHT = 100;

function part(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// The next number above that people read at a glance: one digit and zeros, with a half that is whole.
function round(value) {
  const zeros = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 4, 6, 8, 10].map((step) => step * zeros).find((step) => step >= value);
}

// `counts` ends with the minute that is under way; `say(count, ago)` is what a bar is for.
export function chart(counts, label, say) {
  const top = Math.max(round(Math.max(...counts)), 4);
  const svg = part("svg", { viewBox: `0 0 ${MINUTES * SLOT} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  for (const y of [0, HEIGHT / 2, HEIGHT]) {
    svg.append(part("line", { class: "grid", x1: 0, x2: MINUTES * SLOT, y1: y, y2: y }));
  }
  counts.forEach((count, place) => {
    const ago = counts.length - 1 - place;
    const x = (MINUTES - 1 - ago) * SLOT;
    const height = (count / top) * HEIGHT;
    const bar = { x: x + GAP / 2, y: HEIGHT - height, width: SLOT - GAP, height };
    const title = part("title", {}, say(count, ago));
    const slot = part("rect", { class: "slot", x, y: 0, width: SLOT, height: HEIGHT });
    svg.append(part("g", {}, slot, part("rect", { class: ago ? "bar" : "bar going", ...bar }), title));
  });
  const scale = [top, top / 2, 0].map((value) => h("span", {}, value.toLocaleString()));
  const times = ["1 h ago", "30 min", "now"].map((text) => h("span", {}, text));
  const beside = (name, children) => h("div", { class: name, "aria-hidden": "true" }, ...children);
  return h("div", { class: "chart" }, beside("scale", scale), svg, beside("times", times));
}
