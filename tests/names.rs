//! What a valid name is, and when two names are one: two tables, and what holds for all of them.

use std::borrow::Cow;
use std::collections::HashMap;

use chatroom::name::{Name, NameError, NameKey, RoomName, lookup_key};

/// A text, and `ok` or the code it is refused with.
const VERDICTS: &[(&str, &str)] = &[
    // Plain.
    ("ann", "ok"),
    ("a", "ok"),
    ("7", "ok"),
    ("42", "ok"),
    ("Ann Lee", "ok"),
    ("ann.lee-1_2", "ok"),
    ("ann@example.org", "ok"),
    ("#!?", "ok"),
    ("null", "ok"),
    ("GuestHHMMNNNN", "ok"),
    ("ann\u{a0}lee", "ok"),
    // Other scripts, as people write them.
    ("José", "ok"),
    ("Jose\u{301}", "ok"),
    ("Nguyễn Thị Hằng", "ok"),
    ("Nguye\u{302}\u{303}n", "ok"),
    ("Łukasz", "ok"),
    ("Øystein", "ok"),
    ("Straße", "ok"),
    ("O’Brien", "ok"),
    ("Иван", "ok"),
    ("Ольга", "ok"),
    ("Νίκος", "ok"),
    ("สมศักดิ์", "ok"),
    ("น้ำผึ้ง", "ok"),
    ("हिन्दी क्ष", "ok"),
    ("श्रीनिवास", "ok"),
    ("ரவி", "ok"),
    ("ရွှံ့", "ok"),
    ("လျှော့", "ok"),
    ("محمّد", "ok"),
    ("مُحَمَّدٌ", "ok"),
    ("שָׁלוֹם", "ok"),
    ("שּׁ\u{5b8}", "ok"),
    ("김철수", "ok"),
    ("山田太郎", "ok"),
    ("カール", "ok"),
    ("ａｎｎ", "ok"),
    ("🦀", "ok"),
    ("❤\u{fe0f}", "ok"),
    ("👍🏽 ann", "ok"),
    // Length.
    ("", "name_empty"),
    ("1234567890123456789012345678901234567890123456789012345678901234", "ok"),
    ("12345678901234567890123456789012345678901234567890123456789012345", "name_too_long"),
    ("éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", "ok"),
    ("ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé", "name_too_long"),
    // Space at the ends.
    (" ", "name_space"),
    (" ann", "name_space"),
    ("ann ", "name_space"),
    ("ann\n", "name_space"),
    ("\tann", "name_space"),
    ("\u{a0}ann", "name_space"),
    ("ann\u{3000}", "name_space"),
    ("ann\u{2800}", "name_space"),
    // Control and format.
    ("a\0b", "name_control"),
    ("a\nb", "name_control"),
    ("a\tb", "name_control"),
    ("a\x1b[31mb", "name_control"),
    ("a\x7fb", "name_control"),
    ("a\u{80}b", "name_control"),
    ("a\u{200b}b", "name_control"),
    ("a\u{200d}b", "name_control"),
    ("a\u{ad}b", "name_control"),
    ("\u{202e}nna", "name_control"),
    ("a\u{2066}b", "name_control"),
    ("\u{feff}ann", "name_control"),
    ("a\u{2028}b", "name_control"),
    ("a\u{2029}b", "name_control"),
    ("a\u{e0061}b", "name_control"),
    // Broken, meaningless or piled up.
    ("Jos\u{fffd}", "name_replacement"),
    ("a\u{e000}", "name_unassigned"),
    ("a\u{ffff}", "name_unassigned"),
    ("a\u{fdd0}", "name_unassigned"),
    ("a\u{378}", "name_unassigned"),
    ("a\u{10ffff}", "name_unassigned"),
    ("a\u{301}\u{301}\u{301}\u{301}", "ok"),
    ("a\u{301}\u{301}\u{301}\u{301}\u{301}", "name_marks"),
    ("á\u{301}\u{301}\u{301}\u{301}", "name_marks"),
    ("ก็็็็็", "name_marks"),
    // Markup.
    ("<b>", "name_markup"),
    ("a>b", "name_markup"),
    ("a&b", "name_markup"),
    ("a\"b", "name_markup"),
    ("O'Brien", "name_markup"),
    ("a\\b", "name_markup"),
    ("a`b", "name_markup"),
    ("é<b>", "name_markup"),
    // Nobody's.
    ("server", "name_reserved"),
    ("SERVER", "name_reserved"),
    ("sеrver", "name_reserved"),
    ("ѕеrvеr", "name_reserved"),
    ("ｓｅｒｖｅｒ", "name_reserved"),
    ("ser\u{fe0f}ver", "name_reserved"),
    ("sᴇʀᴠᴇʀ", "name_reserved"),
    ("ſerver", "name_reserved"),
    ("servers", "ok"),
    ("sërver", "ok"),
    ("room_1", "name_room_prefix"),
    ("room_", "name_room_prefix"),
    ("ROOM_x", "name_room_prefix"),
    ("rооm_1", "name_room_prefix"),
    ("Room 7", "name_room_prefix"),
    ("room seven", "name_room_prefix"),
    ("Rооm\u{a0}7", "name_room_prefix"),
    ("Room", "ok"),
    ("Roomy", "ok"),
    ("my room_1", "ok"),
    // Nothing to see.
    ("\u{fe0f}", "name_invisible"),
    ("\u{3164}", "name_invisible"),
    ("\u{34f}\u{115f}", "name_invisible"),
    ("\u{301}", "name_invisible"),
];

/// Pairs that are one name.
const SAME: &[(&str, &str)] = &[
    ("ann", "ANN"),
    ("José", "Jose\u{301}"),
    ("JOSÉ", "josé"),
    ("ｆｕｌｌ", "full"),
    ("Straße", "STRASSE"),
    ("ẞ", "ss"),
    ("ﬁn", "fin"),
    ("𝓪𝓷𝓷", "ann"),
    ("①", "1"),
    ("Νίκος", "ΝΊΚΟΣ"),
    ("аnn", "ann"),
    ("ВОВ", "BOB"),
    ("вов", "bob"),
    ("ВОВ", "вов"),
    ("ʙob", "вob"),
    ("Иван", "Ивaн"),
    ("КАТЯ", "KATЯ"),
    ("Αnn", "ann"),
    ("ΒΟΒ", "BOB"),
    ("ΒΟΒ", "ВОВ"),
    ("bоb", "bοb"),
    ("ivаn", "іvan"),
    ("ɑnn", "ann"),
    ("ısmail", "ismail"),
    ("ロ", "口"),
    ("O’Brien", "Oʼbrien"),
    ("ann\u{a0}lee", "ann lee"),
    ("a\u{34f}nn", "ann"),
    ("❤", "❤\u{fe0f}"),
    ("각", "\u{1100}\u{1161}\u{11a8}"),
    ("ｶﾞ", "ガ"),
];

/// Pairs that are two names.
const DIFFERENT: &[(&str, &str)] = &[
    ("ann", "anna"),
    ("l", "1"),
    ("l", "I"),
    ("0", "o"),
    ("m", "rn"),
    ("vv", "w"),
    ("5", "s"),
    ("é", "e"),
    ("é", "è"),
    ("ñ", "n"),
    ("ł", "l"),
    ("ø", "o"),
    ("đ", "d"),
    ("é", "ё"),
    ("Иван", "Иваи"),
    ("Мария", "Марии"),
    ("日", "曰"),
    ("未", "末"),
    ("คน", "ดน"),
    ("ث", "پ"),
    ("١", "ا"),
    ("๐", "o"),
    ("각싸", "갃사"),
    ("ann lee", "annlee"),
    ("🦀", "🦞"),
    ("が", "か"),
];

/// Room names and the slugs they want.
const SLUGS: &[(&str, &str)] = &[
    ("General", "General"),
    ("Zero to Knowing", "Zero-to-Knowing"),
    ("Room 7", "Room-7"),
    ("Room", "Room"),
    ("7", "n-7"),
    ("2024", "n-2024"),
    ("٧", "n-٧"),
    ("２０２４", "n-2024"),
    ("20-24", "20-24"),
    ("a  -- b", "a-b"),
    ("C++ / Rust!", "C-Rust"),
    ("-x-", "x"),
    ("#7", "n-7"),
    ("???", "room"),
    ("🦀", "room"),
    ("🦀 crabs", "crabs"),
    ("Cafe\u{301}", "Café"),
    ("a/../b", "a-b"),
    ("Общий чат", "Общий-чат"),
    ("雑談", "雑談"),
];

fn verdict(text: &str) -> &'static str {
    Name::parse(text).map_or_else(|why| why.code(), |_| "ok")
}

fn key(text: &str) -> NameKey {
    Name::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}")).key().clone()
}

/// All names of one character.
fn short_names() -> impl Iterator<Item = Name> {
    ('\0'..=char::MAX).filter_map(|c| Name::parse(c.encode_utf8(&mut [0; 4])).ok())
}

#[test]
fn every_text_in_the_table_gets_its_verdict() {
    for &(text, expected) in VERDICTS {
        assert_eq!(verdict(text), expected, "{text:?}");
    }
}

#[test]
fn a_name_is_kept_as_it_was_given() {
    for &(text, _) in VERDICTS.iter().filter(|(_, verdict)| *verdict == "ok") {
        assert_eq!(Name::parse(text).as_ref().map(Name::as_str), Ok(text));
    }
}

#[test]
fn look_alikes_are_one_name() {
    for (a, b) in SAME {
        assert_eq!(key(a), key(b), "{a} and {b}");
    }
}

#[test]
fn what_people_tell_apart_is_two_names() {
    for (a, b) in DIFFERENT {
        assert_ne!(key(a), key(b), "{a} and {b}");
    }
}

#[test]
fn a_text_is_looked_up_by_the_key_of_the_name_it_spells() {
    for &(text, verdict) in VERDICTS {
        let found = lookup_key(text);
        match verdict {
            "ok" => assert_eq!(found.as_deref(), Some(key(text).as_str()), "{text:?}"),
            // A room may be called so.
            "name_room_prefix" if RoomName::parse(text).is_ok() => assert!(found.is_some()),
            _ => assert_eq!(found, None, "{text:?}"),
        }
    }
}

#[test]
fn looking_up_lower_case_ascii_allocates_nothing() {
    for text in ["ann", "ann lee", "user42", "a_b-c.d"] {
        assert!(matches!(lookup_key(text), Some(Cow::Borrowed(key)) if key == text), "{text}");
    }
    assert_eq!(lookup_key("ANN").as_deref(), Some("ann"));
}

#[test]
fn a_map_of_keys_answers_to_text() {
    let names = HashMap::from([(key("Ann"), 1)]);
    assert_eq!(lookup_key("аNN").and_then(|key| names.get(&*key)), Some(&1));
}

#[test]
fn a_huge_text_is_refused_for_its_length() {
    let text = "\u{202e}".repeat(1 << 20);
    assert_eq!(Name::parse(&text).err(), Some(NameError::TooLong));
    assert_eq!(Name::parse(&"🦀".repeat(65)).err(), Some(NameError::TooLong));
    assert_eq!(verdict(&"🦀".repeat(64)), "ok");
    assert_eq!(lookup_key(&text), None);
}

#[test]
fn a_key_is_its_own_key() {
    for name in short_names() {
        let key = name.key().as_str();
        assert!(!key.is_empty(), "{name:?}");
        // Some keys are no names (the key of ’ is '): those nobody can look up.
        if let Some(again) = lookup_key(key) {
            assert_eq!(again, key, "{name:?}");
        }
    }
    for (a, b) in SAME.iter().chain(DIFFERENT) {
        for key in [key(a), key(b)] {
            assert!(lookup_key(key.as_str()).is_none_or(|again| again == key.as_str()), "{key:?}");
        }
    }
}

/// Keys are kept in logs, and an update of the Unicode tables can change them. If this fails after
/// one, see which characters moved: new ones only (no log has them) means a new number here; an
/// old one means that the keys in a log must be made anew when it is read.
#[test]
fn keys_stay_what_they_are_in_old_logs() {
    let mut digest: u64 = 0xcbf2_9ce4_8422_2325; // FNV-1a
    for name in short_names() {
        for byte in name.key().as_str().bytes().chain([0xff]) {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(format!("{digest:016x}"), "37621504292c0a24");
}

#[test]
fn no_name_needs_escaping_in_json() {
    for name in short_names() {
        let text = name.as_str();
        assert_eq!(serde_json::to_string(text).ok(), Some(format!("\"{text}\"")));
    }
}

#[test]
fn names_survive_the_log() {
    let name = Name::parse("Ann").expect("valid");
    let json = serde_json::to_string(&name).expect("plain data");
    assert_eq!(json, r#"{"text":"Ann","key":"ann"}"#);
    let read: Name = serde_json::from_str(&json).expect("what was written");
    assert_eq!((read.as_str(), read.key()), ("Ann", name.key()));

    let room = RoomName::parse("Zero to Knowing").expect("valid");
    let json = serde_json::to_string(&room).expect("plain data");
    assert_eq!(
        json,
        r#"{"text":"Zero to Knowing","key":"zero to knowing","slug":"Zero-to-Knowing"}"#
    );
    let read: RoomName = serde_json::from_str(&json).expect("what was written");
    assert_eq!((read.as_str(), &**read.slug()), ("Zero to Knowing", "Zero-to-Knowing"));
}

#[test]
fn a_room_may_be_called_what_a_user_may_and_room_something() {
    for &(text, expected) in VERDICTS {
        let verdict = RoomName::parse(text).map_or_else(|why| why.code(), |_| "ok");
        let titled = expected == "name_room_prefix" && !text.contains('_');
        assert_eq!(verdict, if titled { "ok" } else { expected }, "{text:?}");
    }
}

#[test]
fn every_room_in_the_table_wants_its_slug() {
    for &(text, slug) in SLUGS {
        let room = RoomName::parse(text).unwrap_or_else(|why| panic!("{text:?}: {why}"));
        assert_eq!(&**room.slug(), slug, "{text:?}");
    }
}

#[test]
fn a_slug_is_never_empty_nor_a_number_nor_longer_than_a_name() {
    let long = ["ﷺ".repeat(64), "9".repeat(64), "a!".repeat(32), "-".repeat(64)];
    let texts = VERDICTS.iter().map(|(text, _)| *text).chain(long.iter().map(String::as_str));
    for room in texts.filter_map(|text| RoomName::parse(text).ok()) {
        let slug = room.slug();
        assert!((1..=64).contains(&slug.chars().count()), "{room:?}");
        assert!(slug.chars().all(|c| c.is_alphanumeric() || c == '-'), "{room:?}");
        assert!(!slug.chars().all(char::is_numeric), "{room:?}");
    }
}

#[test]
fn every_refusal_is_a_sentence_that_says_what_to_do() {
    let mut codes = Vec::new();
    for error in VERDICTS.iter().filter_map(|(text, _)| Name::parse(text).err()) {
        let sentence = error.to_string();
        assert!(sentence.contains("; please ") && sentence.ends_with('.'), "{sentence}");
        codes.push(error.code());
    }
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 11, "the table shows every code: {codes:?}");
    let markup = Name::parse("a<b").expect_err("markup");
    assert_eq!(markup, NameError::Markup('<'));
    assert!(markup.to_string().contains("the < out"));
}
