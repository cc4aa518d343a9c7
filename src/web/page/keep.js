// What the browser remembers for this page. Where it may remember nothing, all still works until
// the page is closed.

const lost = { local: new Map(), session: new Map() };

function open(kind) {
  const area = () => window[`${kind}Storage`];
  return {
    get(key) {
      try {
        return JSON.parse(area().getItem(`chatroom.${key}`));
      } catch {
        return lost[kind].get(key) ?? null;
      }
    },
    set(key, value) {
      lost[kind].set(key, value);
      try {
        if (value === null) area().removeItem(`chatroom.${key}`);
        else area().setItem(`chatroom.${key}`, JSON.stringify(value));
      } catch {
        // Remembered above, for as long as the page is open.
      }
    },
  };
}

// For all tabs, and for the next time.
export const local = open("local");

// For this tab, over a reload.
export const tab = open("session");

// A key that nobody else makes. `crypto.randomUUID` is only there over HTTPS.
export function unique() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
