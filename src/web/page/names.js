// Names to begin with, for those who have none in mind.

const FIRST = ["Amber", "Brave", "Calm", "Clever", "Cosy", "Early", "Gentle", "Golden", "Happy",
  "Kind", "Little", "Lucky", "Merry", "Misty", "Quiet", "Quick", "Sunny", "Swift", "Warm", "Wild"];

const SECOND = ["Badger", "Birch", "Comet", "Dolphin", "Falcon", "Fern", "Finch", "Fox", "Harbor",
  "Heron", "Lark", "Maple", "Meadow", "Otter", "Owl", "Pebble", "River", "Robin", "Sparrow", "Willow"];

const any = (list) => list[crypto.getRandomValues(new Uint32Array(1))[0] % list.length];

export const suggest = () => `${any(FIRST)} ${any(SECOND)}`;
