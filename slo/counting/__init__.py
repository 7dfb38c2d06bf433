"""Count events: rows of the store, or Prometheus series, to integers by minute.

In come indicators (``sli.Sli``, ``prometheus_indicator.PrometheusIndicator``) and newly committed
rows; out come ``series.Series`` of good, bad, pending and excluded events. A changed minute is
always counted again from all of its rows. Start with ``sli.Sli.classify_rows``, then
``slice_counter.SliceCounter``.
"""
