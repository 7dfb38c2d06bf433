-- One row per clip and metric; a clip that was scored again counts with its latest score.
WITH latest AS (
    SELECT
        job_id AS job_id,
        min(trace_id) AS trace_id,
        epoch_ns(max(event_time)) AS scored_ns,
        coalesce(max_by(workload, event_time), 'interactive') AS workload,
        coalesce(max_by(model, event_time), 'unknown') AS model,
        max_by(prompt_id, event_time) AS prompt_id,
        max_by(seed, event_time) AS seed,
        metric AS metric,
        max_by({'it': value}, event_time).it AS value,
        max_by({'it': minimum}, event_time).it AS minimum,
        max_by({'it': maximum}, event_time).it AS maximum,
        max_by({'it': evaluated_frames}, event_time).it AS frames,
        max_by({'it': explanation}, event_time).it AS reason
    FROM events
    WHERE name = 'gen_ai.evaluation.result'
      AND job_id IS NOT NULL
      AND metric IS NOT NULL
      AND ($job_id IS NULL OR job_id = $job_id)
      AND event_time >= make_timestamp_ns($since_ns)
      AND ($metric IS NULL OR metric = $metric)
    GROUP BY job_id, metric
)
SELECT *
FROM latest
WHERE scored_ns BETWEEN $since_ns AND $until_ns
  AND ($model IS NULL OR model = $model)
ORDER BY scored_ns, job_id, metric
LIMIT $limit
