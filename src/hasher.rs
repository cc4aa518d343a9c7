//! The one place where passwords are hashed: slowly on purpose, so only a few at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::available_parallelism;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use crate::password::{Password, PasswordHash};

/// Memory of one hash, in KiB. This and the two below are what OWASP's Password Storage Cheat Sheet
/// asks of argon2id at least.
const MEMORY: u32 = 19 * 1024;

/// Passes over that memory.
const PASSES: u32 = 2;

/// Lanes.
const LANES: u32 = 1;

/// Hashes passwords, at most one on each core at once; others wait their turn.
#[derive(Debug)]
pub struct Hasher {
    turns: Arc<Semaphore>,
    /// A hash that no password has, to compare with where there is none.
    nobody: PasswordHash,
    computed: AtomicU64,
}

/// A hash could not be computed: the system refused the memory for it.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

impl Hasher {
    /// A hasher. `noise` is random: what nobody's password hashes to.
    pub fn new(noise: [u8; 48]) -> Hasher {
        let cores = available_parallelism().map_or(1, usize::from);
        let [salt, output] =
            [&noise[..16], &noise[16..]].map(|bytes| data_encoding::BASE64_NOPAD.encode(bytes));
        let nobody = format!("$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${output}");
        Hasher {
            turns: Arc::new(Semaphore::new(cores)),
            nobody: PasswordHash::of_phc(&nobody),
            computed: AtomicU64::new(0),
        }
    }

    /// The hash of a new password; `salt` is random.
    ///
    /// # Errors
    /// The system refuses the memory for it.
    pub async fn hash(
        &self,
        password: Password,
        salt: [u8; 16],
    ) -> Result<PasswordHash, HashError> {
        self.compute(move || {
            let hash = argon2()?.hash_password_with_salt(password.secret().as_bytes(), &salt);
            let hash = hash.map_err(|error| HashError(error.to_string()))?;
            Ok(PasswordHash::of_phc(&hash.to_string()))
        })
        .await
    }

    /// Whether `password` is the one that `hash` is of. Without a hash it is not, after the same
    /// work: who guesses does not learn from the time whether there is such a name.
    ///
    /// # Errors
    /// The system refuses the memory for it.
    pub async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        self.compute(move || {
            // The parameters are those of the hash, which may be older than this program.
            let same = argon2()?.verify_password(password.secret().as_bytes(), hash.as_str());
            Ok(same.is_ok() && known)
        })
        .await
    }

    /// How many hashes were computed so far.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(|error| HashError(error.to_string()))?;
        let computed = self.computed.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::debug!(computed, "a password is hashed");
        let hashed = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, also where nobody waits for it any more.
            let _turn = turn;
            work()
        });
        hashed.await.map_err(|error| HashError(error.to_string()))?
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY, PASSES, LANES, None);
    let params = params.map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[tokio::test]
    async fn a_password_is_recognised_by_its_hash_alone() -> Result<(), HashError> {
        let hasher = Hasher::new([7; 48]);
        let hash = hasher.hash(password("correct horse"), [1; 16]).await?;
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hasher.verify(password("correct horse"), Some(hash.clone())).await?);
        assert!(!hasher.verify(password("incorrect horse"), Some(hash.clone())).await?);
        let salted = hasher.hash(password("correct horse"), [2; 16]).await?;
        assert_ne!(salted, hash, "the salt matters");
        Ok(())
    }

    #[tokio::test]
    async fn an_unknown_name_costs_the_same_one_hash_as_a_wrong_password() -> Result<(), HashError>
    {
        let hasher = Hasher::new([7; 48]);
        let hash = hasher.hash(password("correct horse"), [1; 16]).await?;
        let before = hasher.computed();
        assert!(!hasher.verify(password("incorrect horse"), Some(hash.clone())).await?);
        assert_eq!(hasher.computed(), before + 1);
        assert!(!hasher.verify(password("correct horse"), None).await?);
        assert_eq!(hasher.computed(), before + 2);
        // The same work: the same algorithm with the same parameters.
        let cost = |hash: &PasswordHash| hash.as_str().rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(cost(&hasher.nobody), cost(&hash));
        Ok(())
    }

    #[tokio::test]
    async fn no_more_hashes_run_at_once_than_there_are_cores() -> Result<(), HashError> {
        let hasher = Arc::new(Hasher::new([7; 48]));
        let cores = hasher.turns.available_permits();
        let running = Arc::new(AtomicU64::new(0));
        let most = Arc::new(AtomicU64::new(0));
        let work = || {
            let (hasher, running, most) = (hasher.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                hasher
                    .compute(move || {
                        let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(now, Ordering::SeqCst);
                        let _ = argon2()?.hash_password_with_salt(b"password", &[1; 16]);
                        running.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    })
                    .await
            })
        };
        let works: Vec<_> = (0..4 * cores).map(|_| work()).collect();
        for work in works {
            work.await.map_err(|error| HashError(error.to_string()))??;
        }
        let most = most.load(Ordering::SeqCst);
        assert!((1..=cores as u64).contains(&most), "{most} at once on {cores} cores");
        Ok(())
    }
}
