"""Pure functions from jobs, scores and objectives to tables, sentences and chart specifications."""
