//! Who a request may act as: the one place that decides it, for every transport.

use super::{Node, Proof, SubmitError};
use crate::config::Access;
use crate::id::{SessionId, UserId};
use crate::name::{self, Name, NameKey};
use crate::outcome::Rejection;
use crate::token::TokenHash;

/// Somebody who may act as a user, and what they have shown for it. Whoever keeps one asks again
/// ([`Node::stands`]) when the hub wakes it: it may be worth nothing by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// As whom.
    pub user: UserId,
    /// What was shown.
    pub proof: Proof,
}

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// Under which name.
    pub name: Name,
    /// In which session.
    pub session: SessionId,
}

impl Node {
    /// Who acts under the name that `text` reads as, when these tokens are presented; `None` when
    /// nobody holds that name. It counts as a sign of them.
    ///
    /// A name without an account needs no token, unless the setting `access` says so. An
    /// account's needs that of a session or of a registration of the same user.
    ///
    /// # Errors
    /// [`Rejection::Unproven`] when the tokens do not suffice. A failure where another node may know
    /// better, and the log is out of reach.
    pub async fn authorize<'t>(
        &self,
        text: &str,
        tokens: impl IntoIterator<Item = &'t str> + Clone,
    ) -> Result<Option<Actor>, SubmitError> {
        let mut found = self.authorize_here(text, tokens.clone());
        if !matches!(found, Ok(Some(_))) && self.is_shared() {
            // Boxed, so that the tasks of those who need not wait are no larger.
            Box::pin(self.catch_up()).await.map_err(SubmitError::Failed)?;
            found = self.authorize_here(text, tokens);
        }
        if let Ok(Some(actor)) = &found {
            self.sign_of(actor);
        }
        found.map_err(SubmitError::Rejected)
    }

    /// The same by what is known here.
    fn authorize_here<'t>(
        &self,
        text: &str,
        tokens: impl IntoIterator<Item = &'t str>,
    ) -> Result<Option<Actor>, Rejection> {
        let Some(key) = name::lookup_key(text) else { return Ok(None) };
        let strict = self.is_strict();
        let free = self.look(|state| {
            let user = state.holder(&key)?;
            Some((user, state.may_act(user, Proof::Nothing, strict)))
        });
        match free {
            None => Ok(None),
            // Nothing is hashed for the guests, who are most.
            Some((user, true)) => Ok(Some(Actor { user, proof: Proof::Nothing })),
            Some((user, false)) => self.proven(user, tokens).map(Some).ok_or(Rejection::Unproven),
        }
    }

    /// The user, if one of these tokens proves it.
    fn proven<'t>(&self, user: UserId, tokens: impl IntoIterator<Item = &'t str>) -> Option<Actor> {
        // Hashed before the state is locked: a token may be as long as its sender likes.
        let hashes: Vec<_> = tokens.into_iter().map(TokenHash::of).collect();
        let strict = self.is_strict();
        self.look(|state| {
            let mut proofs = hashes.into_iter().filter_map(|token| state.proof(user, token));
            let proof = proofs.find(|proof| state.may_act(user, *proof, strict))?;
            Some(Actor { user, proof })
        })
    }

    /// Whether `actor` may still act as it could.
    pub fn stands(&self, actor: &Actor) -> bool {
        let strict = self.is_strict();
        self.look(|state| state.may_act(actor.user, actor.proof, strict))
    }

    /// Whether the name with this key is an account's.
    pub fn has_account(&self, key: &NameKey) -> bool {
        self.look(|state| {
            state.holder(key.as_str()).is_some_and(|user| state.account(user).is_some())
        })
    }

    /// Who is logged in with this token of a session; it counts as a sign of them.
    pub async fn caller(&self, token: &str) -> Option<Caller> {
        let token = TokenHash::of(token);
        let mut caller = self.caller_here(token);
        if caller.is_none() && self.is_shared() {
            // Where the log is out of reach nobody new is known.
            let _ = Box::pin(self.catch_up()).await;
            caller = self.caller_here(token);
        }
        let caller = caller?;
        self.sign_of(&Actor { user: caller.user, proof: Proof::Session(caller.session) });
        Some(caller)
    }

    fn caller_here(&self, token: TokenHash) -> Option<Caller> {
        self.look(|state| {
            let (session, own) = state.session_of(token)?;
            let name = state.name_of(own.user)?.clone();
            Some(Caller { user: own.user, name, session })
        })
    }

    fn sign_of(&self, actor: &Actor) {
        self.presence.heard(actor.user);
        if let Proof::Session(session) = actor.proof {
            self.presence.session_used(session);
        }
    }

    fn is_strict(&self) -> bool {
        self.access == Access::Token
    }
}
