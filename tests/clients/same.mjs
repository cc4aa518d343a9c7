// Equality of JSON, where a placeholder stands for what it allows.

const allowed = {
  "<token>": /^[\w-]{22,}$/,
  "<time>": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  "<epoch>": /./,
  "<text>": /./,
};

export function same(wanted, got) {
  if (wanted === got) return true;
  if (typeof wanted === "string") {
    return typeof got === "string" && (allowed[wanted]?.test(got) ?? false);
  }
  if (wanted === null || got === null || typeof wanted !== "object" || typeof got !== "object") {
    return false;
  }
  if (Array.isArray(wanted) !== Array.isArray(got)) return false;
  const keys = Object.keys(wanted);
  return (
    keys.length === Object.keys(got).length &&
    keys.every((key) => Object.hasOwn(got, key) && same(wanted[key], got[key]))
  );
}
