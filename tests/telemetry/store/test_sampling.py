"""Which clips are scored: a share of each class and model, and of all models the same prompts."""

from collections.abc import Iterator

import pytest

from framegate.telemetry.client.collector_client import records_from_table
from framegate.telemetry.client.records import Job
from framegate.telemetry.platform.errors import InputError
from framegate.telemetry.signals import names
from framegate.telemetry.store.named_queries import bind_query
from framegate.telemetry.store.sampling import parse_sampling_rules, sampling_rules_json
from framegate.telemetry.store.store import Store
from tests.telemetry.job_story import SECOND, keep

PROMPTS = 400  # clips of each class and model; every second one has a prompt id
CLASSES, MODELS = ("batch", "interactive"), ("org/m1", "m2")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("store"))
    keep(
        store,
        *(
            (
                SECOND,
                names.EVENT_JOB_STATE,
                {
                    names.JOB_ID: f"{workload}-{model}-{number}",
                    names.JOB_STATE: "complete",
                    names.WORKLOAD: workload,
                    names.MODEL: model,
                    names.CLIP_URL: "http://127.0.0.1/clip",
                    **({names.PROMPT_ID: f"prompt {number}"} if number % 2 else {}),
                },
            )
            for workload in CLASSES
            for model in MODELS
            for number in range(PROMPTS)
        ),
    )
    yield store
    store.close()


def listed(store: Store, *texts: str) -> list[Job]:
    query, values = bind_query(
        "unscored", {"samples": sampling_rules_json(parse_sampling_rules(texts))}
    )
    return records_from_table(Job, store.read(query, values).table)


def share(jobs: list[Job], workload: str, model: str) -> float:
    return sum((job.workload, job.model) == (workload, model) for job in jobs) / PROMPTS


def test_without_samples_every_clip_is_scored(store: Store) -> None:
    assert len(listed(store)) == PROMPTS * len(CLASSES) * len(MODELS)


def test_each_class_and_model_has_its_share_and_the_first_that_fits_counts(store: Store) -> None:
    jobs = listed(store, "batch/org/m1=0", "batch=0.25", "*/m2=0.75")
    assert share(jobs, "batch", "org/m1") == 0
    assert 0.17 < share(jobs, "batch", "m2") < 0.33
    assert 0.67 < share(jobs, "interactive", "m2") < 0.83
    assert share(jobs, "interactive", "org/m1") == 1


def test_models_are_scored_on_the_same_prompts(store: Store) -> None:
    jobs = listed(store, "*=0.5")
    first, second = (
        {job.prompt_id for job in jobs if job.model == model and job.prompt_id} for model in MODELS
    )
    assert first == second
    assert 60 < len(first) < 140


def test_a_larger_share_holds_the_smaller_one(store: Store) -> None:
    small, large = ({job.job_id for job in listed(store, text)} for text in ("*=0.1", "*=0.2"))
    assert small < large


@pytest.mark.parametrize("text", ["", "batch", "batch=2", "batch=-0.1", "=1", "batch=x", "b=nan"])
def test_a_text_that_is_no_sample_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="expected WORKLOAD=SHARE"):
        parse_sampling_rules([text])


@pytest.mark.parametrize("text", ["", "x", "{}", '[{"workload": "*"}]', "[1]"])
def test_a_query_with_bad_samples_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="samples"):
        bind_query("unscored", {"samples": text})
