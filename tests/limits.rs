//! How often something may be asked for, in simulated time.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use chatroom::config::{Mode, RateLimit, Settings};
use chatroom::limits::{Action, Limits, LoginGate};
use governor::clock::FakeRelativeClock;

const MINUTE: Duration = Duration::from_secs(60);

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0a00_0000 + number).into()
}

fn gate() -> (LoginGate<FakeRelativeClock>, FakeRelativeClock) {
    let clock = FakeRelativeClock::default();
    (LoginGate::with_clock(&Settings::default().rate_limits, clock.clone()), clock)
}

/// How many of `guesses`, spread evenly over `time`, are let through.
fn guess(
    gate: &LoginGate<FakeRelativeClock>,
    clock: &FakeRelativeClock,
    guesses: u32,
    time: Duration,
    who: impl Fn(u32) -> (String, IpAddr),
) -> u32 {
    let mut through = 0;
    for number in 0..guesses {
        let (name, peer) = who(number);
        through += u32::from(gate.admit(&name, peer).is_ok());
        clock.advance(time / guesses);
    }
    through
}

#[test]
fn a_hundred_thousand_guesses_from_one_address_reach_the_hash_twenty_times_at_most() {
    let (gate, clock) = gate();
    let through = guess(&gate, &clock, 100_000, 10 * MINUTE, |_| ("ann".into(), address(1)));
    assert!((8..=20).contains(&through), "{through}");
}

#[test]
fn the_owner_gets_in_from_elsewhere_while_somebody_guesses() {
    let (gate, clock) = gate();
    for _ in 0..10 {
        guess(&gate, &clock, 10_000, MINUTE, |_| ("ann".into(), address(1)));
        assert_eq!(gate.admit("ann", address(2)), Ok(()));
        gate.succeeded("ann", address(2));
    }
}

#[test]
fn the_owner_gets_in_from_a_known_address_while_many_machines_guess() {
    let (gate, clock) = gate();
    let home = address(1_000_000);
    assert_eq!(gate.admit("ann", home), Ok(()));
    gate.succeeded("ann", home);
    let through = guess(&gate, &clock, 100_000, 10 * MINUTE, |number| {
        ("ann".into(), address(number % 20_000))
    });
    assert!((100..=201).contains(&through), "{through}");
    let strangers = (2_000_000..2_000_003).map(address);
    let waits = strangers.filter(|stranger| gate.admit("ann", *stranger).is_err()).count();
    assert!(waits >= 2, "strangers wait, but for one guess that time has brought: {waits}");
    assert_eq!(gate.admit("ann", home), Ok(()), "the owner does not");
}

#[test]
fn one_password_tried_on_everybody_is_slowed_too() {
    let (gate, clock) = gate();
    let through =
        guess(&gate, &clock, 10_000, 10 * MINUTE, |number| (format!("user{number}"), address(1)));
    assert!((60..=121).contains(&through), "{through}");
}

#[test]
fn logging_in_oneself_gives_no_further_guesses_at_others() {
    let (gate, clock) = gate();
    let mut through = 0;
    for number in 0..1000 {
        through += u32::from(gate.admit(&format!("user{number}"), address(1)).is_ok());
        if gate.admit("eve", address(1)).is_ok() {
            gate.succeeded("eve", address(1));
        }
        clock.advance(Duration::from_millis(1));
    }
    assert!(through <= 61, "{through}");
}

#[test]
fn a_thousand_logins_that_succeed_are_not_slowed() {
    let (gate, _clock) = gate();
    for number in 0..1000 {
        for name in ["ann".to_owned(), format!("user{number}")] {
            assert_eq!(gate.admit(&name, address(1)), Ok(()));
            gate.succeeded(&name, address(1));
        }
    }
}

#[test]
fn a_sixty_four_of_addresses_is_one_address() {
    let (gate, clock) = gate();
    let through = guess(&gate, &clock, 100_000, 10 * MINUTE, |number| {
        let bits = 0x2001_0db8_0001_0002 << 64 | u128::from(number);
        ("ann".into(), Ipv6Addr::from_bits(bits).into())
    });
    assert!(through <= 20, "{through}");
}

#[test]
fn who_is_refused_is_told_when_to_come_back_and_then_gets_in() {
    let (gate, clock) = gate();
    let refused = loop {
        if let Err(refused) = gate.admit("ann", address(1)) {
            break refused;
        }
    };
    assert_eq!(refused.seconds(), 75);
    clock.advance(Duration::from_secs(74));
    assert!(gate.admit("ann", address(1)).is_err());
    clock.advance(Duration::from_secs(1));
    assert_eq!(gate.admit("ann", address(1)), Ok(()));
}

#[test]
fn the_tables_are_bounded_whoever_comes_under_whatever_name() {
    let (gate, clock) = gate();
    for number in 0..1_000_000 {
        let _ = gate.admit(&format!("user{number}"), address(number));
        gate.succeeded(&format!("user{number}"), address(number));
        let _ = gate.admit(&format!("nobody{number}"), address(number));
        clock.advance(Duration::from_micros(10));
    }
    assert!(gate.remembered() <= 4 << 16, "{}", gate.remembered());
}

#[test]
fn what_is_paid_for_is_forgotten() {
    let (gate, clock) = gate();
    for number in 0..50_000 {
        let _ = gate.admit(&format!("user{number}"), address(number));
    }
    assert_eq!(gate.remembered(), 150_000);
    clock.advance(60 * MINUTE);
    for number in 50_000..120_000 {
        let _ = gate.admit(&format!("user{number}"), address(number));
    }
    assert!(gate.remembered() < 3 * 75_000, "{}", gate.remembered());
}

fn limits(mode: Mode, set: impl Fn(&mut Settings)) -> Limits<FakeRelativeClock> {
    let mut settings = Settings { mode, ..Settings::default() };
    set(&mut settings);
    Limits::with_clock(&settings, FakeRelativeClock::default())
}

const ACTIONS: [Action; 5] =
    [Action::Register, Action::AuthRegister, Action::Send, Action::CreateRoom, Action::Upload];

#[test]
fn on_a_private_network_nothing_is_limited_unless_asked_for() {
    let limits = limits(Mode::Lan, |_| {});
    for action in ACTIONS {
        for _ in 0..10_000 {
            assert_eq!(limits.admit(action, Some("ann"), address(1)), Ok(()), "{action:?}");
        }
    }
}

#[test]
fn on_the_internet_everything_is_limited_by_address() {
    let limits = limits(Mode::Internet, |_| {});
    for action in ACTIONS {
        let many = (0..10_000).map(|number| format!("user{number}"));
        let through =
            many.filter(|user| limits.admit(action, Some(user), address(1)).is_ok()).count();
        assert!((20..=1000).contains(&through), "{action:?}: {through}");
        assert_eq!(limits.admit(action, Some("ann"), address(2)), Ok(()), "{action:?}");
    }
}

#[test]
fn a_user_who_is_over_the_limit_leaves_the_others_at_the_address_theirs() {
    let limits = limits(Mode::Internet, |_| {});
    for _ in 0..100_000 {
        let _ = limits.admit(Action::Send, Some("eve"), address(1));
    }
    assert!(limits.admit(Action::Send, Some("eve"), address(2)).is_err());
    assert_eq!(limits.admit(Action::Send, Some("ann"), address(1)), Ok(()));
}

#[test]
fn a_limit_that_is_off_is_off_on_the_internet_too() {
    let limits = limits(Mode::Internet, |settings| {
        settings.rate_limits.send_per_user = RateLimit::Off;
        settings.rate_limits.send_per_address = RateLimit::Off;
    });
    for _ in 0..10_000 {
        assert_eq!(limits.admit(Action::Send, Some("ann"), address(1)), Ok(()));
    }
}
