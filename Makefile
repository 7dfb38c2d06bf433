PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.dev-installed
DEMO_READY := $(VENV)/.all-installed
# As many files of tests at once as there are processors; 'make test PARALLEL=' runs one after the other.
PARALLEL := --numprocesses=logical --maxprocesses=8 --dist=loadfile --no-loadscope-reorder
COMMANDS := docs/reference/commands.md

.PHONY: demo test durations check generate screenshot lock system clean

demo: $(DEMO_READY)
	$(BIN)/framegate demo $(DEMO)

test: $(READY) system
	$(BIN)/pytest $(PARALLEL) $(TEST)

# Rewrites how long each file of tests takes, which decides the order: the longest first.
durations: $(READY) system
	$(BIN)/pytest $(PARALLEL) --write-durations

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# Rewrites every committed file that is made from the code.
generate: $(READY)
	$(BIN)/typer framegate.cli utils docs --name framegate --title Commands --output $(COMMANDS)
	sed -i "s/&gt;/>/g; s/&lt;/</g; s/&#x27;/'/g" $(COMMANDS)
	$(BIN)/python -m framegate.telemetry.offline.signals_page > docs/reference/signals.md
	$(BIN)/python -m framegate.quality.scoring.metrics_page > docs/reference/metrics.md
	$(BIN)/python -m framegate.quality.gate.judging.schemas docs/reference
	$(BIN)/python -m framegate.quality.gate.margins.policies_page > docs/reference/policies.md
	$(BIN)/framegate slo rules tests/slo/golden/jobs.yaml > tests/slo/golden/rules.yaml
	$(BIN)/python -m bench.blind_spots > docs/explanation/blind-spots.md.new
	mv docs/explanation/blind-spots.md.new docs/explanation/blind-spots.md
	$(BIN)/python -m bench.gate > docs/explanation/gate-statistics.md.new
	mv docs/explanation/gate-statistics.md.new docs/explanation/gate-statistics.md

# Rewrites the dashboard's picture in the README.
screenshot: $(READY) system
	$(BIN)/python docs/images/screenshot.py $$(command -v chromium chromium-browser google-chrome | head -1)

# Rewrites the exact versions that the other targets install.
lock: $(READY)
	(echo "# Exact versions that 'make demo' and 'make test' install. Written by 'make lock'."; \
	 $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//') > constraints.txt

INSTALL := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e
# What a first start would compile otherwise, for a minute on a busy machine.
COMPILE := $(BIN)/framegate doctor --compile >/dev/null || true

# All parts, without what only the tests need.
$(DEMO_READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[all]'
	$(COMPILE)
	touch $@

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[dev]'
	$(COMPILE)
	touch $(DEMO_READY) $@

# Programs that some tests drive; without root those tests say what is missing and skip.
system: $(READY)
	@tests/system.sh $(VENV)/programs

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
