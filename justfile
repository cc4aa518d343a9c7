# Shorthands; each is one command that works without just as well.

# What can be checked without running anything; writes nothing.
verify:
    script/verify

# Mends what can be mended by itself.
fix:
    cargo clippy --fix --allow-dirty --allow-staged --all-targets
    cargo fmt

# A server on port 5003, with its data in this folder.
run *args:
    cargo run --release -- {{ args }}

# Everything, with what the tests need installed first.
test:
    script/test

# The table of docs/performance.md.
bench *args:
    cargo bench --bench load -- {{ args }}
