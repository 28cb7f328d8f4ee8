# faxramp. The commands to know: make demo, make run, make test, make interop. `make help` lists the rest.

CARGO   ?= cargo
LOCKED  ?= --locked
PYTHON  ?= python3
PDFIUM  := build/pdfium/libpdfium.so

.PHONY: help demo run test interop lint docs fuzz-build bench release pdfium generated install clean

help: ## these lines
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: release pdfium ## send a sample mail as a fax to ourselves and show what happens
	@./target/release/faxramp demo

run: release pdfium ## the same server, left up for a person to try
	@./target/release/faxramp demo --stay

test: pdfium ## every test that needs nothing foreign
	$(CARGO) build $(LOCKED) --workspace --bins
	$(CARGO) test $(LOCKED) --workspace

interop: ## bring Asterisk, HylaFAX, SpanDSP, Postfix, SIPp and Kamailio from packages and run the tests against them
	tests/interop/setup
	$(CARGO) build $(LOCKED) --release --workspace --bins
	$(CARGO) test $(LOCKED) --release --manifest-path tests/oracle/Cargo.toml --target-dir target
	target/release/faxramp-conformance
	tests/interop/run

lint: ## format, clippy with warnings denied, documentation
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(LOCKED) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(LOCKED) --workspace --no-deps --document-private-items

fuzz-build: ## build the fuzz targets, unoptimised as nobody runs these (needs a nightly toolchain and cargo-fuzz)
	cd fuzz && $(CARGO) +nightly fuzz build --dev

bench: ## speed beside a peer in the same run (needs libtiff-dev)
	$(CARGO) test $(LOCKED) --release --manifest-path benches/Cargo.toml
	$(CARGO) bench $(LOCKED) --manifest-path benches/Cargo.toml

release: ## the release binaries
	@$(CARGO) build $(LOCKED) --release --bins

pdfium: $(PDFIUM) ## libpdfium, pinned, into build/pdfium

$(PDFIUM): contrib/fetch-pdfium
	@contrib/fetch-pdfium build/pdfium || echo "make: going on without libpdfium; PDF files are drawn by the built-in renderer"

generated: ## rewrite the manual pages, the sample configuration and the completions
	UPDATE=1 $(CARGO) test $(LOCKED) --lib generated_files
	UPDATE=1 $(CARGO) test $(LOCKED) --test main generated

PREFIX ?= /usr/local
install: release ## install under PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 target/release/faxramp target/release/faxramp-render $(DESTDIR)$(PREFIX)/bin
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5

clean: ## remove what was built
	$(CARGO) clean
	rm -rf build
